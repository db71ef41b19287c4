"""The latest turns of each Space, for people to look at; what is counted for ever is in the metrics."""

from __future__ import annotations

import time
from collections import deque

import msgspec

__all__ = ["History", "PastTurn"]

_MOST = 300
"""Turns that are remembered of each Space."""


class PastTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that is over."""

    at: float
    """Its end, in seconds since 1970."""
    first_text: float | None = None
    """Seconds from the request to the first text."""
    tokens_per_second: float | None = None
    """From the first text to the end, by estimate."""
    queued: float | None = None
    """Seconds in the Space's own queue, if it was in one."""
    error: str | None = None
    """The kind of the error with which it ended."""


class History:
    """The latest turns of all Spaces."""

    def __init__(self) -> None:
        self.since = time.time()
        """When it began, in seconds since 1970."""
        self._turns: dict[tuple[str, str], deque[PastTurn]] = {}

    def answered(
        self,
        model: str,
        space: str,
        *,
        first_text: float | None,
        tokens_per_second: float | None,
        queued: float | None,
    ) -> None:
        """A turn ended well; the arguments are those of :class:`PastTurn`."""
        self._add(
            model,
            space,
            PastTurn(at=time.time(), first_text=first_text, tokens_per_second=tokens_per_second, queued=queued),
        )

    def failed(self, model: str, space: str, error: BaseException) -> None:
        """A turn failed."""
        self._add(model, space, PastTurn(at=time.time(), error=type(error).__name__))

    def turns(self, model: str, space: str) -> list[PastTurn]:
        """What a model's Space has done, the oldest first."""
        return list(self._turns.get((model, space), ()))

    def _add(self, model: str, space: str, turn: PastTurn) -> None:
        self._turns.setdefault((model, space), deque(maxlen=_MOST)).append(turn)
