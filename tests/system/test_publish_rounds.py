#!/usr/bin/env python3
"""Two hundred broadcasts come and go: what each of them took is given back."""

import collections
import contextlib
import os
import unittest

import oxbow
import quick_publisher

ROUNDS = 200
MILLISECONDS = 1_200  # of media: one live segment closes at its key frame, another at the end


# Of each channel the live playlists that ended last stay a minute for their players (kEndedBroadcastsMax), and that of
# the broadcast now; each has the files of its two chunks open.
MEDIA_FILES_OF_A_CHANNEL = (4 + 1) * 2


def files_open(process):
    """What the descriptors of the server lead to, without their numbers, and how many lead there; and how many lead to
    media."""
    folder, found, media = f"/proc/{process.pid}/fd", collections.Counter(), 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            path = os.readlink(f"{folder}/{name}").partition(":[")[0]
            if path.endswith(".ts"):
                media += 1
            else:
                found[path] += 1
    return found, media


def threads(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


class PublishRounds(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server('[log]\nlevel = "warning"\n[recording]\nreconnect_window_seconds = 0\n')
        self.addCleanup(self.server.close)
        card = oxbow.test_card(gop=1)
        self.tags = quick_publisher.flv_tags(oxbow.media("rounds.flv", "-i", card, "-c", "copy", "-f", "flv"),
                                             MILLISECONDS)

    def rounds(self, count, channels):
        for number in range(count):
            quick_publisher.publish_when_free(channels[number % len(channels)]["ingestUrl"], self.tags,
                                              say_goodbye=number % 10 != 9)

    def recordings(self, channel):
        found, token = [], ""
        while token is not None:
            page = self.server.get(f"/channels/{channel['id']}/recordings.json{token}").json
            found += page["recordings"]
            token = f"?nextToken={page['nextToken']}" if page["nextToken"] else None
        return found

    def wait_until_ended(self, count, channels):
        def statuses():
            return [each["status"] for channel in channels for each in self.recordings(channel)]
        oxbow.wait_for(f"{count} recordings to end", 30, lambda: statuses() == ["RECORDING_ENDED"] * count)

    def test_after_200_rounds_every_recording_is_there_and_no_file_thread_or_byte_is_left(self):
        """The build with sanitizers tells of leaked memory when it ends: then it does not end with 0."""
        channels = [self.server.create_channel(f"round-{number}") for number in range(4)]
        self.rounds(20, channels)  # what is made once is there now
        self.wait_until_ended(20, channels)
        before, _ = files_open(self.server.process)
        threads_before = threads(self.server.process)

        self.rounds(ROUNDS, channels)

        self.wait_until_ended(20 + ROUNDS, channels)
        oxbow.wait_for("the connections to go", 10, lambda: files_open(self.server.process)[0] <= before)
        self.assertLessEqual(files_open(self.server.process)[1], len(channels) * MEDIA_FILES_OF_A_CHANNEL)
        self.assertEqual(threads(self.server.process), threads_before)
        # What was recorded is durable first: a second later.
        oxbow.wait_for("the spool to be empty", 10, lambda: not list((self.server.data / "spool").glob("*")))
        self.assertEqual(self.server.stop(), 0, self.server.log_text()[-3000:])
        self.assertNotIn("Sanitizer", self.server.log_text())

    def test_channels_that_are_made_and_deleted_around_each_broadcast(self):
        for number in range(20):
            channel = self.server.create_channel(f"short-{number}")
            quick_publisher.publish_when_free(channel["ingestUrl"], self.tags)
            oxbow.wait_for("the deletion", 10, lambda: (
                self.server.cli("channel", "delete", channel["id"], check=False).returncode == 0))
        self.assertEqual(self.server.get("/channels.json").json["channels"], [])
        self.assertEqual(self.server.stop(), 0, self.server.log_text()[-3000:])


if __name__ == "__main__":
    unittest.main()
