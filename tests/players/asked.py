"""What a player asked of the server, from the server's own request log."""

import datetime
import json
import re

PART = re.compile(r"-p\d+\.ts$")
SEGMENT = re.compile(r"/seg/.*-(\d+)\.ts$")
OURSELVES = "Python-urllib"
OF_THE_PAGE = ("/channels.json", "/favicon.ico")
KINDS = ("parts", "segments", "segments as they grow", "byte ranges", "blocking reloads", "deltas", "plain reloads")
EARLY_MS = 200  # before it was listed: more than we may have looked too late


class RequestLog:
    def __init__(self, file):
        self.file = file
        self.at = 0

    def skip(self):
        """What comes from here on is another player's."""
        self.at = self.file.stat().st_size

    def read(self, listed):
        """Since skip(): how many of each of KINDS, and the refusals. `listed`: segment number -> ms when it was first seen."""
        with open(self.file, "rb") as log:
            log.seek(self.at)
            lines = [json.loads(line) for line in log.read().splitlines()]
        counts, refused = dict.fromkeys(KINDS, 0), []
        for line in lines:
            if line["agent"].startswith(OURSELVES) or line["target"] in OF_THE_PAGE:
                continue
            path, _, query = line["target"].partition("?")
            if line["status"] >= 400:
                refused.append(f"{line['status']} {path}")
            for kind in kinds_of(path, query, line, listed):
                counts[kind] += 1
        return counts, refused


def kinds_of(path, query, line, listed):
    if PART.search(path):
        return ["parts"]
    if found := SEGMENT.search(path):
        asked = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp() * 1000 - line["took_ms"]
        early = asked < listed.get(int(found[1]), 0) - EARLY_MS
        return ["segments as they grow" if early else "segments"]
    if path.endswith(".ts"):
        return ["byte ranges"]
    if "_HLS_msn" in query:
        return ["blocking reloads", *(["deltas"] if "_HLS_skip" in query else [])]
    return ["plain reloads"] if path.endswith(".m3u8") else []


def told(counts):
    """The kinds that were asked for, in words."""
    return ", ".join(kind for kind in KINDS if counts[kind]) or "nothing"
