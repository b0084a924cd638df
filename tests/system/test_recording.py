#!/usr/bin/env python3
"""Three publishers at once: three channels, one bucket, no cross-talk, every recording complete."""

import unittest

from hls_playlist import lasting
import oxbow
from recording_check import check_recording

CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


class Recording(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server(CONFIG)
        cls.addClassCleanup(cls.server.close)
        cls.files = {
            "film": oxbow.film(),
            "card": oxbow.test_card(size="640x360", seconds=10),
            "small": oxbow.test_card(size="320x180", rate=25, gop=1, tone=880, seconds=10),
        }
        cls.channels = {name: cls.server.create_channel(name) for name in cls.files}
        publishers = [oxbow.Publisher(cls.channels[name], file) for name, file in cls.files.items()]
        cls.live = {name: cls.server.wait_for_recording(made["id"]) for name, made in cls.channels.items()}
        cls.first_lists = {name: cls.server.get(f"/rewind/{made['id']}.m3u8") for name, made in cls.channels.items()}
        cls.rewind_urls = {name: answer.text.splitlines()[-1] for name, answer in cls.first_lists.items()}
        cls.live_lists = {name: cls.server.get(url) for name, url in cls.rewind_urls.items()}
        cls.codes = [publisher.wait() for publisher in publishers]
        cls.ended = {name: cls.server.wait_until_ended(made["id"]) for name, made in cls.channels.items()}

    def prefix(self, name):
        return self.server.bucket(self.ended[name]["masterKey"].partition("/media/hls/")[0])

    def test_every_publisher_was_served_to_its_end(self):
        self.assertEqual(self.codes, [0, 0, 0])

    def test_each_recording_is_whole_and_holds_the_frames_that_were_sent(self):
        for name, file in self.files.items():
            with self.subTest(name):
                check_recording(self, self.prefix(name), frames=oxbow.video_packets(file))

    def test_no_channel_holds_what_another_sent(self):
        sizes = {"film": "854x480", "card": "640x360", "small": "320x180"}
        for name, size in sizes.items():
            master = self.server.get("/" + self.ended[name]["masterKey"]).text
            self.assertIn(f"RESOLUTION={size}", master)
        self.assertEqual(len({self.ended[name]["masterKey"] for name in sizes}), 3)

    def test_the_codecs_and_the_frame_rate_are_those_of_the_stream(self):
        master = self.server.get("/" + self.ended["film"]["masterKey"]).text
        self.assertIn('CODECS="avc1.64', master)
        self.assertIn("mp4a.40.2", master)
        self.assertIn("FRAME-RATE=24.000", master)
        self.assertIn("480p24/byte-range-variant.m3u8", master)

    def test_while_live_the_rewind_playlist_was_an_open_event_list_from_the_first_segment(self):
        for name, answer in self.live_lists.items():
            playlist = oxbow.Playlist(answer.text)
            self.assertEqual(answer.status, 200)
            self.assertFalse(playlist.ended)
            self.assertEqual(playlist.tag("EXT-X-PLAYLIST-TYPE"), "EVENT")
            self.assertTrue(playlist.entries[0]["uri"].endswith("-0.ts"))

    def test_the_same_rewind_url_is_the_finished_recording_and_only_grew(self):
        for name, url in self.rewind_urls.items():
            finished = oxbow.wait_for("ENDLIST", 5, lambda: (lambda text: text if "ENDLIST" in text else None)(
                self.server.get(url).text))
            self.assertTrue(lasting(finished).startswith(lasting(self.live_lists[name].text)))
            self.assertEqual(oxbow.video_frames(self.server.ready["http"] + url),
                             oxbow.video_packets(self.files[name]))

    def test_every_listed_segment_can_be_fetched_and_is_the_range_of_its_chunk(self):
        for name, url in self.rewind_urls.items():
            segments = [self.server.get(entry["uri"]).body
                        for entry in oxbow.Playlist(self.server.get(url).text).entries]
            chunks = sorted(self.prefix(name).glob("media/hls/*/*.ts"), key=lambda file: int(file.stem))
            self.assertEqual(b"".join(segments), b"".join(chunk.read_bytes() for chunk in chunks))

    def test_a_segment_of_eleven_and_a_half_seconds_between_key_frames_is_cut_at_six(self):
        playlist = oxbow.Playlist(self.server.get(self.rewind_urls["film"]).text)
        self.assertLessEqual(max(entry["ms"] for entry in playlist.entries), 6000)
        self.assertGreater(max(entry["ms"] for entry in playlist.entries), 5900)


if __name__ == "__main__":
    unittest.main()
