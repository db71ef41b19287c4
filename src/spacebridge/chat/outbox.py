"""What a turn has to tell and nobody has fetched yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from spacebridge import errors

if TYPE_CHECKING:
    from spacebridge.chat.events import Event

__all__ = ["Outbox"]


class Outbox:
    """Events on their way to the one who iterates a turn.

    Attributes:
        events: not fetched yet.
        over: whether no more will come.
        error: with which the turn ended.
    """

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.over = False
        self.error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def put(self, event: Event) -> None:
        """Give an event to whoever waits."""
        self.events.append(event)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """No more events will come."""
        self.over = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def more(self) -> bool:
        """Wait until there are events; False if none will come any more.

        Raises:
            TurnInProgress: somebody else waits for them.
            SpacebridgeError: the turn ended so.
        """
        while not self.events:
            if self.over:
                if self.error is not None:
                    raise self.error
                return False
            if self._waiter is not None and not self._waiter.done():
                raise errors.TurnInProgress("Somebody else waits for the events of this turn.")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return True
