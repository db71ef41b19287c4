"""Streams of events that are handed on in the callback of the socket that brings them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator

import pytest

from spacebridge import errors
from spacebridge.gradio.eventsource import EventSource
from spacebridge.gradio.http import HttpClient
from spacebridge.options import Limits, Timeouts
from tests.doubles.http import Exchange, HttpDouble

STREAM = {"content-type": "text/event-stream"}


class Streaming(HttpDouble):
    """Sends pieces of a stream when it is told to, and ends it after the last."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def handle(self, exchange: Exchange) -> None:
        await exchange.head(200, STREAM)
        while (piece := await self.pieces.get()) is not None:
            await exchange.send(piece)
        await exchange.end()

    def say(self, *pieces: bytes | None) -> None:
        for piece in pieces:
            self.pieces.put_nowait(piece)


@pytest.fixture
async def server() -> AsyncGenerator[Streaming]:
    async with Streaming() as server:
        yield server


@pytest.fixture
async def http(server: Streaming) -> AsyncGenerator[HttpClient]:
    async with HttpClient(server.url) as http:
        yield http


class Seen:
    """What was taken; one that is named is the last."""

    def __init__(self, *last: bytes) -> None:
        self.data: list[bytes] = []
        self.tasks: list[object] = []
        self._last = last
        self.one = asyncio.Event()

    def take(self, data: bytes, start: int, stop: int) -> bool:
        self.data.append(data[start:stop])
        self.tasks.append(asyncio.current_task())
        self.one.set()
        return self.data[-1] in self._last


async def test_events_are_taken_where_they_arrive_and_no_task_is_woken(server: Streaming, http: HttpClient):
    seen = Seen()
    with await EventSource.open(http, "/") as source:
        following = asyncio.create_task(source.follow(seen.take))
        for piece in (b"data: 1\n\ndata: 2\n\nda", b"ta: 3\n\n"):
            server.say(piece)
            seen.one.clear()
            await seen.one.wait()
        server.say(None)
        assert await following is False
    assert seen.data == [b"1", b"2", b"3"]
    assert seen.tasks == [None, None, None]


async def test_what_stands_behind_the_last_is_for_the_next_call(server: Streaming, http: HttpClient):
    seen = Seen(b"1", b"3")
    server.say(b"data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n")
    with await EventSource.open(http, "/") as source:
        assert await source.follow(seen.take)
        assert seen.data == [b"1"]
        assert await source.follow(seen.take)
        assert seen.data == [b"1", b"2", b"3"]
        server.say(b"data: 5\n\n", None)
        assert not await source.follow(seen.take)
    assert seen.data == [b"1", b"2", b"3", b"4", b"5"]


async def test_a_connection_is_used_again_by_aiohttp_alone(server: Streaming, http: HttpClient):
    for last in (b"1", b""):  # once it is left after the last event, once it is read to its end
        seen = Seen(last)
        with await EventSource.open(http, "/") as source:
            connection = source._response.connection
            assert connection is not None
            protocol, transport = connection.protocol, connection.transport
            assert transport is not None
            server.say(b"data: 1\n\n", None)
            if await source.follow(seen.take):
                await source.rest()
        assert transport.get_protocol() is protocol
    assert len({request.connection for request in server.requests}) == 1


async def test_what_the_taker_raises_is_raised(server: Streaming, http: HttpClient):
    def take(*_: object) -> bool:
        raise OSError("of the taker")

    server.say(b"data: 1\n\n")
    with await EventSource.open(http, "/") as source, pytest.raises(OSError, match="of the taker"):
        await source.follow(take)


async def test_events_before_one_that_is_too_large_are_taken(server: Streaming):
    seen = Seen()
    server.say(b"data: 1\n\ndata: 22222222222222222222\n\n")
    async with HttpClient(server.url, limits=Limits(frame=10)) as http:
        with await EventSource.open(http, "/") as source, pytest.raises(errors.FrameTooLarge):
            await source.follow(seen.take)
    assert seen.data == [b"1"]


async def test_silence_ends_it(server: Streaming):
    seen = Seen()
    server.say(b"data: 1\n\n")
    async with HttpClient(server.url, timeouts=Timeouts(idle=0.2)) as http:
        with await EventSource.open(http, "/") as source, pytest.raises(errors.TimedOut) as caught:
            await source.follow(seen.take)
    assert caught.value.limit == "idle"
    assert seen.data == [b"1"]


async def test_a_stream_of_many_small_pieces_is_not_left_in_the_middle(server: Streaming, http: HttpClient):
    """Where many have come at once, aiohttp keeps some back until others are read."""
    seen = Seen()
    text = b"".join(b"data: %d\n\n" % number for number in range(6_000))

    async def handle(exchange: Exchange) -> None:
        await exchange.head(200, STREAM)
        await exchange.raw(b"".join(b"1\r\n%b\r\n" % text[at : at + 1] for at in range(len(text))))
        await asyncio.Event().wait()

    server.handle = handle
    with await EventSource.open(http, "/") as source:
        following = asyncio.create_task(source.follow(seen.take))
        while len(seen.data) < 6_000:
            seen.one.clear()
            await seen.one.wait()
        following.cancel()
        await asyncio.wait({following})
    assert seen.data == [b"%d" % number for number in range(6_000)]


def chunk(body: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b\r\n" % (len(body), extension, body)


LAST = b"third\\r\\n5"
TOLD = [b"first", b"second", LAST, b"fourth", b"fifth"]
WHOLE = [chunk(b"data: %b\n\n" % said) for said in TOLD]
WIRES = {
    "a chunk for each": b"".join(WHOLE),
    "two in a chunk": chunk(b"data: %b\n\ndata: %b\n\n" % (TOLD[0], TOLD[1])) + b"".join(WHOLE[2:]),
    "in the middle of a line": b"".join(chunk(b"data: %b" % said) + chunk(b"\n\n") for said in TOLD),
    "with an extension": WHOLE[0] + chunk(b"data: second\n\n", b";a=b") + b"".join(WHOLE[2:]),
    "with line ends of Windows": b"".join(chunk(b"data: %b\r\n\r\n" % said) for said in TOLD),
}


async def heard(server: Streaming, http: HttpClient, reads: list[bytes], headers: dict[str, str]) -> list[bytes]:
    """What is taken of a stream whose bytes come in these reads; the third is the last of a call."""

    async def handle(exchange: Exchange) -> None:
        await exchange.head(200, {**STREAM, **headers}, chunked="content-length" not in headers)
        for read in reads:
            await asyncio.sleep(0.002)
            await exchange.raw(read)

    server.handle = handle
    seen = Seen(LAST)
    with await EventSource.open(http, "/") as source:
        followed = 1
        while await source.follow(seen.take):
            followed += 1
    assert followed == 1 + seen.data.count(LAST)
    return seen.data


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
async def test_however_the_chunks_are_cut(server: Streaming, http: HttpClient, wire: bytes):
    """The first two come alone, so that what follows is known to begin between chunks."""
    wire = b"".join(WHOLE[:2]) + wire + b"0\r\n\r\n"
    start = len(WHOLE[0])
    second = start + len(WHOLE[1])
    for cut in range(second, len(wire)):
        reads = [wire[:start], wire[start:second], wire[second:cut], wire[cut:]]
        assert await heard(server, http, reads, {}) == TOLD[:2] + TOLD
    assert {request.connection for request in server.requests} == {1}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_in_small_reads(server: Streaming, http: HttpClient, size: int):
    wire = b"".join(WHOLE) + b"0\r\n\r\n"
    reads = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert await heard(server, http, reads, {}) == TOLD


async def test_a_body_that_only_looks_like_chunks(server: Streaming, http: HttpClient):
    """It has a length, so what stands there is what is said: lines that are no field."""
    lines = [*WHOLE, *WHOLE]
    headers = {"content-length": str(sum(map(len, lines)))}
    assert await heard(server, http, lines, headers) == TOLD + TOLD


@pytest.mark.parametrize("encoding", ["deflate", "gzip"])
async def test_a_body_that_is_compressed(server: Streaming, http: HttpClient, encoding: str):
    packer = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    reads: list[bytes] = []
    for said in TOLD:
        reads.append(chunk(packer.compress(b"data: %b\n\n" % said) + packer.flush(zlib.Z_SYNC_FLUSH)))
    reads += [chunk(packer.flush()), b"0\r\n\r\n"]
    assert await heard(server, http, reads, {"content-encoding": encoding}) == TOLD


async def test_what_is_taken_out_is_not_read_by_aiohttp(server: Streaming, http: HttpClient):
    seen = Seen()
    with await EventSource.open(http, "/") as source:
        following = asyncio.create_task(source.follow(seen.take))
        for number in range(20):
            server.say(b"data: %d\n\n" % number)
            seen.one.clear()
            await seen.one.wait()
        assert source._content.total_bytes <= len(b"data: 0\n\n" * 2)
        server.say(None)
        assert await following is False
    assert seen.data == [b"%d" % number for number in range(20)]
