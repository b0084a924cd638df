#!/usr/bin/env python3
"""Low-latency HLS as a player uses it: blocking reloads, hinted parts, delta updates, and players without all that."""

import threading
import time
import unittest
import urllib.parse

import oxbow
from hls_checker import History
from hls_parts import with_delta
from hls_playlist import Playlist, lasting

GOP = 2
PARTS = 5  # of 0.4 s in a segment


class LowLatency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        cls.addClassCleanup(cls.server.close)
        cls.made = cls.server.create_channel("event")
        cls.publisher = oxbow.Publisher(cls.made, oxbow.test_card(seconds=60, gop=GOP), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        live = cls.server.wait_for_recording(cls.made["id"])["livePlaybackUrl"]
        cls.live_multivariant = urllib.parse.urlparse(live).path
        cls.rewind_multivariant = f"/rewind/{cls.made['id']}.m3u8"
        cls.live = cls.server.get(cls.live_multivariant).text.splitlines()[-1]
        cls.rewind = cls.server.get(cls.rewind_multivariant).text.splitlines()[-1]
        oxbow.wait_for("parts in both", 10, lambda: all(
            Playlist(cls.server.get(url).text).open_parts for url in (cls.live, cls.rewind)))

    def follow(self, url, reloads):
        """Reloads as a player does. Out: every version, the history that watched over them."""
        history, versions = History(url), []
        asked = time.time()
        text = self.server.get(url).text
        for _ in range(reloads):
            history.feed(text, asked, time.time())
            versions.append(text)
            now = Playlist(text)
            segment, part = now.media_sequence + len(now.entries), len(now.open_parts)
            asked = time.time()
            answer = self.server.get(f"{url}?_HLS_msn={segment}&_HLS_part={part}")
            self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "max-age=36"))
            text = answer.text
            there = Playlist(text)
            reached = (there.media_sequence + len(there.entries), len(there.open_parts))
            self.assertGreater(reached, (segment, part), "answered without what it asked for")
        return versions, history

    def test_a_reload_is_answered_with_what_it_asked_for_and_nothing_else_changes(self):
        for url in (self.live, self.rewind):
            versions, history = self.follow(url, 3 * PARTS)

            self.assertEqual([str(fault) for fault in history.faults], [])
            last = Playlist(versions[-1])
            self.assertEqual(last.server_control["CAN-BLOCK-RELOAD"], "YES")
            self.assertTrue(all(part["ms"] == 400 for part in last.parts), last.parts)

    def test_parts_joined_are_their_segment(self):
        entries = [entry for entry in Playlist(self.server.get(self.live).text).entries if entry.get("parts")]
        for entry in entries:
            parts = [self.server.get(part["uri"]) for part in entry["parts"]]
            self.assertEqual({(part.status, part.headers["cache-control"]) for part in parts},
                             {(200, "public, max-age=31536000, immutable")})
            self.assertEqual(b"".join(part.body for part in parts), self.server.get(entry["uri"]).body)
            self.assertEqual([part["independent"] for part in entry["parts"]], [True] + [False] * (PARTS - 1))

    def test_a_hinted_part_is_held_until_it_is_there_and_answered_whole(self):
        for _ in range(PARTS + 1):
            hint = Playlist(self.server.get(self.live).text).hint
            answer = self.server.get(hint)
            self.assertEqual(answer.status, 200)
            self.assertEqual(len(answer.body), int(answer.headers["content-length"]))
            parts = [part["uri"] for part in Playlist(self.server.get(self.live).text).parts]
            self.assertIn(hint, parts)

    def test_a_part_that_nobody_announced_is_not_waited_for(self):
        hint = Playlist(self.server.get(self.live).text).hint
        for number in (3, 10**9):
            at = hint.rindex("-p") + 2
            far = hint[:at] + str(int(hint[at:-3]) + number) + ".ts"
            self.assertEqual(self.server.get(far).status, 404)
        self.assertEqual(self.server.get(hint.replace("-p", "-px")).status, 404)

    def test_a_delta_is_what_the_player_lacks(self):
        oxbow.wait_for("more than a delta holds", 60, lambda: (
            Playlist(self.server.get(self.rewind).text).total_ms > 40_000))
        whole = self.server.get(self.rewind).text
        delta = self.server.get(f"{self.rewind}?_HLS_skip=YES").text
        again = self.server.get(self.rewind).text

        self.assertGreater(Playlist(delta).skipped, 0)
        self.assertLess(len(Playlist(delta).entries), len(Playlist(whole).entries))
        together = [entry["uri"] for entry in with_delta(whole, delta)]
        self.assertIn(together, [[entry["uri"] for entry in Playlist(text).entries] for text in (whole, again)])

    def test_players_that_break_on_parts_get_none(self):
        for multivariant in (self.live_multivariant, self.rewind_multivariant):
            media = self.server.get(multivariant + "?parts=0").text.splitlines()[-1]
            self.assertTrue(media.endswith("?parts=0"), media)
            text = self.server.get(media).text
            playlist = Playlist(text)
            self.assertEqual((playlist.version, playlist.parts, playlist.hint, playlist.server_control), (3, [], None, {}))
            self.assertGreater(len(playlist.entries), 0)

    def test_what_cannot_be_waited_for_is_refused(self):
        for url in (self.live, self.rewind):
            now = Playlist(self.server.get(url).text)
            far = now.media_sequence + len(now.entries) + 3
            for query in (f"_HLS_msn={far}", "_HLS_part=1", "_HLS_msn=x", "_HLS_skip=maybe", "parts=2"):
                answer = self.server.get(f"{url}?{query}")
                self.assertEqual((answer.status, answer.json["error"]), (400, "BadRequest"), query)

    def test_a_playlist_that_asks_only_for_a_segment_waits_for_all_of_it(self):
        now = Playlist(self.server.get(self.rewind).text)
        then = Playlist(self.server.get(f"{self.rewind}?_HLS_msn={len(now.entries)}").text)
        self.assertGreater(len(then.entries), len(now.entries))


class LowLatencyEnds(unittest.TestCase):
    def test_what_waits_when_the_broadcast_ends_is_answered(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        made = server.create_channel("event")
        publisher = oxbow.Publisher(made, oxbow.test_card(seconds=8, gop=GOP), loop=-1)
        self.addCleanup(publisher.close)
        server.wait_for_recording(made["id"])
        rewind = server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        live = server.get(urllib.parse.urlparse(server.metadata(made["id"])["livePlaybackUrl"]).path).text.splitlines()[-1]
        before = oxbow.wait_for("parts", 10, lambda: (
            lambda text: text if Playlist(text).open_parts else None)(server.get(rewind).text))

        answers = {}
        ahead = {url: Playlist(server.get(url).text) for url in (live, rewind)}
        asked = [f"{url}?_HLS_msn={now.media_sequence + len(now.entries) + 1}" for url, now in ahead.items()]
        waiting = [threading.Thread(target=lambda url=url: answers.update({url: server.get(url)})) for url in asked]
        for thread in waiting:
            thread.start()
        publisher.close()
        for thread in waiting:
            thread.join(20)

        for url in asked:
            self.assertEqual(answers[url].status, 200)
            self.assertTrue(Playlist(answers[url].text).ended, answers[url].text[-300:])
            self.assertIsNone(Playlist(answers[url].text).hint)
        self.assertEqual(server.get(Playlist(before).hint.replace("-p", "-p9")).status, 404)
        finished = server.get(rewind).text
        self.assertTrue(finished.startswith(lasting(before)))
        self.assertEqual(Playlist(finished).parts, [])
        server.stop()
        server.start()
        self.assertEqual(server.get(rewind).text, finished)  # read from the bucket


if __name__ == "__main__":
    unittest.main()
