"""Private channels with the real program: sessions, revocation, every path around them, a restart."""

import base64
import json
import pathlib
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
from private_channels import Key, PrivateChannelsCase, open_events


class PrivateChannels(PrivateChannelsCase):
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


if __name__ == "__main__":
    unittest.main()
