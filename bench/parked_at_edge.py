#!/usr/bin/env python3
"""Viewers of many channels wait at an edge for the next part: what does it ask of its live origin, and with what?

usage: parked_at_edge.py [--viewers 500] [--channels 20] [--seconds 30] [--skip]

A live process, an edge that shares a Ceph RGW with it, and all viewers are on one machine. Every viewer keeps one connection to the
edge and asks for the next part's rewind playlist as soon as it has the last (blocking reload, whole; with --skip a delta); one more
per channel asks the live process itself. How late the edge is, is counted for each part from what that one has.
"""

import argparse
import collections
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))

import oxbow  # noqa: E402  (the path comes first)
import rgw  # noqa: E402

LIVE = "[recording]\nreconnect_window_seconds = 0\n"


class Viewer:
    def __init__(self, base, path, more):
        where = urllib.parse.urlsplit(base)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=10)
        self.host, self.path, self.more, self.unread = where.netloc, path, more, b""

    def ask(self, query=""):
        self.socket.sendall(f"GET {self.path}{query} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    def read(self):
        """The answer, where it is whole."""
        self.unread += self.socket.recv(1 << 20)
        head, ends, body = self.unread.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.I) if ends else None
        if not length or len(body) < int(length[1]):
            return None
        assert head.startswith(b"HTTP/1.1 200 "), head
        self.unread = b""
        return body

    def ask_for_next(self, place):
        self.ask(f"?_HLS_msn={place[0]}&_HLS_part={place[1]}{self.more}")


def next_place(body):
    """The part that comes next, by the part that the playlist announces: what stands before it is counted from its end."""
    text = body.decode()
    skipped = re.search(r"SKIPPED-SEGMENTS=(\d+)", text)
    entries = text.count("#EXTINF") + (int(skipped[1]) if skipped else 0)
    behind = text.rpartition("#EXTINF")[2].partition("\n")[2]
    return entries, behind.count("#EXT-X-PART:")


def stat(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    threads = int(re.search(r"Threads:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text())[1])
    return (int(fields[11]) + int(fields[12])) / 100, threads


def received(edge, origin):
    """Bytes that the edge's connections to the origin have had."""
    port = urllib.parse.urlsplit(origin).port
    shown = subprocess.run(["ss", "-tinpH", "dst", f"127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    ours = [text for text in re.split(r"\n(?=\S)", shown) if f"pid={edge.process.pid}," in text]
    return sum(int(found[1]) for text in ours if (found := re.search(r"bytes_received:(\d+)", text))), len(ours)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--viewers", type=int, default=500)
    options.add_argument("--channels", type=int, default=20)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--warm", type=int, default=60, help="how long the broadcasts are before, in seconds")
    options.add_argument("--skip", action="store_true")
    given = options.parse_args()
    with rgw.Rgw() as gateway:
        gateway.aws("s3api", "create-bucket", "--bucket", "parked")
        live = oxbow.Server(gateway.configuration("parked") + LIVE, role="live")
        config = gateway.configuration("parked")
        config += f'[ivs]\nendpoint = "{live.ready["api"]}"\ncredentials_file = "{live.ready["credentials"]}"\n'
        config += f'[edge]\nlive_origin = "{live.ready["http"]}"\n'
        edge = oxbow.Server(config, role="edge")
        publishers = []
        try:
            file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
            channels = [live.create_channel(f"c{i}") for i in range(given.channels)]
            publishers = [oxbow.Publisher(channel, file, loop=-1) for channel in channels]
            for channel in channels:
                edge.wait_for_recording(channel["id"], 60)
            time.sleep(given.warm)
            paths = [edge.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1] for channel in channels]
            paths = [urllib.parse.urlsplit(urllib.parse.urljoin(f"http://x/rewind/{channel['id']}.m3u8", path)).path
                     for channel, path in zip(channels, paths, strict=True)]
            watch(given, live, edge, paths)
        finally:
            for publisher in publishers:
                publisher.close()
            edge.close()
            live.close()


def watch(given, live, edge, paths):
    more = "&_HLS_skip=YES" if given.skip else ""
    viewers = [Viewer(edge.ready["http"], paths[i % len(paths)], more) for i in range(given.viewers)]
    probes = [Viewer(live.ready["http"], path, "&_HLS_skip=YES") for path in paths]
    selector = selectors.EpollSelector()
    for viewer in viewers + probes:
        selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        viewer.ask()
    places, first, late, answers, bytes_read = set(), {}, collections.defaultdict(list), 0, 0
    cpu, begun, before = stat(edge)[0], time.monotonic(), received(edge, live.ready["http"])[0]
    threads = connections = 0
    while time.monotonic() < begun + given.seconds:
        for key, _ in selector.select(1):
            viewer, now = key.data, time.monotonic()
            body = viewer.read()
            if body is None:
                continue
            place = next_place(body)
            if viewer in probes:
                first.setdefault((viewer.path, place), now)
            else:
                answers, bytes_read = answers + 1, bytes_read + len(body)
                late[viewer.path, place].append(now)
                places.add((viewer.path, place))
            viewer.ask_for_next(place)
        threads = max(threads, stat(edge)[1])
    got, connections = received(edge, live.ready["http"])
    used = stat(edge)[0] - cpu
    every = sorted(1000 * (at - first[key]) for key, times in late.items() if key in first for at in times)
    print(f"{given.viewers} viewers over {len(paths)} channels, {given.seconds} s, {'deltas' if given.skip else 'whole playlists'}\n\n"
          f"| | |\n| --- | --- |\n"
          f"| answers to viewers | {answers}, {bytes_read / max(answers, 1) / 1000:.1f} kB each |\n"
          f"| different answers | {len(places)} |\n"
          f"| bytes from the origin | {(got - before) / 1e6:.2f} MB, {(got - before) / max(len(places), 1) / 1000:.2f} kB for each |\n"
          f"| threads of the edge, at most | {threads} |\n"
          f"| connections to the origin | {connections} |\n"
          f"| CPU of the edge | {used:.1f} s |\n"
          f"| behind the live process, 50 %, 99 % | {statistics.median(every):.0f} ms, {every[int(0.99 * len(every))]:.0f} ms |")


if __name__ == "__main__":
    main()
