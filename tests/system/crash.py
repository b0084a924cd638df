"""A server that is killed again and again while encoders come back: what must hold of it, after every start.

Everything that chance decides comes from one seed.
"""

import datetime
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import threading
import time

import disk_faults
import oxbow
from recording_check import check_recording

# What the machine takes to notice, to write and to connect. Encoders on a busy machine fall behind by more than a
# second; that nothing is lost which was listed before a kill is looked at for itself (`note_listed`).
SLACK_SECONDS = float(os.environ.get("OXBOW_SLACK_SECONDS", "1.5"))


def wall(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Encoder(threading.Thread):
    """ffmpeg, started again at once when it ends, towards wherever the server listens now."""

    def __init__(self, server, made, file):
        super().__init__(daemon=True)
        self.server, self.made, self.file = server, made, file
        self.ready = threading.Event()  # cleared while there is no server
        self.over = threading.Event()
        self.process = None

    def run(self):
        while not self.over.is_set():
            if not self.ready.wait(0.1):
                continue
            url = f"{self.server.ready['rtmp']}/{self.made['streamKey']['value']}"
            self.process = subprocess.Popen(
                ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", self.file, "-c", "copy", "-f",
                 "flv", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.process.wait()
            self.over.wait(0.2)

    def stop(self):
        self.over.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
        self.join(10)


class Broadcasts:
    """Channels that are on the air on one server, and everything that viewers ever saw of them."""

    def __init__(self, test, server, seed, names=("a", "b", "c", "d", "e"), segment_seconds=(1, 2, 1, 2, 1)):
        self.test, self.server = test, server
        self.random = random.Random(seed)
        self.channels = [server.create_channel(name) for name in names]
        self.segment_seconds = dict(zip((made["id"] for made in self.channels), segment_seconds))
        self.encoders = [
            Encoder(server, made, oxbow.test_card(size="320x180", seconds=20, gop=self.segment_seconds[made["id"]]))
            for made in self.channels]
        self.seen = {}        # URL: SHA-256 of its content; never two
        self.playlists = {}   # URL of a rewind playlist: its text when it was last read
        self.master_keys = {}
        self.killed_at = []

    def begin(self):
        for encoder in self.encoders:
            encoder.ready.set()
            encoder.start()

    def look(self, how_many=6):
        """Reads what viewers read now: every rewind playlist, and some of the segments and objects that it leads to."""
        for made in self.channels:
            body = self.server.metadata(made["id"])
            if not body or not body.get("masterKey"):
                continue
            known = self.master_keys.setdefault(made["id"], body["masterKey"])
            self.test.assertEqual(body["masterKey"], known, f"one broadcast, one recording: {body}")
            url = self.server.get(f"/rewind/{made['id']}.m3u8?parts=0").text.splitlines()[-1]
            text = self.server.get(url).text
            before = self.playlists.get(url, "")
            self.test.assertTrue(text.startswith(before), f"{url} lost what it had:\n{before[-400:]}\n---\n{text[-400:]}")
            self.playlists[url] = text
            entries = oxbow.Playlist(text).entries
            for entry in entries[-2:] + self.random.sample(entries, min(how_many, len(entries))):
                self.fetch(entry["uri"])
            folder = "/" + known.rpartition("/")[0]
            variant = next(line for line in self.server.get("/" + known).text.splitlines() if not line.startswith("#"))
            listed = oxbow.Playlist(self.server.get(f"{folder}/{variant}").text).entries
            objects = sorted({entry["uri"] for entry in listed})
            for name in self.random.sample(objects, min(3, len(objects))):
                end = max(sum(entry["range"]) for entry in listed if entry["uri"] == name)
                body = self.fetch(f"{folder}/{variant.rpartition('/')[0]}/{name}")
                self.test.assertEqual(len(body), end, f"{name} is whole")

    def fetch(self, url):
        answer = self.server.get(url)
        self.test.assertEqual(answer.status, 200, url)
        digest = hashlib.sha256(answer.body).hexdigest()
        self.test.assertEqual(self.seen.setdefault(url, digest), digest, f"{url} has two contents")
        return answer.body

    def look_again(self):
        """Everything that was ever fetched is still there, the same."""
        for url in list(self.seen):
            self.fetch(url)

    def note_listed(self):
        """Whatever is listed at this moment must be there for ever."""
        for url, before in self.playlists.items():
            text = self.server.get(url).text
            self.test.assertTrue(text.startswith(before), f"{url} lost what it had")
            self.playlists[url] = text

    def crash(self):
        for encoder in self.encoders:
            encoder.ready.clear()
        self.note_listed()
        self.server.process.kill()
        self.killed_at.append(time.time())
        self.server.process.wait()
        self.server.log.close()

    def start(self):
        self.server.start()
        for encoder in self.encoders:
            encoder.ready.set()

    def live_again(self, seconds=30):
        """Every channel has segments of the process that runs now."""
        for made in self.channels:
            def goes_on(id=made["id"]):
                body = self.server.metadata(id)
                if not body or not body["isChannelLive"] or not body.get("masterKey"):
                    return False
                url = self.server.get(f"/rewind/{id}.m3u8").text.splitlines()[-1]
                text = self.server.get(url).text
                return len(text) > len(self.playlists.get(url, "")) or None
            oxbow.wait_for(f"{made['id']} to go on", seconds, goes_on)

    def waits_for_publisher(self):
        """As the contract has it: offline, inside the reconnect window."""
        for made in self.channels:
            body = self.server.metadata(made["id"])
            if made["id"] not in self.master_keys or body["isChannelLive"]:
                continue
            self.test.assertEqual(body["masterKey"], self.master_keys[made["id"]])
            self.test.assertEqual(body["recordingStatus"], "RECORDING_STARTED")
            self.test.assertIn("reconnectUntil", body)
            self.test.assertEqual(body["livePlaybackUrl"], "")

    def end(self):
        """The encoders leave, the server ends; then the holes and the recordings are looked at."""
        for encoder in self.encoders:
            encoder.stop()
        began = time.monotonic()
        self.test.assertEqual(self.server.stop(), 0, self.server.log_text()[-3000:])
        self.test.assertLess(time.monotonic() - began, 10, "SIGTERM ends recordings within 10 s")

    def check_holes(self):
        """Each hole begins at most a segment before a kill, and ends when the encoder is back."""
        log = self.server.log_text()
        for made in self.channels:
            # By the server's own clock: how long an encoder takes to come back is not its doing.
            starts = [wall(time) for time in re.findall(
                rf"^(\S+) +info +\[channel {made['id']}\] \[stream \S+\] begins", log, re.M)]
            for url, text in self.playlists.items():
                if f"/{made['id']}/" in url:
                    self.check_holes_of(oxbow.Playlist(text), starts, self.segment_seconds[made["id"]])

    def check_holes_of(self, playlist, all_starts, segment_seconds):
        at = None
        for entry in playlist.entries:
            begins = wall(entry["pdt"]) if "pdt" in entry else at
            if entry.get("discontinuity"):
                kills = [kill for kill in self.killed_at if at - SLACK_SECONDS < kill < begins]
                self.test.assertTrue(kills, f"a hole from {at} to {begins} that no kill explains: {self.killed_at}")
                # The first behind what is there: one before it may have made the hole before.
                kill = next((kill for kill in kills if kill >= at), kills[-1])
                self.test.assertLess(kill - at, segment_seconds + SLACK_SECONDS, "at most one segment is lost")
                starts = [started for started in all_starts if kill < started < begins + SLACK_SECONDS]
                self.test.assertTrue(starts, f"{begins}: {all_starts}")
                self.test.assertLess(begins - starts[-1], SLACK_SECONDS, "the hole ends when the encoder is back")
            at = begins + entry["ms"] / 1000

    def check_recordings(self):
        """One recording for each broadcast, whole, with the ids of all its streams."""
        for made in self.channels:
            prefixes = sorted(self.server.bucket("ivs/v1").glob(f"*/{made['id']}/*/*/*/*/*/*/events/"
                                                                "recording-started.json"))
            self.test.assertEqual(len(prefixes), 1, prefixes)
            prefix = prefixes[0].parents[1]
            check_recording(self.test, prefix)
            ended = json.loads((prefix / "events/recording-ended.json").read_text())
            self.test.assertEqual(ended["recording_status"], "RECORDING_ENDED")
            self.test.assertEqual(ended["recording_status_message"], "ServerInterrupted")
            streams = ended["recording_session_stream_ids"]
            self.test.assertEqual(len(streams), len(set(streams)))
            playlist = next(prefix.glob("media/hls/*/playlist.m3u8")).read_text()
            self.test.assertLessEqual(playlist.count("#EXT-X-DISCONTINUITY"), len(streams) - 1)
        self.test.assertEqual(list(pathlib.Path(self.server.data / "spool").glob("*")), [])


def kill_and_check(broadcasts, kills, quiet_max=4.0):
    """Kills the server at random moments, some before the encoders are back."""
    for _ in range(kills):
        deadline = time.monotonic() + broadcasts.random.uniform(0.2, quiet_max)
        while time.monotonic() < deadline:
            broadcasts.look(how_many=2)
            time.sleep(0.1)
        broadcasts.crash()
        broadcasts.start()
        broadcasts.waits_for_publisher()
        broadcasts.look()
        if broadcasts.random.random() < 0.7:
            broadcasts.live_again()
            broadcasts.look()


def die_and_check(broadcasts, deaths, calls_max=400):
    """The server dies around one of the calls by which it changes the disk, also of its start."""
    server = broadcasts.server
    broadcasts.crash()
    for _ in range(deaths):
        at, how = broadcasts.random.randint(1, calls_max), broadcasts.random.choice(["before", "after", "torn"])
        server.environment = disk_faults.environment(server, die_at=at, die=how)
        try:
            broadcasts.start()
        except AssertionError:
            if server.process.poll() != -9:
                raise
        deadline = time.monotonic() + 60
        while server.process.poll() is None and time.monotonic() < deadline:
            try:
                broadcasts.look(how_many=2)
            except (OSError, http.client.HTTPException):
                pass  # it died while it answered
            time.sleep(0.05)
        broadcasts.test.assertEqual(server.process.wait(timeout=10), -9, f"{how} call {at}: {server.log_text()[-3000:]}")
        broadcasts.killed_at.append(time.time())
        for encoder in broadcasts.encoders:
            encoder.ready.clear()
        server.environment = {}
        broadcasts.start()
        broadcasts.look()
        broadcasts.crash()
    broadcasts.start()
