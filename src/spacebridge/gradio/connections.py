"""A connection for each event: what the transports of gradio 3 and 4.0 to 4.8 share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from spacebridge import errors
from spacebridge.gradio.eventsource import TAIL
from spacebridge.gradio.transport import CANCELLED

if TYPE_CHECKING:
    from spacebridge.gradio.messages import Message
    from spacebridge.gradio.transport import Line, Submission

__all__ = ["EventConnections"]


class EventConnections(ABC):
    """The connections of one session, each with a task that follows an event on it.

    Args:
        line: to the session.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._tasks: dict[Submission, asyncio.Task[None]] = {}

    @abstractmethod
    async def follow(self, submission: Submission) -> None:
        """Open a connection for an event, and hand it all its messages until the connection ends."""

    @property
    @abstractmethod
    def asked(self) -> str:
        """What is asked of whom, for errors."""

    @abstractmethod
    async def reset(self, submission: Submission) -> None:
        """Have the server forget an event that was cancelled; its connection has been closed."""

    @abstractmethod
    async def give_up(self, submission: Submission) -> None:
        """Tell the server, if that is still possible, that nobody waits for an event any more."""

    async def submit(self, submission: Submission) -> Message:
        """Open a connection for an event and wait for its ``process_completed``."""
        name = f"spacebridge event {self.line.session_hash} {submission.fn_index}"
        task = self._tasks[submission] = asyncio.create_task(self._work(submission), name=name)
        task.add_done_callback(lambda _: self._tasks.pop(submission, None))
        try:
            return await submission.done
        except BaseException:  # of whatever kind: the event is of no use any more, and with its connection it ends
            await _end({task})
            raise

    async def _work(self, submission: Submission) -> None:
        end: Exception | None = None
        how = "was closed"
        try:
            await self.follow(submission)
            how = "was ended by the server in mid-answer"
        except Exception as error:  # noqa: BLE001 - handed to who waits, whatever it is
            end = error
        finally:
            if not submission.done.done():
                submission.end(end or errors.StreamCut(f"{self.asked}: the connection {how}."))

    async def cancel(self, submission: Submission) -> None:
        """Stop an event by closing its connection: the server then ends it at its next yield."""
        submission.cancelled = True
        task = self._tasks.get(submission)
        if task is None or submission.done.done():
            return
        await _end({task})
        submission.end(CANCELLED)
        await self.line.within_cancel(lambda: self.reset(submission))

    async def drain(self) -> None:
        """Wait a moment for the server to end the connections of events that are over."""
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()), timeout=TAIL)
            await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await _end(set(self._tasks.values()))


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
