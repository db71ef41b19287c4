"""What a store can do."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Store"]


class Store(Protocol):
    """Keeps bytes under names for a while. What has expired is as if it had never been there.

    Raises:
        StoreFailed: from any method, where the place can't be reached or is broken.
    """

    async def open(self) -> None:
        """Make it ready; called once, before all else."""
        ...

    async def aclose(self) -> None:
        """Let go of it. What it keeps stays, but for the one in memory."""
        ...

    async def add(self, bag: str, value: bytes, *, seconds: float) -> None:
        """Put a value into a bag, which may hold several. They are kept for so many seconds."""
        ...

    async def take(self, bag: str) -> bytes | None:
        """Take one value out of a bag, the latest first; None if it is empty. Nobody else gets the same."""
        ...

    async def set(self, name: str, value: bytes, *, seconds: float) -> None:
        """Keep a value under a name, instead of what was there."""
        ...

    async def get(self, name: str) -> bytes | None:
        """The value of a name; None if there is none."""
        ...

    async def delete(self, name: str) -> bool:
        """Forget a name; False if there was none."""
        ...

    async def spend(
        self, bucket: str, amount: float, *, capacity: float, per_second: float, owed: bool = False
    ) -> float:
        """Take from a bucket that fills by itself; the bucket is full at first.

        Args:
            bucket: its name.
            amount: how much.
            capacity: what it holds when it is full.
            per_second: how fast it fills.
            owed: take it in any case, down to below nothing: it was used already.

        Returns:
            0 if it was taken, else the seconds after which it could be.
        """
        ...

    async def count(self) -> int:
        """How many values are in all bags."""
        ...
