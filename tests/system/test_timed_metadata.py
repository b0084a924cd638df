#!/usr/bin/env python3
"""PutMetadata reaches every viewer at the same media time: in the live segments, the rewind timeline and both
playlists of the recording, as ID3 where ffmpeg reads it, at the moment of the call."""

import datetime
import json
import os
import subprocess
import time
import unittest

import oxbow
from api_client import Api

AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else "aws"
OWNER = b"metadata.live-video.net\0"
# Seconds from the call to the time of its tag, both on the wall: a busy machine's, for it is about 0.1.
LATE_MAX = 1.0


def synchsafe(four):
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def text_of(tag):
    """What the only frame of an ID3 tag says, read by the specification; fails when it is no PRIV of the owner."""
    head, frame = tag[:10], tag[10:]
    if head[:6] != b"ID3\4\0\0" or synchsafe(head[6:10]) != len(frame):
        raise AssertionError(f"no ID3v2.4 tag: {tag!r}")
    data = frame[10:]
    if frame[:4] != b"PRIV" or synchsafe(frame[4:8]) != len(data) or not data.startswith(OWNER):
        raise AssertionError(f"no PRIV frame of PutMetadata: {tag!r}")
    return data[len(OWNER):].decode()


def tags(stream):
    """[(PTS in ticks, text)] of the stream of type 0x15, read off the transport stream by its specification."""
    pid, found = None, []
    for at in range(0, len(stream), 188):
        packet = stream[at:at + 188]
        starts, this = packet[1] & 0x40, (packet[1] & 0x1f) << 8 | packet[2]
        payload = packet[5 + packet[4] if packet[3] & 0x20 else 4:]
        if this == 0x1000:
            pid = metadata_pid(payload[1:])
        elif this == pid and starts:
            found.append(bytearray(payload))
        elif this == pid:
            found[-1] += payload
    return [(pts_of(pes), text_of(bytes(pes[14:]))) for pes in found]


def metadata_pid(pmt):
    at = 12 + ((pmt[10] & 0xf) << 8 | pmt[11])
    while pmt[at] != 0x15:
        at += 5 + ((pmt[at + 3] & 0xf) << 8 | pmt[at + 4])
    return (pmt[at + 1] & 0x1f) << 8 | pmt[at + 2]


def pts_of(pes):
    """Of private_stream_1, aligned, of the stated length, with a PTS and no DTS."""
    if pes[:4] != b"\0\0\1\xbd" or pes[4] << 8 | pes[5] != len(pes) - 6 or pes[6:9] != b"\x84\x80\5":
        raise AssertionError(f"no PES of metadata: {bytes(pes[:14])!r}")
    return (pes[9] & 0xe) << 29 | pes[10] << 22 | (pes[11] & 0xfe) << 14 | pes[12] << 7 | pes[13] >> 1


def probed(source):
    """[(PTS, end of the text)] of the timed ID3 stream, as ffprobe demuxes it: some versions cut off five bytes of
    every tag, as if there were a header of another kind. What it says of pictures that it cannot decode, for a segment
    may begin between two key frames, says nothing of the tags."""
    of_playlist = source.suffix == ".m3u8"
    done = subprocess.run(
        ["ffprobe", *(["-v", "error", "-allowed_extensions", "ALL"] if of_playlist else ["-v", "fatal"]),
         "-select_streams", "d:0", "-show_data", "-show_entries", "stream=codec_name:packet=pts,size,data", "-of",
         "json", source], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or done.stderr.strip():
        raise AssertionError(f"ffprobe {source}: {done.stderr}")
    read = json.loads(done.stdout)
    if [stream["codec_name"] for stream in read["streams"]] != ["timed_id3"]:
        raise AssertionError(f"{source} has no timed_id3 stream: {read['streams']}")
    return [(packet["pts"], bytes_of(packet).partition(OWNER)[2].decode()) for packet in read.get("packets", [])]


def bytes_of(packet):
    """The payload from ffprobe's dump: "00000000: 4944 3304 ... ID3.."."""
    dump = b"".join(bytes.fromhex(line.split(": ")[1][:40].replace(" ", ""))
                    for line in packet["data"].splitlines() if line)
    return dump[:int(packet["size"])]


def wall_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class TimedMetadata(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server("[recording]\nreconnect_window_seconds = 0\n")
        self.addCleanup(self.server.close)
        self.api = Api(self.server.ready)
        self.addCleanup(self.api.close)
        self.made = self.server.create_channel("metadata")
        self.arn = self.made["channel"]["arn"]

    def publish(self, file):
        publisher = oxbow.Publisher(self.made, file, loop=-1)
        self.addCleanup(publisher.close)
        return publisher

    def put(self, text):
        return self.api.call("PutMetadata", {"channelArn": self.arn, "metadata": text})

    def taken(self, text):
        """Puts it; the wall clock of the call."""
        reply = self.put(text)
        self.assertEqual((reply.status, reply.body), (204, b""))
        return time.time()

    def media_playlist(self, url):
        """The only variant of a multivariant playlist."""
        uri = [line for line in self.server.get(url).text.splitlines() if line and not line.startswith("#")][0]
        return oxbow.Playlist(self.server.get(uri).text)

    def fetched_tags(self, playlist):
        """The tags of segments that are fetched as a player would."""
        found = []
        for entry in playlist.entries:
            offset, length = entry.get("range", (0, 0))
            headers = {"Range": f"bytes={offset}-{offset + length - 1}"} if length else {}
            found += tags(self.server.get(entry["uri"], headers).body)
        return found

    def test_it_is_at_the_same_media_time_for_viewers_live_in_rewind_and_of_the_recording(self):
        publisher = self.publish(oxbow.film())  # B-frames, key frames up to 9 s apart
        self.assertEqual(self.put("too early").error, "ChannelNotBroadcasting")
        body = self.server.wait_for_recording(self.made["id"])

        texts = ["plain", "Größe, 高さ, 🦬", "x" * 1_024, "ж" * 512, "\u0000 first of two", "second of two"]
        moments = {}
        for text in texts[:4]:
            moments[text] = self.taken(text)
            time.sleep(0.7)
        for text in texts[4:]:
            moments[text] = self.taken(text)
        time.sleep(8)  # more than the longest segment

        live = self.fetched_tags(self.media_playlist(self.made["channel"]["playbackUrl"]))
        rewind = self.media_playlist(body["rewindPlaybackUrl"])
        rewound = self.fetched_tags(rewind)
        self.assertEqual([text for _, text in rewound], texts)
        self.assertEqual(live, [tag for tag in rewound if tag in live])
        self.assertIn(rewound[-1], live)

        # PROGRAM-DATE-TIME is that of the first picture of its segment.
        first = self.server.data / "first.ts"
        first.write_bytes(self.server.get(rewind.entries[0]["uri"]).body)
        began = wall_time(rewind.entries[0]["pdt"]) - min(self.times(first, "v:0")) / 90_000
        for pts, text in rewound:
            shown = began + pts / 90_000
            self.assertLess(abs(shown - moments[text]), LATE_MAX, text[:20])

        publisher.kill()
        self.server.wait_until_ended(self.made["id"])
        hls = self.server.bucket(body["masterKey"]).parent
        for playlist in ("master.m3u8", "byte-range-multivariant.m3u8"):
            self.assertEqual(probed(hls / playlist), rewound)
        rendition = next(hls.glob("*/playlist.m3u8"))
        files = [rendition.parent / entry["uri"] for entry in oxbow.Playlist(rendition.read_text()).entries]
        self.assertEqual([tag for file in files for tag in tags(file.read_bytes())], rewound)
        self.assertEqual(self.put("too late").error, "ChannelNotBroadcasting")

    def test_a_tag_lies_between_the_first_and_the_last_picture_of_its_segment(self):
        publisher = self.publish(oxbow.film())
        body = self.server.wait_for_recording(self.made["id"])
        for number in range(12):
            self.taken(str(number))
            time.sleep(0.25)
        publisher.kill()
        self.server.wait_until_ended(self.made["id"])

        rendition = next(self.server.bucket(body["masterKey"]).parent.glob("*/byte-range-variant.m3u8"))
        found = 0
        for entry in oxbow.Playlist(rendition.read_text()).entries:
            offset, length = entry["range"]
            segment = self.server.data / "segment.ts"
            segment.write_bytes((rendition.parent / entry["uri"]).read_bytes()[offset:offset + length])
            pictures = self.times(segment, "v:0")
            self.assertEqual(probed(segment), tags(segment.read_bytes()))
            for pts, _ in tags(segment.read_bytes()):
                self.assertGreaterEqual(pts, min(pictures))
                self.assertLessEqual(pts, max(pictures))
                found += 1
        self.assertEqual(found, 12)

    def times(self, file, stream):
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts", "-of", "csv=p=0",
             file], capture_output=True, text=True, check=True, timeout=60)
        return [int(line.split(",")[0]) for line in done.stdout.split()]

    def test_1024_bytes_are_taken_by_the_aws_cli_and_1025_are_not_and_the_sixth_in_a_second_is_throttled(self):
        self.publish(oxbow.test_card(seconds=8))
        self.server.wait_for_recording(self.made["id"])

        self.assertEqual(self.aws("é" * 512), "")
        self.assertIn("(ValidationException)", self.aws("é" * 512 + "a"))
        time.sleep(1.1)
        replies = [self.put(f"one of many {number}") for number in range(6)]
        self.assertEqual([reply.status for reply in replies], [204] * 5 + [429])
        self.assertEqual(replies[5].error, "ThrottlingException")
        time.sleep(1.1)
        self.taken("a second later")

    def aws(self, text):
        """What the CLI complains of."""
        done = subprocess.run(
            [AWS, "--region", "us-east-1", "--endpoint-url", self.server.ready["api"], "ivs", "put-metadata",
             "--channel-arn", self.arn, "--metadata", text], capture_output=True, text=True, timeout=60,
            env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": self.server.ready["credentials"],
                 "AWS_CONFIG_FILE": os.devnull, "AWS_PROFILE": "default", "PATH": "/usr/bin:/bin"})
        return done.stderr


if __name__ == "__main__":
    unittest.main()
