"""Replies that break, hang, or are something else, on each request of a turn."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from spacebridge import Limits, Timeouts, errors
from tests.doubles import fault_server as fault
from tests.doubles.fault_server import Action, FaultServer, html, raw, respond
from tests.doubles.http import Exchange
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure

RUN, JOIN, DATA, UPLOAD = ("POST", "/run/"), ("POST", "/queue/join"), ("GET", "/queue/data"), ("POST", "/upload")
CHAT = {"run": RUN, "join": JOIN, "data": DATA, "upload": UPLOAD}
QUICK = Timeouts(connect=0.5, first_text=0.6, idle=0.5, total=8, cancel=1)


def files(request: str) -> dict[str, Any]:
    return {"files": [("a.txt", b"abc")]} if request == "upload" else {}


def drip(kind: str = "application/json", status: int = 200, piece: bytes = b" ") -> Action:
    """Bytes keep coming, but the reply never ends."""

    async def action(exchange: Exchange) -> None:
        await exchange.head(status, {"content-type": kind})
        while not exchange.gone.is_set():
            await exchange.send(piece)
            await asyncio.sleep(0.02)

    return action


LOST: dict[str, Action] = {
    "reset": fault.dropped("rst"),
    "closed": fault.dropped("fin"),
    "short": fault.short_body(),
    "chunks": fault.broken_chunks(),
    "no http": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half a head": raw(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "not gzip": respond(200, b"{}", {"content-encoding": "gzip", "content-type": "text/event-stream"}),
}


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("lost", LOST)
async def test_lost(lab: Lab, lost: str, request_: str, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation, **files(request_)) == ANSWER
    server.on(*CHAT[request_], LOST[lost])
    error = await failure(conversation, **files(request_))
    assert isinstance(error, errors.ConnectionLost)
    assert isinstance(error, aiohttp.ClientError)
    server.clear()
    assert await answered(conversation, **files(request_)) == ANSWER


OTHER: dict[str, Action] = {
    "html": html(200, "Just a moment..."),
    "text": respond(200, b"ok", {"content-type": "text/plain"}),
    "empty": respond(200, b""),
    "204": respond(204, b""),
    "half": respond(200, b'{"event_id": "ab'),
    "no utf-8": respond(200, b'{"event_id": "\xff"}'),
    "deep": respond(200, b"[" * 200_000 + b"]" * 200_000),
}


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("other", OTHER)
async def test_not_json(lab: Lab, other: str, request_: str, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation, **files(request_)) == ANSWER
    server.on(*CHAT[request_], OTHER[other])
    error = await failure(conversation, **files(request_))
    assert isinstance(error, errors.NotJSON | errors.ServerRefused)
    if other != "204" or request_ != "data":
        assert isinstance(error, json.JSONDecodeError)
    assert len(str(error)) < 400
    server.clear()
    assert await answered(conversation, **files(request_)) == ANSWER


@pytest.mark.parametrize("request_", ["run", "join", "upload"])
@pytest.mark.parametrize("body", [{}, [], None, 5, "text", [1, 2, 3], {"data": 5}, {"event_id": 5}, {"data": None}])
async def test_json_of_something_else(lab: Lab, request_: str, body: Any) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on(*CHAT[request_], respond(200, body))
    error = await failure(conversation, **files(request_))
    assert isinstance(error, errors.ProtocolError)
    server.clear()
    assert await answered(conversation, **files(request_)) == ANSWER


@pytest.mark.parametrize("body", [["a", "b"], [], [1], [None], [["a"]]])
async def test_upload_that_does_not_give_a_path_for_each_file(lab: Lab, body: Any) -> None:
    server = await lab.server()
    server.on(*UPLOAD, respond(200, body))
    conversation = await lab.conversation(server)
    await failure(conversation, kind=errors.NotJSON, files=[("a.txt", b"abc")])
    assert server.seen("/queue/join") == []


async def test_upload_is_too_large(lab: Lab) -> None:
    server = await lab.server()
    server.on(*UPLOAD, respond(413, {"detail": "File too large"}))
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.UploadRefused, files=[("a.txt", b"abc")])
    assert isinstance(error, errors.UploadRefused)
    assert error.status == 413


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("how", ["silent", "in the body", "drip"])
async def test_hangs(lab: Lab, how: str, request_: str, turn: int) -> None:
    """A reply that does not come, or does not end."""
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=SHORT)
    for _ in range(turn - 1):
        assert await answered(conversation, **files(request_)) == ANSWER
    conversation._host.timeouts = QUICK  # type: ignore[attr-defined]
    conversation._page.session._http.timeouts = QUICK
    kind = "text/event-stream" if request_ == "data" else "application/json"
    action = {
        "silent": fault.hang(),
        "in the body": raw(b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n\r\n{" % kind.encode(), end="hang"),
        "drip": drip(kind),
    }[how]
    server.on(*CHAT[request_], action)
    error = await failure(conversation, kind=errors.TimedOut, within=6, **files(request_))
    assert isinstance(error, errors.TimedOut)
    assert isinstance(error, TimeoutError)
    assert isinstance(error, aiohttp.ClientError)
    assert error.limit in ("connect", "idle", "first_text")
    assert error.seconds == getattr(QUICK, error.limit)
    # What was joined may run on; what the server said nothing about, too.
    assert error.still_running is (request_ in ("run", "join", "data"))
    server.clear()
    conversation._host.timeouts = SHORT  # type: ignore[attr-defined]
    conversation._page.session._http.timeouts = SHORT
    assert await answered(conversation, **files(request_)) == ANSWER


async def test_hanging_html_in_place_of_the_stream(lab: Lab) -> None:
    """The beginning of a page, and then nothing more, or always more."""
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=QUICK)
    for action in (
        raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>", end="hang"),
        drip("text/html", piece=b"<p>"),
        drip("text/html", 500, piece=b"<p>"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\n<html>"),
    ):
        server.on(*DATA, action)
        error = await failure(conversation, within=4)
        assert isinstance(error, errors.NotJSON | errors.ServerRefused | errors.TimedOut | errors.ConnectionLost)


@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("piece", [b" ", b"x" * 65536])
async def test_endless(lab: Lab, request_: str, piece: bytes) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, limits=Limits(frame=100_000), timeouts=QUICK)
    kind = "text/event-stream" if request_ == "data" else "application/json"

    async def endless(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": kind})
        while not exchange.gone.is_set():
            await exchange.send(piece)
            await asyncio.sleep(0)

    server.on(*CHAT[request_], endless)
    error = await failure(conversation, within=6, **files(request_))
    assert isinstance(error, errors.FrameTooLarge | errors.TimedOut)
    if piece != b" ":
        assert isinstance(error, errors.FrameTooLarge)


@pytest.mark.parametrize(
    "piece", [b"\n", b": comment\n", b"data:\n", b"data: \n\n", b"data: x\n", b"event: x\n\n", b"\r\n", b"id: 1\r"]
)
async def test_endless_nothing(lab: Lab, piece: bytes) -> None:
    """A stream that is busy and says nothing ends by a limit, and costs neither memory nor the loop."""
    server = await lab.server()
    conversation = await lab.conversation(server, limits=Limits(frame=200_000), timeouts=QUICK)
    server.on(*DATA, fault.endless(piece * (8192 // len(piece))))
    slow = 0.0

    async def watch() -> None:
        nonlocal slow
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            slow = max(slow, loop.time() - before)

    watcher = asyncio.create_task(watch())
    error = await failure(conversation, within=6)
    watcher.cancel()
    assert isinstance(error, errors.FrameTooLarge | errors.TimedOut)
    assert slow < 1.5


async def test_a_dead_kept_connection(lab: Lab) -> None:
    """A server that closes idle connections sooner than ours does not break the next turn."""

    async def closing(exchange: Exchange) -> None:
        await server.healthy(exchange)
        for _ in range(20):
            if exchange.reader._buffer or exchange.gone.is_set():  # type: ignore[attr-defined]
                return
            await asyncio.sleep(0.01)
        exchange.finish()

    server = await lab.server()
    server.on("*", "/", closing)
    conversation = await lab.conversation(server)
    for _ in range(3):
        assert await answered(conversation) == ANSWER
        await asyncio.sleep(0.3)


@pytest.mark.parametrize("kind", ["text/event-stream", "text/event-stream; charset=utf-8", "TEXT/Event-Stream"])
async def test_content_types_of_a_stream(lab: Lab, kind: str) -> None:
    async def action(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        await exchange.raw(bytes(capture).replace(b"text/event-stream; charset=utf-8", kind.encode()))

    server: FaultServer = await lab.server()
    server.on(*DATA, action)
    assert await answered(await lab.conversation(server)) == ANSWER


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html", ""])
async def test_wrong_content_type_of_a_stream(lab: Lab, kind: str) -> None:
    server = await lab.server()
    body = b'{"detail": "something else"}'
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body)
    server.on(*DATA, raw(head + (f"content-type: {kind}\r\n" if kind else "").encode() + b"\r\n" + body))
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.NotJSON)
    assert server.cancels
    assert isinstance(error, json.JSONDecodeError)
    assert "something else" in error.doc


@pytest.mark.parametrize("how", ["HTTP/1.0", "early hints", "close", "lower case", "folded"])
async def test_other_ways_of_http(lab: Lab, how: str) -> None:
    """What is unusual, but allowed."""

    async def action(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        head, _, body = bytes(capture).partition(b"\r\n\r\n")
        if how == "HTTP/1.0":  # no chunks, no length: the end of the connection is that of the body
            if b"chunked" in head:
                head, pieces = head.replace(b"transfer-encoding: chunked\r\n", b""), body.split(b"\r\n")[1::2]
                body = b"".join(pieces)
            head = head.replace(b"HTTP/1.1", b"HTTP/1.0")
            exchange.keep_alive = False
        elif how == "early hints":
            head = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n" + head
        elif how == "close":
            head += b"\r\nconnection: close"
            exchange.keep_alive = False
        elif how == "lower case":
            head = head.replace(b"content-type", b"CONTENT-TYPE").replace(b"chunked", b"Chunked")
        else:
            head += b"\r\nx-long: " + b"a" * 4000
        await exchange.raw(head + b"\r\n\r\n" + body)

    server = await lab.server()
    server.on("*", "/", action)
    conversation = await lab.conversation(server)
    for _ in range(2):
        assert await answered(conversation) == ANSWER
