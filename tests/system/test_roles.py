#!/usr/bin/env python3
"""Processes that share a bucket and the IVS API alone: one streams and records, another is where viewers come."""

import datetime
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import oxbow
import rgw
from amazon_recording import write_amazon_recording
from caches import PACKAGING, Cache, nginx_command, replaced

BROWSER = pathlib.Path(__file__).resolve().parents[1] / "browser"
CONFIG = "[recording]\nreconnect_window_seconds = 0\n"
SECRET = "a-secret-of-the-tests"


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rgw = rgw.Rgw()
        cls.addClassCleanup(cls.rgw.close)

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="oxbow-test-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def live_process(self, bucket, config=CONFIG):
        self.rgw.aws("s3api", "create-bucket", "--bucket", bucket)
        server = oxbow.Server(self.rgw.configuration(bucket) + config, role="live")
        self.addCleanup(server.close)
        return server

    def played_in_chromium(self, url):
        done = subprocess.run(["node", BROWSER / "play_to_end.mjs", url], capture_output=True, text=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def apart(self, live, bucket, role, origin=True, more=""):
        """A process in `role` that knows the live one by its API, and by its door where `origin`."""
        config = self.rgw.configuration(bucket)
        config += f'[ivs]\nendpoint = "{live.ready["api"]}"\ncredentials_file = "{live.ready["credentials"]}"\n'
        if origin:
            config += f'[edge]\nlive_origin = "{live.ready["http"]}"\n'
        server = oxbow.Server(config + more, role=role)
        self.addCleanup(server.close)
        return server

    def test_an_edge_plays_live_rewind_and_replay_of_another_process(self):
        live = self.live_process("three")
        edge = self.apart(live, "three", "edge")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        channels = [live.create_channel(name) for name in "abc"]
        self.assertEqual(edge.get("/recording-started-nobody.json").status, 404)
        publishers = [oxbow.Publisher(channel, file) for channel in channels]
        for channel in channels:
            metadata = edge.wait_for_recording(channel["id"])
            self.assertIs(metadata["isChannelLive"], True)
            self.assertEqual(metadata["masterKey"], live.metadata(channel["id"])["masterKey"])
            self.assertTrue(metadata["livePlaybackUrl"].startswith(edge.ready["http"]))
            self.assertEqual(edge.get(metadata["livePlaybackUrl"]).status, 200)
            rewind = edge.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1]
            entries = oxbow.Playlist(edge.get(rewind).text).entries
            self.assertGreater(len(entries), 2)
            first, last = (edge.get(entries[i]["uri"]) for i in (0, -1))
            self.assertEqual((first.status, last.status), (200, 200))
            self.assertEqual(first.body, live.get(entries[0]["uri"]).body)
            # The object that the playlist is, by its key: that is the bucket's.
            self.assertEqual(edge.get("/" + metadata["masterKey"]).status, 200)
        listed = {row["id"]: row for row in edge.get("/channels.json").json["channels"]}
        self.assertEqual({listed[channel["id"]]["name"] for channel in channels}, {"a", "b", "c"})
        self.assertTrue(all(listed[channel["id"]]["isLive"] for channel in channels))

        for publisher in publishers:
            self.assertEqual(publisher.wait(), 0)
        for channel in channels:
            edge.wait_until_ended(channel["id"])
        oxbow.wait_for("all uploads", 60, lambda: live.metric("oxbow_upload_backlog_objects") == 0)
        gone = channels.pop()["id"]
        listed = f"/channels/{gone}/recordings.json"
        [recording] = edge.get(listed).json["recordings"]
        rendition = recording["playlistUrl"].rpartition("/")[2].removesuffix(".m3u8")
        chunk = f"/{recording['masterKey'].rpartition('/')[0]}/{rendition}/0.ts"
        self.assertEqual(edge.get(chunk).status, 200)
        live.cli("recording", "delete", recording["id"])
        oxbow.wait_for("the recording to be gone here, too", 20, lambda: edge.get(listed).json["recordings"] == [])
        self.assertEqual((edge.get(chunk).status, edge.metadata(gone)), (404, None))
        live.kill()
        for channel in channels:
            self.assertEqual(oxbow.video_frames(edge.ready["http"] + f"/rewind/{channel['id']}.m3u8"),
                             oxbow.video_packets(file))
        oxbow.wait_for("offline", 30, lambda: edge.metadata(channels[0]["id"])["isChannelLive"] is False)
        self.assertEqual(edge.stop(), 0)

    def test_an_edge_without_a_live_origin_rewinds_out_of_the_bucket_and_keeps_a_merged_recording(self):
        live = self.live_process("merged", "[recording]\nreconnect_window_seconds = 30\n")
        edge = self.apart(live, "merged", "edge", origin=False)
        channel = live.create_channel("a")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        first = oxbow.Publisher(channel, file)
        before = edge.wait_for_recording(channel["id"], 30)
        # Live is played where the IVS endpoint says: there it is, and not here.
        self.assertTrue(before["livePlaybackUrl"].startswith(live.ready["http"]))
        rewind = edge.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1]
        oxbow.wait_for("a playlist of the bucket that grows", 30,
                       lambda: len(oxbow.Playlist(edge.get(rewind).text).entries) > 3)
        self.assertNotIn("#EXT-X-ENDLIST", edge.get(rewind).text)
        first.kill()
        away = oxbow.wait_for("offline", 20, lambda: (
            body := edge.metadata(channel["id"]))["isChannelLive"] is False and body)
        self.assertEqual((away["masterKey"], away["recordingStatus"]), (before["masterKey"], "RECORDING_STARTED"))

        second = oxbow.Publisher(channel, file)
        again = oxbow.wait_for("live again", 20, lambda: (
            body := edge.metadata(channel["id"]))["isChannelLive"] and body.get("masterKey") and body)
        self.assertEqual(again["masterKey"], before["masterKey"])
        self.assertNotEqual(again["streamId"], before["streamId"])
        self.assertEqual(second.wait(), 0)
        self.assertEqual(live.stop(), 0)  # ends the recording, which else would wait for its publisher
        ended = edge.wait_until_ended(channel["id"])
        self.assertEqual(ended["masterKey"], before["masterKey"])
        self.assertIn("#EXT-X-ENDLIST", oxbow.wait_for("the end", 10, lambda: (
            text := edge.get(rewind).text).endswith("#EXT-X-ENDLIST\n") and text))

    def test_at_an_edge_without_a_live_origin_a_name_is_of_one_segment_across_a_crash(self):
        live = self.live_process("crashed", "[recording]\nreconnect_window_seconds = 30\n")
        edge = self.apart(live, "crashed", "edge", origin=False)
        channel = live.create_channel("a")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        first = oxbow.Publisher(channel, file, loop=-1)
        self.addCleanup(first.close)
        edge.wait_for_recording(channel["id"], 30)
        rewind = edge.get(f"/rewind/{channel['id']}.m3u8").text.splitlines()[-1]
        served = {}  # name: what it served

        def listed():
            """What the edge lists now: never less or otherwise than before, and no name with other bytes."""
            names = [urllib.parse.urljoin(rewind, entry["uri"]) for entry in oxbow.Playlist(edge.get(rewind).text).entries]
            self.assertEqual(names[:len(served)], list(served))
            for name in names:
                answer = edge.get(name)
                self.assertEqual(answer.status, 200, name)
                self.assertEqual(served.setdefault(name, answer.body), answer.body, name)
            return names

        oxbow.wait_for("a playlist that grows", 30, lambda: len(listed()) > 3)
        live.kill()
        first.kill()
        live.start()
        key = channel["ingestUrl"].rsplit("/", 1)[1]
        second = oxbow.Publisher(channel, file, url=f"{live.ready['rtmp']}/{key}", loop=-1)
        self.addCleanup(second.close)
        before = len(served)
        oxbow.wait_for("what came after the crash", 40, lambda: len(listed()) > before + 3)
        second.kill()
        self.assertEqual(live.stop(), 0)
        oxbow.wait_for("the end", 20, lambda: edge.get(rewind).text.endswith("#EXT-X-ENDLIST\n"))
        listed()
        edge.wait_until_ended(channel["id"])
        self.assertEqual(edge.stop(), 0)
        edge.start()  # and knows of the recording what stands in the bucket at its end
        listed()
        self.assertEqual(len(set(served.values())), len(served))

    def test_an_edge_plays_what_amazon_ivs_recorded_while_it_is_recorded_and_after(self):
        live = self.live_process("amazon")
        channel = live.create_channel("a")
        self.assertEqual(oxbow.Publisher(channel, oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=6))
                         .wait(), 0)
        ended = live.wait_until_ended(channel["id"])
        oxbow.wait_for("all uploads", 60, lambda: live.metric("oxbow_upload_backlog_objects") == 0)
        copy = self.folder()
        self.rgw.aws("s3", "sync", "s3://amazon", str(copy / "ours"), "--only-show-errors")
        media = next((copy / "ours" / ended["masterKey"].rpartition("/")[0]).glob("*/0.ts")).parent

        # Its own bucket: nothing there has a member of ours. One is finished, with its path padded, one goes on.
        self.rgw.aws("s3api", "create-bucket", "--bucket", "theirs")
        made = [live.create_channel(name, "--no-record") for name in ("finished", "going-on")]
        others = [each["id"] for each in made]
        now = datetime.datetime.now(datetime.timezone.utc)
        prefixes = [f"ivs/v1/000000000000/{others[0]}/{now:%Y/%m/%d/%H/%M}/padded0recrd",
                    f"ivs/v1/000000000000/{others[1]}/{now:%Y}/{now.month}/{now.day}/{now.hour}/{now.minute}/going0on0now"]
        write_amazon_recording(copy / "theirs", prefixes[0], others[0], media, "multivariant.m3u8", byte_ranges=False)
        write_amazon_recording(copy / "theirs", prefixes[1], others[1], media, ended=False)
        edge = self.apart(live, "theirs", "edge", origin=False, more=f'[notifications]\nsecret = "{SECRET}"\n')
        # A channel is known once somebody asks. The finished recording is told of by a notification; nobody tells of the
        # other, which is found because its channel is on the air.
        for each in others:
            self.assertEqual(edge.get(f"/recording-started-{each}.json").json, None)
        publisher = oxbow.Publisher(made[1], oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10), loop=-1)
        self.addCleanup(publisher.close)
        self.rgw.aws("s3", "sync", str(copy / "theirs"), "s3://theirs", "--only-show-errors")
        self.assertEqual(notify(edge, f"{prefixes[0]}/events/recording-started.json"), 200)
        found = [edge.wait_for_recording(each, 40) for each in others]
        self.assertEqual([each["recordingStatus"] for each in found], ["RECORDING_ENDED", "RECORDING_STARTED"])
        frames = oxbow.video_frames(live.ready["http"] + f"/rewind/{channel['id']}.m3u8")
        for each in found:
            self.assertEqual(oxbow.video_frames(f"{edge.ready['http']}/{each['masterKey']}"), frames)
        for each in others:
            self.assertEqual(oxbow.video_frames(f"{edge.ready['http']}/rewind/{each}.m3u8"), frames)
        # The first look may have come before the playlist was there.
        oxbow.wait_for("its length", 15, lambda: edge.metadata(others[1])["playlistDuration"] == 6)
        played = self.played_in_chromium(f"{edge.ready['http']}/watch/{others[0]}")
        self.assertAlmostEqual(played["played"], 6, delta=0.3)
        self.assertEqual(played["complaints"], [])

        self.check_a_large_object(edge, prefixes[0], copy / "large")
        publisher.close()
        write_amazon_recording(copy / "done", prefixes[1], others[1], media)
        self.rgw.aws("s3", "cp", str(copy / "done" / prefixes[1] / "events/recording-ended.json"),
                     f"s3://theirs/{prefixes[1]}/events/recording-ended.json")
        edge.wait_until_ended(others[1])

    def check_a_large_object(self, edge, prefix, file):
        """What is asked of it is fetched, and no more."""
        content = os.urandom(1 << 20) * 40
        file.write_bytes(content)
        key = f"{prefix}/media/hls/160p30/99.ts"
        self.rgw.aws("s3", "cp", "--only-show-errors", str(file), f"s3://theirs/{key}")
        part = edge.get(f"/{key}", {"Range": "bytes=1000000-3999999"})
        self.assertEqual((part.status, part.body), (206, content[1_000_000:4_000_000]))
        self.assertEqual(edge.get(f"/{key}", {"If-None-Match": part.headers["ETag"]}).status, 304)
        self.assertEqual(edge.get(f"/{key}", {"Range": "bytes=50000000-"}).status, 416)
        self.assertLess(edge.metric("oxbow_cache_bytes"), 20_000_000)
        self.assertEqual(edge.get(f"/{key}").body, content)
        self.assertLess(edge.metric("oxbow_cache_bytes"), 20_000_000)

    def test_functions_stand_behind_nginx_beside_a_static_bucket(self):
        """The picture of the AWS sample: one distribution, two functions, a bucket, an IVS endpoint."""
        live = self.live_process("seed")
        functions = self.apart(live, "seed", "functions", origin=False, more=f'[notifications]\nsecret = "{SECRET}"\n')
        hook = f"{functions.ready['api']}/notifications/s3"
        topic = json.loads(self.rgw.aws("sns", "create-topic", "--name", "seed", "--attributes", json.dumps(
            {"push-endpoint": f"{hook}?secret={SECRET}"})))["TopicArn"]
        self.rgw.aws("s3api", "put-bucket-notification-configuration", "--bucket", "seed",
                     "--notification-configuration", json.dumps({"TopicConfigurations": [{
                         "Id": "oxbow", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}))
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                                          "Resource": "arn:aws:s3:::seed/*"}]}
        self.rgw.aws("s3api", "put-bucket-policy", "--bucket", "seed", "--policy", json.dumps(policy))
        nginx = functions_nginx(functions.ready["http"], self.rgw.endpoint, "seed")
        self.addCleanup(nginx.close)
        site = f"http://127.0.0.1:{nginx.port}"
        channel = live.create_channel("a")
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10)
        publisher = oxbow.Publisher(channel, file)

        def metadata():
            answer = live.get(f"{site}/recording-started-{channel['id']}.json")
            return answer.json if answer.status == 200 else None

        began = oxbow.wait_for("a masterKey", 30, lambda: (body := metadata()) and body.get("masterKey") and body)
        self.assertIs(began["isChannelLive"], True)
        self.assertTrue(began["livePlaybackUrl"].startswith(live.ready["http"]))
        variant = next(line for line in live.get(f"{site}/{began['masterKey']}").text.splitlines()
                       if line and not line.startswith("#"))
        folder = began["masterKey"].rpartition("/")[0]
        self.assertIn("#EXT-X-BYTERANGE", live.get(f"{site}/{folder}/{variant}").text)
        self.assertEqual(publisher.wait(), 0)
        ended = oxbow.wait_for("the end", 30, lambda: (
            body := metadata()) and str(body.get("recordingStatus")).startswith("RECORDING_ENDED") and body)
        self.assertEqual(oxbow.video_frames(f"{site}/{ended['masterKey']}"), oxbow.video_packets(file))
        self.assertEqual(functions.get("/channels.json").status, 404)
        self.assertEqual(functions.get(hook, {"x-oxbow-secret": "wrong"}).status, 403)

        # The hook is down while the next recording begins: RGW never tells of it again.
        self.assertEqual(functions.stop(), 0)
        again = oxbow.Publisher(channel, file, loop=-1)
        self.addCleanup(again.close)
        oxbow.wait_for("the next recording", 20, lambda: live.metadata(channel["id"]).get(
            "masterKey", ended["masterKey"]) != ended["masterKey"])
        functions.start()
        next_one = live.metadata(channel["id"])
        found = oxbow.wait_for("the next recording to be found", 20, lambda: (
            body := functions.metadata(channel["id"])).get("masterKey") == next_one["masterKey"] and body)
        self.assertIs(found["isChannelLive"], True)


class End(unittest.TestCase):
    """While the bucket, and the endpoint, take connections and say nothing."""

    def setUp(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        silent.settimeout(10)
        self.silent = silent
        keys = f'endpoint = "http://127.0.0.1:{silent.getsockname()[1]}"\naccess_key_id = "a"\nsecret_access_key = "b"\n'
        self.store, self.ivs = f'[store]\nkind = "s3"\nbucket = "recordings"\n{keys}', f"[ivs]\n{keys}"

    def ends_soon(self, server):
        with self.silent.accept()[0]:  # it asks
            began = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - began, 15)

    def test_an_edge_ends_soon(self):
        edge = oxbow.Server(self.store + self.ivs, role="edge")
        self.addCleanup(edge.close)
        self.ends_soon(edge)

    def test_a_server_that_records_ends_soon_and_keeps_what_waits(self):
        server = oxbow.Server(self.store)
        self.addCleanup(server.close)
        publisher = oxbow.Publisher(server.create_channel("a"), oxbow.test_card(size="320x180", rate=25, gop=1, tone=880,
                                                                              seconds=10))
        self.addCleanup(publisher.close)
        oxbow.wait_for("what waits", 20, lambda: server.metric("oxbow_upload_backlog_objects") > 3)
        self.ends_soon(server)
        self.assertRegex(server.log_text(), r"\d+ objects wait for the bucket: they go there after the next start")


def notify(server, key):
    """As MinIO would; the status."""
    event = {"Records": [{"eventVersion": "2.0", "eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put",
                          "eventTime": "2026-11-22T09:05:00.000Z",
                          "s3": {"bucket": {"name": "theirs"}, "object": {"key": key, "size": 1, "eTag": "0"}}}]}
    request = urllib.request.Request(f"{server.ready['api']}/notifications/s3", json.dumps(event).encode(),
                                     {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def functions_nginx(functions, bucket_endpoint, bucket):
    """nginx as packaging/ configures it for the role functions."""
    def prepare(folder, port):
        ours = replaced((PACKAGING / "nginx/functions.conf").read_text(), [
            ("listen 80;", f"listen 127.0.0.1:{port};"),
            ("127.0.0.1:8080;", functions.removeprefix("http://") + ";"),
            ("127.0.0.1:7480;", bucket_endpoint.removeprefix("http://") + ";"), ("/recordings$uri", f"/{bucket}$uri"),
            ("/var/cache/nginx/oxbow", f"{folder}/cache")])
        return nginx_command(folder, ours)
    return Cache(prepare)


if __name__ == "__main__":
    unittest.main()
