#!/usr/bin/env python3
"""Publishers that stall: three seconds and 29 are a pause, 31 are the end."""

import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import oxbow  # noqa: E402
import rtmp  # noqa: E402
from recording_check import check_recording  # noqa: E402


class Stalls(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)
        self.tags = rtmp.flv_tags(oxbow.media(
            "stall.flv", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i",
            "sine=frequency=440", "-t", "6", "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "0",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"))
        self.half = next(i for i, tag in enumerate(self.tags) if tag[1] > 3000)

    def stall(self, made, seconds):
        client = rtmp.Client(self.server).publish(made)
        try:
            client.send_tags(self.tags[:self.half])
            time.sleep(seconds)
            client.send_tags(self.tags[self.half:])
            client.unpublish()
        except ConnectionError:
            client.close()

    def trickle(self, made):
        """Begins a picture of a megabyte and sends a byte of it now and then."""
        client = rtmp.Client(self.server).publish(made)
        try:
            client.send_tags(self.tags[:self.half])
            client.send(b"\x06\0\0\0" + (1_000_000).to_bytes(3, "big") + b"\x09\1\0\0\0")
            for _ in range(80):
                time.sleep(0.5)
                client.send(b"\0")
        except ConnectionError:
            pass
        client.close()

    def test_a_pause_of_29_seconds_is_bridged_and_one_of_31_ends_the_stream(self):
        made = {seconds: self.server.create_channel(f"stall-{seconds}") for seconds in (3, 29, 31)}
        threads = [threading.Thread(target=self.stall, args=(made[seconds], seconds)) for seconds in made]
        made["trickle"] = self.server.create_channel("trickle")
        threads.append(threading.Thread(target=self.trickle, args=(made["trickle"],)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        all_of_it, first_half = rtmp.pictures(self.tags), rtmp.pictures(self.tags[:self.half])
        for seconds, frames in ((3, all_of_it), (29, all_of_it), (31, first_half), ("trickle", first_half)):
            with self.subTest(seconds):
                ended = self.server.wait_until_ended(made[seconds]["id"])
                check_recording(self, self.server.bucket(ended["masterKey"].partition("/media/hls/")[0]), frames=frames)
                rewind = self.server.get(f"/rewind/{made[seconds]['id']}.m3u8").text.splitlines()[-1]
                self.assertNotIn("DISCONTINUITY", self.server.get(rewind).text)
        self.assertEqual(self.server.log_text().count("(silent: no audio or video came for 30 seconds)"), 2)


if __name__ == "__main__":
    unittest.main()
