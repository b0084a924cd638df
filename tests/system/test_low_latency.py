#!/usr/bin/env python3
"""Low-latency HLS as a player uses it: blocking reloads, hinted parts, delta updates, and players without all that."""

import re
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

import api_client
import disk_faults
import oxbow
import rtmp
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

    def test_a_segment_that_the_playlist_announces_is_sent_as_it_grows(self):
        text = self.server.get(self.live).text
        coming = re.findall(r"^#EXT-X-PREFETCH:(.*)$", text, re.M)
        self.assertEqual(len(coming), 2, text)
        for other in (self.live + "?parts=0", self.rewind):
            self.assertNotIn("PREFETCH", self.server.get(other).text)
        url = urllib.parse.urlsplit(self.server.ready["http"])
        answers = []
        with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
            # The one behind the open one: it begins later, and is sent from its first part on.
            target = urllib.parse.urljoin(self.live, coming[1])
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            while more := connection.recv(65_536):
                answers.append((time.monotonic(), more))
        head, _, body = b"".join(more for _, more in answers).partition(b"\r\n\r\n")
        media, pieces = unchunked(body)

        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertIn(b"\r\nTransfer-Encoding: chunked\r\n", head)
        self.assertGreaterEqual(pieces, PARTS)
        self.assertGreater(answers[-1][0] - answers[0][0], 0.5 * GOP)  # it grew meanwhile
        self.assertEqual(self.server.get(target).body, media)
        oxbow.wait_for("it to be listed", 5, lambda: coming[1] in [
            entry["uri"] for entry in Playlist(self.server.get(self.live).text).entries])

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


class Bursts(unittest.TestCase):
    """An encoder whose network stands still and then brings all at once, beside a disk that is slow: one read closes a
    segment, which is listed at once, and brings parts of the next."""

    BURST = 2_600  # ms

    def test_what_is_announced_is_what_comes_next(self):
        server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(server.close)
        made = server.create_channel("burst")
        self.assertEqual(server.stop(), 0)
        disk = disk_faults.Control(server.data / "control")
        server.environment = disk_faults.environment(server, control=disk.file)
        server.start()
        tags = rtmp.flv_tags(oxbow.media("burst.flv", "-i", oxbow.test_card(size="320x180", seconds=40, gop=GOP, tone=660),
                                         "-c", "copy", "-f", "flv"))
        client = rtmp.Client(server).publish(made)
        self.addCleanup(client.close)
        client.play_tags([tag for tag in tags if tag[1] < 4_500])
        multivariant = urllib.parse.urlparse(server.wait_for_recording(made["id"])["livePlaybackUrl"]).path
        live, rewind = (server.get(path).text.splitlines()[-1] for path in (multivariant, f"/rewind/{made['id']}.m3u8"))
        disk.set(late_ms=700)
        histories, unanswered, over = [], [], threading.Event()

        def follow(url):
            history = History(url)
            histories.append(history)
            while not over.is_set():
                asked = time.time()
                now = history.playlist
                text = server.get(url + (f"?_HLS_msn={now.media_sequence + len(now.entries)}&_HLS_part={len(now.open_parts)}"
                                         if now else "")).text
                history.feed(text, asked, time.time())
                hint = history.playlist.hint
                if hint and server.get(hint).status != 200 and not over.is_set():
                    unanswered.append(hint)

        viewers = [threading.Thread(target=follow, args=(url,)) for url in (live, rewind) * 4]
        for viewer in viewers:
            viewer.start()
        for begin in range(4_500, 38_000, self.BURST):
            burst = [tag for tag in tags if begin <= tag[1] < begin + self.BURST]
            time.sleep(1)
            client.send_at_once(burst)
        time.sleep(1)
        over.set()
        disk.set()
        client.close()
        for viewer in viewers:
            viewer.join(30)
        self.assertEqual(unanswered, [])
        self.assertEqual([str(fault) for history in histories for fault in history.faults], [])


LONG_GOP = 4  # s: much later than a lead
LEAD = 0.4


class FirstPlaylist(unittest.TestCase):
    """A broadcast whose second key frame is far away."""

    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server("[recording]\nreconnect_window_seconds = 30\n")
        cls.addClassCleanup(cls.server.close)
        cls.api = api_client.Api(cls.server.ready)
        cls.addClassCleanup(cls.api.close)
        cls.tags = rtmp.flv_tags(oxbow.media("lead.flv", "-i", oxbow.test_card(seconds=12, gop=LONG_GOP), "-c", "copy",
                                             "-f", "flv"))

    def publish(self, made, tags=None):
        """Out: a function that ends the broadcast, and when the first tag went out."""
        client = rtmp.Client(self.server).publish(made)

        def play():
            try:
                client.play_tags(tags or self.tags)
                client.close()
            except OSError:
                pass  # it was closed before

        thread = threading.Thread(target=play, daemon=True)
        began = time.monotonic()
        thread.start()

        def end():
            client.close()
            thread.join(20)

        self.addCleanup(end)
        return end, began

    def live_of(self, made):
        region, account = made["channel"]["arn"].split(":")[3:5]
        return f"/api/video/v1/{region}.{account}.channel.{made['id']}.m3u8"

    def first_of(self, multivariant):
        """The first multivariant playlist that is there, and the media playlist that it names."""
        answer = oxbow.wait_for(multivariant, 20, lambda: (
            lambda answer: answer if answer.status == 200 else None)(self.server.get(multivariant)))
        return answer.text, answer.text.splitlines()[-1]

    def test_everything_that_says_live_leads_to_media_long_before_the_second_key_frame(self):
        made = self.server.create_channel("early")
        live, rewind = self.live_of(made), f"/rewind/{made['id']}.m3u8"
        for url in (live, rewind):
            self.assertEqual(self.server.get(url).status, 404)
        _, began = self.publish(made)

        multivariant, media = self.first_of(live)
        texts = {url: self.server.get(url).text for url in (media, media + "?parts=0", self.first_of(rewind)[1])}
        listed = next(one for one in self.server.get("/channels.json").json["channels"] if one["id"] == made["id"])
        stream = self.api.made("GetStream", {"channelArn": made["channel"]["arn"]})["stream"]
        metadata = self.server.metadata(made["id"])
        for text in texts.values():
            playlist = Playlist(text)
            self.assertEqual(playlist.entries[0]["ms"], 1000 * LEAD)
            for uri in [entry["uri"] for entry in playlist.entries] + [part["uri"] for part in playlist.parts]:
                self.assertEqual(self.server.get(uri).status, 200, uri)
        self.assertLess(time.monotonic() - began, LONG_GOP, "the machine is too slow to tell: nothing was shown")

        self.assertIn("RESOLUTION=640x360,FRAME-RATE=30.000", multivariant)
        self.assertEqual((listed["isLive"], listed["rewindUrl"], stream["state"]), (True, rewind, "LIVE"))
        self.assertTrue(metadata["isChannelLive"] and metadata["livePlaybackUrl"])
        self.assertEqual(metadata["rewindPlaybackUrl"], self.server.ready["http"] + rewind)
        self.assertNotIn("masterKey", metadata)

        recorded = self.server.wait_for_recording(made["id"])
        folder = recorded["masterKey"].rpartition("/")[0]
        chunks = Playlist(self.server.get(f"/{folder}/360p30/playlist.m3u8").text)
        ranges = Playlist(self.server.get(f"/{folder}/360p30/byte-range-variant.m3u8").text)
        self.assertEqual([entry["ms"] for entry in chunks.entries], [1000 * LONG_GOP])
        self.assertEqual([entry["ms"] for entry in ranges.entries], [1000 * LEAD, 1000 * (LONG_GOP - LEAD)])
        of_both = 8 * self.server.bucket(f"{folder}/360p30/0.ts").stat().st_size / LONG_GOP
        self.assertAlmostEqual(bandwidth(self.server.get(live).text), of_both, delta=8)
        self.assertAlmostEqual(bandwidth(self.server.get("/" + recorded["masterKey"]).text), of_both, delta=8)

    def test_players_that_know_no_parts_begin_with_the_first_playlist(self):
        made = self.server.create_channel("plain")
        self.publish(made)
        multivariant = self.live_of(made)
        self.first_of(multivariant)

        players = [subprocess.Popen(["ffmpeg", "-v", "warning", "-nostdin", "-i",
                                     f"{self.server.ready['http']}{multivariant}{query}", "-map", "0:v", "-c", "copy", "-f",
                                     "framecrc", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for query in ("", "?parts=0")]
        sent = rtmp.pictures(self.tags)
        for player in players:
            frames, faults = player.communicate(timeout=60)
            seen = sum(1 for line in frames.splitlines() if not line.startswith("#"))
            self.assertEqual((player.returncode, faults, seen), (0, "", sent))

    def test_a_reconnect_is_there_as_early_and_its_recording_goes_on(self):
        made = self.server.create_channel("again")
        end, _ = self.publish(made)
        recorded = self.server.wait_for_recording(made["id"])
        end()
        rewind = f"/rewind/{made['id']}.m3u8"
        oxbow.wait_for("the end of the stream", 10, lambda: not self.server.metadata(made["id"])["isChannelLive"])
        before = Playlist(self.server.get(self.server.get(rewind).text.splitlines()[-1]).text)
        _, began = self.publish(made)

        _, media = self.first_of(self.live_of(made))
        live = Playlist(self.server.get(media).text)
        after = oxbow.wait_for("the rewind timeline to go on", LONG_GOP, lambda: (
            lambda now: now if len(now.entries) > len(before.entries) else None)(
                Playlist(self.server.get(self.server.get(rewind).text.splitlines()[-1]).text)))
        self.assertLess(time.monotonic() - began, LONG_GOP, "the machine is too slow to tell: nothing was shown")
        self.assertEqual(live.entries[0]["ms"], 1000 * LEAD)
        self.assertEqual(after.entries[len(before.entries)]["ms"], 1000 * LEAD)
        self.assertEqual(self.server.metadata(made["id"])["masterKey"], recorded["masterKey"])

    def test_where_the_measured_rate_decides_a_reconnect_shows_a_whole_segment_first(self):
        made = self.server.create_channel("unsaid")
        unsaid = [tag for tag in self.tags if tag[0] != rtmp.DATA]
        end, _ = self.publish(made, unsaid)
        self.server.wait_for_recording(made["id"])
        end()
        oxbow.wait_for("the end of the stream", 10, lambda: not self.server.metadata(made["id"])["isChannelLive"])
        self.publish(made, unsaid)

        _, media = self.first_of(self.live_of(made))
        self.assertEqual(Playlist(self.server.get(media).text).entries[0]["ms"], 1000 * LONG_GOP)
        self.assertEqual(self.server.get(f"/channels/{made['id']}/recordings.json").json["recordings"][1:], [])


class SegmentMax(unittest.TestCase):
    """What playlists declare goes by how far apart the key frames of the channel's last stream were."""

    def serve(self, window, more=""):
        self.server = oxbow.Server(f"[recording]\nreconnect_window_seconds = {window}\n{more}")
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("learns")

    def tags(self, gop):
        file = oxbow.test_card(seconds=3 * gop, gop=gop)
        return rtmp.flv_tags(oxbow.media(f"segment-max-{gop}.flv", "-i", file, "-c", "copy", "-f", "flv"))

    def publish(self, gop):
        """A whole broadcast, at once. Out: the path and the text of its finished rewind playlist."""
        made = self.made
        before = self.server.get(f"/rewind/{made['id']}.m3u8").text
        client = rtmp.Client(self.server).publish(made)
        client.send_tags(self.tags(gop))
        client.unpublish()
        def over():
            path = self.server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
            text = self.server.get(path).text if path not in before and path.startswith("/rewind") else ""
            return (path, text) if "#EXT-X-ENDLIST" in text else None
        return oxbow.wait_for("the end of the recording", 20, over)

    def declared(self, text):
        target = Playlist(text).target_seconds
        hold_back = Playlist(text).server_control["HOLD-BACK"]
        self.assertEqual(float(hold_back), 3 * target)
        self.assertTrue(all(round(entry["ms"] / 1000) <= target for entry in Playlist(text).entries), text)
        return target

    def test_the_next_stream_goes_by_the_last_also_behind_a_restart(self):
        self.serve(0)
        self.assertEqual(self.declared(self.publish(2)[1]), 6)
        path, second = self.publish(2)
        self.assertEqual(self.declared(second), 2)

        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.get(path).text, second)  # read from the bucket
        _, longer = self.publish(4)
        self.assertEqual(self.declared(longer), 2)  # cut between key frames
        self.assertGreater(len(Playlist(longer).entries), 3)
        _, next_one = self.publish(4)
        self.assertEqual(self.declared(next_one), 4)
        self.assertEqual([entry["ms"] for entry in Playlist(next_one).entries], [4000, 4000, Playlist(next_one).entries[-1]["ms"]])

    def test_a_recording_that_goes_on_declares_what_it_declared_at_first(self):
        self.serve(300)
        made = self.made
        seen = set()
        for restarts in (False, False, True):
            if restarts:
                self.server.kill()
                self.server.start()
            client = rtmp.Client(self.server).publish(made)
            client.send_tags(self.tags(2))
            client.unpublish()
            oxbow.wait_for("the end of the stream", 10, lambda: (
                (self.server.metadata(made["id"]) or {"isChannelLive": True})["isChannelLive"] is False))
            seen.add(self.server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1])
        path, = seen
        text = self.server.get(path).text
        self.assertEqual(Playlist(text).target_seconds, 6)
        self.assertGreaterEqual(text.count("#EXT-X-DISCONTINUITY\n"), 2)

    def test_a_fixed_one_is_not_learned(self):
        self.serve(0, "[ingest]\nsegment_max = 3\n")
        self.assertEqual(self.declared(self.publish(2)[1]), 3)
        self.assertEqual(self.declared(self.publish(2)[1]), 3)


def unchunked(body):
    """The bytes, and in how many pieces they came; fails where the last one is missing."""
    out, pieces = b"", 0
    while True:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length:length + 2] == b"\r\n", "a chunk has no end"
        if length == 0:
            assert rest[2:] == b"", "something follows the last chunk"
            return out, pieces
        out, body, pieces = out + rest[:length], rest[length + 2:], pieces + 1


def bandwidth(multivariant):
    return int(re.search(r"BANDWIDTH=(\d+)", multivariant)[1])


if __name__ == "__main__":
    unittest.main()
