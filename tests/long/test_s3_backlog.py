#!/usr/bin/env python3
"""A bucket that is away for longer than store.backlog_max lasts: a hole, and recording goes on by itself."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import oxbow  # noqa: E402
import rgw  # noqa: E402
from recording_check import check_recording  # noqa: E402

CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


class S3Backlog(unittest.TestCase):
    def setUp(self):
        self.rgw = rgw.Rgw()
        self.addCleanup(self.rgw.close)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="oxbow-test-")))

    def test_what_waits_is_bounded_and_recording_goes_on_when_the_bucket_is_back(self):
        self.rgw.aws("s3api", "create-bucket", "--bucket", "bounded")
        server = oxbow.Server(self.rgw.configuration("bounded", backlog_max="4MB") + CONFIG)
        self.addCleanup(server.close)
        channel = server.create_channel("a")
        self.rgw.stop_gateway()
        file = oxbow.test_card(seconds=10)
        publisher = oxbow.Publisher(channel, file, loop=-1)
        self.addCleanup(publisher.close)
        oxbow.wait_for("segments that nothing takes", 60, lambda: server.metric("oxbow_lost_segments_total") > 0)
        self.assertLess(server.metric("oxbow_upload_backlog_bytes"), 4_000_000)
        live = server.metadata(channel["id"])["livePlaybackUrl"]
        self.assertEqual(server.get(live).status, 200, "live goes on")
        self.rgw.start_gateway()
        oxbow.wait_for("recording to go on", 60, lambda: "goes on; it lacks" in server.log_text())
        publisher.close()
        ended = server.wait_until_ended(channel["id"])
        self.assertEqual(ended["recordingStatus"], "RECORDING_ENDED")
        oxbow.wait_for("all uploads", 60, lambda: server.metric("oxbow_upload_backlog_objects") == 0)
        copy = self.folder / "copy"
        self.rgw.aws("s3", "sync", "s3://bounded", str(copy), "--only-show-errors")
        check_recording(self, copy / ended["masterKey"].partition("/media/hls/")[0])


if __name__ == "__main__":
    unittest.main()
