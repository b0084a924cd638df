"""A client of HTTP/2 that writes its frames by hand, right and wrong ones."""

import socket
import ssl
import struct
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR = 0, 1, 3, 6
STREAM_CLOSED, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 5, 9, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(type, flags=0, stream=0, payload=b"", size=None):
    size = len(payload) if size is None else size
    return struct.pack(">I", size)[1:] + bytes([type, flags]) + struct.pack(">I", stream) + payload


def text(data):
    """A string of HPACK, without Huffman coding."""
    if len(data) < 127:
        return bytes([len(data)]) + data
    length, coded = len(data) - 127, b"\x7f"
    while length >= 128:
        coded += bytes([length & 127 | 128])
        length >>= 7
    return coded + bytes([length]) + data


def literal(name, value):
    """A field that no table keeps."""
    return b"\0" + text(name) + text(value)


def kept(name, value):
    """A field that the table keeps: 62 is its index then."""
    return b"\x40" + text(name) + text(value)


def request(path, method=b"GET"):
    return (literal(b":method", method) + literal(b":scheme", b"https") + literal(b":authority", b"localhost") +
            literal(b":path", path.encode()))


class Client:
    """Connected, its preface and SETTINGS sent; the window of the connection is wide, those of streams are not."""

    def __init__(self, url, preface=PREFACE + frame(SETTINGS) + frame(WINDOW_UPDATE, 0, 0, b"\x3f\0\0\0")):
        host, _, port = url.removeprefix("https://").rpartition(":")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), timeout=10))
        assert self.socket.selected_alpn_protocol() == "h2"
        self.bytes = b""
        self.next_stream = 1
        self.sent = 0
        self.send(preface)

    def send(self, data):
        """False when the server has closed."""
        try:
            self.socket.sendall(data)
            self.sent += len(data)
            return True
        except OSError:
            return False

    def get(self, path, flags=END_STREAM | END_HEADERS, more=b""):
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.send(frame(HEADERS, flags, stream, request(path) + more))
        return stream

    def read(self, seconds=10):
        """(type, flags, stream, payload); None when the server has closed, or says nothing for so long."""
        deadline = time.monotonic() + seconds
        try:
            while len(self.bytes) < 9 or len(self.bytes) < 9 + self.length():
                self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
                more = self.socket.recv(65536)
                if not more:
                    return None
                self.bytes += more
        except OSError:
            return None
        head, payload = self.bytes[:9], self.bytes[9:9 + self.length()]
        self.bytes = self.bytes[9 + len(payload):]
        return head[3], head[4], struct.unpack(">I", head[5:9])[0] & 0x7fffffff, payload

    def length(self):
        return int.from_bytes(self.bytes[:3], "big")

    def read_until(self, wanted, seconds=10):
        """The first frame for which wanted(type, flags, stream, payload); None when none comes."""
        deadline = time.monotonic() + seconds
        while got := self.read(deadline - time.monotonic()):
            if wanted(*got):
                return got
        return None

    def body(self, stream, seconds=10):
        """Of an answer, which may come with the windows that there are at first; None without an end."""
        body = b""
        deadline = time.monotonic() + seconds
        while got := self.read(deadline - time.monotonic()):
            type, flags, of, payload = got
            if of != stream:
                continue
            if type == RST_STREAM:
                return None
            if type == DATA:
                body += payload
            if type in (DATA, HEADERS) and flags & END_STREAM:
                return body
        return None

    def end(self, seconds=10):
        """The code of GOAWAY, or "closed", once the server has closed; None when it does not."""
        code = "closed"
        deadline = time.monotonic() + seconds
        while got := self.read(deadline - time.monotonic()):
            if got[0] == GOAWAY:
                code = struct.unpack(">I", got[3][4:8])[0]
        return code if time.monotonic() < deadline else None

    def close(self):
        self.socket.close()
