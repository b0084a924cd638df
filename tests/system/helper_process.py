"""The process that makes thumbnails, asked directly, and bitstreams to ask it."""

import pathlib
import socket
import struct
import subprocess

import oxbow


def helpers_of(pid):
    """The processes that make thumbnails for the server `pid`."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"thumbnailer" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class Helper:
    """`oxbow thumbnailer`, as the server starts it."""

    def __init__(self):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(60)
        line = 'exec 3<&0; exec "$0" thumbnailer'
        self.process = subprocess.Popen(["/bin/sh", "-c", line, oxbow.BINARY], stdin=theirs)
        theirs.close()
        self.receive_answer()

    def close(self):
        self.socket.close()
        self.process.wait(timeout=30)

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the helper has ended")
            data += more
        return data

    def receive_answer(self):
        """(outcome, JPEG)"""
        outcome, size = struct.unpack(">II", self.receive(8))
        return outcome, self.receive(size)

    def ask(self, unit, width, height):
        self.socket.sendall(struct.pack(">III", len(unit), width, height) + unit)
        return self.receive_answer()


def key_frame(size):
    """One IDR picture in Annex B form, with its parameter sets."""
    return oxbow.media(f"key-frame-{size}.h264", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=1", "-frames:v", "1",
                       "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "h264").read_bytes()


class Bits:
    def __init__(self):
        self.bits = ""

    def fixed(self, count, value):
        self.bits += format(value, f"0{count}b")

    def golomb(self, *values):
        for value in values:
            digits = format(value + 1, "b")
            self.bits += "0" * (len(digits) - 1) + digits

    def nal(self, header):
        bits = self.bits + "1"
        bits += "0" * (-len(bits) % 8)
        out, zeros = bytes([header]), 0
        for at in range(0, len(bits), 8):
            byte = int(bits[at:at + 8], 2)
            if zeros >= 2 and byte <= 3:
                out, zeros = out + b"\x03", 0
            out += bytes([byte])
            zeros = zeros + 1 if byte == 0 else 0
        return out


def parameter_sets(macroblocks_wide, macroblocks_high):
    """SPS and PPS, as NAL units, of baseline pictures of any size.

    Source: ISO/IEC 14496-10 §7.3.2.1.1, §7.3.2.2.
    """
    sps = Bits()
    for value in (66, 0, 62):  # profile, constraints, level 6.2
        sps.fixed(8, value)
    sps.golomb(0, 0, 2, 1)
    sps.fixed(1, 0)
    sps.golomb(macroblocks_wide - 1, macroblocks_high - 1)
    sps.fixed(4, 0b1100)
    pps = Bits()
    pps.golomb(0, 0)
    pps.fixed(2, 0)
    pps.golomb(0, 0, 0)
    pps.fixed(3, 0)
    pps.golomb(0, 0, 0)
    pps.fixed(3, 0)
    return sps.nal(0x67), pps.nal(0x68)


def access_unit(sets, unit):
    """Other parameter sets in front of the slices of a key frame."""
    slices = unit[unit.index(b"\0\0\1\x65"):]
    return b"".join(b"\0\0\0\1" + each for each in sets) + slices
