#!/usr/bin/env python3
"""kill -9, five times while five channels are on the air: OXBOW_SEED makes a run again."""

import os
import random
import unittest

import crash
import oxbow

SEED = int(os.environ.get("OXBOW_SEED", random.randrange(1_000_000)))


class Crash(unittest.TestCase):
    def broadcasts(self, seed):
        print(f"OXBOW_SEED={seed}")
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        broadcasts = crash.Broadcasts(self, server, seed)
        self.addCleanup(lambda: [encoder.stop() for encoder in broadcasts.encoders])
        broadcasts.begin()
        broadcasts.live_again()
        broadcasts.look()
        return broadcasts

    def finish(self, broadcasts):
        broadcasts.live_again()
        broadcasts.look()
        broadcasts.look_again()
        broadcasts.end()
        broadcasts.check_holes()
        broadcasts.check_recordings()

    def test_killed_five_times_every_channel_has_one_recording_that_lacks_only_the_downtime(self):
        broadcasts = self.broadcasts(SEED)
        crash.kill_and_check(broadcasts, kills=5)
        self.finish(broadcasts)

    def test_it_may_die_around_any_call_that_changes_the_disk(self):
        broadcasts = self.broadcasts(SEED)
        crash.die_and_check(broadcasts, deaths=3)
        self.finish(broadcasts)


if __name__ == "__main__":
    unittest.main()
