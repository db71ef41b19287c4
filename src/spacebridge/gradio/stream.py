"""One session's event stream: events join the queue, and their messages come back on a shared connection.

This is the transport of ``sse_v3`` (gradio 4.22 to 6.31). ``EventStream`` is one of several siblings behind the
interface :class:`Transport`; a Gradio generation is chosen by ``Config.protocol``.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import aiohttp

from spacebridge import errors
from spacebridge.gradio.frames import FrameSplitter
from spacebridge.gradio.idle import IdleWatch
from spacebridge.gradio.messages import Message, Output, decode_message
from spacebridge.gradio.trace import redact_url
from spacebridge.log import logger
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.config import Config
    from spacebridge.gradio.http import HttpClient

__all__ = ["EventStream", "Submission", "Transport"]

_KEPT_UNKNOWN = 1000
_DRAIN = 0.5
_HAS_CANCEL = (4, 31)

CANCELLED = Message(msg="process_completed", output=Output(), success=True)
"""What the server says of a cancelled event."""


class Submission:
    """One event in the queue or under way.

    Args:
        payload: the body of the join.
        on_message: called with each message of the event as it comes, but the last.
    """

    def __init__(self, payload: dict[str, Any], on_message: Callable[[Message], None]) -> None:
        self.payload = payload
        self.on_message = on_message
        self.event_id: str | None = None
        self.done: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        """The event's ``process_completed``, or what ended it otherwise."""
        self.cancelled = False
        """Whether this client asked for its end."""

    @property
    def fn_index(self) -> int:
        """The dependency that runs."""
        return int(self.payload["fn_index"])


class Transport(Protocol):
    """How events of one session travel."""

    async def submit(self, submission: Submission) -> Message:
        """Put an event into the queue and wait for its ``process_completed``."""
        ...

    async def cancel(self, submission: Submission) -> None:
        """Ask the server to stop an event; its ``submit`` then returns soon."""
        ...

    async def give_up(self, submission: Submission) -> None:
        """Tell the server, if that is still possible, that nobody waits for an event any more."""
        ...

    async def drain(self) -> None:
        """After the last event: let the server end the session's stream in its own way."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections and tasks."""
        ...


class EventStream:
    """Queue and stream of one session, protocol ``sse_v3``.

    Args:
        http: the app's host.
        config: the app.
        session_hash: the session.
        query: added to the address of the join.
        on_broken: called with a line of the stream that is no message.
    """

    def __init__(
        self,
        http: HttpClient,
        config: Config,
        session_hash: str,
        *,
        query: str = "",
        on_broken: Callable[[bytes], None] | None = None,
    ) -> None:
        self._http = http
        self._prefix = config.api_prefix
        self._version = config.version
        self._session_hash = session_hash
        self._on_broken = on_broken
        self._events: dict[str, Submission] = {}
        self._joining = 0
        self._unknown: list[Message] = []
        self._reader: asyncio.Task[None] | None = None
        path = f"{self._prefix}/queue/data?session_hash={quote(session_hash, safe='')}"
        self._path = path
        self._join = f"{self._prefix}/queue/join{f'?{query}' if query else ''}"

    @property
    def _asked(self) -> str:
        return f"GET {redact_url(self._http.base + self._path)}"

    async def submit(self, submission: Submission) -> Message:
        """Put an event into the queue and wait for its ``process_completed``.

        Raises:
            QueueFull, ValidationRefused, …: the join was refused.
            ConnectionLost, TimedOut, FrameTooLarge: the stream failed.
        """
        self._joining += 1
        try:
            reply = await self._http.post(self._join, submission.payload)
            event_id = as_object(reply).get("event_id")
            if not isinstance(event_id, str):
                raise errors.ProtocolError(f"The queue of {self._http.host} gave no event id.")
            submission.event_id = event_id
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
            if not submission.done.done() and (self._reader is None or self._reader.done()):
                name = f"spacebridge stream {self._session_hash}"
                self._reader = asyncio.create_task(self._read(), name=name)
            if submission.cancelled:
                await self.cancel(submission)
            return await submission.done
        finally:
            self._events.pop(event_id, None)

    async def cancel(self, submission: Submission) -> None:
        """Ask the server to stop an event.

        ``POST /cancel`` where the release has it (4.31 and later). Before, and where that fails, the stream is
        closed, which ends all events of the session at their next yield.
        """
        submission.cancelled = True
        event_id = submission.event_id
        if event_id is None or submission.done.done():
            return
        try:
            if self._version < _HAS_CANCEL:
                raise errors.ProtocolError("This release of Gradio has no /cancel.")
            await self._post_cancel(submission)
        except errors.SpacebridgeError as error:
            logger.debug("no /cancel, the stream is closed instead: %s", error)
            await self.aclose()

    async def give_up(self, submission: Submission) -> None:
        """Tell the server, if that is still possible, that nobody waits for an event any more.

        A server that only lost the connection would go on with the work.
        """
        if submission.event_id is None or self._version < _HAS_CANCEL:
            return
        with contextlib.suppress(errors.SpacebridgeError, TimeoutError):
            async with asyncio.timeout(self._http.timeouts.cancel):
                await self._post_cancel(submission)

    async def _post_cancel(self, submission: Submission) -> None:
        payload = {
            "session_hash": self._session_hash,
            "fn_index": submission.fn_index,
            "event_id": submission.event_id,
        }
        await self._http.post(f"{self._prefix}/cancel", payload)

    async def drain(self) -> None:
        """Wait a moment for the server to end the stream; close it where it does not.

        It does not where an earlier event of the session died with its stream.
        """
        reader = self._reader
        if reader is not None and not reader.done():
            await asyncio.wait({reader}, timeout=_DRAIN)
            await self.aclose()

    async def aclose(self) -> None:
        """Close the stream. On the server this ends all events of the session."""
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.cancel()
            await asyncio.wait({reader})

    async def _read(self) -> None:
        """Read the stream until the server ends it and nothing waits for it any more."""
        error: Exception | None = None
        try:
            await self._read_once()
            while self._events:  # one joined while the server was ending the stream
                known = set(self._events)
                await self._read_once()
                if known & self._events.keys():
                    raise errors.StreamCut(f"{self._asked}: the server ended the stream in mid-answer.")
        except Exception as raised:  # noqa: BLE001 - handed to those who wait, whatever it is
            error = raised
        finally:
            for submission in list(self._events.values()):
                self._end(submission, error or errors.StreamCut(f"{self._asked}: the stream was closed."))

    async def _read_once(self) -> None:
        response = await self._http.open_stream(self._path)
        splitter = FrameSplitter(self._http.limits.frame)
        trace = self._http.trace
        content = response.content
        too_large: errors.FrameTooLarge | None = None
        try:
            with IdleWatch(content, self._http.timeouts.idle) as watch:
                while too_large is None and (chunk := await content.readany()):
                    watch.heard()
                    try:
                        frames = splitter.feed(chunk)
                    except errors.FrameTooLarge as error:
                        frames, too_large = error.frames, error
                    for frame in frames:
                        if trace is not None:
                            trace.frame(frame)
                        if self._take(frame):
                            await _read_to_end(content)
                            return
            if too_large is not None:
                raise too_large
        except errors.SpacebridgeError:  # some of ours are aiohttp's, too
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._http.lost(error, self._asked) from error
        finally:
            response.close()
        if self._events:
            raise errors.StreamCut(f"{self._asked}: the stream ended in mid-answer.")

    def _take(self, frame: bytes) -> bool:
        """Take one event of the stream; whether the server ends the stream with it."""
        message = decode_message(frame)
        if message is None:
            self._broken(frame)
        elif message.event_id is not None:
            self._dispatch(message)
        elif message.msg == "unexpected_error":
            raise self._unexpected(message)
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
        if message.msg == "process_completed":
            self._end(submission, message)
        elif message.msg == "unexpected_error":
            self._end(submission, self._unexpected(message))
        else:
            try:
                submission.on_message(message)
            except Exception as error:  # noqa: BLE001 - it belongs to the event's owner, the stream goes on
                self._end(submission, error)

    def _end(self, submission: Submission, result: Message | Exception) -> None:
        self._events.pop(submission.event_id or "", None)
        if submission.done.done():
            return
        if isinstance(result, Message):
            submission.done.set_result(result)
        elif submission.cancelled:
            submission.done.set_result(CANCELLED)
        else:
            submission.done.set_exception(result)

    def _broken(self, frame: bytes) -> None:
        logger.debug("a line of the stream is no message (%d bytes)", len(frame))
        if self._on_broken is not None:
            self._on_broken(frame)

    def _unexpected(self, message: Message) -> errors.SpacebridgeError:
        text = message.message if isinstance(message.message, str) else "no reason given"
        if message.session_not_found is True or "not found" in text.lower():
            return errors.SessionLost(f"{self._asked}: the server does not know the session ({text}).")
        return errors.StreamCut(f"{self._asked}: the server gave up: {text}")


async def _read_to_end(content: aiohttp.StreamReader) -> None:
    """Read the end of the body that follows ``close_stream``: then the connection can be used for the next request."""
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with asyncio.timeout(_DRAIN):
            while await content.readany():
                pass
