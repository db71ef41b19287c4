"""Live footers: what some apps put under an answer and rewrite at each step, such as a count of tokens; without I/O.

Nothing tells a footer from the answer's own last line for certain. So what looks like one is only held back, until more
text follows it, or the turn ends: then it is given like all other text.
"""

from __future__ import annotations

import re

__all__ = ["footer_suffix", "is_footer", "is_footer_apart"]

_LONGEST = 120
_WINDOW = 512
_MEASURED = re.compile(
    r"tok(?:en)?s?\b|\bt/s|\btps\b|\bwords?\b|\bchar(?:acter)?s?\b|\d\s*(?:s|ms|secs?|seconds?|mins?|minutes?)\b|\belapsed|"
    r"\btime\b|\btook\b|\bspeed|latency|耗时|用时|时间|秒|字|速度|トークン|時間|токен|сек|слов|время|tiempo|segundos|zeit|"
    r"sekunde|⏱|🕒|⚡",
    re.IGNORECASE,
)
# Bars, braille spinners, moons and clocks, and what stands around them.
_DRAWN = re.compile(r"[\u2580-\u25ff\u2800-\u28ff\U0001f311-\U0001f318\U0001f550-\U0001f567]")
_AROUND_DRAWN = re.compile(r"[\W\d_]*")
_AT_WORK = re.compile(r"[⏳⌛🔄💭🤔].*|[*_(\[<].*(?:\.\.\.|…)(?:[\W_]|</?\w+>)*")
_DIGIT = re.compile(r"\d")
# What stands between an answer and a footer: blank lines, rules, breaks.
_BETWEEN = re.compile(r"(?:\s|<br\s*/?>|<hr\s*/?>|(?<=\n)(?:-{3,}|\*{3,}|_{3,})(?=\s))+$", re.IGNORECASE)


def is_footer(line: str) -> bool:
    """Whether a line may be a live footer: a count or a clock, a bar or a spinner, a word about being at work."""
    line = line.strip()
    if not line or len(line) > _LONGEST:
        return False
    if _DIGIT.search(line) and _MEASURED.search(line.replace("_", " ")):
        return True
    if _DRAWN.search(line) and _AROUND_DRAWN.fullmatch(line):
        return True
    return _AT_WORK.fullmatch(line) is not None


def footer_suffix(text: str) -> int:
    """How many characters at the end of a text may be a live footer and what parts it; perhaps all of them."""
    end = text[-_WINDOW:].rstrip()
    start = max(end.rfind("\n") + 1, _behind_break(end))
    if not is_footer(end[start:]):
        return 0
    between = _BETWEEN.search(end[:start])
    return min(len(text[-_WINDOW:]), len(text)) - (between.start() if between else start)


def is_footer_apart(text: str, keep: int) -> bool:
    """Whether what stands behind a place in a text is a line or so on its own at the end, as a footer is."""
    tail = text[keep:]
    apart = tail.lstrip(" \t").startswith(("\n", "<br", "<hr")) or text[:keep].endswith(("\n", ">"))
    return keep > 0 and apart and len(tail.strip()) <= _LONGEST * 2


def _behind_break(text: str) -> int:
    place = text.lower().rfind("<br")
    end = text.find(">", place) if place >= 0 else -1
    return end + 1 if end >= 0 else 0
