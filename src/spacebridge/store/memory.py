"""A store in this process's memory; it ends with it."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from spacebridge.store.bucket import drained

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps things in dicts.

    Args:
        size: values that are kept at most; then the oldest go first.
        clock: seconds that only grow.
    """

    def __init__(self, *, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._bags: OrderedDict[str, deque[tuple[float, bytes]]] = OrderedDict()
        self._items: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._buckets: dict[str, tuple[float, float]] = {}
        self._held = 0

    async def open(self) -> None:
        """Nothing is to be made ready."""

    async def aclose(self) -> None:
        """Forget everything."""
        self._bags.clear()
        self._items.clear()
        self._buckets.clear()
        self._held = 0

    async def add(self, bag: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        self._bags.setdefault(bag, deque()).append((self._clock() + seconds, value))
        self._bags.move_to_end(bag)
        self._held += 1
        if self._held > self._size:
            self._sweep()
        while self._held > self._size:
            oldest = next(iter(self._bags))
            self._bags[oldest].popleft()
            self._shrunk(oldest)

    async def take(self, bag: str) -> bytes | None:
        """See :class:`Store`."""
        now = self._clock()
        held = self._bags.get(bag)
        while held:
            expires, value = held.pop()
            self._shrunk(bag)
            if expires > now:
                return value
        return None

    async def set(self, name: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        self._items[name] = (self._clock() + seconds, value)
        self._items.move_to_end(name)
        while len(self._items) > self._size:
            self._items.popitem(last=False)

    async def get(self, name: str) -> bytes | None:
        """See :class:`Store`."""
        expires, value = self._items.get(name, (0.0, b""))
        if expires > self._clock():
            return value
        self._items.pop(name, None)
        return None

    async def delete(self, name: str) -> bool:
        """See :class:`Store`."""
        expires, _ = self._items.pop(name, (0.0, b""))
        return expires > self._clock()

    async def spend(
        self, bucket: str, amount: float, *, capacity: float, per_second: float, owed: bool = False
    ) -> float:
        """See :class:`Store`."""
        now = self._clock()
        level, then = self._buckets.get(bucket, (capacity, now))
        level, wait = drained(level, now - then, amount, capacity=capacity, per_second=per_second, owed=owed)
        self._buckets[bucket] = (level, now)
        return wait

    async def count(self) -> int:
        """See :class:`Store`."""
        self._sweep()
        return self._held

    def _sweep(self) -> None:
        now = self._clock()
        for name, held in list(self._bags.items()):
            kept = deque(entry for entry in held if entry[0] > now)
            self._held -= len(held) - len(kept)
            if kept:
                self._bags[name] = kept
            else:
                del self._bags[name]

    def _shrunk(self, bag: str) -> None:
        self._held -= 1
        if not self._bags[bag]:
            del self._bags[bag]
