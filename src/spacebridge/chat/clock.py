"""The time limits of a turn: one for all of it, and one for the phase it is in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Passed", "TurnClock"]


class Passed(NamedTuple):
    """The limit that passed, and how long it was in seconds."""

    limit: str
    seconds: float


class TurnClock:
    """Ends the block it is entered for with :class:`TimeoutError` when a limit passes.

    A turn changes its phase with each message of the queue, mostly to end later than before: a timer that is already
    set then stays, and looks again when it rings.

    Args:
        total: seconds for the whole block, or None.
    """

    def __init__(self, total: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._total = total
        self._last = None if total is None else self._loop.time() + total
        """When the whole must have ended."""
        self._phase: Passed | None = None
        self.in_phase = False
        """Whether a limit runs besides that for the whole."""
        self._ends = self._last
        """When the first of the limits passes."""
        self._alarm: asyncio.TimerHandle | None = None
        self._block: asyncio.Timeout | None = None

    async def __aenter__(self) -> Self:
        self._block = await asyncio.timeout(None).__aenter__()
        self._set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        block, self._block = self._block, None
        if self._alarm is not None:
            self._alarm.cancel()
        if block is not None:
            await block.__aexit__(kind, error, trace)

    @property
    def passed(self) -> Passed:
        """Which limit it was, once one has passed."""
        if self._phase is None or (self._last is not None and self._loop.time() >= self._last):
            return Passed("total", self._total or 0.0)
        return self._phase

    def phase(self, name: str, seconds: float | None) -> None:
        """Begin a phase that may last so long; None for any length."""
        self._phase = None if seconds is None else Passed(name, seconds)
        self.in_phase = seconds is not None
        ends = None if seconds is None else self._loop.time() + seconds
        self._ends = self._last if ends is None else ends if self._last is None else min(ends, self._last)
        self._set()

    def no_phase(self) -> None:
        """From now on only the limit for the whole runs."""
        self._phase, self._ends, self.in_phase = None, self._last, False
        self._set()

    def _set(self) -> None:
        alarm, ends = self._alarm, self._ends
        if self._block is None or ends is None or (alarm is not None and alarm.when() <= ends):
            return
        if alarm is not None:
            alarm.cancel()
        self._alarm = self._loop.call_at(ends, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        block, ends = self._block, self._ends
        if block is None or ends is None:
            return
        if ends <= self._loop.time():
            with contextlib.suppress(RuntimeError):  # the block is just being left
                block.reschedule(ends)
        else:
            self._set()
