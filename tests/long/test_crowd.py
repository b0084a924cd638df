#!/usr/bin/env python3
"""500 connections that mean nothing good, while ten channels publish: no segment is late."""

import os
import pathlib
import selectors
import socket
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import oxbow  # noqa: E402

CONNECTIONS = 500
ADDRESSES = 25  # as many as it takes: an address may have 32 connections that do not publish
SECONDS = 30
LATE_MS_MAX = 2_500  # behind a segment of one second


class Stranger:
    """Sends garbage, or a byte a second, or nothing; comes back when it is thrown out."""

    def __init__(self, number, server, selector):
        self.number, self.server, self.selector = number, server, selector
        self.thrown_out = 0
        self.connect()

    def connect(self):
        self.line = socket.socket()
        self.line.bind((f"127.0.1.{1 + self.number % ADDRESSES}", 0))
        self.line.setblocking(False)
        self.line.connect_ex(self.server)
        self.selector.register(self.line, selectors.EVENT_READ, self)

    def speak(self):
        words = (b"\x03" + os.urandom(4096), b"\x03", b"")[self.number % 3]
        try:
            self.line.send(words)
        except OSError:
            pass

    def listen(self):
        try:
            alive = self.line.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            alive = b""
        if not alive:
            self.leave()
            self.thrown_out += 1
            self.connect()

    def leave(self):
        self.selector.unregister(self.line)
        self.line.close()


class Crowd(unittest.TestCase):
    def test_no_segment_of_ten_channels_is_late(self):
        server = oxbow.Server()
        self.addCleanup(server.close)
        card = oxbow.test_card(size="320x180", gop=1)
        made = [server.create_channel(f"channel-{i}") for i in range(10)]
        publishers = [oxbow.Publisher(each, card, loop=-1) for each in made]
        for publisher in publishers:
            self.addCleanup(publisher.close)
        lists = {}
        began = {}
        for each in made:
            server.wait_for_recording(each["id"])
            lists[each["id"]] = server.get(f"/rewind/{each['id']}.m3u8").text.splitlines()[-1]
            total = oxbow.Playlist(server.get(lists[each["id"]]).text).total_ms
            began[each["id"]] = time.monotonic() - total / 1000

        strangers, late = self.crowd(server, lists, began)

        self.assertGreater(sum(stranger.thrown_out for stranger in strangers), CONNECTIONS / 3)
        self.assertLess(max(late), LATE_MS_MAX)
        print(f"latest: {max(late):.0f} ms; thrown out: {sum(stranger.thrown_out for stranger in strangers)}")
        for publisher, url in zip(publishers, lists.values()):
            self.assertIsNone(publisher.process.poll())
            self.assertNotIn("DISCONTINUITY", server.get(url).text)

    def crowd(self, server, lists, began):
        """For SECONDS. Out: the strangers, and how late each channel was each second."""
        url = urllib.parse.urlparse(server.ready["rtmp"])
        selector = selectors.DefaultSelector()
        strangers = [Stranger(i, (url.hostname, url.port), selector) for i in range(CONNECTIONS)]
        late = []
        for _ in range(SECONDS):
            second = time.monotonic() + 1
            for stranger in strangers:
                stranger.speak()
            while (rest := second - time.monotonic()) > 0:
                for key, _ in selector.select(rest):
                    key.data.listen()
            for channel, playlist in lists.items():
                total = oxbow.Playlist(server.get(playlist).text).total_ms
                late.append((time.monotonic() - began[channel]) * 1000 - total)
        for stranger in strangers:
            stranger.leave()
        return strangers, late


if __name__ == "__main__":
    unittest.main()
