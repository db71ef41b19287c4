"""A laboratory for faults: servers and Spaces of one test, and a check that nothing of them is left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from pathlib import Path
from typing import Any, TypeVar

import pytest

import spacebridge
from spacebridge import Finished, Rewritten, Space, TextDelta, Timeouts, errors
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.events import Event
from tests.doubles.fault_server import FaultServer
from tests.doubles.http import Double, until

D = TypeVar("D", bound=Double)

HERE = Path(spacebridge.__file__).parent
SHORT = Timeouts(connect=4, queue=8, first_text=8, idle=4, total=16, cancel=2)
"""Short enough to end a test that hangs, long enough for a machine that is busy."""
ANSWER = "Hello there."


class Lab:
    """Opens servers and Spaces; ``close`` sees that they are gone."""

    def __init__(self) -> None:
        self._spaces = contextlib.AsyncExitStack()
        self._doubles: list[Double] = []
        self._before = asyncio.all_tasks()
        self._reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self._reported.append(context))

    async def add(self, double: D) -> D:
        """Start a server, a proxy, …."""
        await double.start()
        self._doubles.append(double)
        return double

    async def server(self, kind: str = "qwen", **options: Any) -> FaultServer:
        """A scripted app."""
        return await self.add(FaultServer(kind, **options))

    async def space(self, server: FaultServer | str, **options: Any) -> Space:
        """A connected Space; it is closed with the laboratory."""
        address = server if isinstance(server, str) else server.url
        return await self._spaces.enter_async_context(Space(address, **{"timeouts": SHORT, **options}))

    async def conversation(self, server: FaultServer | str, **options: Any) -> Conversation:
        """A conversation on a Space of its own."""
        return (await self.space(server, **options)).conversation()

    async def close(self) -> None:
        """Close all; tasks, connections and reports of the loop that are left fail the test."""
        async with asyncio.timeout(20):
            await self._spaces.aclose()
            gc.collect()
            await asyncio.sleep(0)
            assert work_left() == []
            for double in self._doubles:
                await until(lambda double=double: double.open_connections == 0, what="connections to be closed")
            for double in self._doubles:
                await double.aclose()
            await until(lambda: asyncio.all_tasks() <= self._before | {_me()}, what="tasks to end")
        gc.collect()
        assert self._reported == []


def _me() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def work_left() -> list[asyncio.Task[Any]]:
    """Tasks that run code of the package."""
    left: list[asyncio.Task[Any]] = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and Path(code.co_filename).is_relative_to(HERE):
            left.append(task)
    return left


def so_far(events: list[Event]) -> str:
    """The text that the events come to."""
    text = ""
    for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, Rewritten):
            text = text[: event.keep] + event.replacement
    return text


async def failure(
    conversation: Conversation,
    prompt: str = "Hi",
    *,
    kind: type[errors.SpacebridgeError] = errors.SpacebridgeError,
    within: float = 12.0,
    **options: Any,
) -> errors.SpacebridgeError:
    """The error of a turn: of exactly this kind, with the text until then, no answer before it and no work after it."""
    events: list[Event] = []
    with pytest.raises(errors.SpacebridgeError) as caught:
        await _follow(events, conversation, prompt, within, options)
    error = caught.value
    if kind is not errors.SpacebridgeError:
        assert type(error) is kind, repr(error)
    assert not any(isinstance(event, Finished) for event in events)
    assert error.partial == so_far(events)
    assert str(error).startswith(error.message)
    assert work_left() == []
    assert conversation.state == ("lost" if isinstance(error, errors.SessionLost) else "partial")
    return error


async def answered(
    conversation: Conversation, prompt: str = "Hi", *, within: float = 12.0, state: str = "clean", **options: Any
) -> str:
    """The answer of a turn, when all goes well; the deltas give the same."""
    events: list[Event] = []
    text = await _follow(events, conversation, prompt, within, options)
    assert so_far(events) == text
    assert sum(isinstance(event, Finished) for event in events) == 1
    assert work_left() == []
    assert conversation.state == state
    return text


async def _follow(
    events: list[Event], conversation: Conversation, prompt: str, within: float, options: dict[str, Any]
) -> str:
    async with asyncio.timeout(within), conversation.stream(prompt, **options) as turn:
        async for event in turn:
            events.append(event)
        return turn.result().text
