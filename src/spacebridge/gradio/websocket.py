"""Queued events of gradio 3 (``ws``): a websocket for each.

The server asks for the session (``send_hash``) and, when it is the event's turn, for the inputs (``send_data``). It
sends no heartbeats of its own; uvicorn, on which it runs, pings every 20 s. Source: ``gradio/routes.py`` and
``gradio/queueing.py`` of 3.50.2, and captures.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal, Self

import aiohttp
import msgspec

from spacebridge import errors
from spacebridge.gradio.connections import EventConnections
from spacebridge.gradio.eventsource import TAIL
from spacebridge.gradio.http import SLOW_LINE
from spacebridge.gradio.idle import IdleWatch
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from spacebridge.gradio.http import HttpClient
    from spacebridge.gradio.transport import Submission

__all__ = ["WebSockets"]

_SENT = ("data", "event_data", "fn_index", "session_hash")
_NOT_LOGGED_IN = 1008
_TOO_LARGE = 1009
_HINTS = {
    200: "Something on the way allows no websockets.",
    403: "Gradio 3 says so to those who are not logged in: give auth=. Or something on the way allows no websockets.",
    404: "Something on the way allows no websockets; or the app is of a release before 3.1, which queues otherwise.",
}


class WebSockets(EventConnections):
    """The websockets of one session."""

    @property
    def asked(self) -> str:
        """What is asked of whom, for errors."""
        return f"GET {redact_url(f'{self.line.http.base}{self.line.prefix}/queue/join')}"

    async def follow(self, submission: Submission) -> None:
        """Join the queue, send what is asked for, and hand on what comes."""
        line = self.line
        read = line.reader()
        session = {"fn_index": submission.fn_index, "session_hash": line.session_hash}
        socket = await _Socket.open(line.http, f"{line.prefix}/queue/join{f'?{line.query}' if line.query else ''}")
        try:
            async with socket.watched():
                while (frame := await socket.receive()) is not None:
                    message = read(frame, 0, len(frame))
                    if message is None:
                        socket.must_be_text(frame)
                        continue
                    if message.msg == "send_hash":
                        await socket.send(session)
                    elif message.msg == "send_data":
                        await socket.send({name: submission.payload.get(name) for name in _SENT})
                    else:
                        submission.take(message, socket)
                        if submission.done.done():
                            await socket.rest()
                            return
        finally:
            await socket.close()

    async def reset(self, submission: Submission) -> None:
        """``POST /reset``: else a later run of the same function may go on where this one was left."""
        await self.line.http.post(
            f"{self.line.prefix}/reset", {"session_hash": self.line.session_hash, "fn_index": submission.fn_index}
        )

    async def give_up(self, submission: Submission) -> None:
        """Nothing: a server that has not seen the connection end would begin a run that is reset anew."""


class _Socket:
    """An open websocket, as frames."""

    def __init__(self, http: HttpClient, socket: aiohttp.ClientWebSocketResponse[Literal[False]], path: str) -> None:
        self._http = http
        self._socket = socket
        self._path = path
        self._silence = asyncio.timeout(None)
        self._watch = IdleWatch(self._too_silent, http.timeouts.idle)

    @property
    def asked(self) -> str:
        """What was asked of whom, for errors."""
        return f"GET {redact_url(self._http.base + self._path)}"

    @classmethod
    async def open(cls, http: HttpClient, path: str) -> Self:
        try:
            socket = await http.open_websocket(path)
        except errors.ServerRefused as error:
            error.hint = _HINTS.get(error.status, error.hint)
            raise
        return cls(http, socket, path)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Do not wait without end for what comes.

        Raises:
            TimedOut: nothing came for too long.
        """
        try:
            async with self._silence:
                with self._watch:
                    yield
        except errors.SpacebridgeError:  # some of ours are timeouts, too
            raise
        except TimeoutError as error:
            raise self._http.lost(error, self.asked) from error

    def _too_silent(self, _: TimeoutError) -> None:
        self._silence.reschedule(asyncio.get_running_loop().time())

    async def receive(self) -> bytes | None:
        """The next frame; None at the end.

        Raises:
            StreamCut, FrameTooLarge, LoginRequired: the connection broke, or was ended for a reason.
        """
        try:
            message = await self._socket.receive()
            self._watch.heard()
            while message.type in (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG):
                if message.type is aiohttp.WSMsgType.PING:
                    await self._socket.pong(message.data)
                message = await self._socket.receive()
                self._watch.heard()
        except (aiohttp.ClientError, OSError) as error:
            raise self._http.lost(error, self.asked) from error
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                return message.data
            case aiohttp.WSMsgType.ERROR:
                raise self._failed(message.data)
            case _:
                return self._closed()

    def must_be_text(self, frame: bytes) -> None:
        """Look at a frame that is no message: one that is not UTF-8 ends the connection (RFC 6455, 8.1).

        Raises:
            StreamCut: it is not.
        """
        try:
            frame.decode()
        except UnicodeDecodeError as error:
            raise self._http.lost(error, self.asked) from error

    def _failed(self, error: BaseException) -> errors.SpacebridgeError:
        if isinstance(error, aiohttp.WebSocketError) and error.code == _TOO_LARGE:
            return errors.FrameTooLarge(f"{self.asked}: a frame is larger than {self._http.limits.frame} bytes.")
        return self._http.lost(error, self.asked)

    def _closed(self) -> None:
        code = self._socket.close_code
        if code == _NOT_LOGGED_IN:
            raise errors.LoginRequired(f"{self.asked}: the server closed the websocket: not logged in (code {code}).")
        if code not in (None, aiohttp.WSCloseCode.OK):
            raise errors.StreamCut(f"{self.asked}: the websocket was closed in mid-answer (code {code}).")

    async def send(self, value: dict[str, Any]) -> None:
        """Send JSON."""
        body = msgspec.json.encode(value)
        if self._http.trace is not None:
            self._http.trace.sent(body)
        connect = self._http.timeouts.connect
        self._watch.stop()  # sending has its own limit
        try:
            async with asyncio.timeout(None if connect is None else connect + len(body) / SLOW_LINE):
                await self._socket.send_str(body.decode())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._http.lost(error, self.asked) from error
        self._watch.begin()

    async def rest(self) -> None:
        """After the last message: let the server close the connection."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with asyncio.timeout(TAIL):
                while not self._socket.closed:
                    await self._socket.receive()

    async def close(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await self._socket.close()
