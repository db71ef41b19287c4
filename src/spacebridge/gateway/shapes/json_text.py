"""JSON as models write it: in fences, behind a word or two, with a comma too many."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NOTHING", "compact", "found_in", "mended", "parsed", "unfenced"]

NOTHING: Any = object()
"""Stands for: this is no JSON. ``null`` is."""

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n`]*\n(.*?)^ {0,3}\1[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"\s*(```+|~~~+)[^\n`]*\n(.*?)\n?\s*\1\s*", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|,\s*(?=[}\]])|[{}\[\]]', re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_CLOSERS = {"{": "}", "[": "]"}
_UNFINISHED = frozenset(",:0123456789.+-E")
"""Behind these more was to come, or may have been."""
_LONGEST_LITERAL = 100_000
_MOST_TRIES = 100
_DEEPEST = 100


def _refused(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


_STRICT = json.JSONDecoder(parse_constant=_refused, parse_float=_finite)
# Models put line ends into strings as they are.
_LENIENT = json.JSONDecoder(parse_constant=_refused, parse_float=_finite, strict=False)


def parsed(text: str, *, strict: bool = True) -> Any:
    """The value of a JSON text, or NOTHING. Infinite numbers are no JSON, and nor is what is nested beyond reason."""
    if text.count("{") + text.count("[") > _DEEPEST and _depth(text) > _DEEPEST:
        return NOTHING
    try:
        return (_STRICT if strict else _LENIENT).decode(text)
    except (ValueError, RecursionError):
        return NOTHING


def compact(value: Any) -> str:
    """A value as JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair can be written as an escape only
        return json.dumps(value, allow_nan=False)
    return text


def unfenced(text: str) -> str:
    """What a code fence holds, where the text is nothing but one."""
    found = _FENCED.fullmatch(text)
    return found[2] if found else text


def mended(text: str, *, missing: int = 0) -> Any:
    """The value of a text that is nearly JSON, or NOTHING.

    Mended is only what leaves no doubt about the value: line ends in strings, commas before a closing bracket, closing
    brackets too many at the end, and the writing of Python (``{'a': True}``). What was cut is not, but for closing
    brackets where it is known that no more was meant to come.

    Args:
        text: what may be nearly JSON.
        missing: how many closing brackets may be missing at the end.
    """
    text = unfenced(text).strip()
    value = parsed(text, strict=False)
    if value is not NOTHING or not text.startswith(("{", "[")):
        return value
    value = parsed(_brackets_mended(text, missing), strict=False)
    return value if value is not NOTHING else _python(text)


def found_in(text: str) -> Iterator[tuple[Any, str]]:
    """The JSON values in an answer, each with its text: the likeliest first.

    First the whole answer, then what stands in code fences, then each object or list in the running text.
    """
    whole = text.strip()
    blocks = [whole, *(found[2].strip() for found in _FENCE.finditer(text))]
    for block in blocks:
        value = parsed(block)
        if value is not NOTHING:
            yield value, block
    for block in blocks:
        if parsed(block) is NOTHING:
            value = mended(block)
            if value is not NOTHING:
                yield value, compact(value)
    if parsed(whole) is NOTHING:
        yield from _embedded(text)


def _embedded(text: str) -> Iterator[tuple[Any, str]]:
    """Objects and lists in running text, outermost first."""
    position = 0
    for _ in range(_MOST_TRIES):
        found = _OPENING.search(text, position)
        if found is None:
            return
        try:
            value, position = _LENIENT.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            position = found.end()
            continue
        source = text[found.start() : position]
        if parsed(source, strict=False) is not NOTHING:
            yield value, source if parsed(source) is not NOTHING else compact(value)


def _depth(text: str) -> int:
    """How deep brackets are nested."""
    depth = deepest = 0
    for found in _TOKEN.finditer(text):
        if found[0] in _CLOSERS:
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in ("}", "]"):
            depth -= 1
    return deepest


def _brackets_mended(text: str, missing: int) -> str:
    """The text without commas before a closing bracket, and without brackets too many or too few at the end."""
    pieces: list[str] = []
    open_: list[str] = []
    position = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        pieces.append(text[position : found.start()])
        position = found.end()
        if token.startswith(","):
            continue
        if token in _CLOSERS:
            open_.append(_CLOSERS[token])
        elif token in ("}", "]"):
            if not open_ and not text[found.start() :].strip("}] \t\r\n"):
                return "".join(pieces)
            if not open_ or open_.pop() != token:
                return text
        pieces.append(token)
    if len(open_) > missing or text[-1] in _UNFINISHED:
        return text
    return "".join([*pieces, text[position:], *reversed(open_)])


def _python(text: str) -> Any:
    """The value of a Python literal, if JSON can say it."""
    if len(text) > _LONGEST_LITERAL:
        return NOTHING
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that Python does not know
            value = ast.literal_eval(text)
        return value if parsed(json.dumps(value, allow_nan=False)) == value else NOTHING
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NOTHING
