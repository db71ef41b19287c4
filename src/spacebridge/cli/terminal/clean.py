"""Text of others, made harmless for a terminal.

What a Space says may hold what a terminal obeys: escape sequences that move the cursor, set the title, write the
clipboard or ask the terminal to type something. It may also hold characters that turn the direction of a line around,
so that it reads differently from what it says.

Works on single characters, so that text can be cleaned piece by piece, however it was cut.
"""

from __future__ import annotations

import unicodedata

__all__ = ["clean", "clean_json", "clean_line", "fitted"]

_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))

_TABLE: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x0D: None,
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    0x2028: "\n",
    0x2029: "\n",
    **dict.fromkeys(_BIDI),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **dict.fromkeys(range(0xFFF9, 0xFFFC), "\ufffd"),
}
# In JSON the same characters can be written in another way, which means the same.
_ESCAPED = {code: f"\\u{code:04x}" for code in _TABLE if code > 0x20}


def clean(text: str) -> str:
    """The text without anything that a terminal would obey.

    Control characters are shown as their pictures (``␛`` for ESC), C1 controls as ``�``; carriage returns and controls
    of direction are left out; line feeds and tabs stay.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def clean_line(text: str) -> str:
    """The same, on one line."""
    return " ".join(clean(text).split())


def clean_json(text: str) -> str:
    """JSON that means the same, without anything in it that a terminal would obey."""
    return text if text.isascii() and "\x7f" not in text else text.translate(_ESCAPED)


def fitted(text: str, columns: int) -> str:
    """As much of a clean text as fits into so many columns of a terminal."""
    used = 0
    for place, char in enumerate(text):
        if not unicodedata.combining(char):
            used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > columns or place > 4 * columns:  # marks pile up, and take no column
            return text[:place]
    return text
