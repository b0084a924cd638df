"""Recordings by the real server in a moment each, for tests of very many or very short ones."""

import json

import oxbow
import quick_publisher


def flv():
    return oxbow.media("card-quick.flv", "-i", oxbow.test_card(gop=1), "-t", "4", "-c", "copy")


def record(server, made, milliseconds=1_200):
    """One broadcast, from its begin to the end of its recording; the recording's id."""
    before = {each["recordingId"] for each in listed(server)}
    quick_publisher.publish_when_free(made["ingestUrl"], quick_publisher.flv_tags(flv(), milliseconds))

    def ended():
        new = [each for each in listed(server) if each["recordingId"] not in before and "endedAt" in each]
        return new[0]["recordingId"] if new else None
    return oxbow.wait_for("the recording", 20, ended)


def listed(server, *channel):
    """All recordings that the command line lists, newest first."""
    return json.loads(server.cli("recording", "list", *channel, "--json").stdout)["recordings"]


def ids(server, *channel):
    return [each["recordingId"] for each in listed(server, *channel)]


def folder(server, recording_id):
    """Where the recording's objects are."""
    shown = json.loads(server.cli("recording", "show", recording_id, "--json").stdout)["recording"]
    return server.bucket(shown["prefix"])
