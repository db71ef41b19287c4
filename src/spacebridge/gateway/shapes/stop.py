"""Stop sequences: the text ends before the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Stop"]


class Stop:
    """Passes text on up to the first stop sequence, however it is split.

    Only what may be the beginning of a stop sequence is held back. The first is the one that is complete first; of
    those complete at the same place, the longest.

    Attributes:
        hit: the stop sequence that came, or None. After it nothing is passed on.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self.hit: str | None = None
        self._sequences = tuple(dict.fromkeys(filter(None, sequences)))
        self._inside = frozenset(char for sequence in self._sequences for char in sequence[:-1])
        """What can be the last character of text that is held back."""
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be passed on because of more text."""
        if self.hit is not None:
            return ""
        if not self._held and not text:
            return ""
        text = self._held + text
        self._held = ""
        found = [(at + len(s), at, s) for s in self._sequences if (at := text.find(s)) >= 0]
        if found:
            _, at, self.hit = min(found)
            return text[:at]
        keep = self._beginning(text)
        if keep:
            self._held = text[-keep:]
            return text[:-keep]
        return text

    def finish(self) -> str:
        """The text has ended: what was held back."""
        text, self._held = self._held, ""
        return text

    def _beginning(self, text: str) -> int:
        """How many characters at the end of a text are the beginning of a stop sequence."""
        if text[-1] not in self._inside:
            return 0
        longest = 0
        for sequence in self._sequences:
            for length in range(min(len(sequence) - 1, len(text)), longest, -1):
                if text.endswith(sequence[:length]):
                    longest = length
                    break
        return longest
