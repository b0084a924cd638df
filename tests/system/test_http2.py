#!/usr/bin/env python3
"""HTTP/2 for viewers: what curl gets by it, requests that are held, and peers that misuse it."""

import json
import re
import struct
import subprocess
import time
import unittest

import http2_frames as h2
import oxbow
from certificates import Certificate


class Case(unittest.TestCase):
    """One server and one live channel for all of them."""
    server = None

    @classmethod
    def setUpClass(cls):
        if Case.server:
            return
        Case.certificate = Certificate()
        unittest.addModuleCleanup(Case.certificate.close)
        Case.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n" + Case.certificate.config())
        unittest.addModuleCleanup(Case.server.close)
        Case.live = Case.server.create_channel("live")
        publisher = oxbow.Publisher(Case.live, oxbow.test_card(seconds=6, size="320x180"), loop=-1)
        unittest.addModuleCleanup(publisher.close)
        Case.recording = Case.server.wait_for_recording(Case.live["id"])

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--http2", "--cacert", self.certificate.certificate, *arguments],
                              capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def get(self, path, *options):
        return self.curl(*options, self.server.ready["https"] + path)

    def client(self, **options):
        client = h2.Client(self.server.ready["https"], **options)
        self.addCleanup(client.close)
        return client

    def playlist(self):
        """The live media playlist, as a viewer finds it."""
        master = self.server.get(f"/api/video/v1/us-east-1.000000000000.channel.{self.live['id']}.m3u8").text
        return next(line for line in master.splitlines() if line and not line.startswith("#"))

    def next_segment(self, path):
        text = self.server.get(path).text
        first = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])
        return first + text.count("#EXTINF:")


class Http2(Case):
    def test_curl_speaks_it_and_gets_what_plain_http_gives(self):
        key = self.recording["masterKey"]
        chunk = next(self.server.bucket(key.rpartition("/")[0]).rglob("0.ts"))
        path = "/" + str(chunk.relative_to(self.server.data / "bucket"))

        self.assertEqual(self.get("/", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"), b"2 200")
        self.assertEqual(self.get(path), chunk.read_bytes())
        self.assertEqual(self.get(path, "-r", "1000-20000"), chunk.read_bytes()[1000:20001])
        self.assertEqual(self.get("/", "--compressed"), self.server.get("/").body)
        self.assertEqual(self.get("/nothing", "-o", "/dev/null", "-w", "%{http_code}"), b"404")
        self.assertEqual(self.get("/", "-I", "-o", "/dev/null", "-w", "%{http_code}"), b"200")

    def test_a_download_comes_whole_over_a_stream(self):
        listed = self.server.get(f"/channels/{self.live['id']}/recordings.json").json["recordings"][0]
        begins = oxbow.Playlist(self.server.get(listed["playlistUrl"]).text).wall_clock[0]
        path = f"/recordings/{listed['id']}.ts?end={begins + 1}"

        plain = self.server.get(path)

        self.assertEqual(self.get(path), plain.body)
        self.assertEqual(self.get(path, "-o", "/dev/null", "-w", "%{http_version} %{http_code} %header{content-length}"),
                         f"2 200 {len(plain.body)}".encode())

    def test_curl_gets_many_at_a_time_over_one_connection(self):
        urls = [f"{self.server.ready['https']}/channels.json?n={i}" for i in range(20)]
        outputs = [word for _ in urls for word in ("-o", "/dev/null")]
        connects = self.curl("--parallel", "--parallel-max", "20", "-w", "%{num_connects} %{http_code}\n", *outputs, *urls)

        self.assertEqual(len(connects.splitlines()), 20)
        self.assertEqual(sum(int(line.split()[0]) for line in connects.splitlines()), 1)
        self.assertTrue(all(line.endswith(b" 200") for line in connects.splitlines()))

    def test_without_alpn_it_is_http_1_1(self):
        version = self.get("/", "--no-alpn", "-o", "/dev/null", "-w", "%{http_version}")
        self.assertEqual(version, b"1.1")

    def test_a_blocking_reload_is_held_on_its_stream_and_others_pass_it(self):
        client = self.client()
        path = self.playlist()
        ahead = self.next_segment(path) + 1

        held = client.get(f"{path}?_HLS_msn={ahead}")
        other = client.get("/channels.json")
        order, bodies = [], {held: b"", other: b""}
        while len(order) < 2:
            got = client.read()
            self.assertIsNotNone(got, "the server closed, or was silent for 10 s")
            type, flags, stream, payload = got
            if type == h2.DATA:
                bodies[stream] += payload
                if flags & h2.END_STREAM:
                    order.append(stream)

        self.assertEqual(order, [other, held])
        json.loads(bodies[other])
        text = bodies[held].decode()
        first = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])
        self.assertGreaterEqual(first + text.count("#EXTINF:") - 1, ahead)

    def test_many_held_requests_that_are_taken_back_leave_nothing(self):
        client = self.client()
        path = self.playlist()
        ahead = self.next_segment(path) + 1
        streams = [client.get(f"{path}?_HLS_msn={ahead}") for _ in range(90)]
        for stream in streams:
            client.send(h2.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", 8)))

        # They do not count any more: as many again are taken.
        streams = [client.get("/channels.json") for _ in range(90)]
        self.assertIsNotNone(client.body(streams[-1]))

    def test_events_come_over_a_stream(self):
        process = subprocess.Popen(
            ["curl", "-sSN", "--http2", "--cacert", self.certificate.certificate, "-w", "%{http_version}",
             f"{self.server.ready['https']}/events"], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        first = process.stdout.readline()
        self.assertTrue(first.startswith((b"id:", b"event:", b"data:", b":", b"retry:")), first)

    def test_a_stop_says_goaway_and_waits_for_nobody_idle(self):
        server = oxbow.Server(self.certificate.config())
        self.addCleanup(server.close)
        client = h2.Client(server.ready["https"])
        self.addCleanup(client.close)
        stream = client.get("/channels.json")
        self.assertIsNotNone(client.body(stream))

        begun = time.monotonic()
        self.assertEqual(server.stop(), 0)

        self.assertEqual(client.end(), h2.NO_ERROR)
        self.assertLess(time.monotonic() - begun, 9)


class Hostile(Case):
    """One connection each that breaks the protocol or misuses it; the server says so, closes, and serves others."""

    def hostile(self, *frames, code):
        client = self.client()
        for data in frames:
            client.send(data)
        self.assertEqual(client.end(), code)

    def flood(self, data, code, bytes_max, times=100_000):
        """The same over and over: the server ends it before it has taken bytes_max."""
        client = self.client()
        chunk = data * max(1, 4096 // len(data))
        for _ in range(times * len(data) // len(chunk) + 1):
            if not client.send(chunk):
                break
            if client.socket.pending() or client.sent > bytes_max:
                break
        ended = client.end()
        self.assertIn(ended, (code, "closed"))
        # Beside what it took: what lay in the buffers of both sides.
        self.assertLess(client.sent, bytes_max + 4_000_000)

    def tearDown(self):
        other = self.client()
        self.assertIsNotNone(other.body(other.get("/channels.json")))

    def test_frames_that_break_the_protocol(self):
        headers = h2.END_STREAM | h2.END_HEADERS
        request = h2.request("/")
        cases = {
            "a frame longer than there may be": (h2.frame(h2.DATA, 0, 1, size=20_000), h2.FRAME_SIZE_ERROR),
            "DATA of the connection": (h2.frame(h2.DATA, 0, 0, b"x"), h2.PROTOCOL_ERROR),
            "DATA of no stream": (h2.frame(h2.DATA, 0, 1, b"x"), h2.PROTOCOL_ERROR),
            "HEADERS of the connection": (h2.frame(h2.HEADERS, headers, 0, request), h2.PROTOCOL_ERROR),
            "HEADERS of a server's stream": (h2.frame(h2.HEADERS, headers, 2, request), h2.PROTOCOL_ERROR),
            "HEADERS of an index that is none": (h2.frame(h2.HEADERS, headers, 1, b"\xff\xff\xff\xff\x0f"), h2.COMPRESSION_ERROR),
            "SETTINGS of a stream": (h2.frame(h2.SETTINGS, 0, 1), h2.PROTOCOL_ERROR),
            "SETTINGS of five bytes": (h2.frame(h2.SETTINGS, 0, 0, b"12345"), h2.FRAME_SIZE_ERROR),
            "a window that is too large": (h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), h2.FLOW_CONTROL_ERROR),
            "PING of seven bytes": (h2.frame(h2.PING, 0, 0, b"1234567"), h2.FRAME_SIZE_ERROR),
            "PUSH_PROMISE": (h2.frame(h2.PUSH_PROMISE, 4, 1, b"\0\0\0\2"), h2.PROTOCOL_ERROR),
            "CONTINUATION of nothing": (h2.frame(h2.CONTINUATION, 4, 1, b""), h2.PROTOCOL_ERROR),
            "a block that another frame interrupts":
                (h2.frame(h2.HEADERS, h2.END_STREAM, 1, request) + h2.frame(h2.PING, 0, 0, b"12345678"), h2.PROTOCOL_ERROR),
        }
        for name, (data, code) in cases.items():
            with self.subTest(name):
                self.hostile(data, code=code)

    def test_a_preface_that_is_none(self):
        client = self.client(preface=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(client.end(), ("closed", h2.PROTOCOL_ERROR))

    def test_requests_that_are_no_http_are_reset_alone(self):
        client = self.client()
        bad = [h2.literal(b":method", b"GET"),
               h2.request("/") + h2.literal(b"Upper", b"x"),
               h2.request("/") + h2.literal(b"connection", b"close"),
               h2.request("/") + h2.literal(b":late", b"x"),
               h2.request("/") + h2.literal(b"x", b"a\r\nb: c")]
        for block in bad:
            stream, client.next_stream = client.next_stream, client.next_stream + 2
            client.send(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, stream, block))
            reset = client.read_until(lambda type, flags, of, payload: type == h2.RST_STREAM and of == stream)
            self.assertEqual(reset and reset[3], struct.pack(">I", h2.PROTOCOL_ERROR), block)
        self.assertIsNotNone(client.body(client.get("/channels.json")))

    def test_rapid_reset(self):
        client = self.client()
        path = self.playlist()
        ahead = self.next_segment(path) + 1
        reset = struct.pack(">I", 8)
        streams = 0
        for stream in range(1, 20_000, 2):
            streams += 1
            if not client.send(h2.frame(h2.HEADERS, 5, stream, h2.request(f"{path}?_HLS_msn={ahead}")) +
                               h2.frame(h2.RST_STREAM, 0, stream, reset)) or client.socket.pending():
                break
        self.assertIn(client.end(), (h2.ENHANCE_YOUR_CALM, "closed"))
        self.assertLess(streams, 10_000)

    def test_resets_that_the_server_is_made_to_send(self):
        client = self.client()
        for stream in range(1, 20_000, 2):
            zero_window = h2.frame(h2.WINDOW_UPDATE, 0, stream, b"\0\0\0\0")
            if not client.send(h2.frame(h2.HEADERS, 4, stream, h2.request("/")) + zero_window):
                break
        self.assertIn(client.end(), (h2.ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR, "closed"))

    def test_floods_of_frames_that_ask_for_nothing(self):
        for name, data in {"SETTINGS": h2.frame(h2.SETTINGS, 0, 0, b"\0\4\0\0\xff\xff"),
                           "PING": h2.frame(h2.PING, 0, 0, b"12345678"),
                           "PRIORITY": h2.frame(h2.PRIORITY, 0, 1, b"\0\0\0\3\0"),
                           "WINDOW_UPDATE": h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\0\0\0\1"),
                           "of no known type": h2.frame(0x42, 0, 0, b"")}.items():
            with self.subTest(name):
                self.flood(data, h2.ENHANCE_YOUR_CALM, 2_100 * len(data))

    def test_continuation_without_end(self):
        client = self.client()
        client.send(h2.frame(h2.HEADERS, 0, 1, h2.request("/")))
        for _ in range(10_000):
            if not client.send(h2.frame(h2.CONTINUATION, 0, 1, h2.literal(b"a", b"b" * 100) * 10)):
                break
        self.assertIn(client.end(), (h2.ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR, "closed"))
        self.assertLess(client.sent, 4_000_000)

    def test_a_header_bomb(self):
        block = h2.request("/") + h2.kept(b"x", b"y" * 4000) + b"\xbe" * 10_000  # 40 MB once it is decoded
        self.hostile(h2.frame(h2.HEADERS, 5, 1, block), code=h2.ENHANCE_YOUR_CALM)

    def test_more_streams_than_there_may_be_are_refused_and_can_be_asked_for_again(self):
        client = self.client()
        path = self.playlist()
        ahead = self.next_segment(path) + 1
        streams = [client.get(f"{path}?_HLS_msn={ahead}") for _ in range(101)]
        refused = client.read_until(lambda type, flags, of, payload: type == h2.RST_STREAM)
        self.assertEqual(refused and (refused[2], refused[3]), (streams[-1], struct.pack(">I", 7)))

    def test_a_reader_that_opens_no_window_holds_nobody_up(self):
        key = self.recording["masterKey"]
        chunk = next(self.server.bucket(key.rpartition("/")[0]).rglob("0.ts"))
        client = self.client()
        stuck = client.get("/" + str(chunk.relative_to(self.server.data / "bucket")))
        client.read_until(lambda type, flags, of, payload: type == h2.DATA and of == stuck)
        other = self.client()
        self.assertIsNotNone(other.body(other.get("/channels.json")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
