#!/usr/bin/env python3
"""A disk of 200 MB that fills up: viewers of the live channel notice nothing, and when there is room again the recording
goes on, with its hole marked and everything in place that was recorded before."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import own_network  # noqa: E402
import oxbow  # noqa: E402
from hls_watch import LIVE, REWIND, Watch  # noqa: E402
from recording_check import check_recording, rendition_playlists  # noqa: E402

DISK_MB = 200
LEFT_MB = 3
FULL_SECONDS = 8


class FullDisk(unittest.TestCase):
    def mount(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-disk-"))
        image, data = folder / "disk", folder / "data"
        self.addCleanup(subprocess.run, ["rm", "-rf", folder])
        data.mkdir()
        with image.open("wb") as file:
            file.truncate(DISK_MB * 1_000_000)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, data], check=True)
        self.addCleanup(subprocess.run, ["umount", data])
        return data

    def made_folder(self, name):
        (self.data / name).mkdir()
        return self.data / name

    def fill(self, leave_mb):
        """A file that leaves so much room."""
        free = shutil.disk_usage(self.data).free
        filler = self.data / "filler"
        with filler.open("ab") as file:
            while free > leave_mb * 1_000_000:
                file.write(bytes(min(1 << 20, free - leave_mb * 1_000_000)))
                free -= 1 << 20
        return filler

    def objects(self):
        """The hash of every media object."""
        return {file: hashlib.sha256(file.read_bytes()).hexdigest()
                for file in (self.data / "oxbow/bucket").rglob("*.ts")}

    def recorded_seconds(self):
        metadata = self.server.metadata(self.made["id"])
        return metadata["masterKey"], metadata["playlistDuration"]

    def test_live_goes_on_nothing_is_harmed_and_recording_resumes_by_itself(self):
        self.data = self.mount()
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n", data=self.made_folder("oxbow"))
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("event")
        publisher = oxbow.Publisher(self.made, oxbow.test_card(seconds=8, gop=1), loop=-1)
        self.addCleanup(publisher.close)
        self.server.wait_for_recording(self.made["id"])
        watch = Watch(self.server, [self.made["id"]], kinds=(LIVE, REWIND), media=True)
        self.addCleanup(watch.stop)
        oxbow.wait_for("some of it", 20, lambda: self.recorded_seconds()[1] >= 5)

        filler = self.fill(LEFT_MB)
        oxbow.wait_for("a full disk", 60, lambda: "No space left on device" in self.server.log_text())
        watch.away(True)  # what is not written is not in the timeline: that stands still, and live does not
        time.sleep(FULL_SECONDS)
        before = self.objects()
        key, seconds = self.recorded_seconds()
        filler.unlink()
        freed = time.time()
        oxbow.wait_for("recording to go on", 40, lambda: self.objects().keys() - before.keys() and any(
            file.stat().st_mtime > freed for file in self.objects().keys() - before.keys()))
        oxbow.wait_for("a whole chunk of it", 40, lambda: self.recorded_seconds()[1] > seconds + 10)
        self.assertEqual(self.recorded_seconds()[0], key)

        watch.away(False)
        self.assertIsNone(publisher.process.poll())
        watch.stop()
        watch.check(self)
        self.assertEqual(watch.missing(), {})
        self.assertEqual(self.server.stop(), 0)
        after = self.objects()
        self.assertEqual({file: after.get(file) for file in before}, before)
        self.check_the_recording()

    def check_the_recording(self):
        """There is one; it is whole, and says that it lacks something, and where."""
        started = list((self.data / "oxbow/bucket").rglob("events/recording-started.json"))
        self.assertEqual(len(started), 1)
        check_recording(self, started[0].parents[1])
        ended = json.loads((started[0].parent / "recording-ended.json").read_text())
        self.assertEqual(ended["recording_status_message"], "DiskInterrupted")
        for _, standard, byte_range in rendition_playlists(started[0].parents[1]):
            for playlist in (standard, byte_range):
                self.assertGreaterEqual(playlist.text.count("#EXT-X-DISCONTINUITY\n"), 1)


if __name__ == "__main__":
    own_network.enter()
    unittest.main()
