"""Viewers of some channels: they reload the playlists as a client does, fetch what is listed at the moment when it is
listed, and hold all of it against the rules of hls_checker.py."""

import http.client
import json
import re
import threading
import time
import urllib.parse

from hls_checker import History

LIVE, REWIND, STANDARD, BYTE_RANGE = "live", "rewind", "standard", "byte-range"
ALL = (LIVE, REWIND, STANDARD, BYTE_RANGE)


class Watch:
    """Reads the playlists of `kinds` of `channel_ids` every `period` seconds on a thread of its own, from now to
    stop(), and follows a channel from broadcast to broadcast and from recording to recording.

    Out: .histories, one per playlist URL; .faults; .failures, answers that are no playlist where one should be."""

    def __init__(self, server, channel_ids, period=0.1, kinds=(LIVE,), media=False):
        self.base = urllib.parse.urlparse(server.ready["http"])
        self.period, self.kinds, self.media = period, kinds, media
        self.channels = list(channel_ids)
        self.histories = {}  # URL path: History
        self.kind_of = {}    # URL path: (channel, kind)
        self.over_with = set()  # URL paths whose playlist was let go after its end
        self.answers = 0
        self.slowest_answer = 0.0
        self.failures = []
        self.found_at = 0.0
        self.publishers_away = False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # --- What it found ---------------------------------------------------------------------------

    @property
    def faults(self):
        return [fault for history in list(self.histories.values()) for fault in history.faults]

    def of(self, kind, channel=None):
        """The histories of a kind, oldest first."""
        return [self.histories[path] for path, (its_channel, its_kind) in self.kind_of.items()
                if its_kind == kind and channel in (None, its_channel) and path in self.histories]

    @property
    def listed(self):
        """What the live playlists listed, by channel."""
        return {channel: [item for history in self.of(LIVE, channel) for item in history.listed.values()]
                for channel in self.channels}

    def fresh(self):
        """What was listed while we looked: all but the segments that the first look found, by channel."""
        return {channel: [item for item in listed if item.seen_at > listed[0].seen_at]
                for channel, listed in self.listed.items()}

    def missing(self):
        """Numbers that were never listed, and discontinuities, by channel; {} when all is well."""
        wrong = {}
        for channel, listed in self.listed.items():
            numbers = [int(re.search(r"-(\d+)\.ts$", item.uri)[1]) for item in listed]
            holes = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if numbers else ["all"]
            holes += [f"discontinuity before {item.uri}" for item in listed[1:] if item.discontinuity]
            if holes:
                wrong[channel] = holes
        return wrong

    def check(self, test):
        """Fails with the names of the rules that were broken."""
        test.assertEqual([str(fault) for fault in self.faults] + self.failures, [])

    # --- The client ------------------------------------------------------------------------------

    def stop(self):
        self.over.set()
        self.thread.join()

    def away(self, away):
        """Says that no publisher is there: EVENT playlists may stand still."""
        self.publishers_away = away

    def run(self):
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=10)
        while not self.over.is_set():
            started = time.monotonic()
            self.find()
            for path in list(self.kind_of):
                self.attempt(self.look, path)
            self.over.wait(max(0.0, started + self.period - time.monotonic()))
        self.connection.close()

    def attempt(self, what, *words):
        try:
            return what(*words)
        except (OSError, http.client.HTTPException, LookupError, ValueError) as problem:
            self.failures.append(f"{words}: {problem!r}")
            self.connection.close()
            return None

    def get(self, path, headers=None):
        asked = time.monotonic()
        self.connection.request("GET", path, headers=headers or {})
        answer = self.connection.getresponse()
        body = answer.read()
        self.slowest_answer = max(self.slowest_answer, time.monotonic() - asked)
        return answer.status, body

    def find(self):
        """Looks for playlists that are new, every half second, or every period as long as a channel has none."""
        found = {channel for channel, _ in self.kind_of.values()}
        if found.issuperset(self.channels) and time.monotonic() - self.found_at < 0.5:
            return
        self.found_at = time.monotonic()
        for channel in self.channels:
            self.attempt(self.find_of, channel)

    def find_of(self, channel):
        status, body = self.get(f"/recording-started-{channel}.json")
        metadata = json.loads(body) if status == 200 else None
        if not metadata:
            return
        key = metadata.get("masterKey")
        multivariants = {
            LIVE: metadata["livePlaybackUrl"],
            REWIND: f"/rewind/{channel}.m3u8" if key else None,
            STANDARD: f"/{key.rpartition('/')[0]}/master.m3u8" if key else None,
            BYTE_RANGE: f"/{key}" if key else None}
        for kind in self.kinds:
            if multivariants[kind]:
                self.find_media(channel, kind, multivariants[kind])

    def find_media(self, channel, kind, url):
        url = urllib.parse.urlparse(url).path
        status, body = self.get(url)
        if status == 404 and kind in (LIVE, REWIND):  # the broadcast is over meanwhile
            return
        if status != 200:
            raise ValueError(f"{url} answered {status}")
        path = urllib.parse.urljoin(url, body.decode().splitlines()[-1])
        self.kind_of.setdefault(path, (channel, kind))

    def look(self, path):
        history = self.histories.get(path)
        ended = history and history.playlist and history.playlist.ended
        if path in self.over_with or ended and self.kind_of[path][1] != LIVE and time.time() - history.changed_at < 1:
            return
        asked_at = time.time()
        status, body = self.get(path)
        self.answers += 1
        if status == 404 and ended and self.kind_of[path][1] == LIVE and asked_at - history.changed_at > 50:
            self.over_with.add(path)
            return
        if status != 200:
            age = f"{asked_at - history.changed_at:.1f} s after it changed" if history else "and never another answer"
            raise ValueError(f"{path} answered {status}, {age}{', with its end' if ended else ''}")
        if history is None:
            history = self.histories[path] = History(path)
        if self.publishers_away and history.playlist:
            history.publisher_was_away(asked_at)
        fresh = history.feed(body.decode(), asked_at, time.time())
        for listed in fresh if self.media else []:
            self.fetch(history, path, listed)

    def fetch(self, history, path, listed):
        headers = {}
        if listed.range:
            offset, length = listed.range
            headers["Range"] = f"bytes={offset}-{offset + length - 1}"
        history.take_media(listed, *self.get(urllib.parse.urljoin(path, listed.uri), headers))

    def fetch_again(self, kinds=(REWIND, STANDARD, BYTE_RANGE)):
        """After stop(): everything of these lists once more; it must be there, and have the same bytes."""
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=10)
        for path, history in self.histories.items():
            if self.kind_of[path][1] in kinds:
                for listed in history.listed.values():
                    self.fetch(history, path, listed)
        self.connection.close()
        self.same_media_everywhere()

    def same_media_everywhere(self):
        """The n-th entry of the rewind list and of the byte ranges of one recording are the same bytes."""
        for channel in self.channels:
            for ranges in self.of(BYTE_RANGE, channel):
                recording = ranges.name.split("/media/hls/")[0].rpartition("/")[2]
                for rewind in self.of(REWIND, channel):
                    if f"/{recording}/" in rewind.name:
                        self.compare(rewind, ranges)

    def compare(self, rewind, ranges):
        for number in sorted(rewind.listed.keys() & ranges.listed.keys()):
            one, other = rewind.listed[number], ranges.listed[number]
            same = (one.sha256, one.ms, one.begins_at, one.discontinuity) == (
                other.sha256, other.ms, other.begins_at, other.discontinuity)
            if not same:
                ranges.fault("same_media_everywhere", [f"number {number} is not that of {rewind.name}"])
