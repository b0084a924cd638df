"""What the tests of private channels are made of: keys and tokens by openssl, a server with a private channel on the air."""

import base64
import json
import pathlib
import subprocess
import tempfile
import time
import unittest

import api_client
import oxbow
from oxbow import wait_for

REFUSED = None  # the one body of all refusals, as the first test meets it


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key pair as the documentation has people make it: by openssl."""

    def __init__(self, folder, name):
        self.private = pathlib.Path(folder) / f"{name}.pem"
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True).stdout
        run("openssl", "ecparam", "-name", "secp384r1", "-noout", "-genkey", "-out", str(self.private))
        self.public = run("openssl", "ec", "-in", str(self.private), "-pubout")

    def sign(self, claims, header=None):
        """A token by openssl, not by the program under test."""
        text = ".".join(encode(json.dumps(part).encode()) for part in
                        (header or {"alg": "ES384", "typ": "JWT"}, claims))
        der = subprocess.run(["openssl", "dgst", "-sha384", "-sign", str(self.private)], input=text.encode(),
                             check=True, capture_output=True).stdout
        return f"{text}.{encode(raw_signature(der))}"


def raw_signature(der):
    """R and S of a DER SEQUENCE of two INTEGERs, 48 bytes each."""
    def integer(at):
        size = der[at + 1]
        return int.from_bytes(der[at + 2:at + 2 + size], "big"), at + 2 + size
    r, at = integer(2 if der[1] < 128 else 3)
    s, _ = integer(at)
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


class Api(api_client.Api):
    """Between two calls may lie a whole broadcast, and the server closes connections that are idle."""

    def call(self, operation, members=None):
        self.connection.close()
        return super().call(operation, members)


class PrivateChannelsCase(unittest.TestCase):
    """A server with a private channel that is recorded and live, a public one beside it, and the ways to ask."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        cls.api = Api(cls.server.ready)
        cls.key = Key(cls.folder.name, "viewer")
        cls.pair = cls.import_key(cls.key)
        cls.private = cls.server.create_channel("private", "--private")
        cls.public = cls.server.create_channel("public")
        file = oxbow.test_card(seconds=8)
        # One that is over, on both; and one that goes on on the private one.
        for made in (cls.private, cls.public):
            oxbow.Publisher(made, file, loop=0, seconds=5).wait()
        cls.recorded = wait_for("the recording", 20, lambda: cls.newest_recording(cls.private["id"]))
        wait_for("the public recording", 20, lambda: cls.newest_recording(cls.public["id"]))
        cls.publisher = oxbow.Publisher(cls.private, file, loop=-1)
        cls.wait_for_live(cls.private["id"])

    @classmethod
    def tearDownClass(cls):
        cls.publisher.close()
        cls.api.close()
        cls.server.close()
        cls.folder.cleanup()

    # --- what the tests are made of ---

    @classmethod
    def import_key(cls, key):
        return cls.api.made("ImportPlaybackKeyPair", {"publicKeyMaterial": key.public})["keyPair"]["arn"]

    @classmethod
    def newest_recording(cls, channel_id):
        """The newest that has ended, from the API, which asks for no token."""
        rows = cls.api.made("oxbow/ListRecordings", {"channelId": channel_id})["recordings"]
        ended = [row for row in rows if row["status"] == "RECORDING_ENDED"]
        return ended[0] if ended else None

    @classmethod
    def wait_for_live(cls, channel_id):
        arn = f"arn:aws:ivs:us-east-1:000000000000:channel/{channel_id}"
        wait_for("the stream", 20, lambda: cls.api.call("GetStream", {"channelArn": arn}).status == 200)
        token = cls.token_of(arn)
        wait_for("the rewind timeline", 20, lambda: cls.server.get(
            f"/rewind/{channel_id}.m3u8?token={token}").status == 200)

    @classmethod
    def token_of(cls, arn, **claims):
        return cls.key.sign({"aws:channel-arn": arn, "exp": int(time.time()) + 60,
                             **{name.replace("_", ":", 1).replace("_", "-"): value for name, value in claims.items()}})

    def token(self, **claims):
        """aws_viewer_id="v" is the claim aws:viewer-id."""
        return self.token_of(self.private["channel"]["arn"], **claims)

    @property
    def live(self):
        return f"/api/video/v1/us-east-1.000000000000.channel.{self.private['id']}.m3u8"

    @property
    def rewind(self):
        return f"/rewind/{self.private['id']}.m3u8"

    def master(self, prefix=None):
        return f"/{prefix or self.recorded['prefix']}/media/hls/master.m3u8"

    def chunk(self):
        return f"/{self.recorded['prefix']}/media/hls/{self.recorded['rendition']}/0.ts"

    def refused(self, path, headers=None, why=""):
        """Whatever the reason, the same bytes, which nobody keeps and which name nothing."""
        global REFUSED
        answer = self.server.get(path, headers)
        self.assertEqual(answer.status, 403, f"{why or path}: {answer.body[:200]}")
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store", path)
        self.assertEqual(answer.headers["Content-Type"], "application/json", path)
        REFUSED = REFUSED or answer.body
        self.assertEqual(answer.body, REFUSED, why or path)
        self.assertEqual(set(answer.json), {"error", "message"})
        self.assertNotIn(self.private["id"], answer.text)
        return answer

    def played(self, path, headers=None):
        answer = self.server.get(path, headers)
        self.assertEqual(answer.status, 200, f"{path}: {answer.body[:300]}")
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store", path)
        return answer

    def session(self, token=None, start=None):
        """Where the multivariant playlist leads to: the session's path, and the media playlist."""
        text = self.played(f"{start or self.rewind}?token={token or self.token()}").text
        media = next(line for line in text.splitlines() if line and not line.startswith("#"))
        self.assertTrue(media.startswith("/p/"), media)
        return "/" + "/".join(media.split("/")[1:3]), media

    def url(self, path):
        return self.server.ready["http"] + path


class Events:
    """Server-sent events by curl, which ends when the server does."""

    def __init__(self, url):
        self.process = subprocess.Popen(["curl", "-s", "-N", "--max-time", "60", url], stdout=subprocess.PIPE, text=True)

    def first(self):
        """All up to the end of the first event."""
        lines = []
        while not lines or not lines[-1].startswith("data:"):
            line = self.process.stdout.readline()
            if not line:
                break
            lines.append(line)
        return "".join(lines)

    def ended(self):
        return self.process.poll() is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def open_events(server, path):
    return Events(server.ready["http"] + path)
