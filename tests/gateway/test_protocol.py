"""Requests whose head has no end, on a real port; and bodies that do not come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from spacebridge.gateway import app
from spacebridge.gateway.protocol import CHUNK, BoundedProtocol
from spacebridge.gateway.shapes.problem import Problem


class Impatient(BoundedProtocol):
    seconds = 0.3


async def answering(scope: Any, receive: Any, send: Any) -> None:
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": b"%8d" % size})


@contextlib.asynccontextmanager
async def connected(
    kind: type[BoundedProtocol] = BoundedProtocol,
    application: Any = answering,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(application, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_a_head_without_end_is_refused():
    async with connected() as (reader, writer), asyncio.timeout(30):
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and not writer.is_closing():
                writer.write(b"a" * 8192)
                await writer.drain()
                await asyncio.sleep(0)
                if reader._buffer:  # type: ignore[attr-defined]
                    break
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")


async def test_heads_of_usual_size_are_taken_one_after_the_other():
    async with connected() as (reader, writer), asyncio.timeout(30):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nx: " + b"a" * 30_000)
            await writer.drain()
            writer.write(b"\r\ny: " + b"b" * 30_000 + b"\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            assert int((await reader.readuntil(b"\r\n\r\n" + b"   60002"))[-8:]) == 60_002


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nx: a"])
async def test_a_head_that_does_not_come_is_not_waited_for(sent: bytes):
    async with connected(Impatient) as (reader, writer), asyncio.timeout(30):
        writer.write(sent)
        assert await reader.read() == b""


async def test_an_answer_may_take_longer_than_a_head():
    async with connected(Impatient) as (reader, writer), asyncio.timeout(30):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(Impatient.seconds * 2)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"HTTP/1.1 200 ")


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app, "_BODY_SECONDS", 0.05)

    async def receive() -> Any:
        return await asyncio.Event().wait()

    with pytest.raises(Problem) as caught:
        await app._body({"headers": []}, receive, 10)
    assert (caught.value.status, caught.value.code) == (408, "request_timeout")


START = {"type": "http.response.start", "status": 200}
"""Of a reply whose body is chunked."""


class Writing:
    """Writes what it is told at once, and notes whether that could be."""

    def __init__(self, *pieces: bytes, start: dict[str, Any] = START, end: bytes = b"") -> None:
        self._pieces = pieces
        self._start = start
        self._end = end
        self.told: list[bool] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        write = scope["extensions"][CHUNK]["write"]
        self.told = [write(b"too early")]
        await send(self._start)
        self.told += [write(piece) for piece in self._pieces]
        await send({"type": "http.response.body", "body": self._end})
        self.told.append(write(b"too late"))


async def test_chunks_are_written_at_once():
    app = Writing(b"a", b"", b"b" * 100, end=b"c")
    async with connected(application=app) as (reader, writer), asyncio.timeout(30):
        for _ in range(2):  # the second on the same connection
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert b"transfer-encoding: chunked" in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readuntil(b"0\r\n\r\n") == b"1\r\na\r\n64\r\n%b\r\n1\r\nc\r\n0\r\n\r\n" % (b"b" * 100)
            assert app.told == [False, True, True, True, False]


async def test_a_body_of_known_length_is_not_written_as_chunks():
    app = Writing(b"a", start={**START, "headers": [(b"content-length", b"4")]}, end=b"body")
    async with connected(application=app) as (reader, writer), asyncio.timeout(30):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"body")).endswith(b"\r\n\r\nbody")
        assert app.told == [False, False, False]


async def test_no_chunk_is_written_for_a_request_that_wants_no_body():
    app = Writing(b"a")
    async with connected(application=app) as (reader, writer), asyncio.timeout(30):
        writer.write(b"HEAD / HTTP/1.1\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"\r\n\r\n")
        assert app.told == [False, False, False]


async def test_what_a_client_does_not_take_is_not_written_at_once():
    told: list[bool] = []
    ended = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        write = scope["extensions"][CHUNK]["write"]
        await send(START)
        for _ in range(10_000):
            told.append(write(b"x" * 65_536))
            if not told[-1]:
                break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                while (await receive())["type"] != "http.disconnect":
                    pass
        told.append(write(b"gone"))
        ended.set()

    async with connected(application=application) as (_, writer), asyncio.timeout(60):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        while not told or told[-1]:
            await asyncio.sleep(0.01)
        assert len(told) > 1
        writer.transport.abort()
        await ended.wait()
    assert told[-2:] == [False, False]


async def test_who_goes_away_is_noticed_although_a_second_request_waits():
    begun, left = asyncio.Event(), asyncio.Event()
    served: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        served.append(scope["path"])
        await send(START)
        await receive()
        begun.set()
        async with asyncio.timeout(20):
            while (await receive())["type"] != "http.disconnect":
                pass
        assert not scope["extensions"][CHUNK]["write"](b"gone")
        left.set()

    async with connected(application=application) as (_, writer), asyncio.timeout(30):
        writer.write(b"GET /first HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\n\r\n")
        await begun.wait()
        writer.transport.abort()
        await left.wait()
    assert served == ["/first"]
