#!/usr/bin/env python3
"""Refuses an include that src/LAYERS does not allow, and a folder that it does not name."""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z0-9_]+)/')


def read_layers(text):
    layers = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            room, _, below = line.partition(":")
            layers[room.strip()] = set(below.split())
    return layers


def complaints(src):
    layers = read_layers((src / "LAYERS").read_text())
    for folder in sorted(p for p in src.iterdir() if p.is_dir()):
        if folder.name not in layers:
            yield f"src/{folder.name}: not a room of src/LAYERS"
    for room, below in layers.items():
        for unknown in sorted(below - layers.keys()):
            yield f"src/LAYERS: {room} names {unknown}, which is no room"
        files = [p for p in sorted((src / room).rglob("*")) if p.suffix in (".h", ".cc")]
        for file in files:
            for number, line in enumerate(file.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                if found and found[1] != room and found[1] not in below:
                    yield f"{file.relative_to(src.parent)}:{number}: {room} may not include {found[1]}"


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "src")
    found = list(complaints(src))
    print("\n".join(found) if found else "layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
