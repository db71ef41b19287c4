"""How the process ends: in order where it can, in bounded time always, nothing left on disk."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Generator

from spacebridge.local.owner import Owner

# Between being asked to end and ending by force.
_GRACE_SECONDS = 3.0


class Ending:
    """Ends the process on SIGINT, on SIGTERM, or when its owner has gone."""

    def __init__(self, owner: Owner | None) -> None:
        """Make the scratch directory, which is ours alone, and answer for its end from now on."""
        self.scratch = tempfile.mkdtemp(prefix="spacebridge-")
        self._in_order: Callable[[], None] | None = None
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)
        if owner is not None:
            owner.when_gone(self._ask)

    @contextlib.contextmanager
    def in_order(self, end: Callable[[], None]) -> Generator[None]:
        """Within this block being asked to end means `end`, called in the running loop.

        Outside of it, or when asked twice, or when `end` takes too long, the process ends on the
        spot.
        """
        loop = asyncio.get_running_loop()

        def in_loop() -> None:
            loop.call_soon_threadsafe(end)

        self._in_order = in_loop
        try:
            yield
        finally:
            self._in_order = None

    def clean(self) -> None:
        """Remove the scratch directory."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _ask(self, *_: object) -> None:
        if self._asked or self._in_order is None:
            self._by_force()
            return
        self._asked = True
        forced = threading.Timer(_GRACE_SECONDS, self._by_force)
        forced.daemon = True
        forced.start()
        self._in_order()

    def _by_force(self) -> None:
        self.clean()
        os._exit(1 if self._asked else 0)
