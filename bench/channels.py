#!/usr/bin/env python3
"""CPU, memory and disk of the server while many channels publish and are recorded.

usage: channels.py [--channels 20] [--seconds 60] [--mbit 3.0]
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)


def source(mbit):
    """One minute of 720p30 at a constant rate, a key frame every 2 s, with AAC; encoded once."""
    video = f"{round((mbit - 0.14) * 1000)}k"
    return oxbow.media(
        f"bench-720p30-{mbit}.flv", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "20", "-c:v", "libx264", "-preset", "veryfast",
        "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", video, "-maxrate", video, "-bufsize", video,
        "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-shortest")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def written_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar"):
            return int(line.split()[1])
    return 0


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--channels", type=int, default=20)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--mbit", type=float, default=3.0)
    given = options.parse_args()

    file = source(given.mbit)
    expected = given.channels * given.mbit / 8 * (given.seconds + 30) * 1e6
    if shutil.disk_usage("/tmp").free < 2 * expected:
        sys.exit(f"needs {2 * expected / 1e9:.1f} GB free in /tmp")
    server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
    publishers = []
    try:
        made = [server.create_channel(f"bench-{n}") for n in range(given.channels)]
        idle_mb = memory_mb(server.process.pid)
        publishers = [oxbow.Publisher(channel, file, loop=-1) for channel in made]
        for channel in made:
            server.wait_for_recording(channel["id"], 30)
        pid = server.process.pid
        before, started, wrote = cpu_seconds(pid), time.monotonic(), written_bytes(pid)
        time.sleep(given.seconds)
        cpu, elapsed, wrote = cpu_seconds(pid) - before, time.monotonic() - started, written_bytes(pid) - wrote
        alive = sum(publisher.process.poll() is None for publisher in publishers)
        rss = memory_mb(pid)
        media = subprocess.run(["du", "-sb", server.data / "bucket", server.data / "spool"], capture_output=True,
                               text=True).stdout
        print(f"{given.channels} channels of {given.mbit} Mbit/s, {elapsed:.0f} s, {alive} publishers to the end")
        print(f"CPU: {cpu:.2f} s = {cpu / given.channels / elapsed * 60:.4f} s per channel-minute")
        print(f"memory: {rss:.0f} MB = {(rss - idle_mb) / given.channels:.2f} MB per channel ({idle_mb:.0f} MB idle)")
        print(f"written: {wrote / 1e6:.0f} MB by all write calls; on disk now:\n{media}")
    finally:
        for publisher in publishers:
            publisher.close()
        server.close()


if __name__ == "__main__":
    main()
