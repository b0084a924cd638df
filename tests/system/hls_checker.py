"""What an HLS server must hold, one version of a media playlist after the other: the rules of RFC 8216 and its successor
(draft-pantos-hls-rfc8216bis), and what Oxbow promises beyond them. Pure: hls_watch.py brings it what a client sees.

A rule has a name and stands in one function. Rules of one version are in RULES_OF_ONE, of a version and what was
published before in RULES_OF_RELOAD, of a body that was fetched in RULES_OF_MEDIA; those of low-latency HLS are in
hls_parts.py.
"""

import hashlib
import typing

import hls_parts
from hls_playlist import Playlist, milliseconds


class Fault(typing.NamedTuple):
    rule: str
    playlist: str
    detail: str

    def __str__(self):
        return f"{self.rule}: {self.playlist}: {self.detail}"


class Listed:
    """An entry as it was published: it must never be another."""

    def __init__(self, number, entry, begins_at, discontinuities, seen_at):
        self.number = number                    # its media sequence number
        self.uri = entry["uri"]
        self.range = entry.get("range")         # (offset, length)
        self.ms = entry["ms"]
        self.begins_at = begins_at              # ms since 1970, or None
        self.discontinuity = bool(entry.get("discontinuity"))
        self.discontinuities = discontinuities  # its discontinuity sequence number
        self.seen_at = seen_at                  # seconds since 1970
        self.sha256 = None                      # once it was fetched

    @property
    def place(self):
        return self.uri, self.range

    @property
    def ends_at(self):
        return (self.begins_at + self.ms) / 1000

    @property
    def delay(self):
        """Seconds from the end of its media, by PROGRAM-DATE-TIME, to the moment when it was seen in the playlist."""
        return self.seen_at - self.ends_at


# --- One version ---------------------------------------------------------------------------------

def target_duration(playlist):
    """RFC 8216 §4.3.3.1: a rounded EXTINF is at most the target duration."""
    for entry in playlist.entries:
        if (entry["ms"] + 500) // 1000 > playlist.target_seconds:
            yield f"{entry['uri']} lasts {entry['ms']} ms, the target duration is {playlist.target_seconds} s"


def version(playlist):
    """RFC 8216 §7: 3 for fractions of a second, 4 for byte ranges."""
    if any("range" in entry for entry in playlist.entries) and playlist.version < 4:
        yield f"byte ranges in version {playlist.version}"
    if playlist.version < 3:
        yield f"fractions of seconds in version {playlist.version}"


def date_time_follows(playlist):
    """Without a discontinuity between them, PROGRAM-DATE-TIME is that of the entry before, and its EXTINF."""
    now = None
    for entry in playlist.entries:
        if entry.get("discontinuity"):
            now = None
        said = milliseconds(entry["pdt"]) if "pdt" in entry else None
        if None not in (said, now) and said != now:
            yield f"{entry['uri']} begins at {entry['pdt']}, {said - now:+} ms from where the one before ends"
        now = said if said is not None else now
        now = None if now is None else now + entry["ms"]


def date_time_jumps_forward(playlist):
    """Over a discontinuity it is said anew, and never before the end of what was there."""
    ends = None
    for entry, begins in zip(playlist.entries, playlist.wall_clock):
        if entry.get("discontinuity") and begins is None:
            yield f"{entry['uri']} does not say when it begins, after a discontinuity"
        if entry.get("discontinuity") and None not in (ends, begins) and begins < ends:
            yield f"{entry['uri']} begins {ends - begins} ms before the end of the one before"
        ends = None if begins is None else begins + entry["ms"]


def date_time_first(playlist):
    if playlist.entries and "pdt" not in playlist.entries[0]:
        yield "the first entry does not say when it begins"


def ranges_tile(playlist):
    """Byte ranges of an object begin at 0, or where a sliding playlist enters it, and leave no byte out."""
    ends = {}
    for at, entry in enumerate(playlist.entries):
        if "range" not in entry:
            continue
        offset, length = entry["range"]
        wanted = ends.get(entry["uri"], offset if at == 0 and playlist.kind is None else 0)
        if offset != wanted:
            yield f"{entry['uri']} goes on at byte {offset}, not {wanted}"
        ends[entry["uri"]] = offset + length


def listed_once(playlist):
    places = [(entry["uri"], entry.get("range")) for entry in playlist.entries]
    for place in sorted({place for place in places if places.count(place) > 1}, key=str):
        yield f"{place} twice"


def event_begins_at_zero(playlist):
    if playlist.kind in ("EVENT", "VOD") and (playlist.media_sequence or playlist.discontinuity_sequence):
        yield f"media sequence {playlist.media_sequence}, discontinuity sequence {playlist.discontinuity_sequence}"


def sums_agree(playlist):
    """EXT-X-TWITCH-TOTAL-SECS of a recording is the sum of its EXTINF, to the millisecond."""
    total = playlist.tag("EXT-X-TWITCH-TOTAL-SECS")
    if total is not None and round(float(total) * 1000) != playlist.total_ms:
        yield f"EXT-X-TWITCH-TOTAL-SECS {total}, the entries have {playlist.total_ms} ms"


RULES_OF_ONE = (target_duration, version, date_time_first, date_time_follows, date_time_jumps_forward, ranges_tile,
                listed_once, event_begins_at_zero, sums_agree, *hls_parts.RULES_OF_ONE)


# --- A version and what was published before -----------------------------------------------------

def head_constant(history, playlist):
    """RFC 8216 §4.3.3: target duration and type do not change, nor does the version go back."""
    before = history.playlist
    for what, was, is_ in (("target duration", before.target_seconds, playlist.target_seconds),
                           ("type", before.kind, playlist.kind), ("version", before.version, playlist.version)):
        if was != is_:
            yield f"the {what} was {was} and is {is_}"


def media_sequence_rises(history, playlist):
    """RFC 8216 §4.3.3.2: it never decreases, and counts every entry that left."""
    before = history.playlist
    if playlist.media_sequence < before.media_sequence:
        yield f"{playlist.media_sequence} after {before.media_sequence}"
    for number, entry in enumerate(playlist.entries, playlist.media_sequence):
        known = history.numbers.get((entry["uri"], entry.get("range")))
        if known is not None and known != number:
            yield f"{entry['uri']} was number {known} and is {number}"
            return


def discontinuity_sequence_rises(history, playlist):
    """RFC 8216 §4.3.3.3, §6.2.2: it counts every discontinuity that left, so that an entry keeps its number."""
    before = history.playlist
    if playlist.discontinuity_sequence < before.discontinuity_sequence:
        yield f"{playlist.discontinuity_sequence} after {before.discontinuity_sequence}"
    for listed in history.read(playlist):
        known = history.listed.get(listed.number)
        if known and known.discontinuities != listed.discontinuities:
            yield f"{listed.uri} was in stretch {known.discontinuities} and is in {listed.discontinuities}"
            return


def nothing_changes(history, playlist):
    """A number that was published keeps its URI, range, duration, time and discontinuity."""
    for listed in history.read(playlist):
        known = history.listed.get(listed.number)
        if not known:
            continue
        for what in ("uri", "range", "ms", "begins_at", "discontinuity"):
            if getattr(known, what) != getattr(listed, what):
                yield f"number {listed.number}: {what} was {getattr(known, what)} and is {getattr(listed, what)}"


def nothing_is_taken_back(history, playlist):
    """Entries leave at the front alone, and from an EVENT none does."""
    before = history.playlist
    if playlist.media_sequence + len(playlist.entries) < before.media_sequence + len(before.entries):
        yield "the newest entries are gone"
    if playlist.kind in ("EVENT", "VOD") and len(playlist.entries) < len(before.entries):
        yield f"{len(before.entries)} entries, then {len(playlist.entries)}"


def end_is_final(history, playlist):
    before = history.playlist
    if before.ended and not playlist.ended:
        yield "ENDLIST is gone"
    if before.ended and len(playlist.entries) != len(before.entries):
        yield f"{len(before.entries)} entries when it ended, then {len(playlist.entries)}"


def window_is_long_enough(history, playlist):
    """RFC 8216 §6.2.2: nothing leaves when less than three target durations would stay."""
    left = playlist.media_sequence > history.playlist.media_sequence
    if left and not playlist.ended and playlist.total_ms < 3000 * playlist.target_seconds:
        yield f"{playlist.total_ms} ms are left, of {playlist.target_seconds} s target duration"


RULES_OF_RELOAD = (head_constant, media_sequence_rises, discontinuity_sequence_rises, nothing_changes,
                   nothing_is_taken_back, end_is_final, window_is_long_enough, *hls_parts.RULES_OF_RELOAD)


# --- Media that was fetched ----------------------------------------------------------------------

def can_be_fetched(listed, status, body):
    """RFC 8216 §6.2.1: what is listed is there at that moment."""
    if status != (206 if listed.range else 200):
        yield f"number {listed.number}, {listed.uri}, answered {status}"


def is_as_long_as_listed(listed, status, body):
    if status == 206 and listed.range and len(body) != listed.range[1]:
        yield f"number {listed.number}, {listed.uri}: {len(body)} bytes for a range of {listed.range[1]}"


def begins_with_a_program(listed, status, body):
    """RFC 8216 §3.2: a segment has its own PAT, at its beginning; and whole packets of transport stream."""
    if status in (200, 206) and (body[:1] != b"\x47" or body[1] & 31 or body[2] or len(body) % 188):
        yield f"number {listed.number}, {listed.uri}, {len(body)} bytes, begins with {body[:4].hex()}"


def has_one_content(listed, status, body):
    """Nothing that was published ever changes."""
    if status in (200, 206) and listed.sha256 not in (None, hashlib.sha256(body).hexdigest()):
        yield f"number {listed.number}, {listed.uri}, has other bytes than before"


RULES_OF_MEDIA = (can_be_fetched, is_as_long_as_listed, begins_with_a_program, has_one_content)


class History:
    """All that one media playlist has published. Feed it every version, in order: it names what is wrong."""

    def __init__(self, name):
        self.name = name
        self.playlist = None   # the last version
        self.listed = {}       # media sequence number: Listed
        self.numbers = {}      # (uri, range): media sequence number
        self.faults = []
        self.changed_at = None  # when a new version was first seen, in seconds
        self.told_late = False

    def read(self, playlist, seen_at=None):
        """Every entry of it, as it is to be remembered."""
        stretch = playlist.discontinuity_sequence
        for number, (entry, begins_at) in enumerate(zip(playlist.entries, playlist.wall_clock),
                                                    playlist.media_sequence):
            stretch += bool(entry.get("discontinuity"))
            yield Listed(number, entry, begins_at, stretch, seen_at)

    def fault(self, rule, details):
        name = rule if isinstance(rule, str) else rule.__name__
        self.faults += [Fault(name, self.name, detail) for detail in details]

    def feed(self, text, asked_at, seen_at):
        """In: a version, when it was asked for and when it was there, in seconds since 1970. Out: the Listed that are
        new with it."""
        if self.playlist and text == self.playlist.text:
            self.reloads_in_time(asked_at)
            return []
        playlist = self.parse(text)
        if playlist is None:
            return []
        if self.playlist:
            for rule in RULES_OF_RELOAD:
                self.fault(rule, rule(self, playlist))
        for rule in RULES_OF_ONE:
            self.fault(rule, rule(playlist))
        fresh = [listed for listed in self.read(playlist, seen_at) if listed.number not in self.listed]
        for listed in fresh:
            self.listed[listed.number] = listed
            self.numbers.setdefault(listed.place, listed.number)
        self.playlist, self.changed_at, self.told_late = playlist, seen_at, False
        return fresh

    def parse(self, text):
        try:
            playlist = Playlist(text)
            if not text.startswith("#EXTM3U\n") or any("ms" not in entry for entry in playlist.entries):
                raise ValueError("no EXTM3U, or an entry without EXTINF")
            playlist.target_seconds, playlist.media_sequence, playlist.discontinuity_sequence, playlist.wall_clock
            return playlist
        except (TypeError, ValueError) as problem:
            self.fault("well_formed", [f"{problem}: {text[:200]!r}"])
            return None

    def reloads_in_time(self, asked_at):
        """RFC 8216 §6.2.2: a new version at the latest 1.5 target durations after the last one."""
        late = asked_at - self.changed_at > 1.5 * self.playlist.target_seconds
        if late and not self.playlist.ended and not self.told_late:
            self.told_late = True
            self.fault("reloads_in_time", [f"still the version of {asked_at - self.changed_at:.1f} s ago"])

    def publisher_was_away(self, now):
        """What stood still until now had a reason."""
        if not self.playlist.ended:
            self.changed_at, self.told_late = now, False

    def take_media(self, listed, status, body):
        for rule in RULES_OF_MEDIA:
            self.fault(rule, rule(listed, status, body))
        if status in (200, 206) and listed.sha256 is None:
            listed.sha256 = hashlib.sha256(body).hexdigest()

    def objects_are_covered(self, sizes):
        """The ranges of an ended list cover every object to its end. In: bytes by URI."""
        ends = {}
        for listed in self.listed.values():
            if listed.range:
                ends[listed.uri] = max(ends.get(listed.uri, 0), sum(listed.range))
        self.fault("objects_are_covered", [f"{uri}: {end} of {sizes[uri]} bytes are listed"
                                           for uri, end in ends.items() if uri in sizes and end != sizes[uri]])


def check_finished(name, text, sizes=None):
    """The faults of a playlist that is over, read once. In: the bytes of its objects by URI, where they are known."""
    history = History(name)
    history.feed(text, 0, 0)
    if history.playlist and not history.playlist.ended:
        history.fault("end_is_final", ["there is no ENDLIST"])
    history.objects_are_covered(sizes or {})
    return history.faults
