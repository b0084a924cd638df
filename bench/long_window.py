#!/usr/bin/env python3
"""Does a channel cost more when it has been live for an hour? Beside one that has just begun, in the same minutes.

usage: long_window.py [--channels 5] [--minutes 60] [--rounds 3] [--seconds 60]

A server whose channels have been live for so long, and a second one with as many that have been for little more than half a
minute, share cpu 0; the publishers are on cpu 1. Both are counted in the same rounds, so that what else runs concerns both.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import ingest
import private_network


class Live:
    """A server and its publishers."""

    def __init__(self, channels, seconds):
        os.sched_setaffinity(0, ingest.SERVER_CPU)
        self.server = ingest.OxbowUnderTest(channels)
        os.sched_setaffinity(0, ingest.LOAD_CPU)
        self.load = subprocess.Popen([ingest.LOAD, "--file", ingest.source(), "--seconds", str(seconds), *self.server.urls],
                                     stdout=subprocess.PIPE, text=True)

    def sample(self):
        return ingest.sample(self.server, self.load)

    def close(self):
        self.load.terminate()
        self.load.communicate()
        self.server.close()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--channels", type=int, default=5)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=60)
    given = options.parse_args()
    network = private_network.enter()
    measured = given.rounds * given.seconds + ingest.WARM_UP + 120
    media = 1.3e6 * ingest.MBIT / 8 * given.channels * (60 * given.minutes + measured)
    if shutil.disk_usage(tempfile.gettempdir()).free < media:
        sys.exit(f"needs {media / 1e9:.1f} GB free in {tempfile.gettempdir()}")
    ends, rounds = [], []
    try:
        ends.append(Live(given.channels, 60 * given.minutes + measured))
        time.sleep(60 * given.minutes)
        ends.append(Live(given.channels, measured))
        time.sleep(ingest.WARM_UP)
        for _ in range(given.rounds):
            before = [one.sample() for one in ends]
            time.sleep(given.seconds)
            after = [one.sample() for one in ends]
            rounds.append([(b["cpu"] - a["cpu"]) / given.channels / (b["at"] - a["at"]) * 60 for a, b in zip(before, after)])
            if any(b["lost"] for b in after):
                raise RuntimeError("a publisher was lost")
        memory = [ingest.value(one.server.processes, "status", "VmRSS") / 1024 / given.channels for one in ends]
    finally:
        for one in ends:
            one.close()
    print(f"{given.channels} channels of {ingest.MBIT} Mbit/s each; {ingest.machine()}; {network}; load {os.getloadavg()[0]:.1f}\n\n"
          f"| | live for {given.minutes:.0f} min | just begun |\n| --- | --- | --- |")
    columns = [[one[at] for one in rounds] for at in (0, 1)]
    print("| CPU s per channel-minute | " + " | ".join(
        f"{statistics.median(each):.4f} ({min(each):.4f}-{max(each):.4f})" for each in columns) + " |")
    print("| MB of memory per channel | " + " | ".join(f"{each:.1f}" for each in memory) + " |")
    print(f"\nCPU of the old beside the new: {statistics.median(a / b for a, b in rounds):.2f}")


if __name__ == "__main__":
    main()
