"""Calls of tools, told from the text around them while it comes in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from spacebridge.gateway.shapes.tools import CLOSE, OPEN, Call, calls_in

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ToolCalls"]

_NEXT = re.compile(r"\n|<")
_TAG = re.compile(f"{re.escape(OPEN)}|{re.escape(CLOSE)}")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# What may stand before a call. There is an end to it, since it is looked at again with every piece that comes.
_LEAD = re.compile(r"\s{0,99}(?:```[\w-]{0,20}\s{1,99})?")
_HALF_FENCE = re.compile(r"`{1,2}|```[\w-]{0,20}")
_BODY = re.compile(r"\s{0,99}(?:```[\w-]{0,20}\s{1,99})?[{\[]")
_HALF_BODY = re.compile(r"\s{0,99}(?:`{1,2}|```[\w-]{0,20}\s{0,99})?")
_LONGEST_LEAD = 200
"""Characters up to which an answer may turn out to be a call without tags."""
_LONGEST_START = 80
"""Characters of a line that can matter for whether it opens or closes a code fence."""


class ToolCalls:
    """Splits an answer into text and calls; any way of cutting it gives the same.

    * A call stands between the tags, is JSON or nearly, and names a tool that was offered. All else is text.
    * In code fences and behind a backtick a tag is text, but for a fence that opens the answer and holds the call.
    * An answer that is a call without tags, and nothing else, is a call.
    * White space around calls is text only where text follows it. An answer without calls is passed on character for
      character.

    Args:
        names: of the tools that may be called.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._bare = [f'{{"name":"{name}"' for name in names]
        self._state: Literal["lead", "whole", "text", "call", "after"] = "lead"
        self._pending: list[str] = []
        self._buffer: str = ""
        self._out: list[str | Call] = []
        self._called = False
        self._blank: str = ""
        """White space that is text if text follows."""
        self._line: str = ""
        """The beginning of the line so far."""
        self._last: str = ""
        """The last character before the buffer."""
        self._fence: str = ""
        """What opened the code fence that is open."""
        self._lead_fence: str = ""
        """A fence that opened the answer and held nothing but calls until now."""
        self._scanned = 0
        """How much of the buffer was searched for the end of a call."""

    def feed(self, text: str) -> list[str | Call]:
        """More of the answer; what it gives of text and calls."""
        self._pending.append(text)
        if self._state == "whole" or (self._scanned and ">" not in text):
            return []  # nothing can be decided yet, and looking at a long call again and again would cost
        self._buffer += "".join(self._pending)
        self._pending.clear()
        self._go_on()
        return self._taken()

    def finish(self, *, cut: bool = False) -> list[str | Call]:
        """The answer has ended.

        Args:
            cut: whether it was ended before it was whole; then half a call is none.
        """
        self._buffer += "".join(self._pending)
        self._pending.clear()
        while self._buffer or self._state == "call":
            self._end(cut=cut)
            self._go_on()
        if self._blank and not self._called:
            self._out.append(self._blank)
        self._blank = ""
        return self._taken()

    def _taken(self) -> list[str | Call]:
        taken, self._out = self._out, []
        joined: list[str | Call] = []
        for piece in taken:
            last = joined[-1] if joined else None
            if isinstance(piece, str) and isinstance(last, str):
                joined[-1] = last + piece
            else:
                joined.append(piece)
        return joined

    def _go_on(self) -> None:
        """Take what can be taken from the buffer."""
        going = bool(self._buffer)
        while going:
            match self._state:
                case "lead":
                    going = self._in_lead()
                case "text":
                    going = self._in_text()
                case "call":
                    going = self._in_call()
                case "after":
                    going = self._after_call()
                case "whole":
                    going = False

    # What is done in each state; True if the state changed

    def _in_lead(self) -> bool:
        """At the beginning of the answer: it may be a call without tags, or open with a fenced one."""
        found = _LEAD.match(self._buffer)
        start = found.end() if found else 0
        rest = self._buffer[start:]
        if _HALF_FENCE.fullmatch(rest) or (len(rest) < len(OPEN) and OPEN.startswith(rest)):
            return False
        fence = self._buffer[:start]
        squeezed = "".join(rest[:_LONGEST_LEAD].split())
        if "`" in fence and rest.startswith(OPEN):
            self._lead_fence = fence
            self._buffer = rest[len(OPEN) :]
            self._state = "call"
        elif squeezed.startswith(tuple(self._bare)):
            self._state = "whole"
        elif len(rest) < _LONGEST_LEAD and any(bare.startswith(squeezed) for bare in self._bare):
            return False
        else:
            self._state = "text"
        return True

    def _in_text(self) -> bool:
        """In text: look for an opening tag."""
        buffer, position = self._buffer, 0
        while found := _NEXT.search(buffer, position):
            at = found.start()
            self._pass(buffer[position:at])
            if found[0] == "<" and not self._in_code():
                if buffer.startswith(OPEN, at):
                    self._say(buffer[:at])
                    self._buffer = buffer[at + len(OPEN) :]
                    self._state = "call"
                    return True
                if OPEN.startswith(buffer[at:]):
                    self._say(buffer[:at])
                    self._buffer = buffer[at:]
                    return False
            self._pass(found[0])
            position = at + 1
        self._pass(buffer[position:])
        self._say(buffer)
        self._buffer = ""
        return False

    def _in_call(self) -> bool:
        """Behind an opening tag: a call once it is whole, or text as soon as it can be none."""
        body = self._buffer
        if not _BODY.match(body):
            return False if _HALF_BODY.fullmatch(body) else self._is_text()
        for found in _TAG.finditer(body, self._scanned):
            inside = body[: found.start()]
            in_string = _in_string(inside)
            calls = calls_in(inside, self._names, missing=2, mend=not in_string)
            if calls:
                return self._is_call(calls, body[found.end() if found[0] == CLOSE else found.start() :])
            if found[0] == CLOSE and not in_string:
                return self._is_text()
            self._scanned = found.end()
        self._scanned = max(self._scanned, len(body) - len(CLOSE) + 1, 1)  # a tag may be cut in two
        return False

    def _after_call(self) -> bool:
        """Behind a call in the fence that opened the answer: the end of the fence is not text."""
        rest = self._buffer.lstrip()
        if rest.startswith("```"):
            self._buffer = rest[3:]
        elif rest.startswith(OPEN):
            self._say(self._buffer[: -len(rest)])
            self._buffer = rest[len(OPEN) :]
            self._state = "call"
            return True
        elif rest in ("`", "``") or OPEN.startswith(rest):
            return False
        self._lead_fence = ""
        self._state = "text"
        return True

    def _end(self, *, cut: bool) -> None:
        """The buffer is all that is left of the answer: decide what it is."""
        body = self._buffer
        if self._state == "after":
            self._buffer = ""
        elif cut or self._state == "text":
            self._say(self._lead_fence + OPEN + body if self._state == "call" else body)
            self._buffer = ""
            self._state = "text"
        elif self._state == "call":
            at = body.find(CLOSE)  # if there is one, it seemed to stand in a string
            inside, rest = (body[:at], body[at + len(CLOSE) :]) if at >= 0 else (_without_half_tag(body), "")
            calls = calls_in(inside, self._names, missing=2 if at >= 0 else 1)
            _ = self._is_call(calls, rest) if calls else self._is_text()
        else:
            calls = calls_in(_without_lead(body), self._names, missing=1) if self._state == "whole" else []
            self._state = "text"
            if calls:
                self._is_call(calls, "")

    # What is found

    def _is_call(self, calls: list[Call], rest: str) -> bool:
        self._out.extend(calls)
        self._called = True
        self._buffer = rest
        self._scanned = 0
        self._line = self._last = ""
        self._state = "after" if self._lead_fence else "text"
        return True

    def _is_text(self) -> bool:
        """What followed the tag is no call: the tag was text, and what follows is looked at as such."""
        if self._lead_fence:
            self._say("" if self._called else self._lead_fence)
            self._lead_fence = ""
            self._fence = "```"
        self._say(OPEN)
        self._pass(OPEN)
        self._scanned = 0
        self._state = "text"
        return True

    def _say(self, text: str) -> None:
        said = text.rstrip()
        if said:
            self._out.append(self._blank + said)
            self._blank = text[len(said) :]
        else:
            self._blank += text

    # Code

    def _pass(self, text: str) -> None:
        """Go past a text, a line end, or a part of a line."""
        if text == "\n":
            self._end_line()
        elif text:
            self._line = (self._line + text)[:_LONGEST_START]
        self._last = text[-1:] or self._last

    def _in_code(self) -> bool:
        return bool(self._fence) or self._last == "`" or _FENCE.match(self._line) is not None

    def _end_line(self) -> None:
        line, self._line = self._line, ""
        found = _FENCE.match(line)
        if found is None:
            return
        rest = line[found.end() :]
        if not self._fence:
            self._fence = "" if found[1][0] == "`" and "`" in rest else found[1]
        elif found[1].startswith(self._fence) and not rest.strip():
            self._fence = ""


def _in_string(text: str) -> bool:
    """Whether a JSON text ends inside a string."""
    return re.sub(r"\\.", "", text, flags=re.DOTALL).count('"') % 2 == 1


def _without_lead(text: str) -> str:
    """An answer without the fence around it."""
    found = _LEAD.match(text)
    if found is None or "`" not in found[0]:
        return text
    return text[found.end() :].rstrip().removesuffix("```")


def _without_half_tag(text: str) -> str:
    """A text without the beginning of a closing tag at its end."""
    text = text.rstrip()
    at = text.rfind("<")
    return text[:at] if at >= 0 and CLOSE.startswith(text[at:]) else text
