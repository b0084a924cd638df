#!/usr/bin/env python3
"""How long the API takes with thousands of channels, as a client on the same machine sees it.

usage: api.py [--channels 5000] [--seconds 10] [--rate 1000] [--connections 50]
"""

import argparse
import asyncio
import json
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
os.environ.setdefault("OXBOW", str(ROOT / "build/release/oxbow"))

import oxbow  # noqa: E402  (the path comes first)
from api_client import Api  # noqa: E402
from processes import cpu_seconds  # noqa: E402


def request_bytes(api, operation, members):
    """A whole signed request; a signature counts for minutes, so it may be sent again and again."""
    body = json.dumps(members).encode()
    headers = {**api.signed("POST", "/" + operation, body), "host": api.host, "content-length": len(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /{operation} HTTP/1.1\r\n{head}\r\n".encode() + body


class Connection:
    """Asks and waits, without more work than that, so that the server's time is what is measured."""

    async def open(self, api):
        host, port = api.host.split(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        return self

    async def ask(self, request):
        """(status, seconds)"""
        began = time.perf_counter()
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")),
                      0)
        await self.reader.readexactly(length)
        return int(head[9:12]), time.perf_counter() - began


def told(name, seconds):
    ordered = sorted(seconds)
    print(f"{name:44} median {statistics.median(ordered) * 1000:8.3f} ms   "
          f"99 % {ordered[int(len(ordered) * 0.99)] * 1000:8.3f} ms   of {len(ordered)}", flush=True)


async def one_by_one(api, requests):
    connection = await Connection().open(api)
    answers = [await connection.ask(request) for request in requests]
    wrong = [status for status, _ in answers if status != 200]
    if wrong:
        raise SystemExit(f"{len(wrong)} answers were not 200: {wrong[:5]}")
    return [seconds for _, seconds in answers]


async def at_a_rate(api, request, given):
    """Every connection asks at its own beats; an answer that is late delays its own connection only."""
    seconds, wrong = [], []

    async def client(number):
        connection = await Connection().open(api)
        pause = given.connections / given.rate
        beat = time.perf_counter() + pause * number / given.connections
        for _ in range(int(given.seconds / pause)):
            await asyncio.sleep(max(0, beat - time.perf_counter()))
            beat += pause
            status, took = await connection.ask(request)
            seconds.append(took)
            if status != 200:
                wrong.append(status)

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(given.connections)))
    return seconds, wrong, len(seconds) / (time.perf_counter() - began)


async def measure(server, given):
    api = Api(server.ready)
    create = [request_bytes(api, "CreateChannel", {"name": f"bench-{i}", "type": "BASIC"})
              for i in range(given.channels)]
    made = await one_by_one(api, create)
    told(f"CreateChannel, the last 500 of {given.channels}", made[-500:])
    told(f"ListChannels of 100, {given.channels} channels",
         await one_by_one(api, [request_bytes(api, "ListChannels", {})] * 500))
    last = request_bytes(api, "ListChannels", {"nextToken": f"from-{given.channels - 100}"})
    told("ListChannels, the last page", await one_by_one(api, [last] * 500))
    live = server.create_channel("live")
    publisher = oxbow.Publisher(live, oxbow.test_card(seconds=8), loop=-1)
    try:
        server.wait_for_recording(live["id"])
        request = request_bytes(api, "GetStream", {"channelArn": live["channel"]["arn"]})
        told("GetStream", await one_by_one(api, [request] * 5000))
        before = cpu_seconds(server.process.pid)
        seconds, wrong, rate = await at_a_rate(api, request, given)
        used = cpu_seconds(server.process.pid) - before
        told(f"GetStream, {rate:.0f} a second, {given.connections} connections", seconds)
        print(f"errors {len(wrong)}; server CPU {used / len(seconds) * 1e6:.0f} us a call, the stream included")
    finally:
        publisher.close()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--channels", type=int, default=5000)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--rate", type=int, default=1000)
    options.add_argument("--connections", type=int, default=50)
    given = options.parse_args()
    server = oxbow.Server()
    try:
        asyncio.run(measure(server, given))
    finally:
        server.close()


if __name__ == "__main__":
    main()
