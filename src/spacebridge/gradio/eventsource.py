"""An open stream of server-sent events, as frames."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Self, cast

import aiohttp

from spacebridge import errors
from spacebridge.gradio.arrival import handing_on
from spacebridge.gradio.chunks import whole_chunks
from spacebridge.gradio.frames import FrameSplitter
from spacebridge.gradio.idle import IdleWatch
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.frames import Frame
    from spacebridge.gradio.http import HttpClient

    Take = Callable[[bytes, int, int], bool]
    """Takes the data of an event, as a :data:`~spacebridge.gradio.frames.Frame` has it; whether it is the last one."""

__all__ = ["TAIL", "EventSource"]

TAIL = 0.5
"""Seconds to wait for a server that has said all to end its stream."""


class EventSource:
    """An open ``text/event-stream``; leaving its block lets go of it.

    Args:
        http: the app's host.
        response: whose body is the stream.
    """

    def __init__(self, http: HttpClient, response: aiohttp.ClientResponse) -> None:
        self._http = http
        self._response = response
        self._content = response.content
        self._read = 0
        """Bytes of the body that were read."""
        self._splitter = FrameSplitter(http.limits.frame)
        self._frames: deque[Frame] = deque()
        """What has come and was not taken."""
        self._too_large: errors.FrameTooLarge | None = None
        self._watch = IdleWatch(self._too_silent, http.timeouts.idle)
        self._take: Take | None = None
        self._over: asyncio.Future[bool] | None = None
        """Set by the end of what is followed."""

    @classmethod
    async def open(cls, http: HttpClient, path: str) -> Self:
        """GET the stream at a path.

        Raises:
            ServerRefused, ConnectionLost, TimedOut, NotJSON: there is none.
        """
        return cls(http, await http.open_stream(path))

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__(*exc)
        self._response.close()  # what has not been read to its end loses its connection

    @property
    def asked(self) -> str:
        """What was asked of whom."""
        return f"GET {redact_url(str(self._response.url))}"

    async def follow(self, take: Take) -> bool:
        """Hand on events as they come, until one is taken as the last; what stands behind it is for the next call.

        They are handed on where their bytes arrive, in the callback of the socket: to wake a task for each costs as
        much as all that is done with it. What ``take`` raises is raised here.

        Returns:
            Whether the last one came; else the stream has ended.

        Raises:
            StreamCut, TimedOut, FrameTooLarge: the stream broke.
        """
        self._take, self._over = take, asyncio.get_running_loop().create_future()
        tap = _Tap.on(self._response, self._look, self._come)
        try:
            self._look()  # at what is here already
            return await self._over
        finally:
            self._take = None
            if tap is not None:
                tap.remove()

    def _come(self, pieces: list[bytes]) -> bool:
        """Take pieces of the body that did not go through aiohttp, behind all that did; False if none can be taken."""
        if self._over is None or self._over.done():  # what aiohttp has may not have been read
            return False
        self._watch.heard()
        for piece in pieces:
            self._split(piece)
        self._pass_on(self._hand_on_frames)
        return True

    def _look(self) -> None:
        """Something has come, or the connection has ended: hand on what there is."""
        self._pass_on(self._hand_on)

    def _pass_on(self, hand_on: Callable[[Take], bool | None]) -> None:
        take, over = self._take, self._over
        if take is None or over is None or over.done():
            return
        try:
            ended = handing_on(hand_on, take)
        except Exception as error:  # noqa: BLE001 - raised by whoever follows
            over.set_exception(error)
        else:
            if ended is not None:
                over.set_result(ended)

    def _hand_on(self, take: Take) -> bool | None:
        """Hand on what has come; whether the last one was there, or else (False) the stream has ended."""
        content = self._content
        while True:
            if self._hand_on_frames(take):
                return True
            if self._read == content.total_bytes and content.exception() is None:
                return False if content.at_eof() else None
            try:
                chunk = content.read_nowait()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise self._http.lost(error, self.asked) from error
            self._read += len(chunk)
            self._watch.heard()
            self._split(chunk)

    def _hand_on_frames(self, take: Take) -> bool | None:
        """Hand on the events that have come; True if the last one was there."""
        frames = self._frames
        while frames:
            if take(*frames.popleft()):
                return True
        if self._too_large is not None:
            raise self._too_large
        return None

    def _split(self, chunk: bytes) -> None:
        if self._too_large is not None:
            return
        try:
            self._frames.extend(self._splitter.feed(chunk))
        except errors.FrameTooLarge as error:
            self._frames.extend(error.frames)
            self._too_large = error

    def _too_silent(self, error: TimeoutError) -> None:
        self._content.set_exception(error)
        self._look()

    async def rest(self) -> None:
        """Read the end of the body after the last event: then the connection can be used for the next request."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(TAIL):
                while await self._content.readany():
                    pass


class _Tap(asyncio.Protocol):
    """Stands before aiohttp's own protocol on a connection, and calls when that one has been told something.

    aiohttp has no callback for a piece of a body: whoever waits for one is woken by the loop's next round. And what it
    does to read a chunk costs as much as all that is done with a token behind it. So whole chunks are taken out of what
    it reads, once it is known that one ends where a read does: its count of a read's bytes was that of the chunks in
    it. All else stays with aiohttp: the last chunk, parts of chunks, bodies that are compressed or not chunked.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: asyncio.BaseProtocol,
        content: aiohttp.StreamReader | None,
        look: Callable[[], None],
        come: Callable[[list[bytes]], bool],
    ) -> None:
        self._transport = transport
        self._protocol = cast("asyncio.Protocol", protocol)
        self._chunked = content
        """The body, if it is in chunks of what it says."""
        self._between = False
        """Whether the next byte is known to begin a chunk."""
        self._look = look
        self._come = come
        transport.set_protocol(self)

    @classmethod
    def on(
        cls, response: aiohttp.ClientResponse, look: Callable[[], None], come: Callable[[list[bytes]], bool]
    ) -> Self | None:
        """On the connection of a response; None if that has let go of it, since all has come.

        Args:
            response: the response.
            look: is called when aiohttp was told something.
            come: takes pieces of the body that aiohttp was not told; whether it did.
        """
        connection = response.connection
        if connection is None or connection.transport is None or connection.protocol is None:
            return None
        headers = response.headers
        plain = headers.get("Transfer-Encoding", "").lower() == "chunked" and "Content-Encoding" not in headers
        content = response.content if plain else None
        return cls(connection.transport, connection.protocol, content, look, come)

    def remove(self) -> None:
        """Stand aside: the connection may be used again."""
        if self._transport.get_protocol() is self:
            self._transport.set_protocol(self._protocol)

    def data_received(self, data: bytes) -> None:
        if self._chunked is None:
            self._protocol.data_received(data)
        else:
            pieces, end = whole_chunks(data)
            if self._between and pieces and self._come(pieces):
                if end == len(data):
                    return
                self._between = False
                self._protocol.data_received(data[end:])
            else:
                before = self._chunked.total_bytes
                self._protocol.data_received(data)
                told = self._chunked.total_bytes - before
                self._between = end == len(data) and told == sum(map(len, pieces))
        self._look()

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)
        self._look()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
