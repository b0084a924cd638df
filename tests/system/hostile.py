#!/usr/bin/env python3
"""Connections that never mean well: garbage, one byte a second, halves of requests, or nothing at all.

usage: hostile.py --http ADDR:PORT --rtmp ADDR:PORT [--connections 500] [--seconds 60] [--addresses 250]

They go to both ports in turn, from as many loopback addresses as told, and come again when they are closed. What
became of them is printed as JSON. A program of its own, so that it takes no time from whoever measures.
"""

import argparse
import asyncio
import collections
import json
import random
import time

AGAIN_AFTER = 0.5  # seconds, when the server has closed or refused
RTMP_HANDSHAKE = b"\x03" + bytes(1536)
HTTP_HEAD = b"GET /channels.json HTTP/1.1\r\nHost: h\r\n"


async def garbage(writer, until):
    while time.monotonic() < until:
        writer.write(random.randbytes(4096))
        await writer.drain()
        await asyncio.sleep(0.1)


async def a_byte_a_second(writer, until, text):
    for byte in text:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)
        if time.monotonic() > until:
            return
    await nothing(writer, until)


async def nothing(_, until):
    await asyncio.sleep(max(0, until - time.monotonic()))


async def half(writer, until, text):
    writer.write(text[:len(text) // 2])
    await writer.drain()
    await nothing(writer, until)


def conduct(kind, rtmp):
    """What a connection of this kind does with its writer."""
    text = RTMP_HANDSHAKE if rtmp else HTTP_HEAD
    return {"garbage": garbage,
            "a byte a second": lambda writer, until: a_byte_a_second(writer, until, text),
            "half": lambda writer, until: half(writer, until, text),
            "nothing": nothing}[kind]


async def one(number, given, until, counts):
    rtmp = number % 2 == 0
    kind = ("garbage", "a byte a second", "half", "nothing")[number // 2 % 4]
    host, _, port = (given.rtmp if rtmp else given.http).rpartition(":")
    address = f"127.0.{1 + number % given.addresses // 250}.{1 + number % given.addresses % 250}"
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection(host, int(port), local_addr=(address, 0))
        except OSError:
            counts["not connected"] += 1
            await asyncio.sleep(AGAIN_AFTER)
            continue
        counts["connected"] += 1
        sending = asyncio.ensure_future(conduct(kind, rtmp)(writer, until))
        reading = asyncio.ensure_future(read_all(reader))
        await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED,
                           timeout=max(0.1, until - time.monotonic()))
        if reading.done():
            counts["closed by the server"] += 1
        for task in (sending, reading):
            task.cancel()
        await asyncio.gather(sending, reading, return_exceptions=True)
        writer.transport.abort()
        if time.monotonic() < until:
            await asyncio.sleep(AGAIN_AFTER)


async def read_all(reader):
    while await reader.read(65536):
        pass


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--http", required=True)
    options.add_argument("--rtmp", required=True)
    options.add_argument("--connections", type=int, default=500)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--addresses", type=int, default=250)
    given = options.parse_args()
    counts = collections.Counter()
    until = time.monotonic() + given.seconds
    await asyncio.gather(*(one(number, given, until, counts) for number in range(given.connections)))
    print(json.dumps(counts))


if __name__ == "__main__":
    asyncio.run(main())
