#!/usr/bin/env python3
"""What connections cost that do little: the memory of 10,000 idle ones, plain and by TLS, and whether viewers notice
5,000 that send a byte a minute and 500 that read a byte a second.

usage: connections.py [--idle 10000] [--slow 5000] [--readers 500] [--seconds 20]

nginx (one worker) beside Oxbow (one loop) in the same run. Memory is what the server's process has resident more than
before; what the kernel keeps for a socket is not in it, and is the same for both.
"""

import argparse
import http.client
import os
import pathlib
import platform
import random
import resource
import select
import socket
import ssl
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import private_network  # noqa: E402  (the path comes first)
from edge import CLIENT_CPU, Nginx, Oxbow, cpu_model, free_port, version_of  # noqa: E402
from processes import memory_mb  # noqa: E402

ADDRESSES = 100  # that connections come from, for one has at most 1,000
REQUEST = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n"


def connect(port, number):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind((f"127.0.2.{1 + number % ADDRESSES}", 0))
    connection.connect(("127.0.0.1", port))
    return connection


def answer_of(connection):
    """Reads one answer of known length, head and body."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError(f"closed behind {got[:80]}")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return head


def idle_peers(port, path, count, tls):
    """Connects, asks once each, says so, and holds still until its input ends."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connections = []
    for number in range(count):
        connection = connect(port, number)
        if tls:
            connection = context.wrap_socket(connection)
        connection.sendall(REQUEST.format(path).encode())
        head = answer_of(connection)
        if not head.startswith(b"HTTP/1.1 200"):
            raise AssertionError(f"connection {number}: {head.splitlines()[0]}")
        connections.append(connection)
    print("ready", flush=True)
    sys.stdin.read()
    poll = select.epoll()
    for connection in connections:
        poll.register(connection.fileno(), select.EPOLLRDHUP)
    closed = poll.poll(0, len(connections))
    print(len(connections) - len(closed), flush=True)


def slow_peers(port, path, senders, readers):
    """Senders begin a request and send a byte a minute; readers ask for media and take a byte a second. Each comes again
    when it has been closed."""
    poll, owners, due = select.epoll(), {}, []

    def begin(number):
        connection = connect(port, number)
        if number >= senders:  # a small window, as who reads slowly has
            connection.sendall(REQUEST.format(path).encode())
        else:
            connection.sendall(b"G")
        connection.setblocking(False)
        owners[connection.fileno()] = (connection, number)
        poll.register(connection.fileno(), select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)

    for number in range(senders + readers):
        begin(number)
    print("ready", flush=True)
    again, sent_at, last_read = 0, time.monotonic(), time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        for file, _ in poll.poll(0.2, 256):
            connection, number = owners.pop(file)
            connection.close()
            due.append(number)
        for number in due[:200]:
            begin(number)
        again += len(due[:200])
        del due[:200]
        now = time.monotonic()
        if now - last_read >= 1:
            last_read = now
            for connection, number in list(owners.values()):
                if number >= senders:
                    try:
                        connection.recv(1)
                    except OSError:
                        pass
        if now - sent_at >= 60:
            sent_at = now
            for connection, number in list(owners.values()):
                if number < senders:
                    try:
                        connection.send(b"E")
                    except OSError:
                        pass
    print(again, flush=True)


class Peers:
    """One of the above as a process of its own, on the client's core."""

    def __init__(self, kind, *words):
        self.process = subprocess.Popen([sys.executable, __file__, kind, *map(str, words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, CLIENT_CPU))
        if self.process.stdout.readline().strip() != "ready":
            raise AssertionError(f"{kind} peers did not come to be")

    def end(self):
        """What it counted."""
        self.process.stdin.close()
        counted = int(self.process.stdout.readline())
        self.process.wait(timeout=60)
        return counted


def bytes_of_idle(peer, path, given, tls):
    before = memory_mb(peer.pid)
    peers = Peers("idle", peer.tls_port if tls else peer.port, path, given.idle, int(tls))
    time.sleep(3)
    after = memory_mb(peer.pid)
    still = peers.end()
    if still < given.idle:
        print(f"  only {still} of {given.idle} were still connected")
    return (after - before) * 1024 * 1024 / given.idle


def asked(peer, path, seconds):
    """How long each of the answers to four viewers took, who ask a hundred times a second together, in ms."""
    connections = [http.client.HTTPConnection("127.0.0.1", peer.port, timeout=30) for _ in range(4)]
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in connections:
            began = time.monotonic()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            took.append((time.monotonic() - began) * 1000)
            if answer.status != 200:
                raise AssertionError(answer.status)
            time.sleep(random.uniform(0, 0.02))
    for connection in connections:
        connection.close()
    return took


def told(times):
    times = sorted(times)
    return f"{statistics.median(times):.2f} / {times[int(len(times) * 0.99)]:.2f} / {times[-1]:.2f}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--idle", type=int, default=10_000)
    options.add_argument("--slow", type=int, default=5_000)
    options.add_argument("--readers", type=int, default=500)
    options.add_argument("--seconds", type=float, default=20)
    given = options.parse_args()
    network = private_network.enter()
    os.sched_setaffinity(0, CLIENT_CPU)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if given.idle > files * 0.39:  # the server keeps a fifth for itself, and has two doors
        given.idle = int(files * 0.39)
        print(f"only {files} files may be open, so that {given.idle} connections are idle")
    server, nginx = Oxbow(), None
    try:
        nginx = Nginx(free_port(), free_port(), server.certificate, connections=2 * given.idle)
        playlist, media = server.small_playlist(), server.finished_segment()
        paths = {server: (playlist, media),
                 nginx: (nginx.add(playlist, server.server.get(playlist), None),
                         nginx.add(media, server.server.get(media), None))}
        nginx.start()
        print(f"{version_of([os.environ['OXBOW'], 'version'])}; {version_of(['/usr/sbin/nginx', '-v'])}; Linux "
              f"{platform.release()}; {cpu_model()}, {os.cpu_count()} cores; {network}", flush=True)
        for peer in (server, nginx):
            for tls in (False, True):
                each = bytes_of_idle(peer, paths[peer][0], given, tls)
                print(f"{peer.name}: {given.idle} idle connections{' by TLS 1.3' if tls else ''}: {each:.0f} bytes each",
                      flush=True)
        for peer in (server, nginx):
            calm = asked(peer, paths[peer][0], given.seconds)
            peers = Peers("slow", peer.port, paths[peer][1], given.slow, given.readers)
            beside = asked(peer, paths[peer][0], given.seconds)
            again = peers.end()
            after = asked(peer, paths[peer][0], given.seconds)
            print(f"{peer.name}: a 2 KB playlist, ms, median / 99 % / worst: {told(calm)} before, {told(beside)} beside "
                  f"{given.slow} slow senders and {given.readers} slow readers ({again} came again), {told(after)} after",
                  flush=True)
    finally:
        if nginx:
            nginx.close()
        server.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["idle"]:
        idle_peers(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5] == "1")
    elif sys.argv[1:2] == ["slow"]:
        slow_peers(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
