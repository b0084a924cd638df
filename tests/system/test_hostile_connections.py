#!/usr/bin/env python3
"""A hundred connections that never mean well, and three channels whose viewers do not notice."""

import json
import pathlib
import subprocess
import sys
import unittest

import oxbow
from hls_watch import Watch

SECONDS = 15


class HostileConnections(unittest.TestCase):
    def test_every_segment_of_every_channel_is_listed_and_every_publisher_stays(self):
        server = oxbow.Server('[log]\nlevel = "error"\n')
        self.addCleanup(server.close)
        channels = [server.create_channel(f"calm-{number}") for number in range(3)]
        publishers = [oxbow.Publisher(channel, oxbow.test_card(), loop=-1) for channel in channels]
        for publisher in publishers:
            self.addCleanup(publisher.close)
        for channel in channels:
            server.wait_for_recording(channel["id"])

        watch = Watch(server, [channel["id"] for channel in channels])
        hostile = subprocess.run(
            [sys.executable, pathlib.Path(__file__).with_name("hostile.py"), "--http",
             server.ready["http"].removeprefix("http://"), "--rtmp",
             server.ready["rtmp"].removeprefix("rtmp://").partition("/")[0], "--connections", "100", "--seconds",
             str(SECONDS), "--addresses", "50"], capture_output=True, text=True, check=True)
        watch.stop()

        self.assertGreaterEqual(json.loads(hostile.stdout)["connected"], 100)
        self.assertEqual((watch.missing(), watch.failures), ({}, []))
        for listed in watch.fresh().values():
            self.assertGreaterEqual(sum(1 for _ in listed), SECONDS // 2 - 2)  # one every 2 s
        self.assertEqual([publisher.process.poll() for publisher in publishers], [None] * 3)
        for publisher in publishers:
            publisher.close()
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
