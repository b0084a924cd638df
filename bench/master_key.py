#!/usr/bin/env python3
"""From the end of the first segment behind the lead to a masterKey whose every object can be fetched.

usage: master_key.py [--runs 7]
"""

import argparse
import datetime
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)


def fetch_all(server, key):
    """The byte-range playlist behind masterKey, once every object that it leads to has been fetched."""
    master = server.get("/" + key)
    folder = key.rpartition("/")[0]
    variant = f"/{folder}/{master.text.splitlines()[-1]}"
    answer = server.get(variant)
    playlist = oxbow.Playlist(answer.text)
    statuses = [master.status, answer.status]
    for entry in playlist.entries:
        offset, length = entry["range"]
        part = server.get(f"{variant.rpartition('/')[0]}/{entry['uri']}",
                          headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        statuses.append(part.status)
        assert len(part.body) == length
    assert set(statuses) <= {200, 206}, statuses
    return playlist


def one_run(server, number, file):
    made = server.create_channel(f"bench-{number}")
    publisher = oxbow.Publisher(made, file)
    try:
        while True:
            body = server.metadata(made["id"])
            if body and "masterKey" in body:
                break
            time.sleep(0.005)
        playlist = fetch_all(server, body["masterKey"])
        now = time.time()
        start = datetime.datetime.fromisoformat(playlist.entries[0]["pdt"].replace("Z", "+00:00")).timestamp()
        first_chunk = [entry["ms"] for entry in playlist.entries if entry["uri"] == playlist.entries[0]["uri"]]
        return now - (start + sum(first_chunk) / 1000)
    finally:
        publisher.close()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=7)
    given = options.parse_args()
    server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
    try:
        for name, file in (("2 s GOP", oxbow.test_card()), ("film", oxbow.film())):
            late = [one_run(server, f"{name[0]}-{run}", file) for run in range(given.runs)]
            print(f"{name}: masterKey with all objects fetched {statistics.median(late) * 1000:.0f} ms (median of "
                  f"{given.runs}; {min(late) * 1000:.0f} to {max(late) * 1000:.0f}) after the end of the first segment")
    finally:
        server.close()


if __name__ == "__main__":
    main()
