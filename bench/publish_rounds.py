#!/usr/bin/env python3
"""Memory, files and threads of the server while broadcasts come and go.

usage: publish_rounds.py [--rounds 200] [--channels 4] [--deleted]

With --deleted every round makes a channel of its own, publishes to it and deletes it. The memory after a rest is
that of a minute later, when the playlists of ended broadcasts have gone.
"""

import argparse
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
import quick_publisher  # noqa: E402
from processes import cpu_seconds, memory_mb  # noqa: E402

REST_SECONDS = 65


def line(name, pid):
    files, threads = len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
    print(f"{name:14}  {memory_mb(pid):6.1f} MB  {files} files  {threads} threads  {cpu_seconds(pid):.1f} s CPU")


def one_round(server, channel, tags, deleted):
    quick_publisher.publish_when_free(channel["ingestUrl"], tags)
    if deleted:
        oxbow.wait_for("the deletion", 10, lambda: (
            server.cli("channel", "delete", channel["id"], check=False).returncode == 0))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--channels", type=int, default=4)
    options.add_argument("--deleted", action="store_true")
    given = options.parse_args()

    card = oxbow.test_card(gop=1)
    tags = quick_publisher.flv_tags(oxbow.media("rounds.flv", "-i", card, "-c", "copy", "-f", "flv"), 1_200)
    server = oxbow.Server('[log]\nlevel = "error"\n[recording]\nreconnect_window_seconds = 0\n')
    try:
        pid = server.process.pid
        channels = [server.create_channel(f"round-{number}") for number in range(given.channels)]
        line("at the start", pid)
        for number in range(1, given.rounds + 1):
            channel = (server.create_channel(f"short-{number}") if given.deleted
                       else channels[number % given.channels])
            one_round(server, channel, tags, given.deleted)
            if number % 50 == 0:
                line(f"round {number}", pid)
        time.sleep(REST_SECONDS)
        one_round(server, channels[0], tags, False)
        line("after a rest", pid)
    finally:
        server.close()


if __name__ == "__main__":
    main()
