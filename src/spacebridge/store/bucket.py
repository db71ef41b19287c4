"""The arithmetic of a bucket that fills by itself."""

from __future__ import annotations

__all__ = ["drained"]


def drained(
    level: float, elapsed: float, amount: float, *, capacity: float, per_second: float, owed: bool
) -> tuple[float, float]:
    """The level after something was taken, and the seconds to wait if there was not enough.

    More than the bucket holds can be taken from a full one: else it never could be.
    """
    level = min(capacity, level + max(0.0, elapsed) * per_second)
    needed = min(amount, capacity)
    if owed or level >= needed:
        return level - amount, 0.0
    return level, (needed - level) / per_second if per_second > 0 else float("inf")
