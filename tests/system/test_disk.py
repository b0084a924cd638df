#!/usr/bin/env python3
"""A disk that takes nothing more: live goes on, the recording says so, and recording resumes by itself."""

import resource
import unittest

import oxbow
from recording_check import check_recording


class Disk(unittest.TestCase):
    def disk_takes(self, bytes_per_file):
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (bytes_per_file, resource.RLIM_INFINITY))

    def newest(self, condition):
        return oxbow.wait_for("a newer recording", 30, lambda: (
            lambda body: body if body and body.get("masterKey") and condition(body) else None)(
                self.server.metadata(self.made["id"])))

    def test_a_full_disk_ends_the_recording_with_a_failure_and_room_begins_a_new_one(self):
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("event")
        publisher = oxbow.Publisher(self.made, oxbow.test_card(seconds=8, gop=1), loop=-1)
        self.addCleanup(publisher.close)
        first = self.newest(lambda body: body["playlistDuration"] >= 1)
        live_list = self.server.get(first["livePlaybackUrl"]).text.splitlines()[-1]

        self.disk_takes(4096)
        failed = self.newest(lambda body: body.get("recordingStatus") == "RECORDING_ENDED_WITH_FAILURE")
        before = oxbow.Playlist(self.server.get(live_list).text)
        oxbow.wait_for("live to go on", 10, lambda: (
            oxbow.Playlist(self.server.get(live_list).text).entries[-1]["uri"] != before.entries[-1]["uri"]))
        listed = oxbow.Playlist(self.server.get(live_list).text).entries
        self.assertEqual({self.server.get(entry["uri"]).status for entry in listed}, {200})
        self.assertEqual(len({self.server.get(entry["uri"]).body for entry in listed}), len(listed))
        self.assertTrue(failed["isChannelLive"])

        self.disk_takes(resource.RLIM_INFINITY)
        second = self.newest(lambda body: body["masterKey"] != first["masterKey"])
        self.assertTrue(second["isChannelLive"])
        prefix = self.server.bucket(first["masterKey"].partition("/media/hls/")[0])
        oxbow.wait_for("the failed recording to be closed", 20, (prefix / "events/recording-failed.json").exists)
        check_recording(self, prefix, event="recording-failed")
        listed = oxbow.Playlist(self.server.get(live_list).text).entries
        self.assertEqual({self.server.get(entry["uri"]).status for entry in listed}, {200})
        self.assertIsNone(publisher.process.poll())


if __name__ == "__main__":
    unittest.main()
