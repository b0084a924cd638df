#!/usr/bin/env python3
"""The players of others play what there is: live, rewind, the end of a broadcast, a recording."""

import pathlib
import subprocess
import sys
import unittest

TABLE = pathlib.Path(__file__).resolve().parents[1] / "players/table.py"


class Players(unittest.TestCase):
    def test_every_player_shows_every_scene(self):
        done = subprocess.run([sys.executable, TABLE], check=False)

        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
