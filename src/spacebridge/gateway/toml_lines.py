"""Where in a TOML file something stands. The parser of the standard library does not tell.

The text has been parsed already, so it is TOML; only headers, keys and where values end have to be told apart.
"""

from __future__ import annotations

import re

__all__ = ["Path", "line_of", "lines_of"]

Path = tuple[str | int, ...]

_PART = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_NAME})\s*\]\]?")
_KEY = re.compile(rf"\s*({_NAME})\s*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]')


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from 1, of each table and key outside of inline tables; of a list's items, where it begins."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if header := _HEADER.match(line):
            table = _entered(_parts(header[2]), counts, another=header[1] == "[[")
            found.setdefault(table, number + 1)
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number + 1)
            number = _end_of_value(lines, number, key.end())
        number += 1
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of something, or of the closest thing around it; None if nothing of it stands in the file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _parts(name: str) -> Path:
    return tuple(_unquoted(part) for part in re.findall(_PART, name))


def _unquoted(part: str) -> str:
    if part.startswith('"'):
        return re.sub(r"\\(.)", r"\1", part[1:-1])
    return part[1:-1] if part.startswith("'") else part


def _entered(name: Path, counts: dict[Path, int], *, another: bool) -> Path:
    """The path of a table, with the numbers of the list items that it is in."""
    path: Path = ()
    for position, part in enumerate(name):
        path = (*path, part)
        if another and position == len(name) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _end_of_value(lines: list[str], number: int, start: int) -> int:
    """The number of the line on which a value ends."""
    depth, closing = 0, ""
    while number < len(lines):
        line, at = lines[number], start
        while at < len(line):
            if closing:
                end = line.find(closing, at)
                if end < 0:
                    break
                at, closing = end + len(closing), ""
            elif token := _TOKEN.search(line, at):
                at = token.end()
                if token[0] in ('"""', "'''"):
                    closing = token[0]
                elif token[0] in ("[", "{"):
                    depth += 1
                elif token[0] in ("]", "}"):
                    depth -= 1
            else:
                break
        if depth <= 0 and not closing:
            return number
        number, start = number + 1, 0
    return number
