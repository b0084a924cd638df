"""Publishes a moment of an FLV file as fast as the server takes it, and leaves: for tests of very many broadcasts."""

import socket
import struct
import time

CHUNK_BYTES = 65_536
AUDIO, VIDEO, COMMAND, SET_CHUNK_SIZE = 8, 9, 20, 1


def flv_tags(file, milliseconds):
    """(type, time in ms, body) of the audio and video tags before `milliseconds`."""
    data = file.read_bytes()
    at, tags = 13, []
    while at + 11 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 1:at + 4], "big")
        moment = int.from_bytes(data[at + 4:at + 7], "big") | data[at + 7] << 24
        if kind in (AUDIO, VIDEO) and moment < milliseconds:
            tags.append((kind, moment, data[at + 11:at + 11 + size]))
        at += 11 + size + 4
    return tags


def amf(*values):
    out = b""
    for value in values:
        if isinstance(value, str):
            out += b"\x02" + struct.pack(">H", len(value)) + value.encode()
        elif isinstance(value, dict):
            out += b"\x03" + b"".join(struct.pack(">H", len(name)) + name.encode() + amf(each)
                                      for name, each in value.items()) + b"\0\0\x09"
        elif value is None:
            out += b"\x05"
        else:
            out += b"\x00" + struct.pack(">d", value)
    return out


def message(kind, payload, stream=0, moment=0):
    """One message in chunks of CHUNK_BYTES on chunk stream 3. Source: RTMP 1.0 §5.3.1."""
    first = b"\x03" + moment.to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind]) + struct.pack(
        "<I", stream)
    return first + b"\xc3".join(payload[at:at + CHUNK_BYTES] for at in range(0, len(payload) or 1, CHUNK_BYTES))


def receive_until(connection, word):
    seen = b""
    while word not in seen:
        more = connection.recv(65_536)
        if not more:
            raise ConnectionError(f"the server has closed the connection: {seen[-200:]!r}")
        seen += more


def publish(ingest_url, tags, say_goodbye=True):
    """One broadcast, from connect to unpublish. Errors: ConnectionError when the server refuses it."""
    host, _, rest = ingest_url.removeprefix("rtmp://").partition("/")
    app, _, key = rest.partition("/")
    address, _, port = host.rpartition(":")
    with socket.create_connection((address, int(port)), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\x03" + bytes(1536))
        answer = b""
        while len(answer) < 1 + 2 * 1536:
            answer += connection.recv(4096)
        connection.sendall(answer[1:1537] + message(SET_CHUNK_SIZE, struct.pack(">I", CHUNK_BYTES))
                           + message(COMMAND, amf("connect", 1, {"app": app, "tcUrl": f"rtmp://{host}/{app}"}))
                           + message(COMMAND, amf("createStream", 2, None)))
        receive_until(connection, b"\x00\x40\x00\x00\x00\x00\x00\x00\x00\x05")  # the answer to createStream
        connection.sendall(message(COMMAND, amf("publish", 3, None, key, "live"), 1))
        receive_until(connection, b"NetStream.Publish.Start")
        connection.sendall(b"".join(message(kind, body, 1, moment) for kind, moment, body in tags))
        if say_goodbye:
            connection.sendall(message(COMMAND, amf("deleteStream", 4, None, 1)))
        # Read to the end: closing over unread bytes would reset the connection, and take the last media with it.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass


def publish_when_free(ingest_url, tags, seconds=10, **how):
    """publish(), again and again while the broadcast before it is not quite over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return publish(ingest_url, tags, **how)
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
