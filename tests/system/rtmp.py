"""RTMP byte by byte: a publisher that can do everything right, and everything wrong.

Source: Adobe RTMP 1.0, AMF 0, Adobe Video File Format 10.1; the digests of the handshake as ffmpeg has them.
"""

import hashlib
import hmac
import socket
import struct
import time
import urllib.parse

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW = 1, 2, 3, 4, 5
AUDIO, VIDEO, DATA, COMMAND, AGGREGATE = 8, 9, 18, 20, 22

PLAYER = b"Genuine Adobe Flash Player 001"
SERVER = b"Genuine Adobe Flash Media Server 001"
TAIL = bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")


# --- AMF 0 ---------------------------------------------------------------------------------------

def amf(*values):
    return b"".join(map(amf_value, values))


def amf_value(value):
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes([value])
    if isinstance(value, (int, float)):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\x02" + text(value)
    return b"\x03" + b"".join(text(name) + amf_value(each) for name, each in value.items()) + b"\0\0\x09"


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def nested(depth):
    """Objects within objects, as deep as you like."""
    return b"\x03\0\1a" * (depth - 1) + b"\x03" + b"\0\0\x09" * depth


def read_amf(data):
    values = []
    while data:
        value, data = read_value(data)
        values.append(value)
    return values


def read_value(data):
    marker, data = data[0], data[1:]
    if marker == 0:
        return struct.unpack(">d", data[:8])[0], data[8:]
    if marker == 1:
        return bool(data[0]), data[1:]
    if marker == 2:
        length = int.from_bytes(data[:2], "big")
        return data[2:2 + length].decode(), data[2 + length:]
    if marker == 3:
        return read_object(data)
    return None, data


def read_object(data):
    found = {}
    while data[:3] != b"\0\0\x09":
        length = int.from_bytes(data[:2], "big")
        name = data[2:2 + length].decode()
        found[name], data = read_value(data[2 + length:])
    return found, data[3:]


# --- Media ---------------------------------------------------------------------------------------

def flv_tags(file):
    """(type, milliseconds, body) of every tag."""
    data = file.read_bytes()
    at = int.from_bytes(data[5:9], "big") + 4
    tags = []
    while at + 11 <= len(data):
        length = int.from_bytes(data[at + 1:at + 4], "big")
        milliseconds = int.from_bytes(data[at + 4:at + 7], "big") | data[at + 7] << 24
        tags.append((data[at], milliseconds, data[at + 11:at + 11 + length]))
        at += 11 + length + 4
    return tags


def is_parameters(tag):
    kind, _, body = tag
    return (kind == VIDEO and body[0] & 15 == 7 and body[1] == 0) or (kind == AUDIO and body[0] >> 4 == 10 and
                                                                      body[1] == 0)


def is_picture(tag):
    kind, _, body = tag
    return kind == VIDEO and body[0] & 15 == 7 and body[1] == 1


def pictures(tags):
    return sum(map(is_picture, tags))


def shifted(tags, by):
    return [(kind, milliseconds + by & 0xffffffff, body) for kind, milliseconds, body in tags]


def only_frames(tags):
    return [tag for tag in tags if tag[0] != DATA and not is_parameters(tag)]


def aggregate(tags):
    """One message of several tags. Out: its time and its payload."""
    payload = b""
    for kind, milliseconds, body in tags:
        header = bytes([kind]) + len(body).to_bytes(3, "big") + (milliseconds & 0xffffff).to_bytes(3, "big")
        payload += header + bytes([milliseconds >> 24]) + b"\0\0\0" + body + (11 + len(body)).to_bytes(4, "big")
    return tags[0][1], payload


# --- The connection ------------------------------------------------------------------------------

class Client:
    """One connection; nothing is sent that was not asked for."""

    def __init__(self, server):
        url = urllib.parse.urlparse(server.ready["rtmp"])
        self.socket = socket.create_connection((url.hostname, url.port), timeout=20)
        # As encoders have it: a key frame behind a sound must not wait for that to be acknowledged.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chunk_bytes = 128
        self.their_chunk_bytes = 128
        self.unread = b""
        self.open = {}  # chunk stream: (type, length, payload so far)

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, count):
        while len(self.unread) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server has closed the connection")
            self.unread += more
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken

    def shake_hands(self, digest_at=None):
        """Simple; or complex, with the digest in the half at 8 or at 772, checking what comes back."""
        hello = bytearray((7 * i + 3) & 255 for i in range(1536))
        hello[0:8] = bytes(8)
        if digest_at is not None:
            hello[4:8] = bytes([10, 0, 45, 2])
            at = digest_offset(hello, digest_at)
            hello[at:at + 32] = digest_around(hello, at, PLAYER)
        self.send(b"\x03" + hello)
        answer = self.receive(1 + 2 * 1536)
        first, second = answer[1:1537], answer[1537:]
        if digest_at is None:
            assert second == hello, "S2 is no echo of C1"
        else:
            there = digest_offset(first, digest_at)
            assert first[there:there + 32] == digest_around(first, there, SERVER), "S1 has no digest"
            key = hmac.digest(SERVER + TAIL, hello[at:at + 32], hashlib.sha256)
            assert second[1504:] == hmac.digest(key, second[:1504], hashlib.sha256), "S2 is not signed"
        self.send(first)

    def message(self, kind, payload, milliseconds=0, stream=1, chunk_stream=4):
        """In one type 0 chunk and as many of type 3 as it takes."""
        extended = struct.pack(">I", milliseconds) if milliseconds >= 0xffffff else b""
        head = min(milliseconds, 0xffffff).to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind])
        out = bytes([chunk_stream]) + head + struct.pack("<I", stream) + extended + payload[:self.chunk_bytes]
        for at in range(self.chunk_bytes, len(payload), self.chunk_bytes):
            out += bytes([0xc0 | chunk_stream]) + extended + payload[at:at + self.chunk_bytes]
        self.send(out)

    def set_chunk_size(self, size):
        self.message(SET_CHUNK_SIZE, struct.pack(">I", size), stream=0, chunk_stream=2)
        if 0 < size <= 0xffffff:
            self.chunk_bytes = size

    def ping(self):
        self.message(USER_CONTROL, struct.pack(">HI", 6, 0), stream=0, chunk_stream=2)

    def command(self, name, transaction, *arguments, stream=0):
        self.message(COMMAND, amf(name, transaction, *arguments), stream=stream, chunk_stream=3)

    def next_message(self):
        """(type, payload)"""
        while True:
            basic = self.receive(1)[0]
            chunk_stream = basic & 63
            if basic >> 6 == 0:
                header = self.receive(11)
                self.open[chunk_stream] = (header[6], int.from_bytes(header[3:6], "big"), b"")
            kind, length, payload = self.open[chunk_stream]
            payload += self.receive(min(length - len(payload), self.their_chunk_bytes))
            self.open[chunk_stream] = (kind, length, payload)
            if len(payload) < length:
                continue
            if kind == SET_CHUNK_SIZE:
                self.their_chunk_bytes = int.from_bytes(payload, "big")
            return kind, payload

    def next_status(self):
        """The information object of the next onStatus."""
        while True:
            kind, payload = self.next_message()
            if kind == COMMAND and (values := read_amf(payload))[0] == "onStatus":
                return values[3]

    def connect(self, app="app"):
        self.command("connect", 1, {"app": app, "type": "nonprivate", "tcUrl": "rtmp://127.0.0.1/" + app})

    def publish(self, made, digest_at=None):
        """All of it, until the stream is on the air."""
        self.shake_hands(digest_at)
        self.connect()
        self.command("createStream", 2, None)
        self.command("publish", 3, None, made["streamKey"]["value"], "live", stream=1)
        status = self.next_status()
        assert status["code"] == "NetStream.Publish.Start", status
        self.set_chunk_size(65536)
        return self

    def send_tags(self, tags):
        """At once."""
        for kind, milliseconds, body in tags:
            self.message(kind, body, milliseconds, chunk_stream=6 if kind == VIDEO else 4)

    def send_at_once(self, tags):
        """In one write, so that the server may read all of it in one, too."""
        written = bytearray()
        self.send = written.extend
        self.send_tags(tags)
        del self.send
        self.send(written)

    def play_tags(self, tags):
        """In real time."""
        began = time.monotonic() - tags[0][1] / 1000
        for tag in tags:
            time.sleep(max(0, began + tag[1] / 1000 - time.monotonic()))
            self.send_tags([tag])

    def unpublish(self):
        self.command("deleteStream", 4, None, 1)
        self.close_when_closed()

    def close_when_closed(self, seconds=20):
        """Waits for the server to close. Out: the seconds it took."""
        began = time.monotonic()
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        self.socket.close()
        return time.monotonic() - began


def digest_offset(block, half):
    return half + 4 + sum(block[half:half + 4]) % 728


def digest_around(block, at, key):
    return hmac.digest(key, bytes(block[:at]) + bytes(block[at + 32:]), hashlib.sha256)
