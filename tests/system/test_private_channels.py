"""Private channels with the real program: playback tokens, sessions, revocation, origins, and every path around them."""

import base64
import hashlib
import hmac
import json
import pathlib
import socket
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import uuid

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


class PrivateChannels(unittest.TestCase):
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

    # --- the ways in ---

    def test_without_token_or_session_no_path_of_the_channel_answers(self):
        session, media = self.session()
        timeline = oxbow.Playlist(self.played(media).text)
        id, recording = self.private["id"], self.recorded["recordingId"]
        bare = media.removeprefix(session)
        for path in (self.live, self.rewind, bare, "/" + timeline.entries[0]["uri"].lstrip("./"), self.master(),
                     self.chunk(), f"/{self.recorded['prefix']}/events/recording-ended.json",
                     f"/recording-started-{id}.json", f"/channels/{id}/recordings.json",
                     f"/channels/{id}/thumbnails.json", f"/channels/{id}/whatever", f"/events?channel={id}",
                     f"/recordings/{recording}.ts", f"/rewind/{id}/nothere/720p30.m3u8", f"/seg/{id}/x/y-0.ts",
                     f"/ivs/v1/000000000000/{id}/nothing", f"/api/video/v1/playlist/{id}/st-1.m3u8"):
            self.refused(path)
            self.assertEqual(self.server.get(path, method="HEAD").status, 403, path)

    def test_windows_and_downloads_go_by_token_and_by_session(self):
        recording, session = self.recorded["recordingId"], self.session()[0]
        public = self.newest_recording(self.public["id"])["recordingId"]

        whole = self.played(f"/recordings/{recording}.ts?token={self.token()}")
        in_session = self.played(f"{session}/recordings/{recording}.ts?start=0")
        text = self.played(f"{session}{self.rewind}?start=0&end={int(time.time() * 1000)}").text
        media = text.splitlines()[-1]
        window = oxbow.Playlist(self.played(media).text)

        self.assertEqual(whole.body, in_session.body)
        self.assertEqual(in_session.headers["Content-Length"], str(len(whole.body)))
        self.assertTrue(media.startswith(f"{session}/rewind/{self.private['id']}/window.m3u8?start=0&end="), media)
        names = [urllib.parse.urljoin(media, entry["uri"]) for entry in window.entries]
        ended = [name for name in names if f"/{recording}/" in name]
        self.assertEqual(b"".join(self.played(name).body for name in ended), whole.body)
        self.assertGreater(len(names), len(ended))
        self.refused(media.removeprefix(session))
        self.refused(f"{self.rewind}?start=0")
        self.refused(f"/recordings/{recording}.ts?start=0")
        self.refused(f"{session}/recordings/{public}.ts")
        self.assertEqual(self.server.get(f"/recordings/{public}.ts").status, 200)

    def test_it_stands_in_no_public_list(self):
        channels = self.server.get("/channels.json").text
        self.assertNotIn(self.private["id"], channels)
        self.assertIn(self.public["id"], channels)
        with open_events(self.server, "/events") as events:
            self.assertNotIn(self.private["id"], events.first())

    def test_live_rewind_and_recording_play_in_a_real_player(self):
        for path in (self.live, self.rewind, self.master(), self.master().replace("master", "byte-range-multivariant")):
            url = self.url(f"{path}?token={self.token()}")
            done = subprocess.run(
                ["ffmpeg", "-v", "error", "-nostdin", "-allowed_extensions", "ALL", "-i", url, "-t", "2", "-f", "null", "-"],
                capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)
        frames = oxbow.video_frames(self.url(f"{self.master()}?token={self.token()}"))
        self.assertGreater(frames, 100)

    def test_what_a_session_leads_to_is_whole_and_only_its_own(self):
        session, media = self.session()
        entry = oxbow.Playlist(self.played(media).text).entries[0]["uri"]
        self.assertTrue(entry.startswith("../../../seg/"), entry)
        segment = self.played(session + "/" + entry.lstrip("./"))
        self.assertEqual(segment.headers["Content-Type"], "video/mp2t")
        part = self.server.get(session + "/" + entry.lstrip("./"), {"Range": "bytes=0-187"})
        self.assertEqual((part.status, len(part.body)), (206, 188))
        for path in (self.live, self.rewind, self.master(), self.chunk(), f"/channels/{self.private['id']}/recordings.json"):
            self.played(session + path)
        # Another private channel's paths, the public's and the page are no part of it.
        other = self.server.create_channel("other", "--private")
        for path in (f"/rewind/{other['id']}.m3u8", f"/rewind/{self.public['id']}.m3u8", "/channels.json", "/",
                     f"{session}{self.rewind}"):
            self.refused(session + path)

    def test_metadata_and_lists_lead_through_the_session(self):
        id = self.private["id"]
        body = self.played(f"/recording-started-{id}.json?token={self.token()}").json
        session = body["sessionPath"]
        self.assertTrue(session.startswith("/p/"))
        self.assertTrue(body["isChannelLive"])
        self.assertEqual(body["livePlaybackUrl"], self.url(session + self.live))
        self.assertEqual(body["rewindPlaybackUrl"], self.url(session + self.rewind))
        self.assertTrue(body["masterKey"].startswith(session[1:] + "/ivs/v1/"), body["masterKey"])
        for path in (body["livePlaybackUrl"], body["rewindPlaybackUrl"], "/" + body["masterKey"]):
            self.played(path)
        again = self.played(f"{session}/recording-started-{id}.json").json
        self.assertEqual(again["sessionPath"], session)
        rows = self.played(f"{session}/channels/{id}/recordings.json").json["recordings"]
        for row in rows:
            self.played(row["playlistUrl"])
            self.played("/" + row["masterKey"])
        self.refused(rows[0]["playlistUrl"].removeprefix(session))

    def test_thumbnails_are_seen_through_the_session_alone(self):
        path = f"/channels/{self.private['id']}/thumbnails.json?recording={self.recorded['recordingId']}"
        listed = lambda session: self.played(session + path).json["thumbnails"]
        session, _ = self.session()
        first = wait_for("a thumbnail", 30, lambda: listed(session))[0]
        bare = first["url"].removeprefix(session)
        self.assertEqual(bare, f"/{self.recorded['prefix']}/media/thumbnails/thumb0.jpg")
        self.assertEqual(self.played(first["url"]).body[:2], b"\xff\xd8")
        second = self.session()[0]
        self.assertEqual(listed(second)[0]["url"], second + bare)
        asked_by_token = self.played(f"{path}&token={self.token()}").json["thumbnails"][0]["url"]
        self.played(asked_by_token)
        index = next(self.server.bucket(self.recorded["prefix"]).glob("media/thumbnail_index/*.json"))
        for refused in (bare, path, f"/{index.relative_to(self.server.data / 'bucket')}",
                        session + bare.replace(self.private["id"], self.public["id"])):
            self.refused(refused)
        public = self.newest_recording(self.public["id"])["recordingId"]
        other = self.server.get(f"{session}/channels/{self.private['id']}/thumbnails.json?recording={public}")
        self.assertEqual(other.status, 404)

    def test_events_are_told_in_the_session(self):
        session, _ = self.session()
        for path in (f"/events?channel={self.private['id']}&token={self.token()}", f"{session}/events"):
            with open_events(self.server, path) as events:
                self.assertIn(self.private["id"], events.first())
        with open_events(self.server, f"{session}/events") as events:
            self.assertNotIn(self.public["id"], events.first())

    def test_recordings_can_be_asked_for_by_their_id_in_the_session_only(self):
        recording = self.recorded["recordingId"]
        session, _ = self.session()
        self.refused(f"/recordings/{recording}.ts")
        self.assertNotEqual(self.server.get(f"{session}/recordings/{recording}.ts").status, 403)
        public = self.newest_recording(self.public["id"])["recordingId"]
        self.assertNotEqual(self.server.get(f"/recordings/{public}.ts").status, 403)
        self.refused(f"{session}/recordings/{public}.ts")
        self.assertEqual(self.server.get("/recordings/nothere.ts").status, 404)

    def test_viewers_are_counted_by_session(self):
        arn = self.private["channel"]["arn"]
        count = lambda: self.api.made("GetStream", {"channelArn": arn})["stream"]["viewerCount"]
        before = count()
        for _ in range(3):
            media = self.session()[1]
            self.played(media)
            self.played(media)
        self.assertEqual(count(), before + 3)

    # --- the token suite ---

    def test_every_claim_missing_wrong_or_expired(self):
        arn = self.private["channel"]["arn"]
        now = int(time.time())
        right = {"aws:channel-arn": arn, "exp": now + 60}
        def without(name):
            return {key: value for key, value in right.items() if key != name}
        wrong = {
            "no channel": without("aws:channel-arn"),
            "no end": without("exp"),
            "another channel": {**right, "aws:channel-arn": self.public["channel"]["arn"]},
            "a channel of another account": {**right, "aws:channel-arn": arn.replace("000000000000", "111111111111")},
            "the id alone": {**right, "aws:channel-arn": self.private["id"]},
            "a list of channels": {**right, "aws:channel-arn": [arn]},
            "expired": {**right, "exp": now - 31},
            "an end that is text": {**right, "exp": str(now + 60)},
            "an end with a fraction": {**right, "exp": now + 60.5},
            "an empty viewer": {**right, "aws:viewer-id": ""},
            "a viewer of 41 characters": {**right, "aws:viewer-id": "v" * 41},
            "a viewer that is a number": {**right, "aws:viewer-id": 7},
            "a viewer too far ahead": {**right, "exp": now + 700, "aws:viewer-id": "v"},
            "a version without viewer": {**right, "aws:viewer-session-version": 1},
            "a version that is text": {**right, "aws:viewer-id": "v", "aws:viewer-session-version": "1"},
            "single use that is no UUID": {**right, "aws:single-use-uuid": "once"},
            "single use too far ahead": {**right, "exp": now + 700, "aws:single-use-uuid": str(uuid.uuid4())},
            "origins that are a list": {**right, "aws:access-control-allow-origin": ["https://a.net"]},
            "origins that are none": {**right, "aws:access-control-allow-origin": ","},
            "strictness that is text": {**right, "aws:strict-origin-enforcement": "true"},
            "six strict origins": {**right, "aws:strict-origin-enforcement": True,
                                   "aws:access-control-allow-origin": ",".join(f"https://{i}.net" for i in range(6))},
            "a resolution that is none": {**right, "aws:maximum-resolution": "UHD"},
        }
        for why, claims in wrong.items():
            self.refused(f"{self.rewind}?token={self.key.sign(claims)}", why=why)
        self.played(f"{self.rewind}?token={self.key.sign(right)}")
        self.played(f"{self.rewind}?token={self.key.sign({**right, 'aws:ads-opt-out': True, 'x': [1]})}")

    def test_every_signature_that_is_not_the_keys(self):
        right = {"aws:channel-arn": self.private["channel"]["arn"], "exp": int(time.time()) + 60}
        token = self.key.sign(right)
        head, body, signature = token.split(".")
        def unsigned(header):
            return ".".join(encode(json.dumps(part).encode()) for part in (header, right))
        def hs256(secret):
            text = unsigned({"alg": "HS256", "typ": "JWT"})
            return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
        der = base64.b64decode("".join(self.key.public.splitlines()[1:-1]))
        wrong = {
            "another key": Key(self.folder.name, "stranger").sign(right),
            "none": unsigned({"alg": "none", "typ": "JWT"}) + ".",
            "none, with the signature": f"{encode(json.dumps({'alg': 'none'}).encode())}.{body}.{signature}",
            "HS256 with the public key": hs256(self.key.public.encode()),
            "HS256 with the public key's bytes": hs256(der),
            "HS256 in the header, signed by the key": self.key.sign(right, {"alg": "HS256", "typ": "JWT"}),
            "other claims": f"{head}.{encode(json.dumps({**right, 'exp': 99999999999}).encode())}.{signature}",
            "no signature": f"{head}.{body}.",
            "a signature of zeros": f"{head}.{body}.{encode(bytes(96))}",
            "half a signature": f"{head}.{body}.{signature[:64]}",
            "padding": token + "=",
            "a fourth part": token + ".x",
            "nothing": "",
            "junk": "%00%ff",
            "too long": self.key.sign({**right, "x": "x" * 2048}),
        }
        for why, bad in wrong.items():
            for path in (self.live, self.rewind, self.master(), f"/recording-started-{self.private['id']}.json"):
                self.refused(f"{path}?token={bad}", why=f"{why}: {path}")
        self.played(f"{self.rewind}?token={token}")

    def test_sessions_cannot_be_made_or_changed(self):
        session, media = self.session()
        name = session.removeprefix("/p/")
        flipped = ("B" if name[20] == "A" else "A").join((name[:20], name[21:]))
        for text in (flipped, name[:-1], name + "A", name[::-1], "", "AQ", "." * 20, "A" * 4000):
            path = f"/p/{text}{self.rewind}"
            answer = self.server.get(path)
            self.assertIn(answer.status, (403, 404), path)
            self.assertNotIn(self.private["id"], answer.text)
        # A session that this server did not sign: what is behind it in the path gives it nothing.
        self.refused(f"/p/{flipped}{self.rewind}?token={self.token()}")

    def test_path_tricks_lead_nowhere(self):
        key, id = self.recorded["prefix"], self.private["id"]
        chunk = self.chunk()
        public = self.newest_recording(self.public["id"])["prefix"]
        upper = chunk.replace(id, id.swapcase())
        tricks = [
            "/" + chunk, chunk.replace("/ivs/", "/ivs//"), chunk.replace("/media", "//media"), chunk + "/", chunk + "//",
            chunk.replace("/", "%2f").replace("%2f", "/", 1), chunk.replace("/media/", "%2Fmedia%2F"),
            chunk.replace(id, "%" + format(ord(id[0]), "02x") + id[1:]), chunk.replace("ivs", "%69vs"),
            chunk.replace("/media", "/./media"), f"/ivs/v1/../v1{chunk[7:]}", f"/{public}/../../../../../../../{key.split('/', 3)[3]}/media/hls/x",
            f"/{public}/%2e%2e/%2e%2e/{chunk}", f"/{public}/..{chunk}", f"/rewind/../{chunk}", f"/assets/..{chunk}",
            f"/watch/..%2f..{chunk}", upper, chunk.replace("/ivs/", "/IVS/"), chunk.replace("0.ts", "0.TS"),
            chunk + ".", chunk + "...", chunk.replace(id, id + "."), chunk.replace(id, id + "%20"), chunk.replace(id, id + "%00"),
            chunk.replace("/", "\\"), chunk.replace("/", "%5c"), f"/bucket{chunk}", f"/recordings{chunk}", f"/{key}",
            "/" + key.rpartition("/")[0], chunk + "?token", chunk + "?token=", chunk + "?x=" + id, chunk + "%3ftoken=x",
            f"/bucket/recording-started-{id}.json", f"/ivs/v1/recording-started-{id}.json", f"//recording-started-{id}.json",
            f"/ivs/v1/../../recording-started-{id}.json", f"/recording-started-{id}.json.", f"/recording-started-{id}%2ejson",
            f"/recording-started-{id.swapcase()}.json", f"/seg/{self.public['id']}/{self.recorded['recordingId']}/x-0.ts",
            f"/rewind/{self.public['id']}/{self.recorded['recordingId']}/{self.recorded['rendition']}.m3u8",
            f"/rewind/{id}%2f{self.recorded['recordingId']}%2f{self.recorded['rendition']}.m3u8",
            f"/api/video/v1/x.channel.{id}.m3u8", f"/api/video/v1/us-east-1.000000000000.channel.{id}%2em3u8",
            f"/p//{chunk}", f"/p/x{chunk}", f"/p{chunk}",
        ]
        session, _ = self.session()
        whole = self.played(session + chunk).body
        for path in tricks:
            answer = self.raw(path)
            status = int(answer.split(b" ", 2)[1])
            if path.startswith("/watch/"):
                self.assertIn(b"<!doctype html>", answer[:2000].lower(), path)  # the page, which is no secret
                continue
            self.assertIn(status, (400, 403, 404), path)
            self.assertNotIn(whole[:188], answer, path)
            self.assertNotIn(b"EXTINF", answer, path)
            self.assertNotIn(b"masterKey", answer, path)

    def raw(self, path):
        """The answer to a path as it stands: every client of HTTP would tidy it up."""
        host, port = self.server.ready["http"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while got := connection.recv(65536):
                answer += got
            return answer

    # --- what a token limits ---

    def test_a_token_that_counts_once_counts_once_also_after_a_restart_of_its_player(self):
        token = self.token(**{"aws_single_use_uuid": str(uuid.uuid4())})
        session, media = self.session(token)
        self.refused(f"{self.rewind}?token={token}")
        self.refused(f"{self.live}?token={token}")
        self.refused(f"/recording-started-{self.private['id']}.json?token={token}")
        self.played(media)
        self.played(session + self.live)

    def test_an_error_uses_no_token_up(self):
        offline = self.server.create_channel("offline", "--private")
        token = self.token_of(offline["channel"]["arn"], aws_single_use_uuid=str(uuid.uuid4()))
        path = f"/api/video/v1/us-east-1.000000000000.channel.{offline['id']}.m3u8?token={token}"
        self.assertEqual([self.server.get(path).status for _ in range(2)], [404, 404])
        meta = f"/recording-started-{offline['id']}.json?token={token}"
        self.assertEqual([self.server.get(meta).text for _ in range(2)], ["null", "null"])

    def test_a_token_limits_the_resolution(self):
        # The picture has 360 lines: within SD.
        self.session(self.token(aws_maximum_resolution="SD"))
        tall = self.server.create_channel("tall", "--private")
        publisher = oxbow.Publisher(tall, oxbow.test_card(seconds=6, size="960x540"), loop=-1)
        try:
            self.wait_for_live(tall["id"])
            arn = tall["channel"]["arn"]
            for path in (f"/rewind/{tall['id']}.m3u8",
                         f"/api/video/v1/us-east-1.000000000000.channel.{tall['id']}.m3u8"):
                sd = self.server.get(f"{path}?token={self.token_of(arn, aws_maximum_resolution='SD')}")
                self.assertEqual(sd.status, 403)
                self.assertIn("at most SD", sd.json["message"])
                self.assertEqual(sd.headers["Cache-Control"], "private, no-store")
                self.played(f"{path}?token={self.token_of(arn, aws_maximum_resolution='HD')}")
        finally:
            publisher.close()

    def test_a_tokens_origins_are_what_browsers_may_read(self):
        token = self.token(**{"aws_access_control_allow_origin": "https://a.net,https://*.b.net"})
        path = f"{self.rewind}?token={token}"
        for origin, allowed in (("https://a.net", True), ("https://x.b.net", True), ("https://b.net", False),
                                ("https://evil.net", False)):
            answer = self.played(path, {"Origin": origin})
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin if allowed else None)
        self.assertIsNone(self.played(path).headers["Access-Control-Allow-Origin"])

    def test_strict_origins_are_asked_for_by_the_server_everywhere(self):
        token = self.token(**{"aws_access_control_allow_origin": "https://a.net", "aws_strict_origin_enforcement": True})
        right = {"Origin": "https://a.net"}
        text = self.played(f"{self.rewind}?token={token}", right).text
        media = text.strip().splitlines()[-1]
        session = "/" + "/".join(media.split("/")[1:3])
        entry = oxbow.Playlist(self.played(media, right).text).entries[0]["uri"].lstrip("./")
        for path in (f"{self.rewind}?token={token}", media, f"{session}/{entry}", session + self.chunk()):
            self.played(path, right)
            self.refused(path)
            self.refused(path, {"Origin": "https://evil.net"})
        # The page of this very server, whose requests have no Origin.
        own = self.token(**{"aws_access_control_allow_origin": self.server.ready["http"],
                            "aws_strict_origin_enforcement": True})
        self.played(f"{self.rewind}?token={own}", {"Sec-Fetch-Site": "same-origin"})
        self.refused(f"{self.rewind}?token={own}", {"Sec-Fetch-Site": "cross-site"})

    def test_a_policy_limits_origins_of_public_and_private_channels(self):
        made = self.api.made("CreatePlaybackRestrictionPolicy", {"allowedOrigins": ["https://a.net"]})
        policy = made["playbackRestrictionPolicy"]["arn"]
        public = self.server.create_channel("with-policy")
        oxbow.Publisher(public, oxbow.test_card(seconds=8), seconds=3).wait()
        wait_for("the recording", 20, lambda: self.newest_recording(public["id"]))
        path = f"/rewind/{public['id']}.m3u8"
        self.assertEqual(self.server.get(path, {"Origin": "https://evil.net"}).headers["Access-Control-Allow-Origin"], "*")
        self.api.made("UpdateChannel", {"arn": public["channel"]["arn"], "playbackRestrictionPolicyArn": policy})
        self.assertIsNone(self.server.get(path, {"Origin": "https://evil.net"}).headers["Access-Control-Allow-Origin"])
        allowed = self.server.get(path, {"Origin": "https://a.net"})
        self.assertEqual((allowed.status, allowed.headers["Access-Control-Allow-Origin"]), (200, "https://a.net"))
        self.assertEqual(self.server.get(path).status, 200)
        self.api.made("UpdatePlaybackRestrictionPolicy", {"arn": policy, "enableStrictOriginEnforcement": True})
        media = allowed.text.strip().splitlines()[-1]
        for strict in (path, media):
            self.refused(strict)
            self.assertEqual(self.server.get(strict, {"Origin": "https://a.net"}).status, 200)
        self.assertEqual(self.api.call("DeletePlaybackRestrictionPolicy", {"arn": policy}).status, 409)
        self.assertEqual(self.api.call("CreatePlaybackRestrictionPolicy", {"allowedCountries": ["DE"]}).status, 400)

    # --- what ends sessions, and what changes ---

    def test_a_revocation_ends_sessions_in_the_middle_of_playing(self):
        first, first_media = self.session(self.token(aws_viewer_id="v", aws_viewer_session_version=1))
        second, second_media = self.session(self.token(aws_viewer_id="v", aws_viewer_session_version=2))
        other, other_media = self.session(self.token(aws_viewer_id="w", aws_viewer_session_version=1))
        nameless, nameless_media = self.session()
        for media in (first_media, second_media, other_media, nameless_media):
            self.played(media)
        token = self.token(aws_viewer_id="v", aws_viewer_session_version=1)
        player = subprocess.Popen(["ffmpeg", "-v", "warning", "-nostdin", "-re", "-i", self.url(f"{self.live}?token={token}"),
                                   "-f", "null", "-"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with open_events(self.server, f"{first}/events") as events:
            self.assertIn("state", events.first())
            arn = self.private["channel"]["arn"]
            reply = self.api.call("StartViewerSessionRevocation", {
                "channelArn": arn, "viewerId": "v", "viewerSessionVersionsLessThanOrEqualTo": 1})
            self.assertEqual((reply.status, reply.body), (200, b"{}"))
            for path in (first_media, first + self.rewind, first + self.live, first + self.chunk()):
                self.refused(path)
            for media in (second_media, other_media, nameless_media):
                self.played(media)
            self.refused(f"{self.rewind}?token={token}")
            wait_for("the end of the revoked session's events", 20, events.ended)
        try:
            self.assertIn("403", player.communicate(timeout=60)[1])
        finally:
            player.kill()
        self.session(self.token(aws_viewer_id="v", aws_viewer_session_version=2))
        errors = self.api.made("BatchStartViewerSessionRevocation", {"viewerSessions": [
            {"channelArn": arn, "viewerId": "w", "viewerSessionVersionsLessThanOrEqualTo": 1}]})["errors"]
        self.assertEqual(errors, [])
        self.refused(other_media)

    def test_a_deleted_key_signs_no_more_sessions(self):
        key = Key(self.folder.name, "short")
        pair = self.import_key(key)
        claims = {"aws:channel-arn": self.private["channel"]["arn"], "exp": int(time.time()) + 60}
        token = key.sign(claims)
        _, media = self.session(token)
        self.api.made("DeletePlaybackKeyPair", {"arn": pair})
        self.refused(f"{self.rewind}?token={token}")
        self.played(media)  # as with Amazon: it counts for tokens that come

    def test_a_channel_becomes_private_and_public_at_once_with_all_its_recordings(self):
        made = self.server.create_channel("turning")
        oxbow.Publisher(made, oxbow.test_card(seconds=8), seconds=3).wait()
        prefix = wait_for("the recording", 20, lambda: self.newest_recording(made["id"]))["prefix"]
        arn, paths = made["channel"]["arn"], (f"/rewind/{made['id']}.m3u8", self.master(prefix),
                                              f"/recording-started-{made['id']}.json")
        listed = lambda: made["id"] in self.server.get("/channels.json").text
        self.assertTrue(listed())
        for _ in range(2):
            self.assertEqual([self.server.get(path).status for path in paths], [200] * 3)
            self.api.made("UpdateChannel", {"arn": arn, "authorized": True})
            self.assertFalse(listed())
            for path in paths:
                self.refused(path)
                self.played(f"{path}?token={self.token_of(arn)}")
            self.api.made("UpdateChannel", {"arn": arn, "authorized": False})
            self.assertTrue(listed())
        # Deleted, its recordings stay what they were: public here, private there.
        other = self.server.create_channel("deleted", "--private")
        oxbow.Publisher(other, oxbow.test_card(seconds=8), seconds=3).wait()
        secret = self.master(wait_for("the recording", 20, lambda: self.newest_recording(other["id"]))["prefix"])
        for channel in (arn, other["channel"]["arn"]):
            self.assertEqual(self.api.call("DeleteChannel", {"arn": channel}).status, 204)
        self.assertEqual(self.server.get(paths[1]).status, 200)
        self.refused(secret)
        self.played(f"{secret}?token={self.token_of(other['channel']['arn'])}")

    def test_what_the_catalogue_does_not_know_is_served_to_nobody(self):
        key = "ivs/v1/000000000000/unknown0chan/2020/1/1/0/0/abcdefghijkl/media/hls/0.ts"
        file = self.server.bucket(key)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"G" * 188)
        self.assertEqual(self.server.get("/" + key).status, 404)

    # --- the command, and a restart ---

    def test_the_command_makes_tokens_that_play(self):
        def token(*words, check=True):
            return self.server.cli("token", "create", "--channel", "private", "--key", str(self.key.private), *words,
                                   check=check)
        self.played(f"{self.rewind}?token={token().stdout.strip()}")
        made = json.loads(token("--json", "--viewer-id", "cli", "--viewer-session-version", "3", "--single-use",
                                "--max-resolution", "HD", "--origin", "https://a.net", "--origin", "https://b.net",
                                "--expires-in", "300").stdout)
        claims = json.loads(base64.urlsafe_b64decode(made["token"].split(".")[1] + "=="))
        self.assertEqual(claims["aws:viewer-id"], "cli")
        self.assertEqual(claims["aws:viewer-session-version"], 3)
        self.assertEqual(claims["aws:maximum-resolution"], "HD")
        self.assertEqual(claims["aws:access-control-allow-origin"], "https://a.net,https://b.net")
        self.assertEqual(made["channelArn"], self.private["channel"]["arn"])
        self.played(made["rewindUrl"])
        self.refused(made["playbackUrl"].removeprefix(self.server.ready["http"]))  # it counted once
        for words, what in ((("--expires-in", "601", "--viewer-id", "v"), "10 minutes"), (("--max-resolution", "UHD"), "FULL_HD"),
                            (("--viewer-session-version", "1"), "viewer-id"), (("--expires-in", "0"), "expires-in")):
            failed = token(*words, check=False)
            self.assertNotEqual(failed.returncode, 0, words)
            self.assertIn(what, failed.stderr)
        public_half = pathlib.Path(self.folder.name) / "public.pem"
        public_half.write_text(self.key.public)
        failed = self.server.cli("token", "create", "--channel", "private", "--key", str(public_half), check=False)
        self.assertIn("no private key", failed.stderr)
        # With the ARN no server is needed.
        alone = subprocess.run([oxbow.BINARY, "token", "create", "--channel", self.private["channel"]["arn"], "--key",
                                self.key.private, "--data", "/nonexistent"], capture_output=True, text=True)
        self.assertEqual(alone.returncode, 0, alone.stderr)
        self.played(f"{self.rewind}?token={alone.stdout.strip()}")


class Restart(unittest.TestCase):
    def test_sessions_and_used_tokens_outlive_a_restart_until_the_secret_goes(self):
        with tempfile.TemporaryDirectory() as folder:
            server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
            try:
                key = Key(folder, "viewer")
                api = api_client.Api(server.ready)
                api.made("ImportPlaybackKeyPair", {"publicKeyMaterial": key.public})
                api.close()
                made = server.create_channel("private", "--private")
                oxbow.Publisher(made, oxbow.test_card(seconds=8), seconds=3).wait()
                token = lambda **more: key.sign({"aws:channel-arn": made["channel"]["arn"],
                                                 "exp": int(time.time()) + 300, **more})
                path = f"/rewind/{made['id']}.m3u8"
                once = token(**{"aws:single-use-uuid": str(uuid.uuid4())})
                answer = wait_for("the timeline", 20, lambda: next(
                    (got for got in [server.get(f"{path}?token={once}")] if got.status == 200), None))
                media = answer.text.strip().splitlines()[-1]
                secret = server.data / "session-secret"
                self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)

                server.stop()
                secret.chmod(0o644)
                server.start()
                self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
                self.assertEqual(server.get(media).status, 200)
                self.assertEqual(server.get(f"{path}?token={once}").status, 403)

                server.stop()
                secret.unlink()
                server.start()
                self.assertEqual(server.get(media).status, 403)
                self.assertEqual(server.get(f"{path}?token={token()}").status, 200)
            finally:
                server.close()


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


if __name__ == "__main__":
    unittest.main()
