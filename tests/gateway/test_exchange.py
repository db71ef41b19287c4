"""Replies on the wire, to clients that do not do their part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from spacebridge.gateway.exchange import Exchange


class Answers:
    """Answers without end."""

    begun = True
    ways = ignored = ()
    left = False

    def __init__(self) -> None:
        self.adjusted: dict[str, Any] = {}

    async def stream(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        try:
            while True:
                await write(b"data: x\n\n")
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
