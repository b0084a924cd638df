#!/usr/bin/env python3
"""Whether viewers of ten channels notice 500 connections that send garbage, one byte a second, or nothing.

usage: hostile_connections.py [--channels 10] [--connections 500] [--seconds 60] [--bound 2.0]

Three runs of the same length: undisturbed, disturbed from 250 addresses, disturbed from one. Each says when the
segments of the live playlists were listed, counted from their own end by PROGRAM-DATE-TIME. The publishers keep
running. Ends with exit code 1 when a segment is missing or listed later than the bound.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
from processes import cpu_seconds, memory_mb  # noqa: E402
from hls_watch import Watch  # noqa: E402

POLL_SECONDS = 0.05


def source():
    """A minute of 360p30 at 0.6 Mbit/s, a key frame every 2 s, with AAC; encoded once."""
    return oxbow.media(
        "bench-360p30-0.6.flv", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i",
        "sine=frequency=440:sample_rate=48000", "-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-g", "60",
        "-keyint_min", "60", "-sc_threshold", "0", "-b:v", "500k", "-maxrate", "500k", "-bufsize", "500k", "-pix_fmt",
        "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-shortest")


def one_run(name, server, channels, given, addresses):
    hostile = None
    if addresses:
        hostile = subprocess.Popen(
            [sys.executable, ROOT / "tests/system/hostile.py", "--http", server.ready["http"].removeprefix("http://"),
             "--rtmp", server.ready["rtmp"].removeprefix("rtmp://").partition("/")[0], "--connections",
             str(given.connections), "--seconds", str(given.seconds), "--addresses", str(addresses)],
            stdout=subprocess.PIPE, text=True)
    before = cpu_seconds(server.process.pid)
    watch = Watch(server, channels, POLL_SECONDS)
    time.sleep(given.seconds)
    watch.stop()
    cpu = cpu_seconds(server.process.pid) - before
    delays = sorted(item.delay for listed in watch.fresh().values() for item in listed)
    print(f"{name}: {len(delays)} segments listed after {statistics.median(delays):.3f} s (median), "
          f"{delays[int(len(delays) * 0.99)]:.3f} s (99th percentile), {delays[-1]:.3f} s (latest)")
    print(f"  {watch.answers} playlists read, the slowest in {watch.slowest_answer * 1000:.0f} ms; server CPU "
          f"{cpu:.1f} s, memory {memory_mb(server.process.pid):.0f} MB")
    if hostile:
        print(f"  hostile connections: {json.loads(hostile.communicate(timeout=30)[0])}")
    wrong = watch.missing()
    if wrong or watch.failures:
        print(f"  missing: {wrong}, failures: {watch.failures[:5]}")
    return not wrong and not watch.failures and delays[-1] <= given.bound


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--channels", type=int, default=10)
    options.add_argument("--connections", type=int, default=500)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--bound", type=float, default=2.0, help="seconds that a listing may take")
    given = options.parse_args()

    file = source()
    server = oxbow.Server("[log]\nlevel = \"error\"\n[recording]\nreconnect_window_seconds = 0\n")
    publishers = []
    good = True
    try:
        made = [server.create_channel(f"bench-{n}") for n in range(given.channels)]
        publishers = [oxbow.Publisher(channel, file, loop=-1) for channel in made]
        ids = [channel["id"] for channel in made]
        for channel in ids:
            server.wait_for_recording(channel, 60)
        time.sleep(5)
        for name, addresses in (("undisturbed", 0), ("from 250 addresses", 250), ("undisturbed again", 0),
                                ("from one address", 1)):
            good = one_run(name, server, ids, given, addresses) and good
        alive = sum(publisher.process.poll() is None for publisher in publishers)
        print(f"{alive} of {given.channels} publishers to the end")
        good = good and alive == given.channels
    finally:
        for publisher in publishers:
            publisher.close()
        server.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
