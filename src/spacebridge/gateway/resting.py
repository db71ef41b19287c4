"""A store that does not answer is left alone for a while, as a Space is: else every request would wait for it anew."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING, TypeVar

from spacebridge import errors
from spacebridge.gateway.breaker import Breaker
from spacebridge.gateway.options import Breaking
from spacebridge.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spacebridge.store.base import Store

__all__ = ["RestingStore"]

_T = TypeVar("_T")

_SECONDS = 5.0
_TELL_EACH = 60.0
_SETTLED = 10.0
_RESTS = Breaking(failures=1, rest=10.0, longest=60.0)


class RestingStore:
    """A store, asked only while it answers. What fails at once is asked again at once: that costs nobody any time.

    Args:
        store: that is asked, and opened already.
        seconds: for which it may take to answer.
        clock: seconds that only grow.
    """

    def __init__(self, store: Store, *, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._seconds = seconds
        self._breaker = Breaker(_RESTS, clock)
        self._clock = clock
        self._told = self._failed = -math.inf
        self._well = True
        self.failures = 0
        """How often it has failed, or not answered in time."""

    @property
    def resting(self) -> bool:
        """Whether it is left alone now, or has not answered again since."""
        return self._breaker.state != "closed"

    async def open(self) -> None:
        """Open it."""
        await self._store.open()

    async def aclose(self) -> None:
        """Let go of it; not waiting for what it does not answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._store.aclose()

    async def add(self, bag: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        await self._asked(lambda: self._store.add(bag, value, seconds=seconds))

    async def take(self, bag: str) -> bytes | None:
        """See :class:`Store`."""
        return await self._asked(lambda: self._store.take(bag))

    async def set(self, name: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        await self._asked(lambda: self._store.set(name, value, seconds=seconds))

    async def get(self, name: str) -> bytes | None:
        """See :class:`Store`."""
        return await self._asked(lambda: self._store.get(name))

    async def delete(self, name: str) -> bool:
        """See :class:`Store`."""
        return await self._asked(lambda: self._store.delete(name))

    async def spend(
        self, bucket: str, amount: float, *, capacity: float, per_second: float, owed: bool = False
    ) -> float:
        """See :class:`Store`."""
        return await self._asked(
            lambda: self._store.spend(bucket, amount, capacity=capacity, per_second=per_second, owed=owed)
        )

    async def count(self) -> int:
        """See :class:`Store`."""
        return await self._asked(self._store.count)

    async def _asked(self, call: Callable[[], Awaitable[_T]]) -> _T:
        breaker = self._breaker
        if (attempt := breaker.admits()) is None:
            wait = max(1, math.ceil(breaker.wait))
            raise errors.StoreFailed(f"The store has not answered, and is not asked for {wait} s more.", hint="")
        try:
            async with asyncio.timeout(self._seconds):
                found = await call()
        except TimeoutError:
            told = f"The store has not answered for {self._seconds:g} s."
            breaker.failed(attempt, errors.TimedOut(told, limit="store", seconds=self._seconds))
            failed = errors.StoreFailed(f"{told} It is left alone for {math.ceil(breaker.wait)} s.")
            self._complain(failed)
            raise failed from None
        except errors.StoreFailed as error:
            breaker.succeeded(attempt)  # it fails, but it does so in time
            self._complain(error)
            raise
        except BaseException:
            breaker.left(attempt)
            raise
        breaker.succeeded(attempt)
        # A full disk can still be read: what works now and then does not work again.
        if not self._well and self._clock() - self._failed >= _SETTLED:
            self._well = True
            logger.info("The store works again.")
        return found

    def _complain(self, error: errors.StoreFailed) -> None:
        """Log a failure, but not each of a thousand."""
        self.failures += 1
        self._well, self._failed = False, self._clock()
        if self._failed - self._told >= _TELL_EACH:
            self._told = self._failed
            logger.error("Conversations and responses are not kept, and limits of keys not checked. %s", error)
