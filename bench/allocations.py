#!/usr/bin/env python3
"""What one answer asks of the allocator, and how many mutexes it locks: the answers of edge.py, as fast as they go.

usage: allocations.py [--seconds 2]

The server runs with allocations.c in it, and counts for all of its threads. What it does beside, for the stream that is published to
it, is counted for as long without requests, and taken off.
"""

import argparse
import mmap
import pathlib
import subprocess
import tempfile
import time

import edge
import private_network

ROOT = pathlib.Path(__file__).resolve().parent


class Counts:
    """Allocations and locks so far."""

    def __init__(self, file):
        file.write(bytes(16))
        file.flush()
        self.mapped = mmap.mmap(file.fileno(), 16)

    def read(self):
        return [int.from_bytes(self.mapped[at:at + 8], "little") for at in (0, 8)]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2)
    given = options.parse_args()
    private_network.enter()
    with tempfile.TemporaryDirectory(prefix="oxbow-bench-") as folder, open(f"{folder}/counts", "w+b") as file:
        counts = Counts(file)
        library = f"{folder}/allocations.so"
        subprocess.run(["clang-19", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "allocations.c", "-ldl"], check=True)
        server = edge.Oxbow(environment={"LD_PRELOAD": library, "OXBOW_COUNTS": file.name})
        try:
            print("| answer | connections | allocations | mutexes |\n| --- | --- | --- | --- |")
            for workload in edge.workloads(server):
                path = workload.path()
                edge.run(server, path, workload, 1)  # what is made once
                begun, before = time.monotonic(), counts.read()
                requests = edge.run(server, path, workload, given.seconds)["requests"]
                ended, after = time.monotonic(), counts.read()
                time.sleep(ended - begun)
                idle = counts.read()
                each = [max(0, (b - a) - (c - b)) / requests for a, b, c in zip(before, after, idle)]
                print(f"| {workload.name} | {workload.connections} | {each[0]:.2f} | {each[1]:.2f} |", flush=True)
        finally:
            server.close()


if __name__ == "__main__":
    main()
