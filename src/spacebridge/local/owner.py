"""Whoever started this process: when it has gone, however it went, this process goes too.

The owner holds the other end of our stdin and never writes to it, so that end of file means the
owner ended, even by SIGKILL. Where a fork of the owner holds that pipe, too, a change of our
parent says the same.
"""

import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Callable

_LOOK_AGAIN_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Owner:
    """Watches the process that started this one."""

    def __init__(self) -> None:
        """Begin to watch; until `when_gone` says otherwise, this process then ends on the spot."""
        self._parent = os.getppid()
        self._gone: Callable[[], None] = _end
        # Loading the model holds the interpreter's lock, and no thread of ours can run: for that
        # time the kernel itself ends us.
        _die_with_parent(signal.SIGTERM)
        threading.Thread(target=self._watch, name="owner", daemon=True).start()

    def when_gone(self, gone: Callable[[], None]) -> None:
        """Call this instead, in another thread, when the owner has gone."""
        self._gone = gone
        # The kernel looks at the thread that started us, not at the process: an owner may well
        # start us in a thread that ends before it does.
        _die_with_parent(0)

    def _watch(self) -> None:
        if os.name == "posix":
            while os.getppid() == self._parent:
                readable, _, _ = select.select([0], [], [], _LOOK_AGAIN_SECONDS)
                if readable and not os.read(0, 1024):
                    break
        else:
            while os.read(0, 1024):
                pass
        self._gone()


def _end() -> None:
    os._exit(0)


def _die_with_parent(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
