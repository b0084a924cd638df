#!/usr/bin/env python3
"""Refuses a co_await inside a larger expression: compilers have miscompiled those (see cmake/compiler.cmake).

It may be a whole statement, the whole value of a variable, or what co_return gives.
"""

import pathlib
import re
import sys

# Comments and texts say co_await without meaning it; lines are kept for the place in the complaint.
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
# What may stand between the begin of a statement and its co_await.
BEFORE = re.compile(r"(co_return|([\w:<>,&*\s]+[\s&*])?(\w+|\[[\w,\s]+\])\s*=)?")
OPERATOR = re.compile(r"\s(&&|\|\||[=!<>]=|[-+*/%<>?])\s|,")
HEAD = re.compile(r"(else\b\s*)?\b(if|while|for)\s*(constexpr\s*)?\(|else\b")


def without_head(text):
    """`text` behind "if (...)", "while (...)", "for (...)" or "else", if it begins so and they are closed."""
    text = text.strip()
    while head := HEAD.match(text):
        end = head.end()
        depth = head[0].count("(")
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        if depth:
            return text
        text = text[end:].strip()
    return text


def outside_brackets(text):
    """What of `text` stands in no brackets."""
    out, depth = [], 0
    for character in text:
        depth -= character in ")]}"
        if depth <= 0:
            out.append(character)
        depth += character in "([{"
    return "".join(out)


def statement_end(text, at):
    depth = 0
    while at < len(text) and not (text[at] == ";" and depth == 0):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
        if depth < 0:
            break
        at += 1
    return at


def complaints_of(text):
    """The numbers of the lines whose co_await is not alone."""
    code = NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for found in re.finditer(r"\bco_await\b", code):
        # A for statement has semicolons of its own: a co_await among them stands in brackets.
        before = re.split(r"[;{}]|\w+:(?!:)", code[: found.start()])[-1]
        alone = BEFORE.fullmatch(without_head(before))
        whole = not OPERATOR.search(outside_brackets(code[found.end() : statement_end(code, found.end())]))
        if not (alone and whole):
            yield code.count("\n", 0, found.start()) + 1


def complaints(src):
    for file in sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cc")):
        for number in complaints_of(file.read_text()):
            yield (f"{file.relative_to(src.parent)}:{number}: co_await must stand alone in a statement, "
                   "be the whole value of a variable, or follow co_return")


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "src")
    found = list(complaints(src))
    print("\n".join(found) if found else "every co_await stands alone")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
