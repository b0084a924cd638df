#!/usr/bin/env python3
"""The four changes that make the single-channel sample a system of many channels."""

import json
import unittest

import oxbow


class FourChanges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        cls.addClassCleanup(cls.server.close)
        cls.one, cls.two = cls.server.create_channel("one"), cls.server.create_channel("two")
        cls.publishers = [
            oxbow.Publisher(made, oxbow.test_card(size=size), loop=-1)
            for made, size in ((cls.one, "640x360"), (cls.two, "320x180"))
        ]
        for publisher in cls.publishers:
            cls.addClassCleanup(publisher.close)
        cls.metadata = {made["id"]: cls.server.wait_for_recording(made["id"]) for made in (cls.one, cls.two)}

    def test_1_one_recording_configuration_and_one_bucket_serve_every_channel_each_with_its_own_path(self):
        configurations = {made["channel"]["recordingConfigurationArn"] for made in (self.one, self.two)}
        self.assertEqual(len(configurations), 1)
        for id, body in self.metadata.items():
            self.assertTrue(body["masterKey"].startswith(f"ivs/v1/000000000000/{id}/"), body["masterKey"])
            self.assertTrue(self.server.bucket(body["masterKey"]).exists())

    def test_2_save_recording_start_meta_saves_a_file_for_every_channel(self):
        for made in (self.one, self.two):
            saved = json.loads(self.server.bucket(f"recording-started-{made['id']}.json").read_text())
            prefix = self.metadata[made["id"]]["masterKey"].partition("/media/hls/")[0]
            own = json.loads(self.server.bucket(f"{prefix}/events/recording-started.json").read_text())
            self.assertEqual(saved["channel_arn"], made["channel"]["arn"])
            self.assertEqual(saved["media"]["hls"]["path"], f"{prefix}/media/hls")
            self.assertEqual(saved["streamId"], self.metadata[made["id"]]["streamId"])
            self.assertEqual(saved["recording_started_at"], own["recording_started_at"])

    def test_3_get_latest_recording_start_meta_answers_for_the_channel_asked_for(self):
        for made, size in ((self.one, "640x360"), (self.two, "320x180")):
            body = self.server.metadata(made["id"])
            self.assertTrue(body["isChannelLive"])
            self.assertIn(made["id"], body["livePlaybackUrl"])
            self.assertIn(f"RESOLUTION={size}", self.server.get(body["livePlaybackUrl"]).text)
            self.assertIn(f"RESOLUTION={size}", self.server.get("/" + body["masterKey"]).text)

    def test_4_one_distribution_serves_all_channels_without_a_header_of_their_own(self):
        paths = []
        for made in (self.one, self.two):
            body = self.metadata[made["id"]]
            paths += [f"/recording-started-{made['id']}.json", "/" + body["masterKey"]]
        for path in paths:
            answer = self.server.get(path, headers={"Origin": "https://example.org"})
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        metadata = self.server.get(paths[0])
        self.assertEqual(metadata.headers["Cache-Control"], "max-age=1")
        self.assertEqual(metadata.headers["Content-Type"], "application/json")


if __name__ == "__main__":
    unittest.main()
