"""How queued events travel: what all transports share, and the interface behind which they are siblings.

A Gradio generation is chosen by ``Config.protocol``; ``generations`` has the table.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Any, Protocol

from spacebridge import errors
from spacebridge.gradio.growth import GrowthDecoder
from spacebridge.gradio.messages import Message, Output, decode_message
from spacebridge.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.config import Config
    from spacebridge.gradio.http import HttpClient

__all__ = ["CANCELLED", "Line", "Submission", "Transport", "given_up", "is_left_over"]

_KEY_ERROR = re.compile(r"'[0-9a-f]{32}'")
CANCELLED = Message(msg="process_completed", output=Output(), success=True)
"""What the server says of a cancelled event."""


class Source(Protocol):
    """Where messages come from."""

    @property
    def asked(self) -> str:
        """What was asked of whom, for errors."""
        ...


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
        self.heard = asyncio.Event()
        """Set when the server has said anything of it."""
        self.started = False
        """Whether the server has said anything of it but its place in the queue."""

    @property
    def fn_index(self) -> int:
        """The dependency that runs."""
        return int(self.payload["fn_index"])

    def take(self, message: Message, source: Source) -> None:
        """Take a message of the event.

        Args:
            message: as it came.
            source: where it came from.
        """
        if not self.started:
            self.heard.set()
        match message.msg:
            case "process_completed":
                self.end(message)
            case "unexpected_error":
                self.end(given_up(message, source.asked))
            case "queue_full":
                self.end(errors.QueueFull(f"{source.asked}: the app's queue is full."))
            case kind:
                self.started = self.started or kind != "estimation"
                try:
                    self.on_message(message)
                except Exception as error:  # noqa: BLE001 - it belongs to the event's owner, the stream goes on
                    self.end(error)

    def end(self, result: Message | Exception) -> None:
        """The event ended: as the server says, or because nothing more will be heard of it."""
        if self.done.done():
            return
        if isinstance(result, Message):
            self.done.set_result(result)
        elif self.cancelled:
            self.done.set_result(CANCELLED)
        else:
            self.done.set_exception(result)


class Line:
    """What a transport needs to know to reach its session, and how frames become messages.

    Args:
        http: the app's host.
        config: the app.
        session_hash: the session.
        query: added to the address of the join.
        whole: whether the outputs of an event come whole each time.
        on_broken: called with a frame that is no message.
    """

    def __init__(
        self,
        http: HttpClient,
        config: Config,
        session_hash: str,
        *,
        query: str = "",
        whole: bool = False,
        on_broken: Callable[[bytes], None] | None = None,
    ) -> None:
        self.http = http
        self.prefix = config.api_prefix
        self.version = config.version
        self.session_hash = session_hash
        self.query = query
        self._whole = whole
        self._on_broken = on_broken

    def reader(self) -> Callable[[bytes, int, int], Message | None]:
        """What records and reads the frames of one connection, in their order.

        It is called with bytes, and from where to where in them a frame stands. It gives None for a frame that is no
        message, which is told, and is then to be passed over. Outputs that come whole each time are given as what
        changed of them, but for an event's first.
        """
        decode = GrowthDecoder().decode if self._whole else decode_message
        trace = self.http.trace

        def read(data: bytes, start: int, stop: int) -> Message | None:
            if trace is not None:
                trace.frame(data[start:stop])
            message = decode(data, start, stop)
            if message is None:
                logger.debug("a frame is no message (%d bytes)", stop - start)
                if self._on_broken is not None:
                    self._on_broken(data[start:stop])
            return message

        return read

    async def cancel(self, submission: Submission) -> None:
        """``POST /cancel``, which releases from 4.31 on have."""
        payload = {
            "session_hash": self.session_hash,
            "fn_index": submission.fn_index,
            "event_id": submission.event_id,
        }
        await self.http.post(f"{self.prefix}/cancel", payload)

    async def within_cancel(self, work: Callable[[], Any]) -> Any:
        """Await something that helps to stop an event, within its limit; None where it fails."""
        with contextlib.suppress(errors.SpacebridgeError, TimeoutError):
            async with asyncio.timeout(self.http.timeouts.cancel):
                return await work()
        return None


class Transport(Protocol):
    """How events of one session travel."""

    async def submit(self, submission: Submission) -> Message:
        """Put an event into the queue and wait for its ``process_completed``.

        Raises:
            QueueFull, ValidationRefused, …: the event was refused.
            ConnectionLost, TimedOut, FrameTooLarge: it could not be followed to its end.
        """
        ...

    async def cancel(self, submission: Submission) -> None:
        """Ask the server to stop an event; its ``submit`` then returns soon."""
        ...

    async def give_up(self, submission: Submission) -> None:
        """Tell the server, if that is still possible, that nobody waits for an event any more."""
        ...

    async def drain(self) -> None:
        """After the last event: let the server end in its own way what it has open."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections and tasks."""
        ...


def is_left_over(message: Message) -> bool:
    """Whether a stream broke on an event that is over, and only on that.

    A server that is asked to cancel an event just as it ends tells its end twice, and trips over the second time when
    the session's next stream begins: a ``KeyError`` of the id (``sse_stream`` in ``gradio/routes.py``, 4.31 to 6). What
    stands behind it in the queue is kept for another stream.
    """
    text = message.message
    return isinstance(text, str) and _KEY_ERROR.fullmatch(text) is not None


def given_up(message: Message, asked: str) -> errors.SpacebridgeError:
    """What an ``unexpected_error`` means."""
    text = message.message if isinstance(message.message, str) and message.message else "no reason given"
    if message.session_not_found is True or "not found" in text.lower():
        return errors.SessionLost(f"{asked}: the server does not know the session ({text}).")
    return errors.StreamCut(f"{asked}: the server gave up: {text}.")
