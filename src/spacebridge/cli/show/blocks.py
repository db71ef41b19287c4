"""Markdown that still grows, cut where what stands before the cut will not look different when more comes.

A cut falls between top-level blocks, between the items of a list, and between the lines of fenced code. So a long
answer is rendered piece by piece, each piece once, and only the last is rendered again while it grows.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

__all__ = ["Block", "Cutter", "Fence"]

_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_ITEM = re.compile(r"^( {0,1})([-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")


class Fence(msgspec.Struct, frozen=True):
    """Fenced code that is open."""

    mark: str
    indent: int
    info: str

    def closes(self, line: str) -> bool:
        """Whether a line ends the code."""
        text = line.strip()
        return len(text) >= len(self.mark) and text == self.mark[0] * len(text) and len(line) - len(line.lstrip()) <= 3

    def content(self, line: str) -> str:
        """A line of the code, without the indentation of the fence."""
        blank = len(line) - len(line.lstrip(" "))
        return line[min(blank, self.indent) :]


class Block(msgspec.Struct, frozen=True):
    """A piece of an answer that is complete."""

    kind: Literal["text", "code", "open", "close"]
    """Markdown; lines of code; the line that opens a fence, and the one that closes it."""
    source: str
    gap: bool = True
    """Whether an empty line stands before it."""
    fence: Fence | None = None
    """The code that it is of."""


class Cutter:
    """Cuts an answer from its beginning on, remembering only what matters behind the last cut."""

    def __init__(self) -> None:
        self._fence: Fence | None = None
        self._item: tuple[str, int] | None = None
        """Of the list that the next piece goes on with: its mark, and the number of the item before."""

    @property
    def fence(self) -> Fence | None:
        """The code that is open behind the last cut."""
        return self._fence

    def cut(self, text: str, *, final: bool = False) -> tuple[list[Block], int]:
        """Cut what can be cut.

        Args:
            text: what follows the last cut.
            final: nothing more will come, so all can be cut.

        Returns:
            The complete blocks, and how many characters they take.
        """
        blocks: list[Block] = []
        place = start = 0
        blank = False
        while place < len(text):
            end = text.find("\n", place)
            if end < 0 and not final:
                break
            after = len(text) if end < 0 else end + 1
            line = text[place:after].rstrip("\n")
            if self._fence is not None:
                blocks.append(self._code(line))
                start = after
            elif not line.strip():
                blank = True
            else:
                fence = _opening(line, self._within_list(text[start:place]))
                begun = bool(text[start:place].strip())
                if begun and (fence or self._divides(text[start:place], line, blank=blank)):
                    self._text(blocks, text[start:place], goes_on=self._tight(text[start:place], line, blank=blank))
                    start = place
                if fence is not None:
                    self._fence, self._item, start = fence, None, after
                    blocks.append(Block("open", line, True, fence))
                blank = False
            place = after
        if final and text[start:].strip():
            self._text(blocks, text[start:], goes_on=False)
            start = len(text)
        return blocks, len(text) if final else start

    def preview(self, text: str) -> list[Block]:
        """What follows the last cut, as if nothing more would come; nothing is cut by it."""
        kept = self._fence, self._item
        blocks, _ = self.cut(text, final=True)
        self._fence, self._item = kept
        return blocks

    def _code(self, line: str) -> Block:
        fence = self._fence
        assert fence is not None  # noqa: S101 - asked for by the caller
        if fence.closes(line):
            self._fence = None
            return Block("close", line, False, fence)
        return Block("code", fence.content(line), False, fence)

    def _text(self, blocks: list[Block], source: str, *, goes_on: bool) -> None:
        """Cut Markdown; an item of a list keeps its number."""
        gap, source = self._item is None, source.lstrip("\n")
        match = _ITEM.match(source)
        number = 0
        if match is not None and match[2][:-1].isdigit():
            number = int(match[2][:-1])
            if self._item is not None and self._item[0] == match[2][-1]:
                number = self._item[1] + 1
            source = f"{match[1]}{number}{match[2][-1]}{source[match.end() :]}"
        self._item = (match[2][-1], number) if goes_on and match is not None else None
        blocks.append(Block("text", source, gap))

    @staticmethod
    def _within_list(before: str) -> bool:
        return _ITEM.match(before.lstrip("\n")) is not None

    def _divides(self, before: str, line: str, *, blank: bool) -> bool:
        """Whether a block ends before a line."""
        indent = len(line) - len(line.lstrip())
        if self._tight(before, line, blank=blank):
            return True
        if not blank:
            item = _ITEM.match(line)
            if item is None or self._within_list(before) or _RULE.match(line) or not line[item.end() :].strip():
                return False
            return item[2][:-1] in ("", "1")  # what may interrupt a paragraph
        return indent <= 1 and not line.startswith("\t")

    @staticmethod
    def _tight(before: str, line: str, *, blank: bool) -> bool:
        """Whether a line begins the next item of the list before it."""
        last, item = _ITEM.match(before.lstrip("\n")), _ITEM.match(line)
        if blank or last is None or item is None or _RULE.match(line):
            return False
        return last[2][-1] == item[2][-1]


def _opening(line: str, within_list: bool) -> Fence | None:
    match = _FENCE.match(line)
    if match is None or (match[2][0] == "`" and "`" in match[3]):
        return None
    if within_list and len(match[1]) > 1:
        return None
    return Fence(match[2], len(match[1]), match[3].strip())
