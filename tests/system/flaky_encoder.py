"""A broadcast whose encoder is cut off again and again, and what must hold of its recording."""

import subprocess
import sys
import time

import clock_camera
import oxbow
from hls_watch import ALL, BYTE_RANGE, REWIND, Watch
from own_network import Network
from recording_check import check_recording

# How long an encoder that lost its network without a word may find its own old connection in the way: the server lets
# another one in after 3 s of silence, the encoder asks twice a second.
BLOCKED_MAX = 10.0


class FlakyBroadcast:
    """In: seconds on the air before each drop and after the last; drops as (silent?, seconds); the reconnect window."""

    def __init__(self, test, on_air, drops, window):
        self.test, self.on_air, self.drops, self.window = test, on_air, drops, window
        self.network = Network()
        self.server = oxbow.Server(f"[recording]\nreconnect_window_seconds = {window}\n",
                                   rtmp=f"{Network.SERVER}:0")
        test.addCleanup(self.server.close)
        self.made = self.server.create_channel("flaky")
        self.file = clock_camera.film()
        self.epoch = round(time.time() * 1000)
        self.encoder = None
        self.silent_returns = []  # seconds from the network's return until the server took the encoder

    def start_encoder(self):
        self.encoder = subprocess.Popen(
            self.network.at_encoder(sys.executable, clock_camera.__file__, self.server.ready["rtmp"],
                                    self.made["streamKey"]["value"], self.epoch, self.file),
            stdout=subprocess.PIPE)
        began = time.monotonic()
        self.test.assertEqual(self.encoder.stdout.readline(), b"on the air\n")
        return time.monotonic() - began

    def stop_encoder(self):
        self.encoder.kill()
        self.encoder.communicate()

    def run(self):
        self.test.addCleanup(lambda: self.encoder and self.encoder.poll() is None and self.stop_encoder())
        self.start_encoder()
        self.watch = Watch(self.server, [self.made["id"]], kinds=ALL, media=True)
        self.test.addCleanup(self.watch.stop)
        for silent, seconds in self.drops:
            time.sleep(self.on_air)
            self.watch.away(True)
            if silent:
                self.network.go_dark()
            self.stop_encoder()
            time.sleep(seconds)
            if silent:
                self.network.come_back()
            took = self.start_encoder()
            if silent:
                self.silent_returns.append(took)
            self.watch.away(False)
        time.sleep(self.on_air)
        self.watch.away(True)
        self.stop_encoder()
        self.ended = self.server.wait_until_ended(self.made["id"], self.window + 30)
        oxbow.wait_for("ENDLIST in every list", 10, lambda: all(
            history.playlist.ended for history in self.watch.histories.values()))
        self.watch.stop()
        self.watch.fetch_again()
        return self

    # --- What must hold --------------------------------------------------------------------------

    def check(self):
        self.watch.check(self.test)
        self.check_one_recording()
        self.check_pictures()
        self.check_silence()
        self.server.stop()

    def check_one_recording(self):
        recordings = list(self.server.data.glob("bucket/ivs/v1/*/*/*/*/*/*/*/*/events/recording-ended.json"))
        self.test.assertEqual(len(recordings), 1)
        check_recording(self.test, recordings[0].parents[1])
        ranges, = self.watch.of(BYTE_RANGE)
        discontinuities = sum(listed.discontinuity for listed in ranges.listed.values())
        self.test.assertEqual(discontinuities, len(self.drops))

    def check_pictures(self):
        """Every picture lies where it was taken, by the wall clock of the list, to one frame; none is missing within a
        stretch, and the holes are as long as the drops."""
        rewind, = self.watch.of(REWIND)
        stretches = {}
        for listed in rewind.listed.values():
            stretches.setdefault(listed.discontinuities, []).append(listed)
        self.worst_ms = 0
        for stretch in stretches.values():
            numbers = clock_camera.numbers_in(b"".join(self.server.get(listed.uri).body for listed in stretch))
            self.test.assertNotIn(None, numbers)
            differences = [clock_camera.difference_ms(stretch[0].begins_at + at * clock_camera.FRAME_MS, number,
                                                      self.epoch) for at, number in enumerate(numbers)]
            self.worst_ms = max([self.worst_ms, *map(abs, differences)])
            self.test.assertEqual(len(set(differences)), 1, "a picture is missing, or there twice")
            self.test.assertLessEqual(abs(differences[0]), clock_camera.FRAME_MS,
                                      f"stretch {stretch[0].discontinuities}: PROGRAM-DATE-TIME less the moment of "
                                      "the picture, in ms")
        for before, after, (_, seconds) in zip(list(stretches.values()), list(stretches.values())[1:], self.drops):
            self.test.assertGreaterEqual(after[0].begins_at / 1000 - before[-1].ends_at, seconds - 1)

    def check_silence(self):
        self.test.assertLess(max(self.silent_returns), BLOCKED_MAX)

    def __str__(self):
        return (f"{len(self.drops)} drops; the worst picture {self.worst_ms} ms from its place; an encoder back from "
                f"silence was taken after {', '.join(f'{seconds:.1f}' for seconds in self.silent_returns)} s")
