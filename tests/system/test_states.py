#!/usr/bin/env python3
"""/recording-started-{CHANNEL_ID}.json in every state, through a reconnect and a restart."""

import json
import unittest

from hls_playlist import lasting
import oxbow
from recording_check import check_recording


class States(unittest.TestCase):
    def test_a_channel_from_never_recorded_over_live_and_reconnect_to_ended(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 4\n")
        self.addCleanup(server.close)
        made = server.create_channel("class")
        id = made["id"]
        file = oxbow.test_card(seconds=4)

        self.assertIsNone(server.metadata(id))
        self.assertEqual(server.get(f"/rewind/{id}.m3u8").status, 404)

        first = oxbow.Publisher(made, file)
        self.addCleanup(first.close)
        live = server.wait_for_recording(id)
        self.assertEqual(list(live)[:5], ["isChannelLive", "livePlaybackUrl", "masterKey", "recordingStartedAt",
                                          "playlistDuration"])
        self.assertIs(live["isChannelLive"], True)
        self.assertEqual(live["recordingStatus"], "RECORDING_STARTED")
        self.assertEqual(live["rewindPlaybackUrl"], f"{server.ready['http']}/rewind/{id}.m3u8")
        self.assertEqual(server.get(live["livePlaybackUrl"]).status, 200)
        self.assertEqual(first.wait(), 0)

        away = oxbow.wait_for("the reconnect window", 5, lambda: (
            lambda body: body if not body["isChannelLive"] else None)(server.metadata(id)))
        self.assertEqual(away["livePlaybackUrl"], "")
        self.assertEqual(away["masterKey"], live["masterKey"])
        self.assertEqual(away["recordingStatus"], "RECORDING_STARTED")
        self.assertIn("reconnectUntil", away)

        second = oxbow.Publisher(made, file)
        self.addCleanup(second.close)
        again = oxbow.wait_for("the second stream", 15, lambda: (
            lambda body: body if body["isChannelLive"] and "masterKey" in body else None)(server.metadata(id)))
        self.assertEqual(again["masterKey"], live["masterKey"])
        self.assertNotEqual(again["streamId"], live["streamId"])
        self.assertEqual(second.wait(), 0)

        ended = server.wait_until_ended(id)
        self.assertEqual(ended["recordingStatus"], "RECORDING_ENDED")
        self.assertEqual(ended["masterKey"], live["masterKey"])
        self.assertIn("recordingEndedAt", ended)
        prefix = server.bucket(ended["masterKey"].partition("/media/hls/")[0])
        check_recording(self, prefix, frames=2 * oxbow.video_packets(file))
        rendition = next(prefix.glob("media/hls/*/playlist.m3u8")).read_text()
        self.assertEqual(rendition.count("#EXT-X-DISCONTINUITY"), 1)

        rewind = server.get(f"/rewind/{id}.m3u8").text.splitlines()[-1]
        before = server.get(rewind).text
        self.assertEqual(before.count("#EXT-X-DISCONTINUITY\n"), 1)
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.metadata(id)["masterKey"], live["masterKey"])
        self.assertEqual(server.get(f"/rewind/{id}.m3u8").text.splitlines()[-1], rewind)
        self.assertEqual(server.get(rewind).text, before)
        for entry in oxbow.Playlist(before).entries:
            self.assertEqual(server.get(entry["uri"]).status, 200)

    def test_a_channel_without_recording_is_live_and_cannot_be_rewound(self):
        server = oxbow.Server()
        self.addCleanup(server.close)
        made = server.create_channel("camera", "--no-record")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8))
        self.addCleanup(publisher.close)

        live = oxbow.wait_for("the stream", 15, lambda: server.metadata(made["id"]))

        self.assertEqual(live, {"isChannelLive": True, "livePlaybackUrl": live["livePlaybackUrl"]})
        self.assertEqual(server.get(f"/rewind/{made['id']}.m3u8").status, 404)
        media = server.get(live["livePlaybackUrl"]).text.splitlines()[-1]
        segment = oxbow.Playlist(server.get(media).text).entries[0]["uri"]
        self.assertEqual(server.get(segment).body[0], 0x47)

    def test_sigterm_while_live_ends_the_recording_in_order(self):
        server = oxbow.Server()
        self.addCleanup(server.close)
        made = server.create_channel("event")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8), loop=-1)
        self.addCleanup(publisher.close)
        live = server.wait_for_recording(made["id"])

        self.assertEqual(server.stop(), 0)

        self.assertFalse((server.data / "ready.json").exists())
        self.assertFalse((server.data / "test-ready.json").exists())
        check_recording(self, server.bucket(live["masterKey"].partition("/media/hls/")[0]))

    def test_kill_9_loses_no_segment_that_was_listed_and_the_next_start_goes_on(self):
        server = oxbow.Server()
        self.addCleanup(server.close)
        made = server.create_channel("event")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8), loop=-1)
        self.addCleanup(publisher.close)
        live = server.wait_for_recording(made["id"])
        rewind = server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        listed = oxbow.wait_for("segments in an open chunk", 15, lambda: (
            lambda text: text if text.count("#EXTINF") >= 4 else None)(server.get(rewind).text))
        media = [server.get(entry["uri"]).body for entry in oxbow.Playlist(listed).entries]
        server.kill()
        publisher.kill()

        server.start()

        body = server.metadata(made["id"])
        self.assertIs(body["isChannelLive"], False)
        self.assertEqual(body["recordingStatus"], "RECORDING_STARTED")
        self.assertIn("reconnectUntil", body)
        self.assertEqual(body["masterKey"], live["masterKey"])
        after = server.get(rewind).text
        self.assertTrue(lasting(after).startswith(lasting(listed)))
        self.assertFalse(oxbow.Playlist(after).ended)
        self.assertEqual([server.get(entry["uri"]).body for entry in oxbow.Playlist(listed).entries], media)

        self.assertEqual(server.stop(), 0)  # nobody came back
        prefix = server.bucket(live["masterKey"].partition("/media/hls/")[0])
        check_recording(self, prefix)
        ended = json.loads((prefix / "events/recording-ended.json").read_text())
        self.assertEqual(ended["recording_status_message"], "ServerInterrupted")
        server.start()
        self.assertTrue(lasting(server.get(rewind).text).startswith(lasting(listed)))
        self.assertEqual(server.metadata(made["id"])["recordingStatus"], "RECORDING_ENDED")


if __name__ == "__main__":
    unittest.main()
