"""Replies on the wire, to clients that do not do their part."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from spacebridge.gateway.eager import done
from spacebridge.gateway.exchange import ClientGone, Exchange
from spacebridge.gateway.shapes.problem import Problem

if TYPE_CHECKING:
    from spacebridge.gateway.answering import Write


class Answers:
    """Answers without end."""

    begun = True
    ways = ignored = ()
    left = False

    def __init__(self) -> None:
        self.adjusted: dict[str, Any] = {}

    def failure(self, problem: Problem) -> bytes:
        return str(problem).encode()

    async def stream(self, write: Write) -> None:
        try:
            while True:
                await done(write(b"data: x\n\n"))
                await asyncio.sleep(0.01)
        finally:
            self.left = True


async def test_a_client_that_takes_nothing_is_left():
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if len(sent) > 4:
            await asyncio.Event().wait()  # its window is full, and stays so

    answers: Any = Answers()
    reply = Exchange(answers, send, keep_alive=0.05, accept=0.05, patience=0.2)
    task = asyncio.create_task(reply.stream())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert answers.left
    assert len(sent) == 5


async def test_a_slow_client_is_not_left():
    sent = 0

    async def send(message: Any) -> None:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.1)

    answers: Any = Answers()
    reply = Exchange(answers, send, keep_alive=0.02, accept=0.02, patience=5)
    task = asyncio.create_task(reply.stream())
    while sent < 8:
        await asyncio.sleep(0.05)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})
    assert answers.left


class Told(Answers):
    """Answers that are ready at once, for several choices."""

    def __init__(self, *pieces: bytes, after: float = 0.0) -> None:
        super().__init__()
        self._pieces = pieces
        self._after = after

    async def stream(self, write: Write) -> None:
        await asyncio.sleep(self._after)
        await asyncio.gather(*(done(write(piece)) for piece in self._pieces))


async def replied(answers: Any, **more: Any) -> list[tuple[str, bytes]]:
    """What a server is given that takes a while for everything."""
    taken: list[tuple[str, bytes]] = []

    async def send(message: Any) -> None:
        await asyncio.sleep(0.05)
        taken.append((message["type"].rpartition(".")[2], message.get("body", b"")))

    await Exchange(answers, send, keep_alive=5, patience=5, **more).stream()
    return taken


async def test_what_comes_while_the_headers_go_is_kept_in_its_order():
    answers: Any = Told(b"a", b"b", b"c")
    taken = await replied(answers)
    assert [kind for kind, _ in taken] == ["start", *["body"] * (len(taken) - 1)]
    assert b"".join(body for _, body in taken) == b"abc"


async def test_headers_that_are_on_their_way_at_the_end_get_there():
    answers: Any = Told(b"a", after=0.04)
    answers.begun = False  # so that it is time that lets the headers go
    taken = await replied(answers, accept=0.01)
    assert [kind for kind, _ in taken] == ["start", *["body"] * (len(taken) - 1)]
    assert b"".join(body for _, body in taken) in (b"a", b": waiting\n\na")


async def test_a_stream_that_is_silent_says_that_it_lives():
    bodies: list[bytes] = []

    async def send(message: Any) -> None:
        bodies.append(message.get("body", b""))

    answers: Any = Told(b"a", after=0.3)
    await Exchange(answers, send, keep_alive=0.05, accept=0.01, patience=5).stream()
    assert b": keep-alive\n\n" in bodies
    assert bodies[-2:] == [b"a", b""]


@pytest.mark.parametrize("code", ["stopping", "stream_cut"])
async def test_a_client_that_does_not_take_the_end_is_not_waited_for(code: str):
    async def send(message: Any) -> None:
        await asyncio.Event().wait()

    answers: Any = Answers()
    reply = Exchange(answers, send, keep_alive=5, patience=0.05)
    async with asyncio.timeout(30):
        with pytest.raises(ClientGone):
            await reply.fail(Problem("It ends.", status=503, code=code))
