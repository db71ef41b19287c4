"""One request and its reply on the wire: headers in time, signs of life, and an end when the client has gone."""

from __future__ import annotations

import asyncio
import math
import re
import time
from typing import TYPE_CHECKING, Any

from spacebridge import errors
from spacebridge.gateway.eager import begin, done
from spacebridge.gateway.shapes import problem as problems
from spacebridge.gateway.shapes import sse
from spacebridge.gateway.state import Stopping
from spacebridge.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from starlette.types import Receive, Send

    from spacebridge.gateway.answering import Answering
    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.state import Gateway

__all__ = ["ClientGone", "Exchange", "retry_headers", "run_until_gone"]

_ACCEPT = 2.0
"""Seconds that the headers of a stream wait for the Space to answer, so that a refusal has its status. Many Spaces take
a turn into their queue first, and then refuse it: what has only been queued is not accepted yet."""
_PATIENCE = 60.0
"""Seconds after which a client that takes nothing of a stream is left: else it would hold its place on the Space."""
_LAST_WORDS = 5.0
"""Seconds that a client has to take the news that the server is being stopped."""
_FIELD = re.compile(r"[\w.\-\[\]]{1,64}", re.ASCII)
_MOST_NAMES = 32


class ClientGone(Exception):
    """The client has closed its connection."""


class Exchange:
    """The reply to one request.

    Args:
        answering: gives the answers.
        send: of ASGI.
        at_once: sends a piece of a body without waiting, or gives False where that can't be; see
            :data:`~spacebridge.gateway.protocol.CHUNK`.
        keep_alive: seconds of silence after which a stream says that it lives.
    """

    def __init__(
        self,
        answering: Answering,
        send: Send,
        at_once: Callable[[bytes], bool] | None = None,
        *,
        keep_alive: float,
        accept: float = _ACCEPT,
        patience: float = _PATIENCE,
    ) -> None:
        self._answering = answering
        self._send = send
        self._at_once = at_once
        self._keep_alive = keep_alive
        self._accept = accept
        self._patience = patience
        self._buffer: list[bytes] = []
        self._starting = asyncio.Lock()
        self._flowing = False
        """Whether the headers have gone, and what had come before them."""
        self._last = 0.0
        """When something was sent last."""
        self._sending = 0
        """Pieces that the client has not taken yet."""
        self.started = False
        """Whether the headers go, so that an error has to go into the stream."""

    async def whole(self) -> None:
        """Send the reply at once."""
        body = await self._answering.whole()
        await send_body(self._send, 200, sse.to_json(body), self._all_headers("application/json"))

    async def stream(self) -> None:
        """Send the reply as it grows.

        Raises:
            ClientGone: the client has taken nothing of it for long.
        """
        work = asyncio.current_task()
        tending = asyncio.create_task(self._tend(work))
        try:
            await self._answering.stream(self._pass)
            await self._start()
        finally:
            tending.cancel()
            await asyncio.wait({tending})
        await self._end(b"", self._patience)

    async def fail(self, problem: Problem) -> None:
        """End a stream that has begun with an error.

        Raises:
            ClientGone: the client does not take it. A server that is being stopped does not wait for that for long.
        """
        seconds = min(_LAST_WORDS, self._patience) if problem.code == "stopping" else self._patience
        await self._end(self._answering.failure(problem), seconds)

    async def _tend(self, work: asyncio.Task[Any] | None) -> None:
        """Let the headers go after a while, and from then on break every long silence; leave a client that is stuck."""
        try:
            await asyncio.sleep(self._accept)
            async with asyncio.timeout(self._patience):
                await self._start()
            while True:
                quiet = time.monotonic() - self._last
                if self._sending:  # what has not gone still waits for the client
                    if quiet >= self._patience:
                        raise TimeoutError
                    await asyncio.sleep(min(self._keep_alive, self._patience - quiet))
                elif quiet >= self._keep_alive:
                    async with asyncio.timeout(self._patience):
                        await done(self._write(sse.comment("keep-alive")))
                else:
                    await asyncio.sleep(self._keep_alive - quiet)
        except TimeoutError:
            logger.info("A client has taken nothing for %g s, and is left.", self._patience)
            if work is not None:
                work.cancel()

    async def _start(self) -> None:
        """Send the headers, and what was kept until now."""
        async with self._starting:
            if not self.started:
                self.started = True
                headers = {
                    **self._all_headers("text/event-stream; charset=utf-8"),
                    "cache-control": "no-cache",
                    "x-accel-buffering": "no",
                }
                self._buffer = self._buffer or [sse.comment("waiting")]
                await self._send({"type": "http.response.start", "status": 200, "headers": encoded(headers)})
            while count := len(self._buffer):
                await done(self._write(b"".join(self._buffer)))
                del self._buffer[:count]
            self._flowing = True

    def _pass(self, piece: bytes) -> Awaitable[None] | None:
        """Send a piece, or keep it until the headers go; what of that has to be waited for, if anything."""
        if self._flowing:
            if self._at_once is None or not self._at_once(piece):
                return self._write(piece)
            self._last = time.monotonic()
            return None
        self._buffer.append(piece)
        return begin(self._start()) if self._answering.begun else None

    def _write(self, piece: bytes) -> Awaitable[None] | None:
        self._last = time.monotonic()
        rest = begin(self._send({"type": "http.response.body", "body": piece, "more_body": True}))
        return None if rest is None else begin(self._written(rest))

    async def _written(self, rest: Awaitable[None]) -> None:
        self._sending += 1
        try:
            await rest
        finally:
            self._sending -= 1

    async def _end(self, body: bytes, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._send({"type": "http.response.body", "body": body, "more_body": False})
        except TimeoutError:
            logger.info("A client has not taken the end of its stream for %g s, and is left.", seconds)
            raise ClientGone from None

    def _all_headers(self, content_type: str) -> dict[str, str]:
        answering = self._answering
        headers = {"content-type": content_type}
        if answering.ways:
            headers["x-spacebridge-conversation"] = ", ".join(answering.ways)
        ignored = [name for name in answering.ignored if _FIELD.fullmatch(name)]
        if ignored:
            headers["x-spacebridge-ignored"] = ", ".join(ignored[:_MOST_NAMES])
        if answering.adjusted:
            told = [f"{name}={value}" for name, value in answering.adjusted.items()]
            headers["x-spacebridge-adjusted"] = ", ".join(told)
        return headers


async def run_until_gone(receive: Receive, gateway: Gateway, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work of a request; leave it when the client goes away or the server ends.

    Raises:
        ClientGone: nobody waits for the reply any more.
        Stopping: the server is being stopped.
    """
    task = asyncio.ensure_future(work())
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        if gateway.was_stopped():
            if (this := asyncio.current_task()) is not None:
                this.uncancel()  # the client is still told
            raise Stopping("The server is being stopped.") from None
        raise
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if task.cancelled():
        raise ClientGone
    task.result()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_body(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Send a whole reply."""
    full = {**headers, "content-length": str(len(body))}
    await send({"type": "http.response.start", "status": status, "headers": encoded(full)})
    await send({"type": "http.response.body", "body": body})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI wants them."""
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


def retry_headers(problem: Problem) -> dict[str, str]:
    """When to come back, if the problem says so."""
    if problem.retry_after is None or not math.isfinite(problem.retry_after):
        return {}
    return {"retry-after": str(max(1, math.ceil(problem.retry_after)))}


def problem_of(error: BaseException) -> Problem:
    """How an error is told; one that is none of the library's is logged, since it should not happen."""
    if isinstance(error, Stopping):
        return problems.Problem(str(error), status=503, code="stopping", retry_after=1)
    problem = problems.of(error)
    if isinstance(error, errors.StoreFailed):
        logger.error("A request failed: %s", error)
    if problem.code == "internal_error":
        logger.error("This should not happen.", exc_info=error)
    return problem
