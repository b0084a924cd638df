#!/usr/bin/env python3
"""What no encoder should send, while a healthy channel streams beside it and never notices."""

import struct
import time
import unittest

import oxbow
import rtmp
from recording_check import check_recording, rendition_playlists

CONFIG = "[recording]\nreconnect_window_seconds = 0\n"


def flv(name, size, tone_rate=44100, preset="ultrafast"):
    """A key frame every second, as FLV: its tags are sent as they are."""
    return rtmp.flv_tags(oxbow.media(
        f"{name}.flv", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30", "-f", "lavfi", "-i",
        f"sine=frequency=440:sample_rate={tone_rate}", "-t", "6", "-c:v", "libx264", "-preset", preset, "-bf", "0",
        "-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2",
        "-shortest"))


class HostileCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server(CONFIG)
        cls.addClassCleanup(cls.server.close)
        cls.tags = flv("hostile", "320x180")
        cls.healthy = cls.server.create_channel("healthy")
        cls.odd = cls.server.create_channel("odd")
        cls.publisher = oxbow.Publisher(cls.healthy, oxbow.test_card(size="320x180", gop=1), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        cls.server.wait_for_recording(cls.healthy["id"])
        cls.rewind = cls.server.get(f"/rewind/{cls.healthy['id']}.m3u8").text.splitlines()[-1]
        cls.began = time.monotonic() - oxbow.Playlist(cls.server.get(cls.rewind).text).total_ms / 1000

    @classmethod
    def tearDownClass(cls):
        """Nothing of it leaks: the sanitizers would say so at the end."""
        if cls.server.stop() != 0:
            raise AssertionError("the server did not end in order:\n" + cls.server.log_text()[-4000:])

    def tearDown(self):
        """The other channel: no segment is missing, none came later than a segment and a breath."""
        self.assertIsNone(self.publisher.process.poll())
        playlist = oxbow.Playlist(self.server.get(self.rewind).text)
        late_ms = (time.monotonic() - self.began) * 1000 - playlist.total_ms
        self.assertLess(late_ms, 2_500)
        self.assertNotIn("DISCONTINUITY", playlist.text)
        numbers = [int(entry["uri"].rpartition("-")[2].removesuffix(".ts")) for entry in playlist.entries]
        self.assertEqual(numbers, list(range(len(numbers))))

    def client(self):
        client = rtmp.Client(self.server)
        self.addCleanup(client.close)
        return client

    def publishing(self, made=None):
        return self.client().publish(made or self.odd)

    def flood(self, client, data):
        try:
            client.send(data)
        except ConnectionError:
            pass

    def assert_refused(self, client, why):
        """The server closes, and says why in the one line of this connection."""
        port = client.socket.getsockname()[1]
        client.close_when_closed()
        line = oxbow.wait_for(f"a line of port {port}", 5, lambda: next(
            (line for line in self.server.log_text().splitlines()
             if f":{port}]" in line and ("refused" in line or "ended after" in line)), None))
        self.assertIn(why, line)


class Trickle:
    """A socket that takes its time: pieces that end anywhere but where a message does."""

    def __init__(self, line):
        self.line = line

    def sendall(self, data):
        for at in range(0, len(data), 331):
            self.line.sendall(data[at:at + 331])
            time.sleep(0.002)


class WrongBytes(HostileCase):
    def test_bytes_that_are_no_rtmp(self):
        for data, why in ((b"\x00" * 4096, "byte 0, which is no version of RTMP"),
                          (b"GET / HTTP/1.1\r\n\r\n", "HTTP on the RTMP port"),
                          (b"\x16\x03\x01\x02\x00", "TLS")):
            client = self.client()
            client.send(data)
            self.assert_refused(client, why)

    def test_garbage_behind_a_handshake(self):
        client = self.client()
        client.shake_hands()
        client.send(bytes((i * 151 + 77) & 255 for i in range(65536)))
        self.assert_refused(client, "refused")

    def test_a_chunk_size_of_two_gigabytes_and_one_of_nothing(self):
        for size in (0x7fffffff, 0):
            client = self.client()
            client.shake_hands()
            client.set_chunk_size(size)
            self.assert_refused(client, f"chunk size of {size}; 1 to 16777216 are possible")

    def test_amf_nested_a_thousand_deep(self):
        client = self.client()
        client.shake_hands()
        client.message(rtmp.COMMAND, rtmp.amf("connect", 1) + rtmp.nested(1000), stream=0, chunk_stream=3)
        self.assert_refused(client, "nested deeper than 8")

    def test_metadata_that_cannot_be_read_is_passed_over(self):
        client = self.publishing()
        client.message(rtmp.DATA, rtmp.amf("@setDataFrame", "onMetaData") + rtmp.nested(1000))
        client.message(rtmp.DATA, b"\x11\x0a\x0b\x01")
        client.send_tags(self.tags)
        client.unpublish()

    def test_a_message_that_is_longer_than_is_due_before_publish(self):
        client = self.client()
        client.shake_hands()
        client.send(b"\x03\0\0\0" + (64 * 1024 + 1).to_bytes(3, "big") + b"\x14\0\0\0\0")
        self.assert_refused(client, "at most 65536 are taken here")

    def test_messages_that_promise_more_than_a_connection_may_hold(self):
        client = self.publishing()
        for chunk_stream in (6, 7):
            client.send(bytes([chunk_stream]) + b"\0\0\0\xff\xff\xff\x09\1\0\0\0" + bytes(65536))
        self.assert_refused(client, "would hold more than 20971520 bytes")

    def test_more_chunk_streams_than_anybody_needs(self):
        client = self.publishing()
        for chunk_stream in range(64):
            client.send(bytes([0, chunk_stream]) + b"\0\0\0\0\0\0\x08\1\0\0\0")
        self.assert_refused(client, "more than 64 chunk streams")

    def test_a_tag_that_overruns_its_aggregate_message(self):
        client = self.publishing()
        client.message(rtmp.AGGREGATE, bytes([9, 0, 0, 99]) + bytes(7))
        self.assert_refused(client, "reaches past the end of its aggregate message")


class TooMuch(HostileCase):
    def test_pings_calls_settings_and_empty_messages_have_their_rate(self):
        ping = b"\x02\0\0\0\0\0\x06\x04\0\0\0\0" + struct.pack(">HI", 6, 0)
        setting = b"\x02\0\0\0\0\0\x04\x01\0\0\0\0" + struct.pack(">I", 65536)
        metadata = rtmp.amf("onMetaData", {"encoder": "x"})
        data = b"\x05\0\0\0" + len(metadata).to_bytes(3, "big") + b"\x12\1\0\0\0" + metadata
        empty = b"\x07\0\0\0\0\0\0\x08\1\0\0\0"
        for flood, why in ((ping * 3000, "more than 100 commands"), (setting * 3000, "more than 100 commands"),
                           (data * 3000, "more than 100 commands"),
                           (empty + b"\xc7" * 50_000, "more than 2000 messages a second")):
            client = self.publishing()
            self.flood(client, flood)
            self.assert_refused(client, why)

    def test_parameters_that_change_all_the_time(self):
        client = self.publishing()
        mono, stereo = bytes.fromhex("af001188"), bytes.fromhex("af001190")
        for i in range(30):
            self.flood_media(client, mono if i % 2 else stereo, i)
        self.assertEqual(client.next_status()["code"], "NetStream.Publish.Failed")
        self.assert_refused(client, "changes more than 20 times and more than once a second")

    def flood_media(self, client, body, milliseconds):
        try:
            client.message(rtmp.AUDIO, body, milliseconds)
        except ConnectionError:
            pass

    def test_media_that_comes_much_faster_than_it_plays(self):
        client = self.publishing()
        client.send_tags([tag for tag in self.tags if rtmp.is_parameters(tag)])
        sound = next(tag for tag in rtmp.only_frames(self.tags) if tag[0] == rtmp.AUDIO)
        for seconds in range(700):
            self.flood_media(client, sound[2], seconds * 1000)
        self.assert_refused(client, "more than 10 times as fast as it plays")

    def test_a_publisher_that_never_reads_is_not_waited_for_with_memory(self):
        before = self.resident_bytes()
        client = self.publishing()
        call = rtmp.amf("createStream", 2, None)
        message = b"\x03\0\0\0" + len(call).to_bytes(3, "big") + b"\x14\0\0\0\0" + call
        self.flood(client, message * 100_000)
        self.assert_refused(client, "more than 100 commands")
        self.assertLess(self.resident_bytes() - before, 64 * 1024 * 1024)

    def resident_bytes(self):
        with open(f"/proc/{self.server.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    def test_whoever_is_slow_or_silent_before_it_publishes_is_disconnected(self):
        half, trickling, silent, connected = (self.client() for _ in range(4))
        half.send(b"\x03" + bytes(700))
        trickling.send(b"\x03")
        silent.shake_hands()
        connected.shake_hands()
        connected.connect()
        for _ in range(60):
            time.sleep(0.2)
            self.flood(trickling, b"\0")
        self.assert_refused(half, "did not finish the handshake in time")
        self.assert_refused(trickling, "did not finish the handshake in time")
        self.assert_refused(silent, "did not ask to publish in time")
        self.assert_refused(connected, "did not ask to publish in time")


class OddStreams(HostileCase):
    """Streams that are strange, but streams: recorded whole, with a DISCONTINUITY where one is."""

    def publish_all(self, name, send, digest_at=None):
        """What remains of it: (folder in the bucket, URL of the rewind playlist, URL of the live playlist)."""
        made = self.server.create_channel(name)
        client = self.client().publish(made, digest_at)
        send(client)
        live = self.server.wait_for_recording(made["id"])["livePlaybackUrl"]
        live_list = self.server.get(live).text.splitlines()[-1]
        client.unpublish()
        ended = self.server.wait_until_ended(made["id"])
        self.assertEqual(ended["recordingStatus"], "RECORDING_ENDED")
        rewind = self.server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        return self.server.bucket(ended["masterKey"].partition("/media/hls/")[0]), rewind, live_list

    def record(self, name, send, frames, discontinuities, digest_at=None):
        folder, rewind, live_list = self.publish_all(name, send, digest_at)
        check_recording(self, folder, frames=frames)
        self.assertEqual(oxbow.video_frames(self.server.ready["http"] + rewind), frames)
        self.assert_discontinuities(discontinuities, folder, rewind, live_list)
        return oxbow.Playlist(self.server.get(rewind).text)

    def assert_discontinuities(self, count, folder, rewind, live_list):
        self.assertEqual(self.server.get(rewind).text.count("#EXT-X-DISCONTINUITY\n"), count)
        for _, standard, byte_range in rendition_playlists(folder):
            self.assertEqual(standard.text.count("#EXT-X-DISCONTINUITY\n"), count)
            self.assertEqual(byte_range.text.count("#EXT-X-DISCONTINUITY\n"), count)
        live = oxbow.Playlist(self.server.get(live_list).text)
        self.assertTrue(live.ended)
        left_the_window = int(live.tag("EXT-X-DISCONTINUITY-SEQUENCE") or 0)
        self.assertEqual(live.text.count("#EXT-X-DISCONTINUITY\n") + left_the_window, count)

    def test_both_complex_handshakes(self):
        for half in (8, 772):
            self.record(f"digest-{half}", lambda client: client.send_tags(self.tags), rtmp.pictures(self.tags), 0, half)

    def test_a_stream_of_aggregate_messages(self):
        parameters = [tag for tag in self.tags if rtmp.is_parameters(tag)]
        frames = rtmp.only_frames(self.tags)

        def send(client):
            client.send_tags(parameters)
            for at in range(0, len(frames), 10):
                milliseconds, payload = rtmp.aggregate(frames[at:at + 10])
                client.message(rtmp.AGGREGATE, payload, milliseconds)
        self.record("aggregates", send, rtmp.pictures(frames), 0)

    def test_timestamps_past_24_bits_and_over_the_end_of_32(self):
        for name, start in (("extended", 0xffffff - 3000), ("wrap", 0xffffffff - 3000)):
            tags = rtmp.shifted(self.tags, start)
            playlist = self.record(name, lambda client: client.send_tags(tags), rtmp.pictures(tags), 0)
            self.assertAlmostEqual(playlist.total_ms, 6000, delta=50)

    def test_timestamps_that_jump_go_back_or_begin_again(self):
        frames = rtmp.only_frames(self.tags)
        for name, by in (("jump", 3_600_000), ("back", 4_000), ("again", 0)):
            later = rtmp.shifted(frames, by)
            playlist = self.record(name, lambda client: (client.send_tags(self.tags), client.send_tags(later)),
                                   2 * rtmp.pictures(frames), 1)
            self.assertAlmostEqual(playlist.total_ms, 12_000, delta=100)

    def test_another_size_another_sound_and_another_profile_in_mid_stream(self):
        other_size = rtmp.shifted(flv("hostile-small", "160x90"), 6000)
        other_rate = rtmp.shifted(flv("hostile-48", "160x90", tone_rate=48000), 12_000)
        other_profile = rtmp.shifted(flv("hostile-high", "160x90", tone_rate=48000, preset="superfast"), 18_000)
        streams = [self.tags, other_size, other_rate, other_profile]
        self.record("changes", lambda client: [client.send_tags(tags) for tags in streams],
                    sum(map(rtmp.pictures, streams)), 3)

    def test_a_stream_of_one_second(self):
        tags = [tag for tag in self.tags if tag[1] < 1000]
        made = self.server.create_channel("short")
        client = self.client().publish(made)
        client.send_tags(tags)
        client.unpublish()  # its one segment closes with it

        ended = self.server.wait_until_ended(made["id"])
        self.assertEqual(ended["recordingStatus"], "RECORDING_ENDED")
        check_recording(self, self.server.bucket(ended["masterKey"].partition("/media/hls/")[0]),
                        frames=rtmp.pictures(tags))
        rewind = self.server.get(f"/rewind/{made['id']}.m3u8").text.splitlines()[-1]
        self.assertAlmostEqual(oxbow.Playlist(self.server.get(rewind).text).total_ms, 1000, delta=50)

    def test_a_stretch_of_only_sound_between_pictures(self):
        tags = [tag for tag in self.tags if tag[0] == rtmp.AUDIO or not 1000 <= tag[1] < 5000]
        playlist = self.record("sound-between", lambda client: client.send_tags(tags), rtmp.pictures(tags), 0)
        self.assertAlmostEqual(playlist.total_ms, 6000, delta=100)

    def test_sound_that_begins_late_with_its_parameters(self):
        tags = [tag for tag in self.tags if tag[0] == rtmp.VIDEO or tag[1] >= 3000]
        parameters = next(tag for tag in self.tags if tag[0] == rtmp.AUDIO and rtmp.is_parameters(tag))
        at = next(i for i, tag in enumerate(tags) if tag[0] == rtmp.AUDIO)
        tags.insert(at, (rtmp.AUDIO, 3000, parameters[2]))

        folder, rewind, live_list = self.publish_all("late-sound", lambda client: client.send_tags(tags))

        self.assert_discontinuities(1, folder, rewind, live_list)
        # A player that is not told of the sound leaves it out.
        self.assertRegex((folder / "media/hls/master.m3u8").read_text(), r'CODECS="avc1\.\w+,mp4a\.40\.2"')
        # Of the stream as a whole: ffprobe 5.1 crashes on a playlist in which a track begins.
        joined = self.server.data / "joined.ts"
        joined.write_bytes(b"".join(self.server.get(entry["uri"]).body
                                    for entry in oxbow.Playlist(self.server.get(rewind).text).entries))
        self.assertEqual(oxbow.video_frames(joined), rtmp.pictures(tags))
        self.assertEqual(oxbow.frames(joined, "a:0"), sum(tag[0] == rtmp.AUDIO for tag in tags) - 1)

    def test_thirty_three_publishers_of_one_address(self):
        # 32 of an address may be there without publishing, and these are one more.
        channels = [self.server.create_channel(f"many-{i}") for i in range(33)]
        clients = [self.publishing(channel) for channel in channels]
        for client in clients:
            client.send_tags(self.tags[:60])
        for client in clients:
            client.unpublish()

    def test_a_publisher_whose_bytes_trickle_is_only_slow(self):
        tags = self.tags[:100]

        def send(client):
            client.set_chunk_size(128)
            line, client.socket = client.socket, Trickle(client.socket)
            client.send_tags(tags)
            client.socket = line
        self.record("trickle", send, rtmp.pictures(tags), 0)

    def test_a_publisher_that_stalls_for_three_seconds_goes_on_where_it_was(self):
        second = next(i for i, tag in enumerate(self.tags) if tag[1] > 2000)

        def send(client):
            client.send_tags(self.tags[:second])
            time.sleep(3.2)
            client.send_tags(self.tags[second:])
        self.record("stall", send, rtmp.pictures(self.tags), 0)


del HostileCase  # no test of its own

if __name__ == "__main__":
    unittest.main()
