"""What a turn has to tell and nobody has taken yet."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from typing import TYPE_CHECKING

from spacebridge import errors
from spacebridge.gradio.arrival import behind_the_last

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spacebridge.chat.events import Event

    Taken = Awaitable[bool] | bool
    """Whether more events are wanted; where it is to be awaited, the next wait for it."""
    Take = Callable[[list[Event]], Taken]
    """Takes events that came together."""

__all__ = ["Outbox", "settled"]


async def settled(taken: Taken) -> bool:
    """Whether more events are wanted, however that was said."""
    return taken if isinstance(taken, bool) else await taken


class Outbox:
    """Events on their way to the one who iterates or follows a turn.

    Attributes:
        events: not taken yet.
        over: whether no more will come.
        error: with which the turn ended.
    """

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.over = False
        self.error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._followed = False
        self._take: Take | None = None
        """Who follows, unless he is to be waited for."""
        self._taken: Taken = True
        """What he said last."""
        self._due = False
        """Whether what is here will be handed on."""

    def put(self, event: Event) -> None:
        """Give an event to whoever waits."""
        self.events.append(event)
        if self._take is not None:
            if not self._due:
                self._due = True
                behind_the_last(self._hand_on)
        elif self._waiter is not None:
            self._wake()

    def close(self) -> None:
        """No more events will come."""
        self.over = True
        self._wake()

    async def more(self) -> bool:
        """Wait until there are events; False if none will come any more.

        Raises:
            TurnInProgress: somebody else waits for them.
            SpacebridgeError: the turn ended so.
        """
        while self._followed or not self.events:
            self._only_one()
            if self._ended():
                return False
            await self._wait()
        return True

    async def follow(self, take: Take) -> bool:
        """Hand on the events where they come, those together that come together.

        Returns:
            Whether the turn came to its end; else no more of it was wanted.

        Raises:
            TurnInProgress: somebody else waits for them.
            SpacebridgeError: the turn ended so.
        """
        self._only_one()
        self._followed = True
        try:
            while True:
                self._take = take
                self._hand_on()
                taken, self._taken = self._taken, True
                if not await settled(taken):
                    return False
                if taken is True and not self.events:
                    if self._ended():
                        return True
                    await self._wait()
        finally:
            self._take, self._followed = None, False
            taken, self._taken = self._taken, True
            if inspect.iscoroutine(taken):  # he was to be waited for, and the one who waits has left
                taken.close()

    def _hand_on(self) -> None:
        self._due = False
        take = self._take
        if take is None or not self.events:
            return
        batch = list(self.events)
        self.events.clear()
        try:
            taken = take(batch)
        except Exception as error:  # noqa: BLE001 - raised where the turn is followed
            taken = _raised(error)
        if taken is not True:
            self._take, self._taken = None, taken
            self._wake()

    def _ended(self) -> bool:
        if self.over and self.error is not None:
            raise self.error
        return self.over

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _only_one(self) -> None:
        if self._followed or (self._waiter is not None and not self._waiter.done()):
            raise errors.TurnInProgress("Somebody else waits for the events of this turn.")


async def _raised(error: Exception) -> bool:
    raise error
