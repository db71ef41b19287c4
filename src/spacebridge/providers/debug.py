"""What providers report while they work.

Silent by default. Set ``logging = True`` to have it on standard error, or replace ``log_handler``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["log", "log_handler", "logging"]

logging: bool = False


def _to_stderr(*text: object) -> None:
    print(*text, file=sys.stderr)  # noqa: T201 - asked for by `logging = True`


log_handler: Callable[..., None] = _to_stderr


def log(*text: object) -> None:
    """Report something, such as a line of a stream that is not JSON."""
    if logging:
        log_handler(*text)
