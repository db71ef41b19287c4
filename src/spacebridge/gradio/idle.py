"""A watch over what comes in pieces: silence for too long ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IdleWatch"]


class IdleWatch:
    """Ends the reading of a connection when nothing has come for so long.

    It has one timer, which looks when something last came. aiohttp's ``sock_read`` sets its timer anew for each piece,
    and that costs a twentieth of what a stream of tokens costs; a limit for each message of a websocket costs as much
    as reading the message.

    Args:
        end: is called with a :class:`TimeoutError` after too long a silence, such as ``set_exception`` of a body.
        seconds: the longest silence, or None for any. ``heard`` is to be called for each piece.
    """

    __slots__ = ("_end", "_last", "_loop", "_seconds", "_timer")

    def __init__(self, end: Callable[[TimeoutError], object], seconds: float | None) -> None:
        self._end = end
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def begin(self) -> None:
        """Watch from now on."""
        self.heard()
        if self._seconds is not None:
            self._timer = self._loop.call_later(self._seconds, self._look, self._seconds)

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    def heard(self) -> None:
        """Note that something came."""
        self._last = self._loop.time()

    def _look(self, seconds: float) -> None:
        ends = self._last + seconds
        if ends <= self._loop.time():
            self._end(TimeoutError())
        else:
            self._timer = self._loop.call_at(ends, self._look, seconds)
