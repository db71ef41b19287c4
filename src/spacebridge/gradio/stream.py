"""One session's event stream: events join the queue, and their messages come back on a shared connection.

This is the transport of ``sse_v1`` (gradio 4.9) to ``sse_v3`` (4.22 to 6.31).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from spacebridge import errors
from spacebridge.gradio.eventsource import TAIL, EventSource
from spacebridge.gradio.trace import redact_url
from spacebridge.gradio.transport import CANCELLED, given_up, is_left_over
from spacebridge.log import logger
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from spacebridge.gradio.messages import Message
    from spacebridge.gradio.transport import Line, Submission

__all__ = ["EventStream"]

_KEPT_UNKNOWN = 1000
_HAS_CANCEL = (4, 31, 1)
# Only since then /cancel takes an event out of the queue; before it would run all the same, for nobody.
_CANCELS_QUEUED = (6, 14)
# Between these a middleware keeps it from the server that a stream was closed.
_DEAF, _HEARS_AGAIN = (4, 19, 2), (4, 24)
# A server that sees its stream closed ends all events of the session, those too that joined in the meantime.
_SEEN_CLOSED = 0.2


class EventStream:
    """Queue and stream of one session.

    Args:
        line: to the session.
        closes: whether the server says ``close_stream`` before it ends the stream (``sse_v3``), so that an end without
            it is a cut.
    """

    def __init__(self, line: Line, *, closes: bool) -> None:
        self._line = line
        self._closes = closes
        self._read_frame = line.reader()
        self._events: dict[str, Submission] = {}
        self._joining = 0
        self._unknown: list[Message] = []
        self._reader: asyncio.Task[None] | None = None
        self._resets: set[asyncio.Task[None]] = set()
        self._closed_at: float | None = None
        self._endless = False
        """Whether an event died without a word to the server's stream, which from then on never ends by itself."""
        self._ended = False
        """Whether the server ended the last stream in its own way: then it lets the next be opened before a join."""
        self._ahead = False
        """Whether the stream that is open was opened before a join, and no event has joined since."""
        self._lost: Exception | None = None
        """Why the stream that was opened before a join broke before that was answered."""
        self._path = f"{line.prefix}/queue/data?session_hash={quote(line.session_hash, safe='')}"
        self._join = f"{line.prefix}/queue/join{f'?{line.query}' if line.query else ''}"

    @property
    def asked(self) -> str:
        """What is asked of whom, for errors."""
        return f"GET {redact_url(self._line.http.base + self._path)}"

    @property
    def _reading(self) -> bool:
        """Whether the stream is open, or being opened."""
        return self._reader is not None and not self._reader.done()

    async def submit(self, submission: Submission) -> Message:
        """Put an event into the queue and wait for its ``process_completed``."""
        await self._closing_seen()
        if not self._joining:
            self._lost = None
        if self._ended and not self._reading:
            self._open(ahead=True)
        self._joining += 1
        try:
            reply = await self._line.http.post(self._join, submission.payload)
            event_id = as_object(reply).get("event_id")
            if not isinstance(event_id, str):
                raise errors.ProtocolError(f"The queue of {self._line.http.host} gave no event id.")
            submission.event_id = event_id
            self._ahead = False
            self._events[event_id] = submission
        except errors.TimedOut as error:
            error.still_running = True  # it may have joined all the same
            raise
        finally:
            self._joining -= 1
            early = [message for message in self._unknown if message.event_id == submission.event_id]
            # The rest belongs to events whose joins are still being answered, if to any.
            others = [message for message in self._unknown if message.event_id != submission.event_id]
            self._unknown = others if self._joining else []
        try:
            for message in early:
                self._dispatch(message)
            if self._lost is not None:
                raise self._lost
            if not submission.done.done() and not self._reading:
                self._open(ahead=False)
            if submission.cancelled:
                await self.cancel(submission)
            return await submission.done
        finally:
            self._events.pop(event_id, None)

    def _open(self, *, ahead: bool) -> None:
        """Begin to read a stream.

        Args:
            ahead: before an event has joined, so that its first words wait only for one round trip, not for that of the
                join and then for that of the stream. Such a stream stays open until an event has joined and ended, if
                the server knows the session: that is, keeps its messages, as it does for the last 2,000.
        """
        self._ended, self._ahead = False, ahead
        name = f"spacebridge stream {self._line.session_hash}"
        self._reader = asyncio.create_task(self._read(), name=name)

    async def cancel(self, submission: Submission) -> None:
        """Ask the server to stop an event.

        What has started is stopped by ``POST /cancel`` or, before 4.31 and once it has given something, by
        ``POST /reset``. What waits in the queue is taken out of it by closing the stream, which ends all events of the
        session, until ``/cancel`` does that, too. A server that does not notice the closing is asked to reset the
        event when it gives something.
        """
        submission.cancelled = True
        if submission.event_id is None or submission.done.done():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAIL):
                await submission.heard.wait()
        version = self._line.version
        try:
            if self._waits(submission) and version < _CANCELS_QUEUED:
                pass
            elif version >= _HAS_CANCEL:
                await self._line.cancel(submission)
                return
            elif await self._reset(submission):
                return
        except errors.SpacebridgeError as error:
            logger.debug("the event can't be cancelled alone: %s", error)
        if not _DEAF <= version < _HEARS_AGAIN:
            await self.aclose()

    def _waits(self, submission: Submission) -> bool:
        """Whether an event is in the queue, and no other is that goes on."""
        waits = submission.heard.is_set() and not submission.started
        return waits and all(other.cancelled for other in self._events.values())

    async def _reset_late(self, submission: Submission) -> None:
        """Reset a cancelled event that has just given something for the first time."""
        try:
            await self._reset(submission)
        except errors.SpacebridgeError as error:
            logger.debug("the event can't be reset: %s", error)

    async def give_up(self, submission: Submission) -> None:
        """Tell the server, if that is still possible, that nobody waits for an event any more.

        A server that only lost the connection would go on with the work.
        """
        if submission.event_id is not None:
            stop = self._line.cancel if self._line.version >= _HAS_CANCEL else self._reset
            await self._line.within_cancel(lambda: stop(submission))

    async def _reset(self, submission: Submission) -> bool:
        """``POST /reset``; whether the event has ended. Nothing more is told of it."""
        reply = await self._line.http.post(f"{self._line.prefix}/reset", {"event_id": submission.event_id})
        ended = as_object(reply).get("success") is True
        if ended:
            self._endless = True
            submission.end(CANCELLED)
        return ended

    async def drain(self) -> None:
        """Wait a moment for the server to end the stream; close it where it does not.

        It does not where an earlier event of the session died with its stream, and where no event joined.
        """
        reader = self._reader
        if reader is not None and not reader.done():
            if not (self._endless or self._ahead):
                await asyncio.wait({reader}, timeout=TAIL)
            await self.aclose()

    async def aclose(self) -> None:
        """Close the stream. On the server this ends all events of the session."""
        reading = self._reading
        reader, self._reader = self._reader, None
        self._endless = self._endless or bool(reading and self._events)
        tasks = {*self._resets, *({reader} if reader else ())}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for submission in self._events.values():  # of which the reader had not begun to hear
            submission.end(errors.StreamCut(f"{self.asked}: the stream was closed."))
        self._ahead = False
        if reading:
            self._closed_at = asyncio.get_running_loop().time()

    async def _closing_seen(self) -> None:
        """Wait until the server should have seen that the stream was closed."""
        if self._closed_at is not None:
            await asyncio.sleep(self._closed_at + _SEEN_CLOSED - asyncio.get_running_loop().time())
            self._closed_at = None

    async def _read(self) -> None:
        """Read the stream until the server ends it and nothing waits for it any more."""
        error: Exception | None = None
        try:
            await (self._read_ahead() if self._ahead else self._read_once())
            while self._events:  # one joined while the server was ending the stream
                known = set(self._events)
                await self._read_once()
                if known & self._events.keys():
                    raise errors.StreamCut(f"{self.asked}: the server ended the stream in mid-answer.")
        except Exception as raised:  # noqa: BLE001 - handed to those who wait, whatever it is
            error = raised
            if self._ahead:
                self._lost = raised
        finally:
            for submission in list(self._events.values()):
                self._events.pop(submission.event_id or "", None)
                submission.end(error or errors.StreamCut(f"{self.asked}: the stream was closed."))

    async def _read_ahead(self) -> None:
        """Read a stream that was opened before a join; that the server has forgotten the session is no failure then."""
        try:
            await self._read_once()
        except errors.SessionLost as error:
            if self._unknown or any(submission.heard.is_set() for submission in self._events.values()):
                raise
            logger.debug("the stream is opened again after the join: %s", error)

    async def _read_once(self) -> None:
        with await EventSource.open(self._line.http, self._path) as source:
            if await source.follow(self._take):
                self._ended = self._closes
                await source.rest()
                return
        if self._closes and self._events:
            raise errors.StreamCut(f"{self.asked}: the stream ended in mid-answer.")
        if any(submission.heard.is_set() for submission in self._events.values()):
            raise errors.StreamCut(f"{self.asked}: the stream ended in mid-answer.")

    def _take(self, data: bytes, start: int, stop: int) -> bool:
        """Take one frame of the stream; whether the server ends the stream with it."""
        message = self._read_frame(data, start, stop)
        if message is None:
            return False
        if message.event_id is not None:
            self._dispatch(message)
        elif message.msg == "unexpected_error":
            if not is_left_over(message):
                raise given_up(message, self.asked)
            return True  # and where an event waits the stream is opened again
        else:
            return message.msg == "close_stream"
        return False

    def _dispatch(self, message: Message) -> None:
        submission = self._events.get(message.event_id or "")
        if submission is None:
            # While a join is answered its event may already speak. All else is left over from events that are dead.
            if self._joining and len(self._unknown) < _KEPT_UNKNOWN:
                self._unknown.append(message)
            return
        submission.take(message, self)
        if submission.cancelled and message.msg == "process_generating" and self._line.version < _HAS_CANCEL:
            task = asyncio.create_task(self._reset_late(submission))
            self._resets.add(task)
            task.add_done_callback(self._resets.discard)
        if submission.done.done():
            self._events.pop(message.event_id or "", None)
