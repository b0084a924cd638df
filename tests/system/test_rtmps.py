#!/usr/bin/env python3
"""RTMPS with real encoders, the certificate on disk, and channels that take nothing else."""

import socket
import ssl
import subprocess
import tempfile
import unittest

import oxbow
from api_client import Api
from certificates import Certificate

GSTREAMER = ("flvmux name=mux streamable=true ! rtmp2sink tls-validation-flags=0 location={url} "
             "videotestsrc num-buffers=150 is-live=true ! video/x-raw,width=320,height=180,framerate=30/1 "
             "! openh264enc bitrate=300000 gop-size=30 ! h264parse ! mux. "
             "audiotestsrc num-buffers=215 is-live=true samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 "
             "! voaacenc bitrate=64000 ! aacparse ! mux.")


def subject(url):
    """What the server at rtmps://HOST:PORT/app shows."""
    host, _, port = url.removeprefix("rtmps://").partition("/")[0].rpartition(":")
    pem = ssl.get_server_certificate((host, int(port)))
    done = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=pem, capture_output=True, text=True)
    return done.stdout.strip()


class Rtmps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.addClassCleanup(cls.certificate.close)
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n" + cls.certificate.config())
        cls.addClassCleanup(cls.server.close)
        cls.file = oxbow.test_card(seconds=6, size="320x180")

    def secure_url(self, made):
        return f"{self.server.ready['rtmps']}/{made['streamKey']['value']}"

    def test_the_ready_file_names_it(self):
        self.assertRegex(self.server.ready["rtmps"], r"^rtmps://127\.0\.0\.1:\d+/app$")

    def test_ffmpeg_publishes_and_every_frame_is_recorded(self):
        made = self.server.create_channel("by-ffmpeg")
        publisher = oxbow.Publisher(made, self.file, url=self.secure_url(made))
        self.addCleanup(publisher.close)

        self.assertEqual(publisher.wait(), 0, publisher.errors)
        ended = self.server.wait_until_ended(made["id"])

        playlist = self.server.bucket(ended["masterKey"].replace("byte-range-multivariant", "master"))
        folder = playlist.parent
        rendition = next(path for path in folder.iterdir() if path.is_dir())
        self.assertEqual(oxbow.video_frames(rendition / "playlist.m3u8"), oxbow.video_packets(self.file))

    def test_ffmpeg_that_checks_the_certificate_publishes_with_it_alone(self):
        made = self.server.create_channel("checked")
        options = ["-tls_verify", "1"]
        trusting = oxbow.Publisher(made, self.file, url=self.secure_url(made), seconds=1,
                                   options=[*options, "-ca_file", self.certificate.certificate])
        self.addCleanup(trusting.close)
        doubting = oxbow.Publisher(made, self.file, url=self.secure_url(made), seconds=1, options=options)
        self.addCleanup(doubting.close)

        self.assertNotEqual(doubting.wait(), 0)
        self.assertEqual(trusting.wait(), 0, trusting.errors)

    def test_gstreamer_publishes(self):
        made = self.server.create_channel("by-gstreamer")
        url = self.secure_url(made)

        done = subprocess.run(["gst-launch-1.0", "-q", "-e", *GSTREAMER.format(url=url).split()],
                              capture_output=True, text=True, timeout=60)

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.server.wait_until_ended(made["id"])["recordingStatus"], "RECORDING_ENDED")

    def test_a_channel_without_insecure_ingest_takes_rtmps_alone(self):
        made = self.server.create_channel("secure", "--rtmps-only")
        plain = f"{self.server.ready['rtmp']}/{made['streamKey']['value']}"

        self.assertIs(made["channel"]["insecureIngest"], False)
        self.assertEqual(made["ingestUrl"], self.secure_url(made))
        refused = oxbow.Publisher(made, self.file, url=plain, seconds=1)
        self.addCleanup(refused.close)
        self.assertNotEqual(refused.wait(), 0)
        self.assertIn("the channel takes RTMPS only (its insecureIngest is false): publish with rtmps://",
                      refused.errors)
        taken = oxbow.Publisher(made, self.file, seconds=1)
        self.addCleanup(taken.close)
        self.assertEqual(taken.wait(), 0, taken.errors)

    def test_a_channel_made_by_the_api_takes_rtmps_alone_as_amazon_says(self):
        api = Api(self.server.ready)
        self.addCleanup(api.close)

        made = api.made("CreateChannel", {"name": "by-api"})
        asked = api.made("CreateChannel", {"name": "by-api", "insecureIngest": True})
        changed = api.made("UpdateChannel", {"arn": asked["channel"]["arn"], "insecureIngest": False})

        self.assertIs(made["channel"]["insecureIngest"], False)
        self.assertIs(asked["channel"]["insecureIngest"], True)
        self.assertIs(changed["channel"]["insecureIngest"], False)

    def test_a_renewed_certificate_is_shown_and_a_wrong_one_is_not(self):
        url = self.server.ready["rtmps"]
        self.assertEqual(subject(url), "subject=CN = localhost")

        self.certificate.renew("renewed")
        oxbow.wait_for("the renewed certificate", 10, lambda: subject(url) == "subject=CN = renewed")
        key = self.certificate.key.read_bytes()
        self.certificate.key.write_text("no key\n")
        oxbow.wait_for("the complaint", 10, lambda: "has no private key in PEM form" in self.server.log_text())

        self.assertEqual(subject(url), "subject=CN = renewed")
        self.assertIn("[tls] the new certificate is not used, the old one stays: "
                      f"{self.certificate.key} has no private key", self.server.log_text())
        self.certificate.key.write_bytes(key)

    def test_plain_rtmp_to_the_port_of_rtmps_is_told_in_the_log(self):
        host, _, port = self.server.ready["rtmps"].removeprefix("rtmps://").removesuffix("/app").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as plain:
            plain.sendall(b"\x03" + bytes(1536))
            try:
                self.assertEqual(plain.recv(1), b"")
            except ConnectionResetError:
                pass  # closed before all of it was read
        oxbow.wait_for("the line", 5, lambda: "the client does not speak TLS, and this is the RTMPS port" in
                       self.server.log_text())


class WithoutCertificate(unittest.TestCase):
    def start(self, config, *flags):
        with tempfile.TemporaryDirectory(prefix="oxbow-start-") as folder:
            file = f"{folder}/oxbow.toml"
            with open(file, "w") as out:
                out.write(config)
            done = subprocess.run(
                [oxbow.BINARY, "serve", "--data", f"{folder}/data", "--config", file, "--http", "127.0.0.1:0", "--api",
                 "127.0.0.1:0", "--rtmp", "127.0.0.1:0", *flags], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr.replace(folder, "DIR")

    def test_a_wrong_pair_ends_the_start_with_the_key_and_the_line(self):
        with tempfile.TemporaryDirectory(prefix="oxbow-certificate-") as folder:
            one, other = Certificate(), Certificate()
            self.addCleanup(one.close)
            self.addCleanup(other.close)
            none = f"{folder}/none.pem"

            missing = self.start(f'[tls]\ncertificate = "{none}"\nkey = "{one.key}"\n')
            swapped = self.start(f'[tls]\ncertificate = "{one.certificate}"\n\nkey = "{one.certificate}"\n')
            mixed = self.start(f'[tls]\ncertificate = "{one.certificate}"\nkey = "{other.key}"\n')
            half = self.start(f'[tls]\nkey = "{one.key}"\n')

        self.assertEqual(missing, (2, "oxbow: DIR/oxbow.toml:2: tls.certificate: "
                                      f"cannot read {none}: No such file or directory\n"))
        self.assertEqual(swapped, (2, f"oxbow: DIR/oxbow.toml:4: tls.key: {one.certificate} has no private key in PEM "
                                      "form without a passphrase, which begins with -----BEGIN PRIVATE KEY-----\n"))
        self.assertEqual(mixed, (2, f"oxbow: DIR/oxbow.toml:3: tls.key: {one.certificate} and {other.key} are no pair: "
                                    "the key is not that of the certificate (key values mismatch)\n"))
        self.assertEqual(half, (2, "oxbow: DIR/oxbow.toml:2: tls.key needs tls.certificate beside it\n"))

    def test_a_port_for_tls_without_a_certificate_is_refused(self):
        for flag, key, section in (("--rtmps", "rtmp.listen_tls", "rtmp"), ("--https", "edge.listen_tls", "edge")):
            said = (f"oxbow: {flag} ({key}) needs a certificate: set tls.certificate and tls.key in the "
                    "configuration file\n")
            with self.subTest(flag):
                self.assertEqual(self.start("", flag, "127.0.0.1:0"), (2, said))
                self.assertEqual(self.start(f'[{section}]\nlisten_tls = "127.0.0.1:0"\n'), (2, said))

    def test_channels_take_plain_rtmp_and_cannot_be_made_to_refuse_it(self):
        server = oxbow.Server()
        self.addCleanup(server.close)

        self.assertIsNone(server.ready["rtmps"])
        self.assertIs(server.create_channel("plain")["channel"]["insecureIngest"], True)
        refused = server.cli("channel", "create", "secure", "--rtmps-only", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("insecureIngest cannot be false: there is no RTMPS, for the server has no certificate",
                      refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
