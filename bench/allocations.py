#!/usr/bin/env python3
"""What one answer asks of the allocator, and how many mutexes it locks: by the answers of edge.py, one connection each.

usage: allocations.py [--requests 2000]

The server runs with allocations.c in it. What it does beside, for the stream that is published to it, is counted for as long without
requests, and taken off.
"""

import argparse
import http.client
import mmap
import os
import pathlib
import ssl
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


def ask(server, workload, requests):
    """Out: the seconds that it took."""
    path = workload.path()
    paths = [path] if isinstance(path, str) else path
    if workload.tls:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", server.tls_port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = dict(line.split(": ", 1) for line in (*edge.BROWSER_HEADERS, *workload.headers))

    def one(path):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != workload.status:
            raise AssertionError(f"{path} is {answer.status}")
        return answer.headers["ETag"]

    if "If-None-Match" in headers:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            headers["If-None-Match"] = answer.headers["ETag"]
            answer.read()
    for each in paths[:1] * 50:  # what is made once
        one(each)
    begun = time.monotonic()
    yield
    for number in range(requests):
        one(paths[number % len(paths)])
    yield time.monotonic() - begun
    connection.close()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=2_000)
    given = options.parse_args()
    private_network.enter()
    with tempfile.TemporaryDirectory(prefix="oxbow-bench-") as folder, open(f"{folder}/counts", "w+b") as file:
        counts = Counts(file)
        library = f"{folder}/allocations.so"
        subprocess.run(["clang-19", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "allocations.c", "-ldl"], check=True)
        server = edge.Oxbow(environment={"LD_PRELOAD": library, "OXBOW_COUNTS": file.name})
        try:
            print(f"{given.requests} requests each, one after the other\n\n| answer | allocations | mutexes |\n| --- | --- | --- |")
            for workload in edge.workloads(server):
                if workload.tls == "h2":
                    continue  # nghttp2 allocates as it likes
                asking = ask(server, workload, given.requests)
                next(asking)
                before = counts.read()
                seconds = next(asking)
                after = counts.read()
                time.sleep(seconds)
                idle = counts.read()
                each = [max(0, (b - a) - (c - b)) / given.requests for a, b, c in zip(before, after, idle)]
                print(f"| {workload.name} | {each[0]:.2f} | {each[1]:.2f} |", flush=True)
        finally:
            server.close()


if __name__ == "__main__":
    main()
