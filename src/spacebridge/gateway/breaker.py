"""A Space that keeps failing rests for a while, and comes back by itself."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Literal

from spacebridge import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gateway.options import Breaking

__all__ = ["Attempt", "Breaker", "is_fault", "says_when"]

# These say something of the request, not of the Space.
_OF_THE_REQUEST = (
    errors.InvalidMessages,
    errors.UnknownSetting,
    errors.InvalidSetting,
    errors.FileRefused,
    errors.UploadRefused,
    errors.ValidationRefused,
    errors.NotOffered,
    errors.TurnInProgress,
    errors.StoreFailed,
)
# A rewrite is an answer; the others end one session or one answer.
_OF_THE_TURN = (errors.AnswerRewritten, errors.TurnCancelled, errors.SessionLost, errors.InvalidConversation)


def is_fault(error: BaseException) -> bool:
    """Whether an error is the Space's, so that another one may do better."""
    return isinstance(error, errors.SpacebridgeError) and not isinstance(error, _OF_THE_REQUEST)


def says_when(error: BaseException) -> float | None:
    """Seconds after which a Space that refuses for now may be asked again, if the error tells."""
    if isinstance(error, errors.RateLimited | errors.QuotaExceeded | errors.QueueFull):
        wait = error.retry_after
        return wait if wait is not None and math.isfinite(wait) and wait > 0 else None
    return None


class Attempt:
    """A turn that a breaker let through.

    Args:
        after: how many rests had begun before it.
    """

    __slots__ = ("after",)

    def __init__(self, after: int) -> None:
        self.after = after


class Breaker:
    """Counts failures in a row.

    What comes of a turn is told with its attempt: one from before a rest says nothing of how the Space is after it.

    Args:
        options: when it rests, and for how long.
        clock: seconds that only grow.
    """

    def __init__(self, options: Breaking, clock: Callable[[], float] = time.monotonic) -> None:
        self.options = options
        self._clock = clock
        self._failures = 0
        self._begun = 0
        """Rests that ever began."""
        self._rests = 0
        """Rests without a success between them."""
        self._until = -math.inf
        self._trial: Attempt | None = None

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """``open`` while it rests; ``half-open`` when the rest is over and nobody knows yet what came of it."""
        if self._clock() < self._until:
            return "open"
        return "half-open" if self._rests else "closed"

    @property
    def wait(self) -> float:
        """Seconds of the rest that are left."""
        return max(0.0, self._until - self._clock())

    def admits(self) -> Attempt | None:
        """Let a turn through, if one may be tried now.

        After a rest one goes first, and the others wait for what comes of it.
        """
        if self.state == "open":
            return None
        if self.state == "half-open":
            if self._trial is not None:
                return None
            self._trial = Attempt(self._begun)
            return self._trial
        return Attempt(self._begun)

    def stands(self, attempt: Attempt) -> bool:
        """Whether no rest has begun since it was let through."""
        return attempt.after == self._begun

    def succeeded(self, attempt: Attempt) -> None:
        """A turn went well."""
        self.left(attempt)
        if self.stands(attempt):
            self._failures = self._rests = 0

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        """A turn, or the attempt to reach the Space, failed."""
        first = attempt is self._trial
        self.left(attempt)
        if (wait := says_when(error)) is not None:
            self._rest(min(wait, self.options.longest))
        elif self.stands(attempt) and is_fault(error) and not isinstance(error, _OF_THE_TURN):
            self._failures += 1
            if first or self._failures >= self.options.failures:
                self._rest(min(self.options.rest * 2.0**self._rests, self.options.longest))
                self._rests = min(self._rests + 1, 32)

    def left(self, attempt: Attempt) -> None:
        """A turn ended without telling anything of the Space: it was left, or the request was wrong."""
        if attempt is self._trial:
            self._trial = None

    def _rest(self, seconds: float) -> None:
        self._begun += 1
        self._until = max(self._until, self._clock() + seconds)
