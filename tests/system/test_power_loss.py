#!/usr/bin/env python3
"""The power goes while channels are on the air; what was not synced is gone, or half there. OXBOW_SEED repeats a run."""

import os
import pathlib
import random
import shutil
import tempfile
import time
import unittest

import crash
import disk_faults
import oxbow
import power_loss

SEED = int(os.environ.get("OXBOW_SEED", random.randrange(1_000_000)))
# A commit is a second apart, and takes its time; then the open segment.
COMMIT_SECONDS = 1 + 1.5


class PowerLoss(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-power-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def publish_and_lose_power(self, seed, loses_all, folder):
        """Out: the broadcasts, on the air before, and a server that has started behind the loss."""
        folder.mkdir()
        (folder / "before").mkdir()
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n", data=folder / "before")
        self.addCleanup(server.close)
        broadcasts = crash.Broadcasts(self, server, seed)
        self.addCleanup(lambda: [encoder.stop() for encoder in broadcasts.encoders])
        self.assertEqual(server.stop(), 0)
        disk = power_loss.Disk(server.data)
        log = folder / "log"
        server.environment = disk_faults.environment(server, log=log)
        server.start()
        broadcasts.begin()
        broadcasts.live_again()
        deadline = time.monotonic() + broadcasts.random.uniform(2.5, 7)
        while time.monotonic() < deadline:
            broadcasts.look(how_many=2)
            time.sleep(0.1)
        broadcasts.crash()

        power_loss.build(folder / "after", disk.play(power_loss.read_log(log),
                                                          None if loses_all else broadcasts.random))
        server.data = folder / "after"
        (folder / "boot").write_text("the-next-boot\n")
        server.environment = disk_faults.environment(server, boot=folder / "boot")
        server.start()
        return broadcasts

    def check_loss(self, broadcasts):
        killed_at = broadcasts.killed_at[-1]
        for made in broadcasts.channels:
            url, before = next((url, text) for url, text in broadcasts.playlists.items() if f"/{made['id']}/" in url)
            entries, at, sure = oxbow.Playlist(before).entries, None, 0
            for entry in entries:
                at = (crash.wall(entry["pdt"]) if "pdt" in entry else at) + entry["ms"] / 1000
                sure += at < killed_at - COMMIT_SECONDS
            after = oxbow.Playlist(broadcasts.server.get(url).text).entries
            self.assertGreaterEqual(len(after), sure, f"{made['id']}: at most a second more is lost")
            for one, other in zip(entries, after):
                self.assertEqual(one["uri"], other["uri"])
            for entry in after:
                broadcasts.fetch(entry["uri"])
            broadcasts.playlists[url] = broadcasts.server.get(url).text
        # What was seen and is lost: gone for good, or as it was.
        for url in list(broadcasts.seen):
            if broadcasts.server.get(url).status == 404:
                broadcasts.seen.pop(url)
                self.lost.append(url)

    def go_through(self, seed, loses_all, folder="once"):
        print(f"OXBOW_SEED={seed}")
        self.lost = []
        broadcasts = self.publish_and_lose_power(seed, loses_all, self.folder / folder)
        self.check_loss(broadcasts)
        for encoder in broadcasts.encoders:
            encoder.ready.set()
        broadcasts.live_again()
        broadcasts.look()
        broadcasts.look_again()
        self.assertEqual({broadcasts.server.get(url).status for url in self.lost} | {404}, {404})
        broadcasts.end()
        broadcasts.check_recordings()

    def test_a_disk_that_loses_all_that_was_not_synced(self):
        self.go_through(SEED, loses_all=True)

    def test_a_disk_that_keeps_some_of_it_torn_or_as_zeros(self):
        self.go_through(SEED + 1, loses_all=False)


if __name__ == "__main__":
    unittest.main()
