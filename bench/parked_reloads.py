#!/usr/bin/env python3
"""Thousands of viewers wait for the next part of one channel: when are all of them answered?

usage: parked_reloads.py [--viewers 5000] [--parts 30]

The server runs alone on cpu 0, publisher and viewers on cpu 1. Every viewer keeps one connection and asks for the next part's
playlist as soon as it has the last (blocking reload, with gzip). Time is counted, for each part, from the first answer that any
viewer read to this viewer's answer, whole, as the one thread that stands for all viewers reads them: it is in the figures.
"""

import argparse
import os
import pathlib
import re
import resource
import select
import socket
import statistics
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
import private_network  # noqa: E402

SERVER_CPU, VIEWERS_CPU = {0}, {1}
PARKED = 0.2  # seconds: by then the server has taken in what was asked
AHEAD_MAX = 3  # parts; who asks for more is refused


class Viewers:
    """Many connections on one thread; all ask for the same."""

    def __init__(self, url, count):
        where = urllib.parse.urlsplit(url)
        self.host = where.netloc
        self.selector = select.epoll()
        self.sockets = []
        for number in range(count):
            # Connections are limited per address: each hundred comes from one of its own.
            one = socket.create_connection((where.hostname, where.port), timeout=10,
                                           source_address=(f"127.0.1.{1 + number // 100}", 0))
            one.setblocking(False)
            self.sockets.append(one)
            self.selector.register(one, select.EPOLLIN)

    def ask(self, path):
        request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        for one in self.sockets:
            one.send(request)

    def is_one_answered(self):
        return bool(self.selector.poll(0))

    def answers(self, seconds):
        """When each answer was there, whole."""
        unread = {one.fileno(): one for one in self.sockets}
        begun, done = {}, []
        deadline = time.monotonic() + seconds
        while unread and time.monotonic() < deadline:
            for file, _ in self.selector.poll(1):
                answer = begun.pop(file, b"") + unread[file].recv(65_536)
                length = length_of(answer)
                if length and len(answer) == length:
                    done.append(time.monotonic())
                    del unread[file]
                elif not answer or length and len(answer) > length:
                    raise AssertionError(f"not an answer: {answer}")
                else:
                    begun[file] = answer
        if unread:
            raise TimeoutError(f"{len(unread)} viewers were not answered")
        return done

    def close(self):
        for one in self.sockets:
            one.close()


def length_of(answer):
    """Of all of it, once its head is there."""
    head, ends, _ = answer.partition(b"\r\n\r\n")
    if not ends:
        return None
    if not head.startswith(b"HTTP/1.1 200 "):
        raise AssertionError(answer)
    return len(head) + len(ends) + int(re.search(rb"(?i)content-length: (\d+)", head)[1])


def cpu_seconds(pid):
    """Of all threads, from the scheduler's own count."""
    return sum(int(task.joinpath("schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def reach(text):
    playlist = oxbow.Playlist(text)
    return playlist.media_sequence + len(playlist.entries), len(playlist.open_parts)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--viewers", type=int, default=5_000)
    options.add_argument("--parts", type=int, default=30)
    given = options.parse_args()
    network = private_network.enter()
    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))  # the server's, too
    os.sched_setaffinity(0, SERVER_CPU)
    server = oxbow.Server("[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n")
    os.sched_setaffinity(0, VIEWERS_CPU)
    publisher = viewers = None
    try:
        made = server.create_channel("many")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=60, gop=2), loop=-1)
        server.wait_for_recording(made["id"])
        time.sleep(10)
        path = server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        viewers = Viewers(server.ready["http"], given.viewers)
        took, cpu, ahead = [], [], 1
        while len(took) < given.parts:
            segment, part = reach(server.get(path).text)
            # Further than what comes next: all are parked before it is there.
            viewers.ask(f"{path}?_HLS_msn={segment}&_HLS_part={part + ahead}&_HLS_skip=YES")
            time.sleep(PARKED)
            early = viewers.is_one_answered()
            before = cpu_seconds(server.process.pid)
            done = viewers.answers(10)
            if early and ahead == AHEAD_MAX:
                raise RuntimeError("the part is there before all viewers have asked: this machine is too slow for so many")
            if early:  # does not count
                ahead += 1
                continue
            took.append([1000 * (at - done[0]) for at in done])
            cpu.append(1000 * (cpu_seconds(server.process.pid) - before))
        every = sorted(one for part in took for one in part)
        last = [max(part) for part in took]
        print(f"{given.viewers} viewers parked on one channel, {given.parts} parts; server on one core; {network}; load "
              f"{os.getloadavg()[0]:.1f}\n\n| from the first answer, ms | 50 % | 99 % | most |\n| --- | --- | --- | --- |\n"
              f"| a viewer's answer | {statistics.median(every):.0f} | {every[int(0.99 * len(every))]:.0f} | {every[-1]:.0f} |\n"
              f"| the last viewer's | {statistics.median(last):.0f} | {sorted(last)[int(0.99 * len(last))]:.0f} | {max(last):.0f} |\n\n"
              f"the server's CPU for all of them: {statistics.median(cpu):.0f} ms ({min(cpu):.0f}-{max(cpu):.0f})")
    finally:
        if viewers:
            viewers.close()
        if publisher:
            publisher.close()
        server.close()


if __name__ == "__main__":
    main()
