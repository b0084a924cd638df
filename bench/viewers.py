#!/usr/bin/env python3
"""Many low-latency viewers over many channels: what the server uses, and whether anybody misses a part.

usage: viewers.py [--viewers 2000] [--channels 50] [--seconds 60]

rtmp_load publishes 640x360 at 0.6 Mbit/s to every channel; watch_load's viewers reload (blocking, uncompressed) and fetch every
part. All share the machine's cores with the server, whose own CPU time is counted. Exit code 1: an error, or a viewer who was
without a new part for two seconds.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
import private_network  # noqa: E402
import processes  # noqa: E402

TOOLS = ROOT / "build/release/bench"
WITHOUT_MAX = 2.0
SETTLE = 15  # seconds: until playlists have all that they will


def source():
    return oxbow.media(
        "bench-viewers-360p30.flv", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i",
        "sine=frequency=440:sample_rate=48000", "-t", "20", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency",
        "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", "500k", "-maxrate", "500k", "-bufsize", "500k",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-shortest")


def media_path(server, made):
    live = urllib.parse.urlparse(server.wait_for_recording(made["id"])["livePlaybackUrl"]).path
    return urllib.parse.urljoin(live, server.get(live).text.splitlines()[-1])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--viewers", type=int, default=2_000)
    options.add_argument("--channels", type=int, default=50)
    options.add_argument("--seconds", type=int, default=60)
    given = options.parse_args()
    network = private_network.enter()
    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
    load = None
    try:
        made = [server.create_channel(f"many-{number}") for number in range(given.channels)]
        urls = [f"{server.ready['rtmp']}/{each['streamKey']['value']}" for each in made]
        load = subprocess.Popen([TOOLS / "rtmp_load", "--file", source(), "--seconds", str(given.seconds + 120), *urls],
                                stdout=subprocess.DEVNULL)
        paths = [media_path(server, each) for each in made]
        time.sleep(SETTLE)
        alone = processes.cpu_seconds(server.process.pid)
        time.sleep(10)
        alone = (processes.cpu_seconds(server.process.pid) - alone) / 10
        before = processes.cpu_seconds(server.process.pid)
        done = subprocess.run(
            [TOOLS / "watch_load", "--port", str(urllib.parse.urlparse(server.ready["http"]).port), "--seconds",
             str(given.seconds), "--viewers", str(given.viewers // given.channels), *paths],
            capture_output=True, text=True, check=True)
        cpu = (processes.cpu_seconds(server.process.pid) - before) / given.seconds
        seen = json.loads(done.stdout)
        print(f"{seen['viewers']} viewers over {given.channels} channels of 0.6 Mbit/s, {given.seconds} s; {network}; load "
              f"{os.getloadavg()[0]:.1f}\n\n"
              f"{seen['errors']} errors; {seen['reloads'] / given.seconds:.0f} reloads, {seen['parts'] / given.seconds:.0f} parts "
              f"and {seen['bytes'] * 8e-6 / given.seconds:.0f} Mbit of media a second; nobody was without a new part for more "
              f"than {seen['longest_without']:.2f} s\nthe server: {cpu:.2f} cores, of which {alone:.2f} without viewers; "
              f"{processes.memory_mb(server.process.pid):.0f} MB")
        return 1 if seen["errors"] or seen["longest_without"] > WITHOUT_MAX else 0
    finally:
        if load:
            load.terminate()
            load.wait()
        server.close()


if __name__ == "__main__":
    sys.exit(main())
