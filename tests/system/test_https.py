#!/usr/bin/env python3
"""HTTPS for viewers: curl asks for all that a player does, and gets what plain HTTP gives."""

import json
import socket
import subprocess
import time
import unittest

import oxbow
from certificates import Certificate


class Https(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.addClassCleanup(cls.certificate.close)
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n" + cls.certificate.config())
        cls.addClassCleanup(cls.server.close)
        cls.made = cls.server.create_channel("secure")
        publisher = oxbow.Publisher(cls.made, oxbow.test_card(seconds=6, size="320x180"))
        cls.addClassCleanup(publisher.close)
        publisher.wait()
        cls.ended = cls.server.wait_until_ended(cls.made["id"])

    def curl(self, path, *options):
        """The body. The certificate is checked."""
        done = subprocess.run(["curl", "-sS", "--cacert", self.certificate.certificate, *options,
                               self.server.ready["https"] + path], capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def test_the_ready_file_names_it(self):
        self.assertRegex(self.server.ready["https"], r"^https://127\.0\.0\.1:\d+$")

    def test_every_version_from_1_2_gets_the_page(self):
        plain = self.server.get("/").body
        for version in ("1.2", "1.3"):
            with self.subTest(version):
                self.assertEqual(self.curl("/", f"--tlsv{version}", "--tls-max", version), plain)

    def test_a_recorded_chunk_is_the_same_bytes_whole_and_in_part(self):
        key = self.ended["masterKey"].rpartition("/")[0]
        chunk = next(self.server.bucket(key).rglob("0.ts"))
        path = "/" + str(chunk.relative_to(self.server.data / "bucket"))

        self.assertEqual(self.curl(path), chunk.read_bytes())
        self.assertEqual(self.curl(path, "-r", "1000-20000"), chunk.read_bytes()[1000:20001])

    def test_ffprobe_reads_every_frame_of_the_rewind_playlist(self):
        url = f"{self.server.ready['https']}/rewind/{self.made['id']}.m3u8"
        self.assertEqual(oxbow.video_frames(url), oxbow.video_packets(oxbow.test_card(seconds=6, size="320x180")))

    def test_absolute_urls_have_the_scheme_of_the_request(self):
        live = self.server.create_channel("live")
        publisher = oxbow.Publisher(live, oxbow.test_card(seconds=6, size="320x180"), loop=5)
        self.addCleanup(publisher.close)
        path = f"/recording-started-{live['id']}.json"
        oxbow.wait_for("the live playlist", 20, lambda: (self.server.get(path).json or {}).get("livePlaybackUrl"))

        self.assertTrue(json.loads(self.curl(path))["livePlaybackUrl"].startswith(self.server.ready["https"] + "/"))
        self.assertTrue(self.server.get(path).json["livePlaybackUrl"].startswith(self.server.ready["http"] + "/"))

    def test_plain_http_to_its_port_is_told_so(self):
        answer = self.server.get(self.server.ready["https"].replace("https:", "http:") + "/")

        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.json["message"], "This port speaks HTTPS: ask it with https://.")

    def test_a_stop_waits_for_no_handshake(self):
        server = oxbow.Server(self.certificate.config())
        self.addCleanup(server.close)
        host, _, port = server.ready["https"].removeprefix("https://").rpartition(":")
        with socket.create_connection((host, int(port))):
            begun = time.monotonic()
            self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begun, 9)


if __name__ == "__main__":
    unittest.main(verbosity=2)
