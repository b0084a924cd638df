#!/usr/bin/env python3
"""A disk that takes nothing for a while, or takes it late: live goes on, and the recording has a hole and says so."""

import json
import pathlib
import tempfile
import time
import unittest

import disk_faults
from hls_playlist import lasting
import oxbow
from recording_check import check_recording


def name_of(entry):
    """Without the way to it, which is another one from each playlist."""
    return entry["uri"].rpartition("/")[2]


class Disk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-disk-")
        self.addCleanup(folder.cleanup)
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("event")
        self.assertEqual(self.server.stop(), 0)
        self.disk = disk_faults.Control(pathlib.Path(folder.name) / "control")
        self.server.environment = disk_faults.environment(self.server, control=self.disk.file)
        self.server.start()
        self.publisher = oxbow.Publisher({**self.made, "ingestUrl": f"{self.server.ready['rtmp']}/"
                                          f"{self.made['streamKey']['value']}"}, oxbow.test_card(seconds=8, gop=1),
                                         loop=-1)
        self.addCleanup(self.publisher.close)
        self.first = self.server.wait_for_recording(self.made["id"])
        self.live_list = self.server.get(self.first["livePlaybackUrl"]).text.splitlines()[-1]
        self.rewind_list = self.server.get(f"/rewind/{self.made['id']}.m3u8").text.splitlines()[-1]

    def live(self):
        return oxbow.Playlist(self.server.get(self.live_list).text).entries

    def rewind(self):
        return oxbow.Playlist(self.server.get(self.rewind_list).text).entries

    def live_goes_on(self, segments):
        seen = self.live()[-1]["uri"]
        for _ in range(segments):
            oxbow.wait_for("live to go on", 10, lambda: self.live()[-1]["uri"] != seen)
            seen = self.live()[-1]["uri"]

    def check_fetchable(self, entries):
        answers = [self.server.get(entry["uri"]) for entry in entries]
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), len(entries))

    def events(self):
        text = self.server.log_text()
        return text.count("is interrupted"), text.count("goes on; it lacks")

    def test_a_full_disk_leaves_a_hole_in_the_one_recording(self):
        oxbow.wait_for("some seconds", 10, lambda: len(self.rewind()) >= 3)
        self.disk.set(full=True)
        self.live_goes_on(5)
        body = self.server.metadata(self.made["id"])
        self.assertTrue(body["isChannelLive"])
        self.assertEqual(body["recordingStatus"], "RECORDING_STARTED")
        self.check_fetchable(self.live())
        held = len(self.rewind())
        self.assertEqual(self.events(), (1, 0))

        self.disk.set()
        oxbow.wait_for("the recording to go on", 10, lambda: len(self.rewind()) >= held + 3)
        self.assertEqual(self.server.metadata(self.made["id"])["masterKey"], self.first["masterKey"])
        self.assertEqual(self.events(), (1, 1))
        self.assertEqual(self.server.metric("oxbow_recording_interruptions_total"), 1)
        self.assertGreaterEqual(self.server.metric("oxbow_lost_segments_total"), 1)
        self.check_fetchable(self.rewind())
        before = self.server.get(self.rewind_list).text
        self.assertEqual(before.count("#EXT-X-DISCONTINUITY\n"), 1)
        self.assertEqual(self.server.stop(), 0)
        prefix = self.server.bucket(self.first["masterKey"].partition("/media/hls/")[0])
        check_recording(self, prefix)
        ended = json.loads((prefix / "events/recording-ended.json").read_text())
        self.assertEqual(ended["recording_status_message"], "DiskInterrupted")

        self.server.environment = {}
        self.server.start()  # the same list again, read from the bucket
        self.assertTrue(lasting(self.server.get(self.rewind_list).text).startswith(lasting(before)))
        self.check_fetchable(self.rewind())

    def test_a_disk_that_is_late_delays_the_recording_and_nothing_else(self):
        self.disk.set(late_ms=700)
        self.live_goes_on(6)
        self.assertGreater(len(self.live()), len(self.rewind()))
        self.disk.set()
        oxbow.wait_for("the recording to catch up", 20, lambda: (
            name_of(self.rewind()[-1]) == name_of(self.live()[-1])))
        self.assertNotIn("#EXT-X-DISCONTINUITY\n", self.server.get(self.rewind_list).text)
        self.check_fetchable(self.rewind())


if __name__ == "__main__":
    unittest.main()
