#!/usr/bin/env python3
"""The server stands still for a while, as on a machine that swaps or is moved: nobody is cut off for that."""

import signal
import socket
import time
import unittest
import urllib.parse

import oxbow
import rtmp

STANDSTILL = 12  # seconds; handshakes, and the head of a request, have 10


class Standstill(unittest.TestCase):
    def test_what_was_begun_before_a_standstill_is_finished_behind_it(self):
        server = oxbow.Server()
        self.addCleanup(server.close)
        made = server.create_channel("bell")
        encoder = rtmp.Client(server)
        self.addCleanup(encoder.close)
        http = urllib.parse.urlparse(server.ready["http"])
        viewer = socket.create_connection((http.hostname, http.port), timeout=20)
        self.addCleanup(viewer.close)
        viewer.sendall(b"GET /channels.json HTTP/1.1\r\nHost: h\r\n")
        server.get("/channels.json")  # answered behind both

        server.process.send_signal(signal.SIGSTOP)
        time.sleep(STANDSTILL)
        server.process.send_signal(signal.SIGCONT)
        server.get("/channels.json")
        time.sleep(1)  # two sweeps of the deadlines
        viewer.sendall(b"\r\n")
        encoder.publish(made)

        self.assertTrue(viewer.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n"))


if __name__ == "__main__":
    unittest.main()
