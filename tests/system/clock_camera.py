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


def film():
    """The loop as an FLV file, made once."""
    file = oxbow.MEDIA / "clock-camera-25-64.flv"
    if file.exists():
        return file
    oxbow.MEDIA.mkdir(parents=True, exist_ok=True)
    part = file.with_name("part-" + file.name)
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", str(1000 // FRAME_MS), "-i", "pipe:0", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
         "-t", str(LOOP_MS / 1000), "-c:v", "libx264", "-preset", "ultrafast", "-g", str(GOP), "-keyint_min", str(GOP),
         "-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", part],
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


class Loop:
    """The tags of the film, again and again, by their time."""

    def __init__(self, file):
        tags = rtmp.flv_tags(file)
        self.parameters = [tag for tag in tags if tag[0] == rtmp.DATA or rtmp.is_parameters(tag)]
        frames = rtmp.only_frames(tags)
        # The encoder's sound begins before its pictures, and the file with the sound: picture 0 is taken at 0.
        first = next(at for kind, at, _ in frames if kind == rtmp.VIDEO)
        self.tags = [(kind, at - first, body) for kind, at, body in frames if at - first < LOOP_MS]

    def since(self, milliseconds):
        """(milliseconds, tag) of what the camera takes from then on, beginning with the next key frame."""
        gop_ms = GOP * FRAME_MS
        first = -(-milliseconds // gop_ms) * gop_ms
        turn = first // LOOP_MS
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
