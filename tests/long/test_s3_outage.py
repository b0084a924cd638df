#!/usr/bin/env python3
"""Ten channels are recorded into a real Ceph RGW that is away for a minute: nothing lost, no viewer sees an error, and the
chunks equal byte for byte those that a folder got from the same input.

OXBOW_CHANNELS, OXBOW_MINUTES: how many, and for how long (10 and 3).
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import oxbow  # noqa: E402  (the path comes first)
import rgw  # noqa: E402
from recording_check import check_recording  # noqa: E402

CHANNELS = int(os.environ.get("OXBOW_CHANNELS", "10"))
SECONDS = 60 * float(os.environ.get("OXBOW_MINUTES", "3"))
AWAY = 60  # seconds
CONFIG = "[log]\nlevel = \"warning\"\n[recording]\nreconnect_window_seconds = 0\n"


def source():
    """A minute at about 300 kbit/s."""
    return oxbow.media("s3-300k.flv", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25,noise=alls=8:allf=t", "-f",
                       "lavfi", "-i", "sine=frequency=500:sample_rate=44100", "-t", "60", "-c:v", "libx264", "-preset",
                       "veryfast", "-b:v", "240k", "-maxrate", "240k", "-bufsize", "240k", "-g", "50", "-keyint_min", "50",
                       "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "48k", "-ac", "1")


class Viewer(threading.Thread):
    """Follows one channel's rewind playlist and fetches what is new in it, and now and then something old."""

    def __init__(self, server, channel_id):
        super().__init__(daemon=True)
        self.server, self.channel, self.errors, self.fetched, self.done = server, channel_id, [], 0, threading.Event()

    def run(self):
        self.server.wait_for_recording(self.channel, 60)
        playlist = self.server.get(f"/rewind/{self.channel}.m3u8").text.splitlines()[-1]
        seen = 0
        while not self.done.wait(2):
            answer = self.server.get(playlist)
            self.check(playlist, answer)
            entries = oxbow.Playlist(answer.text).entries
            for entry in [*entries[seen:], entries[len(entries) // 2]]:
                self.check(entry["uri"], self.server.get(entry["uri"]))
            seen = len(entries)

    def check(self, what, answer):
        self.fetched += 1
        if answer.status != 200:
            self.errors.append((what, answer.status, answer.text[:200]))


def chunks(prefix):
    """The media of a recording, one chunk behind the other."""
    folder = next((pathlib.Path(prefix) / "media/hls").glob("*/"))
    return b"".join((folder / f"{n}.ts").read_bytes() for n in range(len(list(folder.glob("*.ts")))))


class S3Outage(unittest.TestCase):
    def test_a_minute_without_the_bucket_loses_nothing(self):
        gateway = rgw.Rgw()
        self.addCleanup(gateway.close)
        gateway.aws("s3api", "create-bucket", "--bucket", "recordings")
        far = oxbow.Server(gateway.configuration("recordings") + CONFIG)
        self.addCleanup(far.close)
        near = oxbow.Server(CONFIG)
        self.addCleanup(near.close)
        pairs = [(far.create_channel(f"c{n}"), near.create_channel(f"c{n}")) for n in range(CHANNELS)]
        file = source()
        publishers = [
            subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", file, "-t",
                              str(SECONDS), "-c", "copy", "-f", "tee", "-map", "0:v", "-map", "0:a",
                              "|".join(f"[f=flv]{made['ingestUrl']}" for made in pair)], stderr=subprocess.PIPE)
            for pair in pairs]
        viewers = [Viewer(far, made["id"]) for made, _ in pairs]
        for viewer in viewers:
            viewer.start()
        time.sleep(SECONDS / 4)
        gateway.stop_gateway()
        time.sleep(AWAY)
        backlog = far.metric("oxbow_upload_backlog_objects")
        gateway.start_gateway()
        for publisher in publishers:
            self.assertEqual((publisher.wait(timeout=SECONDS + 60), publisher.stderr.read()), (0, b""))
            publisher.stderr.close()
        ended = [(far.wait_until_ended(one["id"], 60), near.wait_until_ended(other["id"], 60)) for one, other in pairs]
        for viewer in viewers:
            viewer.done.set()
            viewer.join(60)
        oxbow.wait_for("an empty backlog", 120, lambda: far.metric("oxbow_upload_backlog_objects") == 0)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="oxbow-test-")))
        gateway.aws("s3", "sync", "s3://recordings", str(folder), "--only-show-errors")

        self.assertGreater(backlog, CHANNELS)
        self.assertEqual([error for viewer in viewers for error in viewer.errors], [])
        self.assertEqual(far.metric("oxbow_lost_segments_total"), 0)
        for one, other in ended:
            prefixes = [body["masterKey"].partition("/media/hls/")[0] for body in (one, other)]
            check_recording(self, folder / prefixes[0])
            self.assertEqual(chunks(folder / prefixes[0]), chunks(near.bucket(prefixes[1])))
        media = far.metric("oxbow_recorded_bytes_total")
        puts = far.metric("oxbow_uploads_total")
        print(f"{CHANNELS} channels, {SECONDS:.0f} s, away {AWAY} s: {backlog:.0f} objects waited, {puts:.0f} puts, "
              f"{puts / CHANNELS / SECONDS * 60:.1f} per channel-minute, "
              f"{far.metric('oxbow_uploaded_bytes_total') / media - 1:.3f} bytes beside each of media, "
              f"{sum(viewer.fetched for viewer in viewers)} answers to viewers")


if __name__ == "__main__":
    unittest.main()
