#!/usr/bin/env python3
"""What a rewind timeline of a day costs: bytes of a reload, memory, time. Runs build/release/bench/long_timeline.

usage: long_timeline.py [--hours 24]
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hours", type=int, default=24)
    given = options.parse_args()
    return subprocess.run([ROOT / "build/release/bench/long_timeline", str(max(2, given.hours))], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
