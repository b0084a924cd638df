#!/usr/bin/env python3
"""Refuses a parser of bytes from outside without a fuzz target, and a target without a kept corpus.

fuzz/PARSERS says which target fuzzes which header of src/. A header that names the error Malformed reads such bytes.
"""

import pathlib
import re
import sys

LOCAL = re.compile(r'#\s*include\s+"([^"]+)"')
NO_TARGET = re.compile(r"- \S")


def read_parsers(text):
    parsers = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            header, _, targets = line.partition(":")
            parsers[header.strip()] = targets.strip()
    return parsers


def includes(root, file, seen=None):
    """All that `file` includes, through files of fuzz/ too."""
    seen = set() if seen is None else seen
    for name in LOCAL.findall(file.read_text()):
        if name not in seen:
            seen.add(name)
            for inner in (root / name, (root / name).with_suffix(".cc")):
                if name.startswith("fuzz/") and inner.exists():
                    includes(root, inner, seen)
    return seen


def complaints(root):
    parsers = read_parsers((root / "fuzz/PARSERS").read_text())
    targets = re.findall(r"^fuzz_target\((\w+)", (root / "fuzz/CMakeLists.txt").read_text(), re.MULTILINE)
    for header in sorted((root / "src").glob("*/*.h")):
        name = str(header.relative_to(root / "src"))
        if "Malformed" in header.read_text() and name not in parsers:
            yield f"src/{name}: says Malformed, and is not in fuzz/PARSERS"
    for header, named in parsers.items():
        if not (root / "src" / header).exists():
            yield f"fuzz/PARSERS: there is no src/{header}"
        if named.startswith("-"):
            if not NO_TARGET.match(named):
                yield f"fuzz/PARSERS: {header} has no target, and no reason why"
            continue
        for target in named.split() or ["(none)"]:
            if target not in targets:
                yield f"fuzz/PARSERS: {header}: there is no target {target} in fuzz/CMakeLists.txt"
            elif header not in includes(root, root / f"fuzz/{target}.cc"):
                yield f"fuzz/{target}.cc: does not include {header}, which fuzz/PARSERS says it fuzzes"
    for target in targets:
        if not any(target in named.split() for named in parsers.values()):
            yield f"fuzz/{target}.cc: fuzzes no header of fuzz/PARSERS"
        corpus = root / "fuzz/corpus" / target
        if not corpus.is_dir() or not any(corpus.iterdir()):
            yield f"fuzz/corpus/{target}: is empty"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    found = list(complaints(root))
    print("\n".join(found) if found else "every parser has its fuzz target, and every target its corpus")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
