"""Queued events of gradio 4.0 to 4.8 (``sse``): a stream of server-sent events for each.

``GET /queue/join`` opens the stream; when it is the event's turn the server says ``send_data``, and the inputs go in by
``POST /queue/data``. Source: ``gradio/routes.py`` of 4.8.0, and captures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from spacebridge.gradio.connections import EventConnections
from spacebridge.gradio.eventsource import EventSource
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from spacebridge.gradio.transport import Submission

__all__ = ["EventStreams"]


class EventStreams(EventConnections):
    """The event streams of one session."""

    @property
    def asked(self) -> str:
        """What is asked of whom, for errors."""
        return f"GET {redact_url(f'{self.line.http.base}{self.line.prefix}/queue/join')}"

    async def follow(self, submission: Submission) -> None:
        """Join the queue, send the inputs when they are asked for, and hand on what comes."""
        line = self.line
        read = line.reader()
        query = urlencode({"fn_index": submission.fn_index, "session_hash": line.session_hash})
        path = f"{line.prefix}/queue/join?{f'{line.query}&' if line.query else ''}{query}"
        ready = False

        def take(data: bytes, start: int, stop: int) -> bool:
            """Take a frame; whether something is to be done before the next, or it was the last."""
            nonlocal ready
            message = read(data, start, stop)
            if message is None or message.msg == "heartbeat":
                return False
            if message.msg == "send_data":
                submission.event_id = message.event_id
                ready = True
                return True
            submission.take(message, source)
            return submission.done.done()

        with await EventSource.open(line.http, path) as source:
            while await source.follow(take):
                if submission.done.done():
                    await source.rest()
                    return
                if ready:
                    ready = False
                    await line.http.post(
                        f"{line.prefix}/queue/data", {**submission.payload, "event_id": submission.event_id}
                    )

    async def reset(self, submission: Submission) -> None:
        """``POST /reset``, which gets through where something between keeps the connection open."""
        if submission.event_id is not None:
            await self.line.http.post(f"{self.line.prefix}/reset", {"event_id": submission.event_id})

    async def give_up(self, submission: Submission) -> None:
        """As after a cancel."""
        await self.line.within_cancel(lambda: self.reset(submission))
