#!/usr/bin/env python3
"""Any stretch of a channel by the wall clock, as a playlist and as a file: across a reconnect, two recordings and the
hole between them, and into what is live."""

import re
import subprocess
import time
import unittest
import urllib.parse

import oxbow
from hls_checker import History, check_finished
from hls_playlist import Playlist, milliseconds

SEGMENT_MS = 1000  # a key frame every second


def rfc3339(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def probed(file):
    """(seconds from the first picture to behind the last, errors of decoding all of it)."""
    times = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file],
        capture_output=True, text=True, check=True).stdout.replace(",", "").split()
    decoded = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-f", "null", "-"], capture_output=True,
                             text=True)
    return max(map(float, times)) - min(map(float, times)) + 1 / 30, decoded.stderr


class Windows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 4\n")
        cls.addClassCleanup(cls.server.close)
        cls.made = cls.server.create_channel("Night_of-film")
        cls.id = cls.made["id"]
        # One recording with a reconnect in it, a hole, and one that goes on.
        for _ in range(2):
            oxbow.Publisher(cls.made, oxbow.test_card(gop=1), seconds=3).wait()
        cls.server.wait_until_ended(cls.id, 40)
        cls.publisher = oxbow.Publisher(cls.made, oxbow.test_card(gop=1), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        oxbow.wait_for("the second recording", 40, lambda: len(cls.recordings()) == 2 and cls.recordings()[0].get("url"))
        cls.second, cls.first = cls.recordings()
        oxbow.wait_for("three live segments", 40, lambda: len(cls.timeline(cls.second).entries) >= 3)
        cls.begins, cls.ends = cls.timeline(cls.first).wall_clock[0], cls.end_of(cls.timeline(cls.first))

    @classmethod
    def recordings(cls):
        rows = cls.server.get(f"/channels/{cls.id}/recordings.json").json["recordings"]
        return [{"id": row["id"], "url": row.get("playlistUrl"), "row": row} for row in rows]

    @classmethod
    def timeline(cls, recording):
        return Playlist(cls.server.get(recording["url"]).text)

    @staticmethod
    def end_of(playlist):
        return playlist.wall_clock[-1] + playlist.entries[-1]["ms"]

    def window(self, start=None, end=None, status=200):
        """The multivariant playlist's answer, and that of the playlist that it leads to."""
        query = urllib.parse.urlencode({name: value for name, value in (("start", start), ("end", end)) if value})
        master = self.server.get(f"/rewind/{self.id}.m3u8?{query}")
        self.assertEqual((master.status, master.headers["Cache-Control"]), (status, "max-age=1"), master.text)
        if status != 200:
            return master, None
        return master, self.server.get(master.text.splitlines()[-1])

    @staticmethod
    def names(playlist):
        return [entry["uri"].lstrip("./") for entry in playlist.entries]

    def test_a_window_across_a_reconnect_two_recordings_and_a_hole(self):
        first, second = self.timeline(self.first), self.timeline(self.second)
        start, end = self.begins + 1500, second.wall_clock[1] + 500

        master, answer = self.window(rfc3339(start), end)

        self.assertIn("RESOLUTION=640x360", master.text)
        self.assertIn('CODECS="avc1.', master.text)
        self.assertEqual(answer.headers["Cache-Control"], "public, max-age=3600")
        window = Playlist(answer.text)
        before = sum(clock <= start for clock in first.wall_clock) - 1
        self.assertEqual(self.names(window), self.names(first)[before:] + self.names(second)[:2])
        self.assertEqual(window.wall_clock, first.wall_clock[before:] + second.wall_clock[:2])
        jumps = [at for at, entry in enumerate(window.entries) if entry.get("discontinuity")]
        reconnect = next(at for at, entry in enumerate(first.entries) if entry.get("discontinuity"))
        self.assertEqual(jumps, [reconnect - before, len(first.entries) - before])
        self.assertEqual([str(fault) for fault in check_finished("window", answer.text)], [])
        for entry in window.entries:
            self.assertEqual(self.server.get(entry["uri"]).headers["Cache-Control"],
                             "public, max-age=31536000, immutable")
        # Whoever writes the moments in another way gets the same.
        self.assertEqual(self.window(start, rfc3339(end))[1].text, answer.text)

    def test_a_real_player_plays_a_window(self):
        first = self.timeline(self.first)
        whole = next(at for at, entry in enumerate(first.entries) if at > 0 and entry["ms"] == 1000)
        query = f"start={first.wall_clock[whole]}&end={first.wall_clock[whole + 2]}"

        frames = oxbow.video_frames(f"{self.server.ready['http']}/rewind/{self.id}.m3u8?{query}")

        self.assertEqual(frames, 60)

    def test_a_window_of_one_recording_stays_in_it(self):
        answer = self.server.get(f"{self.first['url']}?start={self.ends - 500}")

        window, whole = Playlist(answer.text), self.timeline(self.first)
        self.assertEqual(self.names(window), self.names(whole)[-1:])
        self.assertTrue(window.ended)
        self.assertEqual(window.entries[0]["uri"], whole.entries[-1]["uri"])

    def test_an_end_in_the_future_makes_it_live_until_then(self):
        now = self.end_of(self.timeline(self.second))
        start, end = now - 1500, now + 3500
        path = self.window(start, end)[0].text.splitlines()[-1]
        history, answers = History("window"), []

        def reload():
            asked = time.time()
            answers.append(self.server.get(path))
            history.feed(answers[-1].text, asked, time.time())
            time.sleep(0.2)
            return history.playlist.ended
        oxbow.wait_for("the end of the window", 20, reload)

        self.assertEqual([str(fault) for fault in history.faults], [])
        self.assertFalse(Playlist(answers[0].text).ended)
        self.assertEqual(answers[0].headers["Cache-Control"], "max-age=1")
        self.assertEqual(answers[-1].headers["Cache-Control"], "public, max-age=3600")
        window = history.playlist
        self.assertLessEqual(window.wall_clock[0], start)
        self.assertLess(window.wall_clock[-1], end)
        self.assertGreaterEqual(self.end_of(window), end)
        timeline = self.names(self.timeline(self.second))
        at = timeline.index(self.names(window)[0])
        self.assertEqual(self.names(window), timeline[at:at + len(window.entries)])
        # Made anew, as by another process, it is the same.
        again = self.server.get(path.replace(f"end={end}", f"end={end - 1}"))
        self.assertEqual(again.text, answers[-1].text)

    def test_without_an_end_it_goes_on_with_the_broadcast(self):
        answer = self.window(start=self.begins)[1]

        window = Playlist(answer.text)
        self.assertFalse(window.ended)
        self.assertEqual(window.wall_clock[0], self.begins)
        self.assertGreater(len(window.entries), len(self.timeline(self.first).entries))

    def test_where_nothing_was_recorded_the_error_says_what_was(self):
        hole = self.window(self.ends + 10, self.ends + 20, status=404)[0].json["message"]
        before = self.window(end=self.begins - 1000, status=404)[0].json["message"]
        future = self.window(start=(int(time.time()) + 3600) * 1000, status=404)[0].json["message"]

        second = self.timeline(self.second).wall_clock[0]
        self.assertIn(f": what is before it ends at {rfc3339(self.ends)}, what is behind it begins at {rfc3339(second)}",
                      hole)
        self.assertIn(f": what is behind it begins at {rfc3339(self.begins)}", before)
        self.assertIn(": what is before it goes on", future)
        for path in (self.first["url"], f"/recordings/{self.first['id']}.ts"):
            only = self.server.get(f"{path}?start={self.ends + 10}").json["message"]
            self.assertIn(f": what is before it ends at {rfc3339(self.ends)}", only)

    def test_junk_is_refused(self):
        for query, says in (("start=x", "start"), ("end=", "end"), ("start=7&end=7", "before"), ("start=7&parts=2", "parts")):
            for path in (f"/rewind/{self.id}.m3u8", f"/rewind/{self.id}/window.m3u8", self.first["url"],
                         f"/recordings/{self.first['id']}.ts"):
                if "parts" in query and path.endswith(".ts"):
                    continue
                answer = self.server.get(f"{path}?{query}")
                self.assertEqual(answer.status, 400, f"{path}?{query}")
                self.assertIn(says, answer.json["message"])
        self.assertEqual(self.server.get(f"/rewind/{self.id}/window.m3u8").status, 400)
        self.assertEqual(self.server.get(f"/rewind/{self.id}/nothere/360p30.m3u8?start=7").status, 404)
        self.assertEqual(self.server.get(f"/rewind/{self.id}/{self.first['id']}/1p1.m3u8?start=7").status, 404)

    # --- Downloads ---

    def test_a_recording_is_downloaded_whole(self):
        path = f"/recordings/{self.first['id']}.ts"
        segments = [self.server.get(entry["uri"]).body for entry in self.timeline(self.first).entries]

        answer, head = self.server.get(path), self.server.get(path, method="HEAD")

        self.assertEqual(answer.body, b"".join(segments))
        self.assertEqual(answer.headers["Content-Type"], "video/mp2t")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        stamp = rfc3339(self.begins)[:19].replace(":", "-")
        self.assertEqual(answer.headers["Content-Disposition"], f'attachment; filename="Night_of-film-{stamp}Z.ts"')
        for name in ("Content-Length", "Content-Type", "Content-Disposition", "ETag"):
            self.assertEqual(head.headers[name], answer.headers[name])
        self.assertEqual((head.body, head.headers["Content-Length"]), (b"", str(len(answer.body))))
        self.assertEqual(self.server.get(path, {"If-None-Match": answer.headers["ETag"]}).status, 304)
        # What was broken off is gone on with.
        at = len(segments[0]) + 77
        rest = self.server.get(path, {"Range": f"bytes={at}-", "If-Range": answer.headers["ETag"]})
        self.assertEqual((rest.status, rest.body), (206, answer.body[at:]))
        self.assertEqual(rest.headers["Content-Range"], f"bytes {at}-{len(answer.body) - 1}/{len(answer.body)}")
        self.assertEqual(self.server.get(path, {"Range": f"bytes={len(answer.body)}-"}).status, 416)

    def test_a_range_of_what_is_live_plays_and_spans_the_range_within_a_segment(self):
        timeline = self.timeline(self.second)
        start, end = timeline.wall_clock[0] + 300, self.end_of(timeline) - 300

        answer = self.server.get(f"/recordings/{self.second['id']}.ts?start={rfc3339(start)}&end={end}")

        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, b"".join(self.server.get(entry["uri"]).body for entry in timeline.entries))
        self.assertRegex(answer.headers["Content-Disposition"], r'Z-\d+s\.ts"$|Z\.ts"$')
        file = self.server.data / "download.ts"
        file.write_bytes(answer.body)
        seconds, errors = probed(file)
        self.assertEqual(errors, "")
        self.assertGreaterEqual(seconds * 1000, end - start)
        self.assertLess(seconds * 1000, end - start + 2 * SEGMENT_MS)

    def test_the_name_of_a_range_says_how_long_it_is(self):
        answer = self.server.get(
            f"/recordings/{self.first['id']}.ts?start={self.begins + 1100}&end={self.begins + 1900}", method="HEAD")

        stamp = rfc3339(self.begins + 1000)[:19].replace(":", "-")
        self.assertEqual(answer.headers["Content-Disposition"], f'attachment; filename="Night_of-film-{stamp}Z-1s.ts"')

    def test_what_cannot_be_downloaded_is_404(self):
        for path in ("/recordings/nothere00000.ts", f"/recordings/{self.first['id']}", f"/recordings/{self.first['id']}.mp4",
                     f"/recordings/{self.first['id']}.ts/x.ts", f"/recordings/{self.first['id']}.ts?start={self.ends + 10}"):
            self.assertEqual(self.server.get(path).status, 404, path)

    def test_recordings_of_a_range_of_time(self):
        def listed(query):
            rows = self.server.get(f"/channels/{self.id}/recordings.json?{query}").json["recordings"]
            return [row["id"] for row in rows]

        self.assertEqual(listed(f"from={self.begins}&to={self.ends}"), [self.first["id"]])
        self.assertEqual(listed(f"from={self.begins}"), [self.second["id"], self.first["id"]])


if __name__ == "__main__":
    unittest.main()
