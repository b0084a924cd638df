#!/usr/bin/env python3
"""kill -9 a hundred times, deaths around a hundred calls to the disk, ten power losses. OXBOW_SEED repeats a run,
OXBOW_ROUNDS makes it shorter: a round is ten kills of one broadcast."""

import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import crash  # noqa: E402
import oxbow  # noqa: E402
import test_power_loss  # noqa: E402

SEED = int(os.environ.get("OXBOW_SEED", random.randrange(1_000_000)))
ROUNDS = int(os.environ.get("OXBOW_ROUNDS", 10))
KILLS = 10  # of one broadcast: a recording merges twenty streams


class Crashes(unittest.TestCase):
    def rounds(self, disturb):
        for number in range(ROUNDS):
            with self.subTest(seed=SEED + number):
                print(f"OXBOW_SEED={SEED + number} OXBOW_ROUNDS=1", flush=True)
                server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
                broadcasts = crash.Broadcasts(self, server, SEED + number)
                try:
                    broadcasts.begin()
                    broadcasts.live_again()
                    broadcasts.look()
                    disturb(broadcasts)
                    broadcasts.live_again()
                    broadcasts.look()
                    broadcasts.look_again()
                    broadcasts.end()
                    broadcasts.check_holes()
                    broadcasts.check_recordings()
                finally:
                    for encoder in broadcasts.encoders:
                        encoder.stop()
                    server.close()

    def test_killed_at_random_moments(self):
        self.rounds(lambda broadcasts: crash.kill_and_check(broadcasts, KILLS))

    def test_dead_around_calls_that_change_the_disk(self):
        self.rounds(lambda broadcasts: crash.die_and_check(broadcasts, KILLS // 2))


class PowerLosses(test_power_loss.PowerLoss):
    def test_a_disk_that_loses_all_that_was_not_synced(self):
        for number in range(ROUNDS):
            with self.subTest(seed=SEED + number):
                self.go_through(SEED + number, loses_all=True, folder=f"all-{number}")

    def test_a_disk_that_keeps_some_of_it_torn_or_as_zeros(self):
        for number in range(ROUNDS):
            with self.subTest(seed=SEED + number):
                self.go_through(SEED + number, loses_all=False, folder=f"some-{number}")


del test_power_loss.PowerLoss  # run here, not there

if __name__ == "__main__":
    unittest.main()
