#!/usr/bin/env python3
"""Twenty drops of 1 to 30 s, half of them without a word: one recording, in which every picture says when it was
taken."""

import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import own_network  # noqa: E402
from flaky_encoder import FlakyBroadcast  # noqa: E402

SEED = 20


class FlakyEncoder(unittest.TestCase):
    def test_twenty_drops_make_one_recording_with_twenty_discontinuities(self):
        chance = random.Random(SEED)
        drops = [(number % 2 == 1, chance.uniform(1, 30)) for number in range(20)]
        broadcast = FlakyBroadcast(self, on_air=6.3, drops=drops, window=60).run()
        broadcast.check()
        print(broadcast)


if __name__ == "__main__":
    own_network.enter()
    unittest.main()
