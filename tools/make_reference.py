#!/usr/bin/env python3
"""Writes what the documentation takes from the code: configuration keys, limits. Checks its errors and its links.

usage: make_reference.py [--check]

The parts stand between markers in docs/*.md. With --check nothing is written; what differs is told, exit code 1.
The configuration is asked of the program: $OXBOW, or the newest one in build/.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
REFERENCE, LIMITS = ROOT / "docs/reference.md", ROOT / "docs/limits.md"


# --- Configuration ---------------------------------------------------------------------------------------------------

def program():
    if "OXBOW" in os.environ:
        return os.environ["OXBOW"]
    built = sorted(ROOT.glob("build/*/oxbow"), key=lambda file: file.stat().st_mtime)
    if not built:
        sys.exit("make_reference: there is no build/*/oxbow to ask for the configuration: ./dev build dev")
    return built[-1]


def configuration():
    """The table of keys, from `oxbow help configuration`: TOML, in which the line above a key says what it means."""
    text = subprocess.run([program(), "help", "configuration"], capture_output=True, text=True, check=True).stdout
    rows = ["| key | flag, environment | default | meaning |", "| --- | --- | --- | --- |"]
    section, meaning = "", ""
    for line in text.splitlines():
        key = re.fullmatch(r"(# )?([a-z_.]+) = (.*)", line)
        if line.startswith("["):
            section = line.strip("[]") + "."
        elif key:
            said = re.fullmatch(r"(.*?)(?: \((--.*)\))?", meaning)
            flag = ", ".join(f"`{each}`" for each in (said[2] or "").split(", ") if each)
            default = "" if key[1] else f"`{key[3]}`"
            rows.append(f"| `{section}{key[2]}` | {flag} | {default} | {said[1]} |")
        elif line.startswith("# "):
            meaning = line[2:]
    return "\n".join(rows)


# --- Limits ----------------------------------------------------------------------------------------------------------

NAMED = re.compile(r"^\s*(?:(?:inline|static) )*constexpr ([\w:]+) (k\w+(?:Max|Min|After|Every|Deadline|Stays|Timeout))"
                   r"\s*(?:= (.*)|\{(.*)\});\s*(?://\s*(.*))?$")
MEMBER = re.compile(r"^    ([\w:]+) (\w+)\s*(?:= (.*)|\{(.*)\});\s*(?://\s*(.*))?$")
UNITS = {"milliseconds": 1, "seconds": 1_000, "minutes": 60_000, "hours": 3_600_000}


def joined(text):
    """The lines, those of one statement joined, and the text of the comment above each."""
    comment, statement = [], ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//") and not statement:
            comment.append(stripped.lstrip("/ "))
            continue
        code = line.partition("//")[0].rstrip()
        statement = f"{statement.rstrip()} {line.strip()}" if statement else line
        unfinished = "constexpr" in statement and not code.endswith((";", "{", "}")) or code.endswith("=")
        if unfinished:
            continue
        yield statement, " ".join(comment)
        comment, statement = ([], "") if stripped else (comment, "")


def number(text):
    """What an integer expression comes to; None where it is more than that."""
    text = re.sub(r"std::\w+_t\{(\w+)\}", r"\1", text.replace("'", "").replace("LL", ""))
    return eval(text, {"__builtins__": {}}) if re.fullmatch(r"[\d\s*+\-<()]+", text) else None  # digits alone


def duration(milliseconds):
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"


def size(count):
    for unit, factor in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count:,} bytes"


def value(kind, name, text):
    time = re.fullmatch(r"(?:std::chrono::)?(\w+)\{(.*)\}", text)
    if time:
        kind, text = time[1], time[2]  # whatever the constant counts in
    unit = kind.rpartition("::")[2]
    count = number(text)
    if count is None:
        return f"`{text}`"
    if unit in UNITS:
        return duration(count * UNITS[unit])
    return size(count) if "bytes" in name.lower() else f"{count:,}"


def limits_of(file):
    """(name, value, comment) of each named limit of a file, in its order."""
    group = None
    for line, comment in joined(file.read_text()):
        opened = re.match(r"struct (\w*Limits) \{", line)
        if opened or line.startswith("};"):
            group = opened[1] if opened else None
        found = MEMBER.match(line) if group else NAMED.match(line)
        if not found:
            continue
        kind, name, assigned, braced, behind = found.groups()
        said = (behind or comment).strip().rstrip(".")
        shown = f"{group}.{name}" if group else name
        yield shown, value(kind, name, assigned or braced), said.replace("|", "\\|")


def rooms():
    lines = (ROOT / "src/LAYERS").read_text().splitlines()
    return [line.partition(":")[0] for line in lines if ":" in line and not line.startswith("#")]


def limits():
    out = []
    for room in rooms():
        files = [file for file in sorted((ROOT / "src" / room).glob("*.*"))
                 if file.suffix in (".h", ".cc") and "_test" not in file.stem and not file.stem.startswith("test_")]
        rows = [f"| `{name}` | {shown} | {said} | `{file.relative_to(ROOT / 'src')}` |"
                for file in files for name, shown, said in limits_of(file)]
        if rows:
            out += [f"## {room}", "", "| limit | value | | where |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(out).rstrip()


# --- Errors ----------------------------------------------------------------------------------------------------------

def missing_errors():
    """What the code can answer and docs/reference.md does not name."""
    text = REFERENCE.read_text()
    wanted = set()
    for file in sorted((ROOT / "src").rglob("*.cc")):
        code = file.read_text()
        if "_test" in file.stem:
            continue
        if file.parent.name in ("net", "edge"):
            function = re.search(r"error_name\(int status\) \{(.*?)\n\}", code, re.S)
            wanted |= {name for name in re.findall(r'return "(\w+)";', function[1])} if function else set()
        if file.parent.name in ("control", "net"):
            wanted |= set(re.findall(r'"([A-Z]\w+Exception)"', code))
    return sorted(name for name in wanted if f"`{name}`" not in text)


# --- Links -----------------------------------------------------------------------------------------------------------

def anchors(file):
    """What a heading is called in a link: "## When the disk is full" is #when-the-disk-is-full."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", file.read_text(), re.M)}


def broken_links():
    """(file, link) of every link between our documents that leads nowhere."""
    for file in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))):
        for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
            if "://" in link:
                continue
            path, _, anchor = link.partition("#")
            target = (file.parent / path) if path else file
            if not target.exists() or (anchor and anchor not in anchors(target)):
                yield file.relative_to(ROOT), link


# --- Files -----------------------------------------------------------------------------------------------------------

def with_part(text, name, part):
    """`text` with `part` between the two markers of that name."""
    begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        sys.exit(f"make_reference: there is no place '{begin} ... {end}'")
    return f"{before}{begin}\n\n{part}\n\n{end}{rest.partition(end)[2]}"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    check = options.parse_args().check
    wrong = [f"docs/reference.md does not name the error {name}" for name in missing_errors()]
    wrong += [f"{file}: the link {link} leads nowhere" for file, link in broken_links()]
    for file, name, part in ((REFERENCE, "configuration", configuration()), (LIMITS, "limits", limits())):
        before = file.read_text()
        after = with_part(before, name, part)
        if after == before:
            continue
        if check:
            wrong.append(f"{file.relative_to(ROOT)} is not what the code says: run tools/make_reference.py")
        else:
            file.write_text(after)
    for line in wrong:
        print(f"make_reference: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
