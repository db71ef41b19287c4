"""A Space that keeps failing rests for a while, and comes back by itself."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Literal

from spacebridge import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gateway.options import Breaking

__all__ = ["Breaker", "is_fault", "says_when"]

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


class Breaker:
    """Counts failures in a row.

    Args:
        options: when it rests, and for how long.
        clock: seconds that only grow.
    """

    def __init__(self, options: Breaking, clock: Callable[[], float] = time.monotonic) -> None:
        self.options = options
        self._clock = clock
        self._failures = 0
        self._rests = 0
        self._until = -math.inf
        self._trial = False

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

    def admits(self) -> bool:
        """Whether a turn may be tried now. After a rest one goes first, and the others wait for what comes of it."""
        match self.state:
            case "closed":
                return True
            case "open":
                return False
            case "half-open":
                if self._trial:
                    return False
                self._trial = True
                return True

    def succeeded(self) -> None:
        """A turn went well."""
        self._failures = self._rests = 0
        self._until, self._trial = -math.inf, False

    def failed(self, error: BaseException) -> None:
        """A turn, or the attempt to reach the Space, failed."""
        if (wait := says_when(error)) is not None:
            self._trial = False
            self._until = max(self._until, self._clock() + min(wait, self.options.longest))
            return
        if not is_fault(error) or isinstance(error, _OF_THE_TURN):
            self.left()
            return
        if self.state == "open" or (self._rests and not self._trial):
            return  # a turn from before the rest; many at once are no reason to rest longer
        self._failures += 1
        if self._failures >= self.options.failures or self._trial:
            rest = min(self.options.rest * 2.0**self._rests, self.options.longest)
            self._rests = min(self._rests + 1, 32)
            self._until = self._clock() + rest
        self._trial = False

    def left(self) -> None:
        """A turn ended without telling anything of the Space: it was left, or the request was wrong."""
        self._trial = False
