"""A server on a disk that fails when it is told to; see tests/disk/disk_faults.cc."""

import os
import pathlib
import struct
import sys

import oxbow

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "disk"))

LIBRARY = os.environ.get("OXBOW_DISK_FAULTS", str(oxbow.ROOT / "build/dev/disk_faults.so"))


def environment(server, **settings):
    """In: die_at=7, die="before", log=FILE, control=FILE, boot=FILE."""
    return {"LD_PRELOAD": LIBRARY, "OXBOW_DISK_ROOT": str(server.data.resolve()) + "/",
            **{f"OXBOW_DISK_{name.upper()}": str(value) for name, value in settings.items()}}


class Control:
    """How slow and how full the disk is, from now on."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.file.write_bytes(bytes(8))
        self.set()

    def set(self, late_ms=0, full=False):
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=II", late_ms, int(full)))
