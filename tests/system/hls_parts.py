"""The rules of low-latency HLS (draft-pantos-hls-rfc8216bis), as hls_checker.py has those of RFC 8216, and delta updates
put together as a player does it."""

from hls_playlist import Playlist


# --- One version ---------------------------------------------------------------------------------

def parts_are_announced(playlist):
    """§4.4.3.7, §4.4.3.8: parts need PART-INF and a PART-HOLD-BACK of two part targets at least."""
    if not playlist.parts and not playlist.hint:
        return
    if playlist.part_target_ms is None:
        yield "parts without EXT-X-PART-INF"
    elif 1000 * float(playlist.server_control.get("PART-HOLD-BACK", 0)) < 2 * playlist.part_target_ms:
        yield f"PART-HOLD-BACK is {playlist.server_control.get('PART-HOLD-BACK')}"


def hold_back_is_long_enough(playlist):
    """§4.4.3.8: three target durations at least."""
    said = playlist.server_control.get("HOLD-BACK")
    if said is not None and float(said) < 3 * playlist.target_seconds:
        yield f"HOLD-BACK {said}, the target duration is {playlist.target_seconds} s"


def skip_until_is_long_enough(playlist):
    """§4.4.3.8: six target durations at least."""
    said = playlist.server_control.get("CAN-SKIP-UNTIL")
    if said is not None and float(said) < 6 * playlist.target_seconds:
        yield f"CAN-SKIP-UNTIL {said}, the target duration is {playlist.target_seconds} s"


def parts_fit_their_target(playlist):
    """§4.4.4.9: no part is longer than the part target."""
    for part in playlist.parts:
        if part["ms"] > (playlist.part_target_ms or 0):
            yield f"{part['uri']} lasts {part['ms']} ms, the part target is {playlist.part_target_ms} ms"


def parts_make_up_their_segment(playlist):
    """§4.4.4.9: the parts of a segment are all of it."""
    for entry in playlist.entries:
        total = sum(part["ms"] for part in entry.get("parts", []))
        if entry.get("parts") and total != entry["ms"]:
            yield f"{entry['uri']} lasts {entry['ms']} ms, its parts {total} ms"


def parts_leave(playlist):
    """§6.2.2: they are of no use further than three target durations from the end."""
    behind = 0
    for entry in reversed(playlist.entries):
        if entry.get("parts") and behind >= 3000 * playlist.target_seconds:
            yield f"{entry['uri']} has parts {behind} ms from the end"
        behind += entry["ms"]


def hint_is_of_what_comes(playlist):
    """§4.4.5.3: a hint is of a part that is not there, and of none once it has ended."""
    if playlist.hint and playlist.ended:
        yield f"{playlist.hint} is announced after the end"
    if playlist.hint in [part["uri"] for part in playlist.parts]:
        yield f"{playlist.hint} is announced and there"


RULES_OF_ONE = (parts_are_announced, hold_back_is_long_enough, skip_until_is_long_enough, parts_fit_their_target,
                parts_make_up_their_segment, parts_leave, hint_is_of_what_comes)


# --- A version and the one before ----------------------------------------------------------------

def parts_stay_as_they_are(history, playlist):
    """Nothing published changes: a part keeps its duration, and the segment that closes has those it was open with."""
    before = {part["uri"]: part for part in history.playlist.parts}
    for part in playlist.parts:
        if part["uri"] in before and part != before[part["uri"]]:
            yield f"{part['uri']} was {before[part['uri']]} and is {part}"
    opened = [part["uri"] for part in history.playlist.open_parts]
    at = history.playlist.media_sequence + len(history.playlist.entries) - playlist.media_sequence
    if opened and 0 <= at < len(playlist.entries):
        parts = [part["uri"] for part in playlist.entries[at].get("parts", [])]
        if parts and parts[:len(opened)] != opened:
            yield f"{playlist.entries[at]['uri']} was open with {opened} and has {parts}"


def hint_comes_true(history, playlist):
    """§4.4.5.3: the part that was announced is the next that comes."""
    hint = history.playlist.hint
    known = {part["uri"] for part in history.playlist.parts}
    fresh = [part["uri"] for part in playlist.parts if part["uri"] not in known]
    if hint and fresh and fresh[0] != hint:
        yield f"{hint} was announced, {fresh[0]} came"


RULES_OF_RELOAD = (parts_stay_as_they_are, hint_comes_true)


# --- Delta updates -------------------------------------------------------------------------------

def with_delta(whole, delta):
    """The playlist that a player has which read `whole` and then `delta`: its entries by number."""
    known, update = Playlist(whole), Playlist(delta)
    assert update.media_sequence == known.media_sequence
    assert update.skipped <= len(known.entries), f"{update.skipped} left out, {len(known.entries)} known"
    return known.entries[:update.skipped] + update.entries
