"""How many tokens a text may be: an estimate, made without the model's own tokenizer, which no app tells.

Each character counts for a fraction of a token, by its class, so that the estimates of parts add up to that of a whole.
The fractions are fitted to the tokenizer of OpenAI's newer models (o200k): on prose in eight languages, code, JSON and
Markdown the estimate is within 20 % of what it counts, mostly 10. Older tokenizers cut what is not Latin into up to
twice as many tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["PER_TOKEN", "Usage", "cut", "weigh"]

PER_TOKEN = 100
"""Weights are in hundredths of a token."""

_SPACE, _NEWLINE, _LETTER, _DIGIT, _SIGN, _ACCENTED, _TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = (
    3,
    50,
    26,
    50,
    60,
    140,
    34,
    74,
    250,
)


def _weight(byte: int) -> int:
    """The weight of a character, at the first byte of its UTF-8."""
    char = chr(byte)
    if byte < 0x80:
        if char.isalpha():
            return _LETTER
        if char.isdigit():
            return _DIGIT
        return _SIGN if not char.isspace() else _NEWLINE if char == "\n" else _SPACE
    if byte < 0xC0:  # not the first
        return 0
    if byte < 0xE0:
        return _ACCENTED if byte < 0xCA else _TWO_BYTES
    return _THREE_BYTES if byte < 0xF0 else _FOUR_BYTES


_WEIGHTS = bytes(_weight(byte) for byte in range(256))


def weigh(text: str) -> int:
    """The estimate for a text, in hundredths of a token. Those of its parts add up to it."""
    return sum(text.encode("utf-8", "replace").translate(_WEIGHTS))


def cut(text: str, weight: int) -> int:
    """How many characters of a text are of a weight, at most."""
    for position, char in enumerate(text):
        weight -= weigh(char)
        if weight < 0:
            return position
    return len(text)


class Usage(NamedTuple):
    """What a request and its reply weigh, in hundredths of a token."""

    prompt: int
    text: int
    reasoning: int

    @property
    def prompt_tokens(self) -> int:
        return _tokens(self.prompt)

    @property
    def reasoning_tokens(self) -> int:
        return _tokens(self.reasoning)

    @property
    def completion_tokens(self) -> int:
        """Of the answer and the reasoning together."""
        return _tokens(self.text) + self.reasoning_tokens

    def openai(self) -> dict[str, Any]:
        """As chat completions tell it, marked as an estimate."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "estimated": True,
        }


def _tokens(weight: int) -> int:
    return -(-weight // PER_TOKEN)
