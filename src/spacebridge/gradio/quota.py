"""What ZeroGPU says: the texts of the ``spaces`` package, read for what is asked, what is left, and when to come back.

Source: ``spaces/zero/client.py`` of its releases 0.19 to 0.51. Titles came with 0.32; older apps have the texts alone.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

__all__ = ["GpuRefusal", "gpu_refusal", "gpu_wait"]

_SPENT = re.compile(
    r"GPU quota|GPU runs limit|GPU limit|pending credits|too many ZeroGPU credits",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"illegal duration|requested GPU duration", re.IGNORECASE)
# Where the visitor is not known, "quota exceeded" is the title of a queue that took too long, too.
_NONE_FREE = re.compile(r"No GPU (?:was|is currently) available|GPU queue timeout|Expired ZeroGPU proxy", re.IGNORECASE)
_WAIT = re.compile(r"(?:try again|retry) in (?:(\d{1,9}) days?, )?(\d{1,9}):(\d\d):(\d\d)", re.IGNORECASE)
_REQUESTED = re.compile(r"(\d{1,9})s requested|duration \((\d{1,9})s\)", re.IGNORECASE)
_LEFT = re.compile(r"(-?\d{1,9})s left", re.IGNORECASE)

_QUEUE = "zerogpu queue"
_WAITING = re.compile(r"waiting for a GPU", re.IGNORECASE)
_ACQUIRED = re.compile(r"acquired a GPU", re.IGNORECASE)


class GpuRefusal(NamedTuple):
    """Why there was no GPU."""

    kind: Literal["quota", "duration", "busy"]
    """The quota is spent; the function asks for longer than is ever given; none came free in time."""
    retry_after: float | None = None
    """Seconds until the quota allows another call."""
    requested: float | None = None
    """Seconds of GPU that the function asked for."""
    left: float | None = None
    """Seconds of GPU that are left."""


def gpu_refusal(title: str, text: str) -> GpuRefusal | None:
    """Read an error of an app's function; None, if it is not about a GPU of ZeroGPU.

    Args:
        title: that the page would show.
        text: of the error, without markup.
    """
    requested, left, wait = _REQUESTED.search(text), _LEFT.search(text), _WAIT.search(text)
    seconds = float(requested[1] or requested[2]) if requested else None
    if _NONE_FREE.search(text) or _NONE_FREE.search(title):
        return GpuRefusal("busy")
    if _TOO_LONG.search(title) or _TOO_LONG.search(text):
        return GpuRefusal("duration", requested=seconds)
    if not (_SPENT.search(title) or _SPENT.search(text)):
        return None
    return GpuRefusal("quota", _seconds(wait), seconds, float(left[1]) if left else None)


def gpu_wait(title: str, text: str) -> Literal["waiting", "acquired"] | None:
    """Whether a notice of an app says that its function waits for a GPU, or has got one."""
    if title and title.lower() != _QUEUE:
        return None
    if _ACQUIRED.search(text):
        return "acquired"
    return "waiting" if _WAITING.search(text) else None


def _seconds(wait: re.Match[str] | None) -> float | None:
    if wait is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in wait.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
