"""What arrives together is handed on message by message, and what comes of it is done once, behind the last.

Whoever passes something on where it arrives, in the callback of a socket, can't know whether more has come with it. A
task that wakes later sees all; but to wake one for each piece costs as much as what is done with it.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["behind_the_last", "handing_on"]

Taken = TypeVar("Taken")
Returned = TypeVar("Returned")


class _Here(threading.local):
    later: list[Callable[[], None]] | None = None
    """What is to be done behind the last; None where nothing is being handed on."""


_here = _Here()


def handing_on(work: Callable[[Taken], Returned], taken: Taken) -> Returned:
    """Do work that hands on what has arrived, and then what this gave to :func:`behind_the_last`."""
    if _here.later is not None:
        return work(taken)
    later = _here.later = []
    try:
        return work(taken)
    finally:
        _here.later = None
        for callback in later:
            callback()


def behind_the_last(callback: Callable[[], None]) -> None:
    """Call back when all that has arrived together has been handed on.

    Where nothing is just being handed on, the event loop calls back in its next round. Nothing must be raised there.
    """
    later = _here.later
    if later is None:
        asyncio.get_running_loop().call_soon(callback)
    else:
        later.append(callback)
