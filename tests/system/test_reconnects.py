#!/usr/bin/env python3
"""Which streams are merged into one recording, and what a merged one is: viewers reload it all the while."""

import json
import re
import time
import unittest

import oxbow
import rtmp
from hls_watch import ALL, BYTE_RANGE, LIVE, Watch
from recording_check import check_recording

STREAMS_MAX = 20


def clip(name, size="320x180", rate=30, seconds=3, look="testsrc2", sound="sine=frequency=440:sample_rate=44100"):
    """A key frame every second, no B-frames, as FLV; without the metadata in which an encoder says its bit rate."""
    file = oxbow.media(
        f"reconnect-{name}.flv", "-f", "lavfi", "-i", f"{look}=size={size}:rate={rate}", "-f", "lavfi", "-i", sound,
        "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-g", str(rate), "-keyint_min", str(rate),
        "-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k")
    return [tag for tag in rtmp.flv_tags(file) if tag[0] != rtmp.DATA]


def without_sound(tags):
    return [tag for tag in tags if tag[0] != rtmp.AUDIO]


def fatter(tags, times):
    """The same pictures with filler in each (NAL units of type 12), so that they have `times` their bytes."""
    out = []
    for kind, milliseconds, body in tags:
        if kind == rtmp.VIDEO and rtmp.is_picture((kind, milliseconds, body)):
            filler = round(len(body) * (times - 1))
            body += (filler + 2).to_bytes(4, "big") + b"\x0c" + b"\xff" * filler + b"\x80"
        out.append((kind, milliseconds, body))
    return out


class Reconnects(unittest.TestCase):
    def serve(self, window, more=""):
        self.server = oxbow.Server(f"[recording]\nreconnect_window_seconds = {window}\n{more}")
        self.addCleanup(self.server.close)

    def publish(self, made, tags):
        """All of it at once. Out: the id of the recording that it is in, as the log says."""
        client = rtmp.Client(self.server).publish(made)
        client.send_tags(tags)
        client.unpublish()
        oxbow.wait_for("the end of the stream", 10, lambda: not self.server.metadata(made["id"])["isChannelLive"])
        return re.findall(rf"channel {made['id']}\] \[stream [\w-]+\] (?:continues )?recording (\w+)",
                          self.server.log_text())[-1]

    def folder(self, recording):
        return next(self.server.data.glob(f"bucket/ivs/v1/*/*/*/*/*/*/*/{recording}"))

    def ended(self, recording):
        return json.loads((self.folder(recording) / "events/recording-ended.json").read_text())

    def test_what_differs_too_much_is_a_new_recording_and_what_does_not_is_merged(self):
        self.serve(300)
        plain = clip("plain")
        others = {
            "the same": (plain, True),
            "a little more bits": (fatter(plain, 1.3), True),
            "another size": (clip("large", size="480x270"), False),
            "another frame rate": (clip("slow", rate=25), False),
            "no sound": (without_sound(plain), False),
            "twice the bits": (fatter(plain, 2.2), False),
            "half the bits": (None, False),
        }
        for name, (other, merged) in others.items():
            with self.subTest(name):
                made = self.server.create_channel(name.replace(" ", "-"))
                first = self.publish(made, fatter(plain, 3) if other is None else plain)
                second = self.publish(made, plain if other is None else other)
                others[name] = (first, second)
                self.assertEqual(second == first, merged)
        self.assertEqual(self.server.stop(), 0)
        for name, (first, second) in others.items():
            with self.subTest(name):
                for recording in {first, second}:
                    check_recording(self, self.folder(recording))
                    streams = self.ended(recording)["recording_session_stream_ids"]
                    self.assertEqual(len(streams), 2 if first == second else 1)
        log = self.server.log_text()
        for why in ("its pictures have 480x270, those of the recording 320x180", "it has 25.000 frames a second",
                    "it has avc1, the recording avc1,mp4a.40.2"):
            self.assertIn(why, log)
        self.assertEqual(log.count("bits a second, the recording"), 2)

    def test_a_recording_takes_twenty_streams_and_the_next_begins_another(self):
        self.serve(300)
        made = self.server.create_channel("many")
        tags = clip("short", seconds=1)
        keys = [self.publish(made, tags) for _ in range(STREAMS_MAX)]
        watch = Watch(self.server, [made["id"]], kinds=(BYTE_RANGE,), media=True)
        oxbow.wait_for("the merged playlist", 10, lambda: watch.histories)
        last = self.publish(made, tags)
        merged, = [history for history in watch.histories.values() if keys[0] in history.name]
        oxbow.wait_for("its end", 10, lambda: merged.playlist.ended)
        watch.stop()
        watch.check(self)

        self.assertEqual(set(keys), {keys[0]})
        self.assertNotEqual(last, keys[0])
        ended = self.ended(keys[0])
        self.assertEqual(ended["recording_session_id"], keys[0])
        self.assertEqual(len(set(ended["recording_session_stream_ids"])), STREAMS_MAX)
        check_recording(self, self.folder(keys[0]), frames=30 * STREAMS_MAX)
        stretches = [listed.discontinuities for listed in merged.listed.values()]
        self.assertEqual(sorted(set(stretches)), list(range(STREAMS_MAX)))
        names = [listed.uri for listed in merged.listed.values()]
        self.assertEqual(names, [f"{number}.ts" for number in range(STREAMS_MAX)])  # numbered on

    def test_without_a_window_every_stream_is_a_recording(self):
        self.serve(0)
        made = self.server.create_channel("alone")
        keys = [self.publish(made, clip("plain")) for _ in range(3)]
        self.assertEqual(len(set(keys)), 3)
        oxbow.wait_for("their ends", 10, lambda: all(
            (self.folder(key) / "events/recording-ended.json").exists() for key in keys))
        for key in keys:
            check_recording(self, self.folder(key))
            self.assertEqual(len(self.ended(key)["recording_session_stream_ids"]), 1)

    def test_who_comes_back_in_the_window_is_merged_and_who_comes_later_is_not(self):
        self.serve(3)
        made = self.server.create_channel("late")
        began = time.time()
        first = self.publish(made, clip("plain"))
        away = self.server.metadata(made["id"])
        self.assertEqual(away["recordingStatus"], "RECORDING_STARTED")
        self.assertIn("reconnectUntil", away)
        time.sleep(1)
        second = self.publish(made, clip("plain"))
        self.assertFalse((self.folder(first) / "events/recording-ended.json").exists())
        self.server.wait_until_ended(made["id"])
        self.assertGreater(time.time() - began, 4)  # it has waited for the window behind the second, too
        third = self.publish(made, clip("plain"))

        self.assertEqual(second, first)
        self.assertNotEqual(third, first)

    def test_a_recording_rolls_over_and_its_publisher_never_notices(self):
        self.serve(0, "roll_over_seconds = 10\n")
        made = self.server.create_channel("long")
        file = oxbow.test_card(seconds=26, size="320x180", gop=1)
        publisher = oxbow.Publisher(made, file)
        self.addCleanup(publisher.close)
        watch = Watch(self.server, [made["id"]], kinds=ALL, media=True)
        self.addCleanup(watch.stop)
        self.assertEqual(publisher.wait(60), 0)
        self.server.wait_until_ended(made["id"])
        oxbow.wait_for("ENDLIST in every list", 10, lambda: all(
            history.playlist.ended for history in watch.histories.values()))
        watch.stop()
        watch.fetch_again()
        watch.check(self)

        live, = watch.of(LIVE)  # one stream, one live playlist, no discontinuity
        self.assertEqual({listed.discontinuities for listed in live.listed.values()}, {0})
        recordings = sorted(self.server.data.glob("bucket/ivs/v1/*/*/*/*/*/*/*/*/events/recording-ended.json"))
        self.assertGreaterEqual(len(recordings), 3)
        for recording in recordings:
            check_recording(self, recording.parents[1])
        frames = sum(oxbow.video_frames(recording.parents[1] / "media/hls/master.m3u8") for recording in recordings)
        self.assertEqual(frames, oxbow.video_packets(file))
        streams = {tuple(json.loads(recording.read_text())["recording_session_stream_ids"])
                   for recording in recordings}
        self.assertEqual(len(streams), 1)

    def test_a_higher_priority_takes_the_stream_over_without_a_seam(self):
        self.serve(0)
        made = self.server.create_channel("handover")
        file = oxbow.test_card(seconds=8, size="320x180", gop=1)
        first = oxbow.Publisher(made, file, loop=-1)
        self.addCleanup(first.close)
        before = self.server.wait_for_recording(made["id"])
        watch = Watch(self.server, [made["id"]], kinds=ALL, media=True)
        self.addCleanup(watch.stop)
        time.sleep(3)
        refused = oxbow.Publisher(made, file)
        self.assertNotEqual(refused.wait(10), 0)
        second = oxbow.Publisher(made, file, url=made["ingestUrl"] + "?priority=2", loop=-1)
        self.addCleanup(second.close)
        self.assertNotEqual(first.wait(10), 0)
        lower = oxbow.Publisher(made, file, url=made["ingestUrl"] + "?priority=1")
        self.assertNotEqual(lower.wait(10), 0)
        time.sleep(4)
        after = self.server.metadata(made["id"])
        second.kill()
        self.server.wait_until_ended(made["id"])
        oxbow.wait_for("ENDLIST in every list", 10, lambda: all(
            history.playlist.ended for history in watch.histories.values()))
        watch.stop()
        watch.fetch_again()
        watch.check(self)

        self.assertEqual((after["streamId"], after["masterKey"]), (before["streamId"], before["masterKey"]))
        self.assertTrue(after["isChannelLive"])
        live, = watch.of(LIVE)
        self.assertEqual({listed.discontinuities for listed in live.listed.values()}, {0})
        self.assertGreater(live.playlist.total_ms, 7000)
        recording = before["masterKey"].partition("/media/hls/")[0].rpartition("/")[2]
        check_recording(self, self.folder(recording))
        self.assertEqual(self.ended(recording)["recording_session_stream_ids"], [before["streamId"]])


if __name__ == "__main__":
    unittest.main()
