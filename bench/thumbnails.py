#!/usr/bin/env python3
"""What thumbnails cost: 1080p channels are recorded with a thumbnail every 5 s, and without, in turns.

usage: thumbnails.py [--channels 4] [--rounds 3] [--seconds 60] [--interval 5] [--short]

Counted is the CPU time of the server and of the process that makes thumbnails, from /proc, with that of the processes
that it starts for single pictures. The servers run on cpu 0, the publishers on cpu 1. --short: one round of 15 s.
"""

import argparse
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import api_client  # noqa: E402  (the path comes first)
import oxbow  # noqa: E402
from helper_process import helpers_of  # noqa: E402

WARM_UP = 8  # seconds: the helper has been started, its first pictures are made
SERVER_CPU, LOAD_CPU = {0}, {1}
TICKS = os.sysconf("SC_CLK_TCK")


def source():
    """20 s of 1080p30 at 6 Mbit/s, with a camera's noise, a key frame every 2 s; encoded once."""
    return oxbow.media(
        "bench-1080p30-6.flv", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "20", "-c:v", "libx264", "-preset", "ultrafast",
        "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", "6M", "-maxrate", "6M", "-bufsize", "6M",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-shortest")


def cpu_seconds(pid):
    """Of a process and of those that it started and that have ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def helper_seconds(server):
    return sum(cpu_seconds(pid) for pid in helpers_of(server.process.pid))


def helper_memory(server):
    """MB of the helper that it shares with nobody."""
    total = 0
    for pid in helpers_of(server.process.pid):
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return total / 1024


def thumbnails_of(server):
    return [file for file in (server.data / "bucket").rglob("thumb*.jpg")]


def measure(configuration, channels, seconds):
    """One round: seconds of CPU per channel and second, of the server and of the helper."""
    os.sched_setaffinity(0, SERVER_CPU)
    server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
    os.sched_setaffinity(0, LOAD_CPU)
    publishers = []
    try:
        api = api_client.Api(server.ready)
        arn = api.call("CreateRecordingConfiguration", {
            "destinationConfiguration": {"s3": {"bucketName": "recordings"}},
            "thumbnailConfiguration": configuration}).json["recordingConfiguration"]["arn"]
        for _ in range(channels):
            key = api.call("CreateChannel", {"recordingConfigurationArn": arn}).json["streamKey"]["value"]
            publishers.append(oxbow.Publisher(None, source(), loop=-1, url=f"{server.ready['rtmp']}/{key}"))
        time.sleep(WARM_UP)
        before = (time.monotonic(), cpu_seconds(server.process.pid), helper_seconds(server), len(thumbnails_of(server)))
        time.sleep(seconds)
        after = (time.monotonic(), cpu_seconds(server.process.pid), helper_seconds(server), len(thumbnails_of(server)))
        if any(publisher.process.poll() is not None for publisher in publishers):
            sys.exit("a publisher has ended: what the server used says nothing")
        at, main, helper, made = (b - a for a, b in zip(before, after))
        files = thumbnails_of(server)
        return {"server": 100 * main / at / channels, "helper": 100 * helper / at / channels,
                "both": 100 * (main + helper) / at / channels, "each": 1000 * helper / made if made else 0.0,
                "rate": made / at / channels, "memory": helper_memory(server),
                "bytes": statistics.mean(file.stat().st_size for file in files) / 1000 if files else 0.0}
    finally:
        for publisher in publishers:
            publisher.close()
        server.close()


def spread(rounds, key, digits):
    values = [one[key] for one in rounds]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--channels", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--interval", type=int, default=5)
    options.add_argument("--short", action="store_true", help="one round of 15 s: does it work")
    given = options.parse_args()
    rounds, seconds = (1, 15) if given.short else (given.rounds, given.seconds)
    if os.cpu_count() < 2:
        sys.exit("needs two cores: one for the server, one for the publishers")
    source()

    on = {"recordingMode": "INTERVAL", "targetIntervalSeconds": given.interval}
    kinds = {"off": {"recordingMode": "DISABLED"}, "on, 1920x1080": on,
             "on, 284x160": {**on, "resolution": "LOWEST_RESOLUTION"}}
    results = {name: [] for name in kinds}
    for number in range(rounds):
        for name, configuration in kinds.items():
            one = measure(configuration, given.channels, seconds)
            results[name].append(one)
            print(f"round {number + 1}, {name}: {one['both']:.2f} % of a core per channel", file=sys.stderr)

    print(f"{given.channels} channels of 1080p30 at 6 Mbit/s, a thumbnail every {given.interval} s, {rounds} rounds of "
          f"{seconds} s each; load {os.getloadavg()[0]:.1f}\n")
    rows = [("% of a core per channel: the server", "server", 2), ("% of a core per channel: the helper", "helper", 2),
            ("ms of the helper per thumbnail", "each", 1), ("thumbnails per channel-second", "rate", 3),
            ("KB of a thumbnail", "bytes", 0), ("MB of the helper's own memory", "memory", 1)]
    print("| median (least-most) | " + " | ".join(results) + " |")
    print("| --- |" + " --- |" * len(results))
    for title, key, digits in rows:
        print(f"| {title} | " + " | ".join(spread(each, key, digits) for each in results.values()) + " |")
    off = statistics.median(one["both"] for one in results["off"])
    for name in list(results)[1:]:
        print(f"\nthumbnails {name}: {statistics.median(one['both'] for one in results[name]) - off:.2f} % of a core per "
              "channel")


if __name__ == "__main__":
    main()
