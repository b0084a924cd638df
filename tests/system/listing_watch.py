"""When each live segment of some channels is listed for viewers, and whether one is missing."""

import datetime
import http.client
import re
import threading
import time

import oxbow


class Listed:
    def __init__(self, number, ends_at, seen_at, discontinuity):
        self.number, self.ends_at, self.seen_at, self.discontinuity = number, ends_at, seen_at, discontinuity

    @property
    def delay(self):
        """Seconds from the end of its media, by PROGRAM-DATE-TIME, to the moment when it was seen in the playlist."""
        return self.seen_at - self.ends_at


class ListingWatch:
    """Reads the live playlists of `channel_ids` every `period` seconds on a thread of its own, from now to stop()."""

    def __init__(self, server, channel_ids, period=0.1):
        self.server, self.period = server, period
        self.listed = {channel: [] for channel in channel_ids}
        self.answers = 0
        self.slowest_answer = 0.0
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.thread.join()

    def run(self):
        connection = http.client.HTTPConnection(self.server.ready["http"].removeprefix("http://"), timeout=10)
        playlists = {}
        while not self.over.is_set():
            started = time.monotonic()
            for channel in self.listed:
                try:
                    if channel not in playlists:
                        playlists[channel] = self.server.get(
                            self.server.metadata(channel)["livePlaybackUrl"]).text.splitlines()[-1]
                    self.look(connection, channel, playlists[channel])
                except (OSError, http.client.HTTPException, LookupError, ValueError) as problem:
                    self.failures.append(f"{channel}: {problem!r}")
                    connection.close()
            self.over.wait(max(0.0, started + self.period - time.monotonic()))
        connection.close()

    def look(self, connection, channel, path):
        asked = time.monotonic()
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        self.answers += 1
        self.slowest_answer = max(self.slowest_answer, time.monotonic() - asked)
        if answer.status != 200:
            raise ValueError(f"{path} answered {answer.status}")
        seen_at = time.time()
        known = self.listed[channel]
        ends_at = 0.0
        for entry in oxbow.Playlist(text).entries:
            if "pdt" in entry:
                ends_at = datetime.datetime.fromisoformat(entry["pdt"].replace("Z", "+00:00")).timestamp()
            ends_at += entry["ms"] / 1000
            number = int(re.search(r"-(\d+)\.ts$", entry["uri"])[1])
            if not known or number > known[-1].number:
                known.append(Listed(number, ends_at, seen_at, "discontinuity" in entry))

    def fresh(self):
        """What was listed while we looked: all but the segments that the first look found, by channel."""
        return {channel: [item for item in listed if item.seen_at > listed[0].seen_at]
                for channel, listed in self.listed.items()}

    def missing(self):
        """Numbers that were never listed, and discontinuities, by channel; {} when all is well."""
        wrong = {}
        for channel, listed in self.listed.items():
            numbers = [item.number for item in listed]
            holes = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if numbers else ["all"]
            holes += [f"discontinuity before {item.number}" for item in listed[1:] if item.discontinuity]
            if holes:
                wrong[channel] = holes
        return wrong
