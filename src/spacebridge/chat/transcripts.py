"""A whole conversation in one text, as apps without a chatbot show it: ``You: …`` and ``Bot: …``, line after line.

Only what comes after the last question is the answer of a turn. The question is found by its words on a line of its
own, behind a label or a sign that stands for a person; a text that merely begins with the question is no transcript.
"""

from __future__ import annotations

import re

__all__ = ["said_since"]

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
    label = _LABEL.match(rest)
    if label is not None:
        return rest[label.end() :]
    if not final and _MAY_BE_LABEL.fullmatch(rest):
        return ""
    return rest.lstrip()
