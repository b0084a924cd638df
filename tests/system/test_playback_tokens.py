"""Playback tokens with the real program: every claim and signature that is wrong, tricks with paths, what a token limits."""

import base64
import hashlib
import hmac
import json
import socket
import time
import unittest
import uuid

import oxbow
from oxbow import wait_for
from private_channels import Key, PrivateChannelsCase, encode


class PlaybackTokens(PrivateChannelsCase):
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


if __name__ == "__main__":
    unittest.main()
