#!/usr/bin/env python3
"""What real encoders send: every frame of it is in the recording and in the rewind timeline."""

import subprocess
import unittest

import oxbow
from recording_check import check_recording, rendition_playlists

CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


def picture(seconds=8, rate=30, size="320x180"):
    return ["-f", "lavfi", "-t", str(seconds), "-i", f"testsrc2=size={size}:rate={rate}"]


def sound(seconds=8, rate=44100):
    return ["-f", "lavfi", "-t", str(seconds), "-i", f"sine=frequency=330:sample_rate={rate}"]


def h264(gop):
    return ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0",
            "-pix_fmt", "yuv420p", "-bf", "0"]


AAC = ["-c:a", "aac", "-ac", "2"]
# name: what ffmpeg makes the file of
FILES = {
    "ten pictures a second": [*picture(rate=10), *sound(), *h264(20), *AAC],
    "sixty pictures a second": [*picture(rate=60), *sound(), *h264(60), *AAC],
    "a varying rate": [*picture(), *sound(), "-vf", "select='lt(mod(n,60),20)+not(mod(n,4))'", "-vsync", "vfr",
                       *h264(20), *AAC],
    "thirty seconds without a key frame": [*picture(33, 15), *sound(33), *h264(450), *AAC],
    "only sound": [*sound(), *AAC],
    "only a picture": [*picture(), *h264(60)],
    "sound four seconds late": [*picture(), "-itsoffset", "4", *sound(4), *h264(60), *AAC],
    "a picture three seconds late": ["-itsoffset", "3", *picture(5), *sound(), "-vsync", "passthrough", *h264(30),
                                     *AAC],
    "B-frames": [*picture(), *sound(rate=48000), *h264(60)[:-2], "-bf", "3", "-preset", "veryfast", *AAC],
    "timestamps past 24 bits": [*picture(), *sound(), *h264(60), *AAC],
    "the end of 31 bits": [*picture(), *sound(), *h264(60), *AAC],
}
# ffmpeg counts in FLV's 31 bits and begins again behind them; more than 24 take the extended field.
OPTIONS = {"timestamps past 24 bits": ["-output_ts_offset", "16774"],
           "the end of 31 bits": ["-output_ts_offset", "2147480"]}
DISCONTINUITIES = {"the end of 31 bits": 1}
# Tracks that are not there, and sound that is let go because the recording begins with the picture.
NOT_COUNTED = {("only sound", "v:0"), ("only a picture", "a:0"), ("a picture three seconds late", "a:0")}


class Ffmpeg(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server(CONFIG)
        cls.addClassCleanup(cls.server.close)
        cls.files = {name: oxbow.media(f"encoder-{name.replace(' ', '-')}.mp4", *words) for name, words in FILES.items()}
        cls.made = {name: cls.server.create_channel(name.replace(" ", "-")) for name in FILES}
        publishers = {name: oxbow.Publisher(cls.made[name], file, options=OPTIONS.get(name, []))
                      for name, file in cls.files.items()}
        for publisher in publishers.values():
            cls.addClassCleanup(publisher.close)
        cls.codes = {name: publisher.wait(90) for name, publisher in publishers.items()}
        cls.ended = {name: cls.server.wait_until_ended(made["id"]) for name, made in cls.made.items()}

    def folder(self, name):
        return self.server.bucket(self.ended[name]["masterKey"].partition("/media/hls/")[0])

    def rewind(self, name):
        return self.server.get(f"/rewind/{self.made[name]['id']}.m3u8").text.splitlines()[-1]

    def test_every_publisher_was_served_to_its_end(self):
        self.assertEqual(self.codes, dict.fromkeys(FILES, 0))

    def test_every_frame_that_was_sent_is_recorded_and_can_be_rewound(self):
        for name, file in self.files.items():
            for stream in ("v:0", "a:0"):
                if (name, stream) in NOT_COUNTED:
                    continue
                with self.subTest(name, stream=stream):
                    sent = oxbow.packets(file, stream)
                    check_recording(self, self.folder(name), frames=sent, stream=stream)
                    self.assertEqual(oxbow.frames(self.server.ready["http"] + self.rewind(name), stream), sent)

    def test_there_is_a_discontinuity_where_the_clock_begins_again_and_nowhere_else(self):
        for name in FILES:
            with self.subTest(name):
                texts = [self.server.get(self.rewind(name)).text]
                for _, standard, byte_range in rendition_playlists(self.folder(name)):
                    texts += [standard.text, byte_range.text]
                self.assertEqual([text.count("#EXT-X-DISCONTINUITY\n") for text in texts],
                                 [DISCONTINUITIES.get(name, 0)] * 3)

    def test_nothing_is_longer_or_shorter_than_it_was_sent(self):
        for name in FILES:
            with self.subTest(name):
                total = oxbow.Playlist(self.server.get(self.rewind(name)).text).total_ms
                expected = {"thirty seconds without a key frame": 33_000, "a picture three seconds late": 5_000}
                self.assertAlmostEqual(total, expected.get(name, 8_000), delta=150)

    def test_without_key_frames_segments_end_at_six_seconds(self):
        lengths = [entry["ms"] for entry in
                   oxbow.Playlist(self.server.get(self.rewind("thirty seconds without a key frame")).text).entries]
        self.assertLessEqual(max(lengths), 6_000)
        self.assertGreater(max(lengths), 5_900)

    def test_without_pictures_segments_have_two_seconds(self):
        lengths = [entry["ms"] for entry in
                   oxbow.Playlist(self.server.get(self.rewind("only sound")).text).entries]
        self.assertAlmostEqual(lengths[0], 2_000, delta=50)

    def test_ffmpeg_as_a_player_takes_the_digests_of_the_handshake(self):
        made = self.server.create_channel("player")
        done = subprocess.run(["ffmpeg", "-nostdin", "-i", made["ingestUrl"], "-f", "null", "-"], capture_output=True,
                              text=True, timeout=20)
        self.assertNotIn("validating", done.stderr)
        self.assertIn("RTMP is for publishers only", done.stderr)


class GStreamer(unittest.TestCase):
    def test_what_rtmp2sink_sends_is_recorded_to_its_last_picture(self):
        server = oxbow.Server(CONFIG)
        self.addCleanup(server.close)
        made = server.create_channel("gstreamer")
        done = subprocess.run(
            ["gst-launch-1.0", "-q", "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink",
             "location=" + made["ingestUrl"],
             "videotestsrc", "is-live=true", "num-buffers=150", "!", "video/x-raw,width=320,height=180,framerate=30/1",
             "!", "openh264enc", "gop-size=30", "!", "h264parse", "!", "mux.",
             "audiotestsrc", "is-live=true", "num-buffers=215", "samplesperbuffer=1024", "!",
             "audio/x-raw,rate=44100,channels=2", "!", "voaacenc", "!", "aacparse", "!", "mux."],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

        ended = server.wait_until_ended(made["id"])
        check_recording(self, server.bucket(ended["masterKey"].partition("/media/hls/")[0]), frames=150)
        rewind = server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        self.assertEqual(oxbow.video_frames(server.ready["http"] + rewind), 150)
        self.assertNotIn("DISCONTINUITY", server.get(rewind).text)
        self.assertIn("(unpublished:", server.log_text())


if __name__ == "__main__":
    unittest.main()
