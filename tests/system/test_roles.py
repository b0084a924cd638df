#!/usr/bin/env python3
"""Processes that share a bucket and the IVS API alone: one streams and records, another is where viewers come."""

import json
import pathlib
import unittest

import oxbow
import rgw

CONFIG = "[recording]\nreconnect_window_seconds = 0\n"
SECRET = "a-secret-of-the-tests"


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rgw = rgw.Rgw()
        cls.addClassCleanup(cls.rgw.close)

    def live_process(self, bucket):
        self.rgw.aws("s3api", "create-bucket", "--bucket", bucket)
        server = oxbow.Server(self.rgw.configuration(bucket) + CONFIG, role="live")
        self.addCleanup(server.close)
        return server

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
        file = oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=20)
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
        live.kill()
        for channel in channels:
            self.assertEqual(oxbow.video_frames(edge.ready["http"] + f"/rewind/{channel['id']}.m3u8"),
                             oxbow.video_packets(file))
        oxbow.wait_for("offline", 30, lambda: edge.metadata(channels[0]["id"])["isChannelLive"] is False)
        self.assertEqual(edge.stop(), 0)


if __name__ == "__main__":
    unittest.main()
