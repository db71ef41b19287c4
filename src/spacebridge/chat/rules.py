"""What of a bubble's text is answer, what is reasoning, and what is neither, without I/O."""

from __future__ import annotations

import re

import msgspec

from spacebridge.chat.bubbles import is_thinking

__all__ = [
    "CURSORS",
    "PROVISIONAL",
    "WINDOW",
    "TextRules",
    "closing_suffix",
    "cursor_suffix",
    "ends_in_tail",
    "held_suffix",
    "may_close",
    "opens_details",
    "provisional_suffix",
    "split_reasoning",
    "stands_for_answer",
]

_MODELSCOPE = re.compile(
    r"""(?:
        # addresses of tags and links (modelscope_studio/utils/process_links.py)
        (?:src=(?=['"]) | "imgSrc":[ ]*(?="|$) | \]\() (['"]?[^'"()\n]*)
        # Qwen-Agent deletes code fences, and makes a block of <think> (qwen_agent/gui/utils.py)
        | (`{1,2} | <(?:t(?:h(?:i(?:nk?)?)?)?)?)
        # it closes a block after each step of what grows inside: thinking, and half of the tag that ends it; arguments
        | ((?:</?(?:t(?:h(?:i(?:nk?)?)?)?)?)? \s* (?:</div>\s*)? </details> \s*)
    )$""",
    re.VERBOSE,
)
# Chatbots whose apps rewrite parts of a text: the end of a text that may change when more comes, as a group behind what
# tells it and stays.
PROVISIONAL: dict[str, re.Pattern[str]] = {"modelscopechatbot": _MODELSCOPE, "modelscopelegacychatbot": _MODELSCOPE}

CURSORS = frozenset("▌▐█▍▎▏▋▊▉▮▯●⬤◍○◌⚫⚪⏳⌛")
"""What apps put behind a text that still grows."""
_CURSORS = "".join(CURSORS)
_LONGEST_STAND_IN = 120
_STAND_IN = re.compile(r"[\W_]*|[⏳⌛].*|.*(?:\.\.\.|…)(?:[\W_]|</?\w+>)*")

WINDOW = 512
"""Characters at the end of a text in which its provisional part is looked for."""

_OPENINGS = ("<think>", "<thinking>", "<thought>", "<reasoning>")
_CLOSINGS = (*(f"</{opening[1:]}" for opening in _OPENINGS), "</details>")
_LONGEST_CLOSING = max(map(len, _CLOSINGS))
_DETAILS = "<details"
_SUMMARY = re.compile(r"<details[^>]*>\s*<summary[^>]*>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
_DETAILS_TAG = re.compile(r"<(/?)details\b[^>]*>", re.IGNORECASE)
_LONGEST_SUMMARY = 400


# What makes HTML of Markdown on the server, as chatbots of 3.12 to 3.30 and many apps of that time do, closes all tags
# after each step; and what is open of Markdown's own marks in the last line becomes a tag when it closes.
_MADE_OF_MARKDOWN = re.compile(r"\s*<(?:p|ol|ul|h[1-6]|pre|table|blockquote|div)\b[^>]*>", re.IGNORECASE)
_CLOSED = re.compile(
    r"(?:[*_`$~]+[^<>\n*_`$~]{0,80} | !?\[[^<>\n\]]{0,80}(?:\](?:\([^<>\n)]{0,200})?)?)?"
    r"(?:\s*</[a-z][a-z0-9]*>)+\s*$",
    re.IGNORECASE | re.VERBOSE,
)


class TextRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one Space decorates its answers; a row of data."""

    placeholders: tuple[str, ...] = ()
    """Texts that stand for an answer until it comes."""
    tail: str | None = None
    """How a changing tail begins that the Space puts under each step of an answer, such as a clock."""
    reasoning: bool = True
    """Whether an opening ``<think>`` or ``<details>`` is taken for reasoning; else it is text like all other."""


def ends_in_tail(text: str, tail: str) -> int | None:
    """Where a tail begins that ends the text, or None.

    Only the last one counts, and only if nothing follows it: a summary that goes on is part of an answer.
    """
    start, length = text.rfind(tail), len(tail)
    if start < 0:  # a chatbot strips what is blank before the tail of a text that is still empty
        start, length = 0, len(tail.lstrip())
        if not text.startswith(tail.lstrip()):
            return None
    rest = text[start + length :]
    body, closed, after = rest.partition("</summary>")
    if after.strip() or (not closed and "\n" in body):
        return None
    return start


def opens_details(text: str) -> bool:
    """Whether a ``<details>`` is open at the end of a text."""
    depth = 0
    for match in _DETAILS_TAG.finditer(text):
        depth = max(0, depth - 1) if match[1] else depth + 1
    return depth > 0


def split_reasoning(text: str, *, final: bool) -> tuple[str, str, bool]:
    """Split a bubble's text into reasoning and answer.

    Reasoning is an opening ``<think>…</think>``, or an opening ``<details>`` whose summary speaks of thinking.

    Args:
        text: of the bubble so far.
        final: whether it is the whole text. Else what can't be told yet is held back.

    Returns:
        Reasoning, answer, and whether the reasoning is still open.
    """
    begin = text.lstrip()
    if not begin and not final:
        return "", "", False
    lower = begin[:_LONGEST_SUMMARY].lower()
    for opening in _OPENINGS:
        if lower.startswith(opening):
            return _split_at(begin[len(opening) :], f"</{opening[1:]}", final=final)
        if not final and lower and opening.startswith(lower):
            return "", "", False
    if lower.startswith(_DETAILS):
        match = _SUMMARY.match(begin[:_LONGEST_SUMMARY])
        if match is None:
            waiting = not final and "</summary>" not in lower and len(begin) < _LONGEST_SUMMARY
            return "", "" if waiting else text, False
        if is_thinking(match[1]):
            return _split_at(begin[match.end() :], "</details>", final=final)
    elif not final and lower and _DETAILS.startswith(lower):
        return "", "", False
    return "", text, False


def _split_at(text: str, closing: str, *, final: bool) -> tuple[str, str, bool]:
    end = _matching_close(text) if closing == "</details>" else _find(text, closing)
    if end < 0:
        if final:
            return text.strip("\n"), "", True
        kept = len(text) - held_suffix(text[-len(closing) :].lower(), (closing,))
        return text[:kept].strip("\n"), "", True
    return text[:end].strip("\n"), text[end + len(closing) :].lstrip(), False


def _find(text: str, tag: str) -> int:
    """Where a tag is, however it is written; -1 if nowhere."""
    match = re.search(re.escape(tag), text, re.IGNORECASE)
    return -1 if match is None else match.start()


def may_close(text: str) -> bool:
    """Whether the end of a text may be the beginning of a closing tag of reasoning."""
    return held_suffix(text[-_LONGEST_CLOSING:].lower(), _CLOSINGS) > 0


def _matching_close(text: str) -> int:
    """Where the ``</details>`` is that closes one opened before the text; -1 if nowhere."""
    depth = 1
    for match in _DETAILS_TAG.finditer(text):
        depth += -1 if match[1] else 1
        if depth == 0:
            return match.start()
    return -1


def provisional_suffix(text: str, pattern: re.Pattern[str]) -> int:
    """How many characters at the end of a text will change when more comes."""
    match = pattern.search(text[-WINDOW:])
    return 0 if match is None else match.end() - match.start(match.lastindex or 0)


def cursor_suffix(text: str) -> int:
    """How many characters at the end of a text are a cursor, and blanks before it."""
    shown = text.rstrip()
    if shown[-1:] not in CURSORS:
        return 0
    return len(text) - len(shown.rstrip(_CURSORS).rstrip(" \u00a0"))


def closing_suffix(text: str) -> int:
    """How many characters at the end of HTML that was made of Markdown close what the next step may go on with."""
    end = text[-WINDOW:]
    if not end.rstrip().endswith(">") or _MADE_OF_MARKDOWN.match(text) is None:
        return 0
    match = _CLOSED.search(end)
    return 0 if match is None else len(end) - match.start()


def stands_for_answer(text: str) -> bool:
    """Whether a first text may stand for an answer until it comes: ``Thinking…``, ``⏳ Please wait``, dots."""
    line = text.strip()
    return len(line) <= _LONGEST_STAND_IN and _STAND_IN.fullmatch(line) is not None


def held_suffix(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of a text may be the beginning of one of the tags."""
    longest = 0
    for tag in tags:
        for size in range(min(len(tag) - 1, len(text)), longest, -1):
            if text.endswith(tag[:size]):
                longest = size
                break
    return longest
