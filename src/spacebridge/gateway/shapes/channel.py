"""What an answer's text comes to: text and calls of tools, until a stop sequence or the limit ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.gateway.shapes.stop import Stop
from spacebridge.gateway.shapes.tool_calls import ToolCalls
from spacebridge.gateway.shapes.usage import PER_TOKEN, cut, weigh

if TYPE_CHECKING:
    from spacebridge.gateway.shapes.request import Request
    from spacebridge.gateway.shapes.tools import Call

__all__ = ["Channel"]


class Channel:
    """Takes an answer's text as it comes; gives what of it is text, and what calls.

    Args:
        request: says what ends the text, and which tools may be called.
        limited: whether ``max_tokens`` is kept here, by estimate.

    Attributes:
        over: whether nothing more is wanted.
        cut: whether it was the limit that ended the text.
    """

    def __init__(self, request: Request, *, limited: bool) -> None:
        self.over = False
        self.cut = False
        self._stop = Stop(request.stop) if request.stop else None
        self._tools = ToolCalls(request.tools.names) if request.tools.offered else None
        self._left = request.max_tokens * PER_TOKEN if limited and request.max_tokens is not None else None

    @property
    def stop_sequence(self) -> str | None:
        """The stop sequence that came."""
        return self._stop.hit if self._stop is not None else None

    def within(self, text: str) -> str:
        """As much of a text as the limit allows; it counts as said."""
        if self._left is None:
            return text
        weight = weigh(text)
        if weight > self._left:
            text = text[: cut(text, self._left)]
            self.over = self.cut = True
        self._left -= min(weight, self._left)
        return text

    def feed(self, text: str) -> list[str | Call]:
        """More of the text."""
        if self.over or not text:
            return []
        text = self.within(text)
        return self._until_stop([text] if self._tools is None else self._tools.feed(text))

    def finish(self) -> list[str | Call]:
        """The text has ended, or is no longer waited for: what was held back."""
        if self.stop_sequence is not None:
            return []
        found = self._until_stop(self._tools.finish(cut=self.cut)) if self._tools is not None else []
        rest = self._stop.finish() if self._stop is not None else ""
        return [*found, rest] if rest else found

    def _until_stop(self, pieces: list[str | Call]) -> list[str | Call]:
        stop = self._stop
        if stop is None:
            return pieces
        found: list[str | Call] = []
        for piece in pieces:
            if not isinstance(piece, str):
                # What was held back stands before the call.
                found.extend(filter(None, [stop.finish()]))
                found.append(piece)
            elif passed := stop.feed(piece):
                found.append(passed)
            if stop.hit is not None:
                self.over, self.cut = True, False  # if there is a limit, it is behind
                break
        return found
