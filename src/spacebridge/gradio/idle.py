"""A watch over a body that comes in pieces: silence for too long ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import aiohttp

__all__ = ["IdleWatch"]


class IdleWatch:
    """Ends the reading of a body with :class:`TimeoutError` when nothing has come for so long.

    It has one timer, which looks when something last came. aiohttp's ``sock_read`` sets its timer anew for each piece,
    and that costs a twentieth of what a stream of tokens costs.

    Args:
        content: the body, which the user of the watch reads; ``heard`` is called for each piece.
        seconds: the longest silence, or None for any.
    """

    __slots__ = ("_content", "_last", "_loop", "_seconds", "_timer")

    def __init__(self, content: aiohttp.StreamReader, seconds: float | None) -> None:
        self._content = content
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self.heard()
        if self._seconds is not None:
            self._timer = self._loop.call_later(self._seconds, self._look, self._seconds)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def heard(self) -> None:
        """Note that something came."""
        self._last = self._loop.time()

    def _look(self, seconds: float) -> None:
        ends = self._last + seconds
        if ends <= self._loop.time():
            self._content.set_exception(TimeoutError())
        else:
            self._timer = self._loop.call_at(ends, self._look, seconds)
