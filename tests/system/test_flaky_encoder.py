#!/usr/bin/env python3
"""An encoder that is cut off three times, once without a word: one recording, in which every picture says when it was
taken. Twenty times: tests/long/test_flaky_encoder.py."""

import unittest

import own_network
from flaky_encoder import FlakyBroadcast


class FlakyEncoder(unittest.TestCase):
    def test_three_drops_make_one_recording_with_three_discontinuities(self):
        broadcast = FlakyBroadcast(self, on_air=4.2, drops=[(False, 1), (True, 2), (False, 2)], window=8).run()
        broadcast.check()
        print(broadcast)


if __name__ == "__main__":
    own_network.enter()
    unittest.main()
