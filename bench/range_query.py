#!/usr/bin/env python3
"""Which segments of a million lie between two times? Runs build/release/range_query in a folder of its own.

usage: range_query.py [--folder FOLDER]
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="on the disk that is to be measured; default: a temporary one")
    given = parser.parse_args()
    folder = pathlib.Path(given.folder or tempfile.mkdtemp(prefix="oxbow-range-query-"))
    try:
        code = subprocess.run([ROOT / "build/release/bench/range_query", folder / "data"], check=False).returncode
        return f"range_query was ended by signal {-code}" if code < 0 else code
    finally:
        if not given.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
