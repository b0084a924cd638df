"""A media playlist, read. Tags that are not known here are passed over, as RFC 8216 §6.3.1 wants of a client."""

import datetime
import re


def milliseconds(moment):
    """2026-11-26T08:05:35.123Z as milliseconds since 1970."""
    time = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return round(time.timestamp() * 1000)


def attributes(text):
    """NAME=value,NAME="value, with a comma" as a dictionary."""
    return {name: value.strip('"') for name, value in re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', text)}


def lasting(text):
    """What a rewind playlist keeps for ever: its head and its entries, without parts and what is open."""
    lines = [line for line in text.splitlines(keepends=True)
             if not line.startswith(("#EXT-X-PART:", "#EXT-X-PRELOAD-HINT:"))]
    while lines and lines[-1].startswith(("#EXT-X-PROGRAM-DATE-TIME:", "#EXT-X-DISCONTINUITY")):
        lines.pop()
    return "".join(lines)


class Playlist:
    """Its entries, in order: {"uri", "ms", and where they are there "range" (offset, length), "pdt", "discontinuity",
    "parts"}. A part is {"uri", "ms", "independent"}; those behind the last entry are in `open_parts`."""

    def __init__(self, text):
        self.text = text
        self.ended = "#EXT-X-ENDLIST" in text
        self.entries = []
        entry = {}
        for line in text.splitlines():
            if line.startswith("#EXTINF:"):
                entry["ms"] = round(float(line[8:].split(",")[0]) * 1000)
            elif line.startswith("#EXT-X-BYTERANGE:"):
                length, offset = line[17:].split("@")
                entry["range"] = (int(offset), int(length))
            elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
                entry["pdt"] = line[25:]
            elif line.startswith("#EXT-X-PART:"):
                values = attributes(line[12:])
                entry.setdefault("parts", []).append({
                    "uri": values["URI"], "ms": round(float(values["DURATION"]) * 1000),
                    "independent": values.get("INDEPENDENT") == "YES"})
            elif line == "#EXT-X-DISCONTINUITY":
                entry["discontinuity"] = True
            elif line and not line.startswith("#"):
                self.entries.append({**entry, "uri": line})
                entry = {}
        self.open_parts = entry.get("parts", [])

    @property
    def hint(self):
        """The URI of the part that is announced; None: none is."""
        hint = self.tag("EXT-X-PRELOAD-HINT")
        return attributes(hint)["URI"] if hint else None

    @property
    def skipped(self):
        """How many entries a delta leaves out at its front."""
        skip = self.tag("EXT-X-SKIP")
        return int(attributes(skip)["SKIPPED-SEGMENTS"]) if skip else 0

    @property
    def server_control(self):
        return attributes(self.tag("EXT-X-SERVER-CONTROL") or "")

    @property
    def part_target_ms(self):
        inf = self.tag("EXT-X-PART-INF")
        return round(float(attributes(inf)["PART-TARGET"]) * 1000) if inf else None

    @property
    def parts(self):
        """All that are listed, in order."""
        return [part for entry in self.entries for part in entry.get("parts", [])] + self.open_parts

    @property
    def total_ms(self):
        return sum(entry["ms"] for entry in self.entries)

    def tag(self, name):
        found = re.search(rf"^#{name}:(.*)$", self.text, re.M)
        return found[1] if found else None

    @property
    def target_seconds(self):
        return int(self.tag("EXT-X-TARGETDURATION"))

    @property
    def media_sequence(self):
        return int(self.tag("EXT-X-MEDIA-SEQUENCE") or 0)

    @property
    def discontinuity_sequence(self):
        return int(self.tag("EXT-X-DISCONTINUITY-SEQUENCE") or 0)

    @property
    def version(self):
        return int(self.tag("EXT-X-VERSION") or 1)

    @property
    def kind(self):
        """EVENT, VOD, or None: it slides."""
        return self.tag("EXT-X-PLAYLIST-TYPE")

    @property
    def wall_clock(self):
        """When each entry begins, in ms since 1970: as its PROGRAM-DATE-TIME says, or the end of the one before; None
        before the first that says it, and at a discontinuity that does not."""
        out, now = [], None
        for entry in self.entries:
            if "pdt" in entry:
                now = milliseconds(entry["pdt"])
            elif entry.get("discontinuity"):
                now = None
            out.append(now)
            now = None if now is None else now + entry["ms"]
        return out
