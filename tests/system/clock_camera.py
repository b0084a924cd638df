#!/usr/bin/env python3
"""A camera whose pictures say when they were taken, and an encoder that shows them to a server.

Picture n of a camera switched on at `epoch` (ms since 1970) is taken at epoch + n * 40 ms and carries n modulo
LOOP_FRAMES as black and white blocks, above them the same bits inverted. The pictures are encoded once, in a loop of
64 s: 25 frames and 48,000 samples a second make whole frames of both in it.

As a program: clock_camera.py RTMP_URL STREAM_KEY EPOCH FILE publishes them in real time, from the next key frame on,
and prints a line when it is on the air. Refused, it tries again, as encoders do.
"""

import pathlib
import subprocess
import sys
import time
import types

import oxbow
import rtmp

FRAME_MS = 40
LOOP_FRAMES = 1600
LOOP_MS = LOOP_FRAMES * FRAME_MS
WIDTH, HEIGHT, BITS = 256, 144, 16
GOP = 25
# How the pictures are encoded, by name: what encoders are set to, and what films have.
KINDS = {
    "": ["-bf", "0", "-g", str(GOP)],
    "gop-2": ["-bf", "0", "-g", str(2 * GOP)],
    "b-frames": ["-bf", "2", "-g", str(GOP)],
    "gop-6": ["-bf", "0", "-g", str(6 * GOP)],
    "irregular": ["-bf", "2", "-g", str(10 * GOP), "-force_key_frames", "0,1.5,2.5,11.5,12,17,25.4,26,35,44.8,50,51,60"],
}
TRY_AGAIN = 0.5  # seconds


def picture(number):
    """One gray picture: 16 blocks of 16 x 72 with the bits of `number`, the highest first, and below them inverted."""
    white, black = b"\xeb" * 16, b"\x10" * 16
    bits = [number >> bit & 1 for bit in reversed(range(BITS))]
    upper = b"".join(white if bit else black for bit in bits)
    lower = b"".join(black if bit else white for bit in bits)
    return upper * (HEIGHT // 2) + lower * (HEIGHT // 2)


def number_of(gray):
    """What picture() drew, read from the middle of each block; None when it cannot be read."""
    middles = [16 * block + 8 for block in range(BITS)]
    upper = [gray[WIDTH * (HEIGHT // 4) + x] > 128 for x in middles]
    lower = [gray[WIDTH * (3 * HEIGHT // 4) + x] > 128 for x in middles]
    if any(one == other for one, other in zip(upper, lower)):
        return None
    return int("".join("01"[bit] for bit in upper), 2)


def film(kind=""):
    """The loop as an FLV file, made once."""
    file = oxbow.MEDIA / f"clock-camera-25-64{kind and '-'}{kind}.flv"
    if file.exists():
        return file
    oxbow.MEDIA.mkdir(parents=True, exist_ok=True)
    part = file.with_name("part-" + file.name)
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", str(1000 // FRAME_MS), "-i", "pipe:0", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
         "-t", str(LOOP_MS / 1000), "-c:v", "libx264", "-preset", "ultrafast", *KINDS[kind], "-keyint_min", "12",
         "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", part],
        stdin=subprocess.PIPE)
    for number in range(LOOP_FRAMES):
        encoder.stdin.write(picture(number))
    encoder.stdin.close()
    assert encoder.wait() == 0
    part.rename(file)
    return file


def numbers_in(transport_stream):
    """The numbers of all pictures in it, by decoding."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-f", "mpegts", "-i", "pipe:0", "-map", "0:v", "-fps_mode", "passthrough",
         "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"], input=transport_stream, capture_output=True, check=True)
    size = WIDTH * HEIGHT
    return [number_of(done.stdout[at:at + size]) for at in range(0, len(done.stdout), size)]


def difference_ms(begins_at, number, epoch):
    """How far a picture with this number lies from where it belongs, by the wall clock that it is listed at."""
    taken = epoch + number * FRAME_MS
    return (begins_at - taken + LOOP_MS // 2) % LOOP_MS - LOOP_MS // 2


def shown_later(picture):
    """How long after it is decoded, in ms: the composition time of an FLV tag."""
    return int.from_bytes(picture[2:5], "big")


class Loop:
    """The tags of the film, again and again, by their time."""

    def __init__(self, file):
        tags = rtmp.flv_tags(file)
        self.parameters = [tag for tag in tags if tag[0] == rtmp.DATA or rtmp.is_parameters(tag)]
        frames = rtmp.only_frames(tags)
        # The encoder's sound begins before its pictures, and the file with the sound: picture 0 is taken at 0, and sent
        # when those are there that it must wait for (B-frames).
        first = next(at - shown_later(body) for kind, at, body in frames if kind == rtmp.VIDEO)
        self.tags = [(kind, at - first, body) for kind, at, body in frames if at - first < LOOP_MS]
        self.key_frames = [at for kind, at, body in self.tags if kind == rtmp.VIDEO and body[0] >> 4 == 1]

    def since(self, milliseconds):
        """(milliseconds, tag) of what the camera takes from then on, beginning with the next key frame."""
        turn = milliseconds // LOOP_MS
        in_turn = [at for at in self.key_frames if turn * LOOP_MS + at >= milliseconds]
        turn += 0 if in_turn else 1
        first = turn * LOOP_MS + (in_turn or self.key_frames)[0]
        while True:
            for tag in self.tags:
                moment = turn * LOOP_MS + tag[1]
                if moment >= first:
                    yield moment, tag
            turn += 1


def publish(url, key, epoch, file):
    loop = Loop(file)
    server = types.SimpleNamespace(ready={"rtmp": url})
    while True:
        try:
            client = rtmp.Client(server).publish({"streamKey": {"value": key}})
            break
        except (AssertionError, OSError):
            time.sleep(TRY_AGAIN)
    print("on the air", flush=True)
    client.send_tags([(kind, 0, body) for kind, _, body in loop.parameters])
    began = None
    for moment, (kind, _, body) in loop.since(round(time.time() * 1000) - epoch):
        began = moment if began is None else began
        time.sleep(max(0.0, (epoch + moment) / 1000 - time.time()))
        client.send_tags([(kind, moment - began, body)])


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2], int(sys.argv[3]), pathlib.Path(sys.argv[4]))
