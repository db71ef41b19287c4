"""Work that mostly does not have to wait, done at once and without a task."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

__all__ = ["begin", "done"]


def begin(work: Awaitable[None]) -> Awaitable[None] | None:
    """Do what of some work can be done without waiting.

    It is not done in a task, so it must not ask for its own before it first waits, as ``asyncio.timeout`` does.

    Returns:
        None if that was all of it; else the rest, to be awaited once.
    """
    if not isinstance(work, CoroutineType):
        return work
    begun = cast("Coroutine[Any, Any, None]", work)
    try:
        waits_for = begun.send(None)
    except StopIteration:
        return None
    return _Rest(begun, waits_for)


async def done(rest: Awaitable[None] | None) -> None:
    """Wait for the rest of some work, if there is one."""
    if rest is not None:
        await rest


class _Rest:
    """What is left of work that waits, and what it has said it waits for."""

    def __init__(self, work: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        work, waits_for = self._work, self._waits_for
        try:
            while True:
                try:
                    came = yield waits_for
                except BaseException as error:  # noqa: BLE001 - it is the work's
                    waits_for = work.throw(error)
                else:
                    waits_for = work.send(came)
        except StopIteration:
            return
