#!/usr/bin/env python3
"""The checker of playlists finds every fault that is planted, and none where there is none."""

import unittest

import hls_checker
from hls_checker import History, Listed, check_finished
from hls_parts import with_delta
from hls_playlist import Playlist

PACKET = b"\x47\x40\x00\x10" + bytes(184)

LIVE = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:{sequence}
#EXT-X-DISCONTINUITY-SEQUENCE:{stretch}
{entries}"""

# Six seconds each; a reconnect after the third, with a hole of ten seconds.
SEGMENTS = [
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:00.000Z\n#EXTINF:6.000,\n/seg/c/r/e-0.ts\n",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:06.000Z\n#EXTINF:6.000,\n/seg/c/r/e-1.ts\n",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:12.000Z\n#EXTINF:5.999,\n/seg/c/r/e-2.ts\n",
    "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:27.999Z\n#EXTINF:6.000,\n/seg/c/r/e-3.ts\n",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:33.999Z\n#EXTINF:6.000,\n/seg/c/r/e-4.ts\n",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:39.999Z\n#EXTINF:6.000,\n/seg/c/r/e-5.ts\n",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:45.999Z\n#EXTINF:6.000,\n/seg/c/r/e-6.ts\n",
]
REWIND_HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQUENCE:0\n"
STANDARD = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:16
#ID3-EQUIV-TDTG:2026-11-26T08:01:00
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-TWITCH-ELAPSED-SECS:0.000
#EXT-X-TWITCH-TOTAL-SECS:13.000
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:00.000Z
#EXTINF:2.000,
0.ts
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:02.000Z
#EXTINF:11.000,
1.ts
#EXT-X-ENDLIST
"""
BYTE_RANGE = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:16
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:00.000Z
#EXTINF:2.000,
#EXT-X-BYTERANGE:376@0
0.ts
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:02.000Z
#EXTINF:5.000,
#EXT-X-BYTERANGE:564@0
1.ts
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:07.000Z
#EXTINF:6.000,
#EXT-X-BYTERANGE:188@564
1.ts
#EXT-X-ENDLIST
"""


def live(first, behind, stretch=0, end=""):
    return LIVE.format(sequence=first, stretch=stretch, entries="".join(SEGMENTS[first:behind])) + end


def rewind(behind, end=""):
    return REWIND_HEAD + "".join(SEGMENTS[:behind]) + end


END = "#EXT-X-ENDLIST\n"
# What a good server shows: versions of the sliding list and of the rewind list, 6 s apart.
GOOD_LIVE = [live(0, 3), live(0, 4), live(1, 5), live(2, 6), live(3, 7, stretch=0), live(3, 7, end=END)]
GOOD_REWIND = [rewind(1), rewind(2), rewind(4), rewind(7), rewind(7, END), rewind(7, END)]


PARTS_HEAD = REWIND_HEAD.replace("VERSION:3", "VERSION:9").replace(
    "#EXT-X-PLAYLIST", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.230,CAN-SKIP-UNTIL=36.000,HOLD-BACK=18\n"
    "#EXT-X-PART-INF:PART-TARGET=0.410\n#EXT-X-PLAYLIST")
BEGIN = "#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:00.000Z\n"


def parts(first, count, last="0.400"):
    return "".join(f'#EXT-X-PART:DURATION={last if number == count - 1 else "0.400"},URI="p{first + number}.ts"\n'
                   for number in range(count))


def hint(number):
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p{number}.ts"\n'


SECOND = parts(0, 3, last="0.200") + "#EXTINF:1.000,\n/seg/c/r/e-0.ts\n"
# A segment of a second that grows, closes, and the next begins.
GOOD_PARTS = [PARTS_HEAD + BEGIN + parts(0, 1) + hint(1), PARTS_HEAD + BEGIN + parts(0, 2) + hint(2),
              PARTS_HEAD + BEGIN + parts(0, 3, last="0.200") + hint(3), PARTS_HEAD + BEGIN + SECOND + hint(3),
              PARTS_HEAD + BEGIN + SECOND + parts(3, 1) + hint(4), PARTS_HEAD + BEGIN + SECOND + END]


def faults_of(versions, every=6.0):
    history = History("list.m3u8")
    for number, text in enumerate(versions):
        history.feed(text, number * every, number * every)
    return history.faults


class HlsChecker(unittest.TestCase):
    planted = set()

    def expect(self, rule, faults):
        self.planted.add(rule)
        self.assertIn(rule, {fault.rule for fault in faults}, [str(fault) for fault in faults])

    def expect_in(self, rule, good, number, old, new):
        """Version `number` of good ones, and all behind it, with `old` replaced."""
        bad = [text.replace(old, new) if at >= number else text for at, text in enumerate(good)]
        self.assertNotEqual(bad, good, "nothing was planted")
        self.expect(rule, faults_of(bad))

    # --- Nothing wrong ---------------------------------------------------------------------------

    def test_good_playlists_have_no_fault(self):
        self.assertEqual(faults_of(GOOD_LIVE), [])
        self.assertEqual(faults_of(GOOD_REWIND), [])
        self.assertEqual(check_finished("playlist.m3u8", STANDARD, {"0.ts": 376, "1.ts": 752}), [])
        self.assertEqual(check_finished("byte-range-variant.m3u8", BYTE_RANGE, {"0.ts": 376, "1.ts": 752}), [])

    def test_when_the_discontinuity_itself_has_left_the_sequence_counts_it(self):
        tail = SEGMENTS[3].replace("#EXT-X-DISCONTINUITY\n", "")
        self.assertEqual(faults_of([live(3, 6), live(4, 7, stretch=1)]), [])
        self.expect("discontinuity_sequence_rises", faults_of([live(3, 6), live(4, 7, stretch=0)]))
        self.expect("nothing_changes", faults_of([live(3, 6), live(3, 6, stretch=1).replace(SEGMENTS[3], tail)]))

    # --- One version -----------------------------------------------------------------------------

    def test_a_segment_longer_than_the_target_duration(self):
        self.assertEqual(faults_of([live(0, 3).replace("5.999", "6.499")]), [])
        self.expect("target_duration", faults_of([live(0, 3).replace("5.999", "6.500")]))

    def test_a_version_too_low_for_what_is_in_it(self):
        self.expect("version", faults_of([live(0, 3).replace("VERSION:3", "VERSION:2")]))
        self.expect("version", check_finished("list", BYTE_RANGE.replace("VERSION:4", "VERSION:3")))

    def test_times_that_do_not_follow(self):
        self.expect_in("date_time_follows", GOOD_LIVE, 0, "08:00:06.000Z", "08:00:06.001Z")
        self.expect_in("date_time_follows", GOOD_LIVE, 0, "08:00:06.000Z", "08:00:05.999Z")

    def test_times_that_go_back_over_a_discontinuity(self):
        self.assertEqual(faults_of([rewind(4).replace("08:00:27.999", "08:00:17.999")]), [])
        self.expect("date_time_jumps_forward", faults_of([rewind(4).replace("08:00:27.999", "08:00:17.998")]))

    def test_a_discontinuity_that_does_not_say_when_it_goes_on(self):
        silent = rewind(4).replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:27.999Z\n", "")
        self.expect("date_time_jumps_forward", faults_of([silent]))

    def test_a_list_that_does_not_say_when_it_begins(self):
        silent = rewind(2).replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-26T08:00:00.000Z\n", "")
        self.expect("date_time_first", faults_of([silent]))

    def test_ranges_that_leave_bytes_out_or_overlap(self):
        for wrong in ("188@565", "188@563"):
            self.expect("ranges_tile", check_finished("list", BYTE_RANGE.replace("188@564", wrong)))
        self.expect("ranges_tile", check_finished("list", BYTE_RANGE.replace("564@0", "560@4")))

    def test_an_entry_listed_twice(self):
        self.expect("listed_once", faults_of([rewind(3).replace("e-2.ts", "e-1.ts")]))

    def test_an_event_that_does_not_begin_at_zero(self):
        self.expect("event_begins_at_zero", faults_of([rewind(3).replace("SEQUENCE:0", "SEQUENCE:1")]))

    def test_a_total_that_is_not_the_sum(self):
        self.expect("sums_agree", check_finished("list", STANDARD.replace("TOTAL-SECS:13.000", "TOTAL-SECS:13.001")))

    def test_what_is_no_playlist(self):
        for text in ("", "<html>", live(0, 3).replace("#EXTINF:5.999,\n", ""), live(0, 3).replace("DURATION:6", "DURATION:x")):
            self.expect("well_formed", faults_of([text]))

    # --- Reloads ---------------------------------------------------------------------------------

    def test_a_head_that_changes(self):
        self.expect_in("head_constant", GOOD_LIVE, 2, "TARGETDURATION:6", "TARGETDURATION:7")
        self.expect_in("head_constant", GOOD_REWIND, 2, "TYPE:EVENT", "TYPE:VOD")
        self.expect_in("head_constant", GOOD_LIVE, 2, "VERSION:3", "VERSION:4")

    def test_a_media_sequence_that_goes_back(self):
        self.expect("media_sequence_rises", faults_of([live(2, 6), live(1, 6)]))

    def test_entries_that_leave_uncounted(self):
        uncounted = live(1, 5).replace("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:0")
        self.expect("media_sequence_rises", faults_of([live(0, 4), uncounted]))

    def test_entries_counted_that_did_not_leave(self):
        self.expect("media_sequence_rises", faults_of([live(0, 4), live(0, 5).replace("SEQUENCE:0", "SEQUENCE:1", 1)]))

    def test_a_discontinuity_sequence_that_goes_back_or_is_ahead(self):
        self.expect("discontinuity_sequence_rises", faults_of([live(4, 7, stretch=1), live(4, 7, stretch=0)]))
        self.expect("discontinuity_sequence_rises", faults_of([live(0, 4), live(1, 5, stretch=1)]))

    def test_an_entry_that_changes_after_it_was_published(self):
        for old, new in (("e-1.ts", "e-1b.ts"), ("#EXTINF:5.999", "#EXTINF:5.998"), ("08:00:27.999", "08:00:28.999"),
                         ("#EXT-X-DISCONTINUITY\n", "")):
            with self.subTest(old):
                bad = [rewind(4), rewind(4).replace(old, new)]
                self.assertNotEqual(bad[0], bad[1])
                self.expect("nothing_changes", faults_of(bad))
        bad = [BYTE_RANGE.replace(END, ""), BYTE_RANGE.replace("188@564", "376@564")]
        self.expect("nothing_changes", faults_of(bad))

    def test_an_event_that_shrinks_at_its_end_or_at_its_front(self):
        self.expect("nothing_is_taken_back", faults_of([rewind(4), rewind(3)]))
        self.expect("nothing_is_taken_back", faults_of([live(0, 4), live(0, 3)]))
        front = REWIND_HEAD + "".join(SEGMENTS[1:4])
        self.expect("nothing_is_taken_back", faults_of([rewind(4), front]))

    def test_an_end_that_is_none(self):
        self.expect("end_is_final", faults_of([rewind(4, END), rewind(4)]))
        self.expect("end_is_final", faults_of([rewind(4, END), rewind(5, END)]))
        self.expect("end_is_final", check_finished("list", STANDARD.replace(END, "")))

    def test_a_window_of_less_than_three_target_durations(self):
        self.assertEqual(faults_of([live(0, 2), live(0, 3)]), [])  # young: nothing has left
        self.expect("window_is_long_enough", faults_of([live(0, 3), live(1, 3)]))

    def test_a_reload_that_is_late_is_told_once(self):
        history = History("list.m3u8")
        history.feed(live(0, 3), 100.0, 100.1)
        history.feed(live(0, 3), 109.1, 109.2)
        self.assertEqual(history.faults, [])
        history.feed(live(0, 3), 109.2, 109.3)
        history.feed(live(0, 3), 120.0, 120.1)
        self.expect("reloads_in_time", history.faults)
        self.assertEqual(len(history.faults), 1)

    def test_a_reload_is_not_late_while_the_publisher_is_away_nor_after_the_end(self):
        history = History("list.m3u8")
        history.feed(rewind(3), 100.0, 100.0)
        history.publisher_was_away(130.0)
        history.feed(rewind(3), 131.0, 131.0)
        history.feed(rewind(4, END), 132.0, 132.0)
        history.feed(rewind(4, END), 999.0, 999.0)
        self.assertEqual(history.faults, [])

    # --- Media -----------------------------------------------------------------------------------

    def media(self, rule, *fetched, range=None):
        history = History("list.m3u8")
        listed = Listed(7, {"uri": "7.ts", "ms": 1000, "range": range}, 0, 0, 0)
        for status, body in fetched:
            history.take_media(listed, status, body)
        if rule:
            self.expect(rule, history.faults)
        else:
            self.assertEqual(history.faults, [])

    def test_media_as_it_should_be(self):
        self.media(None, (200, PACKET), (200, PACKET))
        self.media(None, (206, PACKET), (206, PACKET), range=(0, 188))

    def test_media_that_is_not_there(self):
        self.media("can_be_fetched", (404, b"{}"))
        self.media("can_be_fetched", (200, PACKET), (404, b""))
        self.media("can_be_fetched", (200, PACKET), range=(0, 188))

    def test_media_that_is_shorter_than_its_range(self):
        self.media("is_as_long_as_listed", (206, PACKET), range=(0, 376))

    def test_media_that_cannot_be_played_alone(self):
        self.media("begins_with_a_program", (200, b"\x47\x41\x00\x10" + bytes(184)))
        self.media("begins_with_a_program", (200, PACKET[:100]))
        self.media("begins_with_a_program", (200, b""))

    def test_media_that_changes(self):
        self.media("has_one_content", (200, PACKET), (200, PACKET[:-1] + b"\1"))

    def test_objects_of_which_bytes_are_not_listed(self):
        self.expect("objects_are_covered", check_finished("list", BYTE_RANGE, {"0.ts": 376, "1.ts": 940}))

    # --- Parts -----------------------------------------------------------------------------------

    def test_good_playlists_with_parts_have_no_fault(self):
        self.assertEqual(faults_of(GOOD_PARTS, every=0.4), [])

    def test_parts_that_are_not_announced(self):
        self.expect_in("parts_are_announced", GOOD_PARTS, 0, "#EXT-X-PART-INF:PART-TARGET=0.410\n", "")
        self.expect_in("parts_are_announced", GOOD_PARTS, 0, "PART-HOLD-BACK=1.230", "PART-HOLD-BACK=0.819")

    def test_delays_that_are_too_short(self):
        self.expect_in("hold_back_is_long_enough", GOOD_PARTS, 0, ",HOLD-BACK=18", ",HOLD-BACK=17.9")
        self.expect_in("skip_until_is_long_enough", GOOD_PARTS, 0, "CAN-SKIP-UNTIL=36.000", "CAN-SKIP-UNTIL=35.9")

    def test_a_part_that_is_too_long(self):
        self.expect_in("parts_fit_their_target", GOOD_PARTS, 0, "PART-TARGET=0.410", "PART-TARGET=0.399")

    def test_parts_that_are_not_all_of_their_segment(self):
        self.expect_in("parts_make_up_their_segment", GOOD_PARTS, 3, "DURATION=0.200", "DURATION=0.201")

    def test_parts_that_stay_for_ever(self):
        old = SEGMENTS[0].replace("#EXTINF", parts(90, 15) + "#EXTINF")
        self.expect("parts_leave", faults_of([PARTS_HEAD + old + "".join(SEGMENTS[1:5])]))

    def test_a_hint_of_what_is_there_or_will_never_be(self):
        self.expect_in("hint_is_of_what_comes", GOOD_PARTS, 4, hint(4), hint(4) + END)
        self.expect_in("hint_is_of_what_comes", GOOD_PARTS, 4, hint(4), hint(3))

    def test_parts_that_change(self):
        self.expect_in("parts_stay_as_they_are", GOOD_PARTS, 2, "DURATION=0.400,URI=\"p1", "DURATION=0.401,URI=\"p1")
        self.expect_in("parts_stay_as_they_are", GOOD_PARTS, 3, "p0.ts", "p9.ts")

    def test_a_hint_that_does_not_come_true(self):
        self.expect_in("hint_comes_true", GOOD_PARTS, 1, hint(2), hint(7))

    def test_a_delta_put_together(self):
        whole = rewind(4)
        delta = REWIND_HEAD + "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n" + "".join(SEGMENTS[3:6])
        self.assertEqual(with_delta(whole, delta), Playlist(rewind(6)).entries)

    # --- All of them -----------------------------------------------------------------------------

    @classmethod
    def tearDownClass(cls):
        rules = {rule.__name__ for rule in
                 hls_checker.RULES_OF_ONE + hls_checker.RULES_OF_RELOAD + hls_checker.RULES_OF_MEDIA}
        if missing := rules - cls.planted:
            raise AssertionError(f"rules that no planted fault has shown to work: {sorted(missing)}")


if __name__ == "__main__":
    unittest.main()
