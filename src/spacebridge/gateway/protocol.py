"""HTTP as uvicorn reads it, with bounds on a request's head, which it has none for.

Whoever reaches the port could else have the gateway collect headers without end, or hold connections on which nothing
comes, before any key is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["CHUNK", "BoundedProtocol"]

CHUNK = "spacebridge.chunk"
"""The extension of ASGI whose ``write`` writes a chunk of a reply, or gives False where ``send`` has to be used.

A coroutine for each token, which an exception ends, takes a good part of the time that a token needs here.
"""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 26\r\nconnection: close\r\n\r\n"
    b"The headers are too large."
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A head that is too large is refused, one that does not come is not waited for."""

    most: ClassVar[int] = 64 * 1024
    """Bytes of a head that has not ended; one that comes as a whole may have as many more as are read at once."""
    seconds: ClassVar[float] = 60.0
    """For a head to come to its end, from the connection or from its first byte."""

    _size = 0
    _within = False
    _patience: asyncio.TimerHandle | None = None
    _answered: RequestResponseCycle | None = None
    """The request under way, or the last one that was."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer, and tell the request under way."""
        self._wait_no_longer()
        self.pipeline.clear()
        super().connection_lost(exc)
        # If others wait behind the request under way, uvicorn tells only the last of them, which never begins.
        if (cycle := self._answered) is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        super().data_received(data)
        if self._within:
            self._size += len(data)
            if self._size > self.most and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._size, self._within = 0, True
        self._wait()

    def on_headers_complete(self) -> None:
        """A head has ended."""
        self._within = False
        self._wait_no_longer()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.scope["extensions"] = {CHUNK: {"write": _chunk_writer(self.cycle)}}
            if not self.pipeline:
                self._answered = self.cycle

    def on_response_complete(self) -> None:
        """A reply has ended, and the request that waits behind it begins."""
        if self.pipeline:
            self._answered = self.pipeline[-1][0]
        super().on_response_complete()

    def _wait(self) -> None:
        self._wait_no_longer()
        self._patience = self.loop.call_later(self.seconds, self._leave)

    def _leave(self) -> None:
        if not self.cycle or self.cycle.response_complete:
            self.transport.close()
        else:  # the answer before it is still on its way
            self._wait()

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _chunk_writer(cycle: RequestResponseCycle) -> Callable[[bytes], bool]:
    """What writes a chunk of a reply's body as :class:`RequestResponseCycle` does, if nothing has to be waited for."""

    def write(body: bytes) -> bool:
        if not cycle.chunked_encoding or cycle.response_complete or cycle.disconnected or cycle.flow.write_paused:
            return False
        if body:  # an empty chunk would be the last
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        return True

    return write
