"""A whole conversation in one text, as apps without a chatbot show it: ``You: …`` and ``Bot: …``, line after line.

Only what comes after the last question is the answer of a turn. The question is found by its words on a line of its
own, behind a label or a sign that stands for a person; a text that merely begins with the question is no transcript.
In HTML each message is an element, so there the question needs no label; but it must be new in this turn.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spacebridge.gradio.html import html_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_question", "said_in_html", "said_since"]

_PERSON = (
    r"you|user|human|me|q|question|client|customer|я|вы|пользователь|человек|用户|我|你|usuario|tú|yo|du|ich|vous|moi"
)
_BOT = (
    r"bot|chatbot|assistant|ai|gpt|chatgpt|llm|model|agent|system|a|answer|response|бот|ассистент|ии|"
    r"助手|机器人|asistente"
)
_SIGNS = "🧑👤🙂😀👨👩🙋👦👧🗣>"
# Brackets, stars, blanks: no more than there may be, so that a line of nothing else is soon read.
_FRAME = r"[^\w\n]{0,16}"
_LABEL = re.compile(rf"\s*{_FRAME}(?:(?:{_BOT}){_FRAME}?[:：]|🤖)[*_]*[ \t]*", re.IGNORECASE)
_MAY_BE_LABEL = re.compile(rf"\s*{_FRAME}\w{{0,16}}{_FRAME}")
# What parts one turn from the next.
_RULE = re.compile(r"\n\s*(?:[-*_=]{3,}|<hr\s?/?>)\s*$", re.IGNORECASE)
_NEAR_END = 80
_LABEL_ALONE = re.compile(rf"{_FRAME}(?:{_BOT}|🤖){_FRAME}", re.IGNORECASE)
_SPEAKER = re.compile(rf"{_FRAME}(?:(?:{_PERSON}){_FRAME}[:：]|[{_SIGNS}]){_FRAME}", re.IGNORECASE)
# Elements that only tell who speaks, or when.
_NAMES = re.compile(
    r"""<(\w+)\s[^<>]{0,200}?class\s*=\s*["'][^"'<>]{0,100}?\b(?:user-?name|nick-?name|name|author|sender|speaker|"""
    r"""avatar|time-?stamp|time)\b[^<>]{0,200}>[^<>]{0,80}</\1>""",
    re.IGNORECASE,
)


def said_since(value: str, prompt: str, *, final: bool) -> str | None:
    """What a transcript says after a question; None where a text is none, or does not show the question.

    Args:
        value: the text.
        prompt: the question.
        final: whether the text will not change any more. Else what may be the beginning of a label is held back.
    """
    asked = re.escape(prompt.strip())
    line = re.compile(
        rf"^{_FRAME}(?:(?:{_PERSON}){_FRAME}[:：]|[{_SIGNS}]){_FRAME}{asked}{_FRAME}$", re.IGNORECASE | re.MULTILINE
    )
    found = None
    for found in line.finditer(value):  # noqa: B007 - the last one
        pass
    if found is None or not prompt.strip():
        return None
    rest = value[found.end() :]
    rule = _RULE.search(rest, max(0, len(rest) - _NEAR_END))
    rest = rest if rule is None else rest[: rule.start()]
    label = _LABEL.match(rest)
    if label is not None:
        return rest[label.end() :]
    if not final and _MAY_BE_LABEL.fullmatch(rest):
        return ""
    return rest.lstrip()


def is_question(text: str, prompt: str) -> bool:
    """Whether a message is a question, perhaps behind the name of who asks: ``User: …``."""
    text, prompt = " ".join(text.split()), " ".join(prompt.split())
    if not prompt or not text.endswith(prompt):
        return False
    label = text[: -len(prompt)]
    return not label or _SPEAKER.fullmatch(label) is not None


def said_in_html(value: str, before: str, prompt: str, *, final: bool) -> str | None:
    """What a transcript in HTML says after a question, as text; None where it is none, or does not show the question.

    Args:
        value: the HTML.
        before: what it was before the turn; newer messages may stand under the older ones, or above.
        prompt: the question.
        final: whether it will not change any more.
    """
    new = _new_lines(_lines(value), _lines(before))
    found = list(_behind(new, prompt))
    # What an app has told others may show, too, when one comes: then the last question is one's own.
    rest = next((each for each in reversed(found) if each), "") if not before.strip() else "".join(found[:1])
    head, _, more = rest.partition("\n")
    if _LABEL_ALONE.fullmatch(head) and (more or not final):
        return more.strip()
    label = _LABEL.match(rest)
    said = rest[label.end() :] if label is not None else rest
    return said if said or (found and not final) else None


def _behind(lines: list[str], prompt: str) -> Iterator[str]:
    """What stands behind each place where a question does."""
    asked = [line for line in map(_squeezed, prompt.splitlines()) if line]
    size = len(asked)
    for index in range(len(lines)):
        if is_question(lines[index], prompt):
            yield "\n".join(lines[index + 1 :]).strip()
        elif size > 1 and is_question(lines[index], asked[0]) and lines[index + 1 : index + size] == asked[1:]:
            yield "\n".join(lines[index + size :]).strip()


def _lines(source: str) -> list[str]:
    return html_to_text(_NAMES.sub(" ", source)).split("\n")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _new_lines(lines: list[str], before: list[str]) -> list[str]:
    """The lines that were not there: what stood above them before, and what stood below, are left out."""
    most = min(len(lines), len(before))
    above = next((i for i in range(most) if lines[i] != before[i]), most)
    if above < len(before) < len(lines) and lines[-len(before) :] == before:
        return lines[: -len(before)]
    most -= above
    below = next((i for i in range(most) if lines[-1 - i] != before[-1 - i]), most)
    return lines[above : len(lines) - below]
