"""A place among the turns that a Space does at once, and a waiting line in which nobody is passed over.

Those who wait are served by turns: first one request of each client, then the next one of each, so that a client with a
hundred requests does not make another with one wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Self

from spacebridge import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Line", "Ticket"]


class Ticket:
    """One who has a place, or waits for one. ``async with`` gives the place back, and leaves the line."""

    def __init__(self, line: Line, owner: str) -> None:
        self._line = line
        self.owner = owner
        self._called: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def ready(self) -> bool:
        """Whether the place is here."""
        return self._called.done()

    def ahead(self) -> int:
        """How many are called before this one, if nobody else comes."""
        for number, ticket in enumerate(self._line.in_order()):
            if ticket is self:
                return number
        return 0

    async def wait(self, seconds: float) -> bool:
        """Wait until the place is here, but not for longer; whether it is."""
        if not self._called.done():
            await asyncio.wait({self._called}, timeout=seconds)
        return self.ready

    def call(self) -> None:
        """Give it the place."""
        self._called.set_result(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._line.leave(self)


class Line:
    """Places on one Space.

    Args:
        places: how many there are.
        waiting: how many may wait; more are refused.
        title: what it is a line for, in errors.
    """

    def __init__(self, places: int, waiting: int, title: str) -> None:
        self.places = places
        self.waiting_limit = waiting
        self._title = title
        self.busy = 0
        self._owners: OrderedDict[str, deque[Ticket]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._owners.values()))

    def join(self, owner: str) -> Ticket:
        """Take a place, or a number.

        Raises:
            QueueFull: too many wait.
        """
        ticket = Ticket(self, owner)
        if self.busy < self.places:
            self.busy += 1
            ticket.call()
        elif (waiting := self.waiting) >= self.waiting_limit:
            raise errors.QueueFull(f"{waiting} requests wait for {self._title} already.", status=503)
        else:
            self._owners.setdefault(owner, deque()).append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give a place back, or wait no longer."""
        if ticket.ready:
            self.busy -= 1
            self._fill()
            return
        owned = self._owners[ticket.owner]
        owned.remove(ticket)
        if not owned:
            del self._owners[ticket.owner]

    def resize(self, places: int, waiting: int) -> None:
        """Have another number of places; turns under way keep theirs."""
        self.places, self.waiting_limit = places, waiting
        self._fill()

    def in_order(self) -> Iterator[Ticket]:
        """Those who wait, in the order in which they are called."""
        rows = list(self._owners.values())
        for position in range(max(map(len, rows), default=0)):
            for row in rows:
                if position < len(row):
                    yield row[position]

    def _fill(self) -> None:
        while self.busy < self.places and self._owners:
            owner, owned = self._owners.popitem(last=False)
            ticket = owned.popleft()
            if owned:  # behind all others now
                self._owners[owner] = owned
            self.busy += 1
            ticket.call()
