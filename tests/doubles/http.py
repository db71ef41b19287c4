"""A very small HTTP/1.1 server, the ground the scripted servers stand on.

Written on bare asyncio streams because a test of faults needs what a real server library forbids: a header that lies,
a chunk that never ends, a reset in the middle of a character. It can live on the loop of the test (``async with``) or,
for servers that outlive one test or serve synchronous code, on a thread of its own (``with``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")

REASONS = {
    200: "OK", 204: "No Content", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required", 413: "Payload Too Large",
    422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable",
}  # fmt: skip


@dataclass(slots=True)
class Request:
    """One request as it arrived; header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    connection: int = 0
    """Which connection of the server carried it, counted from 1: tells a kept connection from a new one."""
    query: dict[str, str] = field(init=False)
    path: str = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def json(self) -> Any:
        return json.loads(self.body)


class _WatchedReader(asyncio.StreamReader):
    """A reader that says when the other side went away, without anything of the next request being read."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=1 << 20, loop=loop)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        self.gone.set()
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        self.gone.set()
        super().set_exception(exc)


class Exchange:
    """One request and the means to answer it, well or badly."""

    def __init__(
        self, request: Request, reader: _WatchedReader, writer: asyncio.StreamWriter, owner: HttpDouble
    ) -> None:
        self.request = request
        self.owner = owner
        self.reader = reader
        self.writer = writer
        self.keep_alive = request.headers.get("connection", "").lower() != "close"
        self._chunked = False
        self._capture: bytearray | None = None

    @contextlib.contextmanager
    def captured(self) -> Iterator[bytearray]:
        """Collect what is written within the block instead of sending it."""
        self._capture = capture = bytearray()
        try:
            yield capture
        finally:
            self._capture = None

    @property
    def gone(self) -> asyncio.Event:
        """Set when the client closed or reset the connection."""
        return self.reader.gone

    async def raw(self, data: bytes) -> None:
        """Write bytes as they are, at once."""
        if self._capture is not None:
            self._capture += data
            return
        if self.gone.is_set():
            raise ConnectionResetError("the client has gone")
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, headers: Mapping[str, str] | None = None, *, chunked: bool = True) -> None:
        """Send the status line and the headers of a body that follows in pieces."""
        self._chunked = chunked
        await self.raw(
            render_head(status, {**({"transfer-encoding": "chunked"} if chunked else {}), **(headers or {})})
        )

    async def send(self, data: bytes) -> None:
        """Send a piece of the body, as one chunk."""
        if data:
            await self.raw(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def end(self) -> None:
        """End the body."""
        if self._chunked:
            await self.raw(b"0\r\n\r\n")
        else:
            self.keep_alive = False

    async def reply(
        self, status: int = 200, body: bytes | str | Any = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole answer; what is neither bytes nor text goes out as JSON."""
        kind = "text/html; charset=utf-8"
        if not isinstance(body, bytes | str):
            body, kind = json.dumps(body, ensure_ascii=False, separators=(",", ":")), "application/json"
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        base = {"content-type": kind, "content-length": str(len(body))}
        await self.raw(render_head(status, {**base, **(headers or {})}) + body)

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        self.keep_alive = False
        reset(self.writer)

    def finish(self) -> None:
        """Cut the connection with an ordinary end of file (FIN)."""
        self.keep_alive = False
        self.writer.close()


def render_head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset, not an end of file."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_request(reader: asyncio.StreamReader, connection: int = 0) -> Request | None:
    """Read one request; None where the client closed the connection instead, one without a method where it is no HTTP."""
    try:
        first = await reader.readexactly(1)
        if not first.isalpha():  # no HTTP; a TLS greeting, say
            await reader.read(1 << 16)
            return Request("", "/", {})
        head = first + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    request = Request(method, target, headers, connection=connection)
    try:
        if "content-length" in headers:
            request.body = await reader.readexactly(int(headers["content-length"]))
        elif "chunked" in headers.get("transfer-encoding", ""):
            pieces = []
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                pieces.append((await reader.readexactly(size + 2))[:-2])
            await reader.readuntil(b"\r\n")
            request.body = b"".join(pieces)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return request


class Double(ABC):
    """A TCP server on a free loopback port, on this loop (``async with``) or on a thread (``with``)."""

    scheme = "tcp"

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.open_connections = 0
        self.connections = 0
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @abstractmethod
    async def connection(self, reader: _WatchedReader, writer: asyncio.StreamWriter, number: int) -> None:
        """Serve one connection; it is closed afterwards."""

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._loop = loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = _WatchedReader(loop)
            return asyncio.StreamReaderProtocol(reader, lambda r, w: self._accept(reader, w), loop=loop)

        self._server = await loop.create_server(protocol, self.host, self.port, ssl=self._tls, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self, reader: _WatchedReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: _WatchedReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError):
                await self.connection(reader, writer, self.connections)
        finally:
            self.open_connections -= 1
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # nobody reads: what is written would be waited for without end
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, OSError):
                await writer.wait_closed()

    def refuse(self) -> None:
        """Stop accepting connections; those that are open go on. New ones are refused by the system."""
        if self._server is not None:
            self.on_loop(self._server.close)

    async def aclose(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name=type(self).__name__, daemon=True)
        self._thread.start()
        self._loop = loop
        self.call(self.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop, thread = self._loop, self._thread
        assert loop is not None
        assert thread is not None
        self.call(self.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._thread = None

    # -- from any thread -------------------------------------------------------------------------------------------------

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's own thread and wait for it."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def on_loop(self, function: Callable[[], Any]) -> None:
        """Run a function on the server's loop, whichever thread this is."""
        assert self._loop is not None
        if self._thread is None or self._thread is threading.current_thread():
            function()
        else:
            self._loop.call_soon_threadsafe(function)


class HttpDouble(Double):
    """A server of HTTP/1.1 that records every request and leaves the answer to ``handle``."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.scheme = "https" if tls else "http"
        self.requests: list[Request] = []

    def seen(self, path: str, method: str | None = None) -> list[Request]:
        """The requests so far whose path begins so."""
        return [r for r in self.requests if r.path.startswith(path) and method in (None, r.method)]

    async def connection(self, reader: _WatchedReader, writer: asyncio.StreamWriter, number: int) -> None:
        while (request := await read_request(reader, number)) is not None:
            self.requests.append(request)
            exchange = Exchange(request, reader, writer, self)
            if not request.method:
                await exchange.reply(400, "Invalid HTTP request received.", {"connection": "close"})
                return
            await self.handle(exchange)
            if not exchange.keep_alive:
                return

    @abstractmethod
    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""


async def until(condition: Callable[[], Any], timeout: float = 5.0, *, what: str = "a condition") -> Any:
    """Wait until a condition holds and return its value; ``TimeoutError`` with a name where it never does."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while not (value := condition()):
        if loop.time() > end:
            raise TimeoutError(f"waited {timeout} s for {what}")
        await asyncio.sleep(0.01)
    return value


def sse(messages: Sequence[Mapping[str, Any]]) -> bytes:
    """Messages as Gradio writes them on a stream of events."""
    return b"".join(b"data: %b\n\n" % json.dumps(m, separators=(",", ":")).encode() for m in messages)
