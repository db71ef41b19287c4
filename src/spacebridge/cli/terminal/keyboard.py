"""The keyboard while nobody reads it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["quiet_keyboard"]


@contextlib.contextmanager
def quiet_keyboard(at_exit: list[Callable[[], None]]) -> Generator[None]:
    """Keep what is typed for whoever reads next, and off the screen; Ctrl-C still works.

    Args:
        at_exit: gets what sets the terminal right, should the program end in between.
    """
    import termios

    try:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
    except (termios.error, OSError, ValueError, AttributeError):
        yield
        return
    quiet = termios.tcgetattr(fd)
    quiet[0] &= ~termios.ICRNL
    quiet[3] &= ~(termios.ECHO | termios.ICANON)

    def restore() -> None:
        termios.tcsetattr(fd, termios.TCSANOW, before)

    at_exit.append(restore)
    termios.tcsetattr(fd, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        restore()
        at_exit.remove(restore)
