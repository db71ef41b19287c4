"""Leaving a turn, in every way and at every moment, stops the work on the server and leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from spacebridge import Finished, Queued, Space, Started, TextDelta, Timeouts
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.turn import Turn
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import FaultServer
from tests.doubles.http import Exchange, until
from tests.faults.lab import ANSWER, SHORT, Lab, answered, work_left

LONG = ["Hello", *([" x"] * 2000)]


def slow(server: FaultServer) -> None:
    server.answer, server.pace = LONG, 0.02


def well(server: FaultServer) -> None:
    server.clear()
    server.answer, server.pace = ["Hello", " there", "."], 0.0
    server.prologue = lambda event_id: [wire.estimation(event_id), wire.starts(event_id)]


# When: each waits for the moment in which the turn is left


async def at_once(events: AsyncIterator[Any], server: FaultServer) -> None:
    """Before anything was sent."""


async def in_run(events: AsyncIterator[Any], server: FaultServer) -> None:
    """While a direct function is asked."""
    server.on("POST", "/run/", fault.delayed(0.3, server.healthy))
    await _beside(events, lambda: server.seen(f"{server.prefix}/run/"))


async def in_join(events: AsyncIterator[Any], server: FaultServer) -> None:
    """While the join is answered."""
    server.on("POST", "/queue/join", fault.delayed(0.3, server.healthy), nth=1)
    await _beside(events, lambda: server.seen(f"{server.prefix}/queue/join"))


async def before_stream(events: AsyncIterator[Any], server: FaultServer) -> None:
    """After the join, while the stream is asked for."""
    server.on("GET", "/queue/data", fault.delayed(0.3, server.healthy), nth=1)
    await _beside(events, lambda: server.seen(f"{server.prefix}/queue/data"))


async def in_queue(events: AsyncIterator[Any], server: FaultServer) -> None:
    """While it waits in the app's queue."""
    server.prologue = lambda event_id: [wire.estimation(event_id, 4, 5, 9.0)]
    async for event in events:
        if isinstance(event, Queued):
            return


async def started(events: AsyncIterator[Any], server: FaultServer) -> None:
    """When the app has begun and said nothing."""
    async for event in events:
        if isinstance(event, Started):
            return


async def in_text(events: AsyncIterator[Any], server: FaultServer) -> None:
    """In mid-answer."""
    count = 0
    async for event in events:
        count += isinstance(event, TextDelta)
        if count == 3:
            return


MOMENTS: list[Callable[[AsyncIterator[Any], FaultServer], Any]] = [
    at_once, in_run, in_join, before_stream, in_queue, started, in_text,
]  # fmt: skip


async def _beside(events: AsyncIterator[Any], condition: Callable[[], Any]) -> None:
    """Wait for a condition while the events are asked for; then give up asking, as a caller with a time limit does."""
    asking = asyncio.ensure_future(_all(events))
    await until(condition)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking


async def _all(events: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in events]


# How


async def by_block(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    async with conversation.stream("Hi") as turn:
        await moment(aiter(turn), server)


async def by_exception(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with conversation.stream("Hi") as turn:
            await moment(aiter(turn), server)
            raise ZeroDivisionError


async def by_cancel(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    reached = asyncio.Event()

    async def chat() -> None:
        async with conversation.stream("Hi") as turn:
            await moment(aiter(turn), server)
            reached.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(chat())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_cancel_twice(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    """The one who waits loses patience with the leaving, too; it goes on behind."""
    reached = asyncio.Event()

    async def chat() -> None:
        async with conversation.stream("Hi") as turn:
            await moment(aiter(turn), server)
            reached.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(chat())
    await reached.wait()
    task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not work_left(), what="the leaving to end")


async def by_timeout(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as limit, conversation.stream("Hi") as turn:
            await moment(aiter(turn), server)
            limit.reschedule(asyncio.get_running_loop().time())
            await asyncio.sleep(60)


async def by_aclose_of_turn(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    turn = conversation.stream("Hi")
    turn._entered = True
    await moment(aiter(turn), server)
    await turn.aclose()
    await turn.aclose()


async def by_aclose_of_conversation(conversation: Conversation, server: FaultServer, moment: Any) -> None:
    turn = conversation.stream("Hi")
    turn._entered = True
    await moment(aiter(turn), server)
    await conversation.aclose()


WAYS = [by_block, by_exception, by_cancel, by_cancel_twice, by_timeout, by_aclose_of_turn, by_aclose_of_conversation]


@pytest.mark.parametrize("way, kind", [*((way, "qwen") for way in WAYS), (by_block, "interface")])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_leave(lab: Lab, moment: Any, way: Any, kind: str) -> None:
    server = await lab.server(kind)
    slow(server)
    conversation = await lab.conversation(server)
    async with asyncio.timeout(SHORT.cancel + 2 if SHORT.cancel else None):
        await way(conversation, server, moment)
    assert work_left() == []
    joins = [r.json()["fn_index"] for r in server.seen(f"{server.prefix}/queue/join")]
    if moment is in_queue:
        assert server.cancels == []  # which would not take it out of the queue; closing the stream does
    elif 2 in joins:
        assert [c["fn_index"] for c in server.cancels] == [2]
        assert server.cancels[0]["session_hash"] == conversation.session_hash
    else:
        assert server.cancels == []
    await until(lambda: not server.streaming, what="the stream to end")
    assert conversation.state == "partial"
    well(server)
    if way is not by_aclose_of_conversation:
        assert await answered(conversation) == ANSWER
        assert conversation.state == "clean"


@pytest.mark.parametrize("moment", [in_queue, started, in_text])
@pytest.mark.parametrize("how", ["aclose", "forget", "break"])
async def test_bare_iteration(lab: Lab, moment: Any, how: str) -> None:
    """Without a block the server is told when the iterator is closed, or collected."""
    server = await lab.server()
    slow(server)
    conversation = await lab.conversation(server)
    events: Any = aiter(conversation.stream("Hi"))
    if how == "break":
        del events
        async for event in conversation.stream("Hi") if False else conversation._turn:  # type: ignore[union-attr]
            if isinstance(event, Queued | TextDelta):
                break
    elif how == "aclose":
        await moment(events, server)
        await events.aclose()
    else:
        await moment(events, server)
        del events
    gc.collect()
    told = len(server.seen("/queue/data")) if moment is in_queue and how != "break" else 0
    await until(
        lambda: (server.cancels or told) and not work_left() and not server.streaming, what="the server to be told"
    )
    assert conversation.state == "partial"
    well(server)
    assert await answered(conversation) == ANSWER


async def test_in_the_queue_of_a_release_that_takes_out_what_is_cancelled(lab: Lab) -> None:
    server = await lab.server()
    server.config["version"] = "6.14.0"
    slow(server)
    conversation = await lab.conversation(server)
    await by_block(conversation, server, in_queue)
    assert [c["fn_index"] for c in server.cancels] == [2]
    await until(lambda: not server.streaming, what="the stream to end")
    well(server)
    assert await answered(conversation) == ANSWER


async def test_text_generator(lab: Lab) -> None:
    server = await lab.server()
    slow(server)
    conversation = await lab.conversation(server)
    pieces = conversation.text("Hi")
    assert await anext(pieces) == "Hello"
    await pieces.aclose()
    assert len(server.cancels) == 1
    assert work_left() == []
    pieces = conversation.text("Hi")
    assert await anext(pieces) == "Hello"
    del pieces
    gc.collect()
    await until(lambda: len(server.cancels) == 2 and not work_left())


async def test_a_turn_that_is_never_begun(lab: Lab) -> None:
    """It does nothing on the server, and stands in nobody's way once it is closed."""
    server = await lab.server()
    conversation = await lab.conversation(server)
    await conversation.stream("Hi").aclose()
    assert len(server.requests) == 1
    assert await answered(conversation) == ANSWER


async def test_left_after_the_answer(lab: Lab) -> None:
    """With ``Finished`` the answer is there; what follows it on the server is let run to its end."""
    server = await lab.server("interface")
    saved: list[int] = []

    async def save(exchange: Exchange) -> None:
        if exchange.request.json()["fn_index"] == 3:
            await asyncio.sleep(0.3)
            saved.append(1)
        await server.healthy(exchange)

    server.on("POST", "/run/", save)
    conversation = await lab.conversation(server)
    async with conversation.stream("Hi") as turn:
        async for event in turn:
            if isinstance(event, Finished):
                break
    assert saved == [1]
    assert server.cancels == []
    assert conversation.state == "clean"
    assert await answered(conversation) == ANSWER


async def test_left_after_the_answer_but_it_hangs(lab: Lab) -> None:
    server = await lab.server("interface")
    server.on("POST", "/run/", fault.hang(), nth=3)
    conversation = await lab.conversation(server, timeouts=Timeouts(cancel=0.5))
    begin = time.monotonic()
    async with conversation.stream("Hi") as turn:
        async for event in turn:
            if isinstance(event, Finished):
                break
    assert time.monotonic() - begin < 3
    assert work_left() == []
    server.clear()
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("fault_", ["hang", "reset", "closed", "drip"])
async def test_cancel_that_is_not_answered(lab: Lab, fault_: str) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "application/json"})
        while not exchange.gone.is_set():
            await exchange.send(b" ")
            await asyncio.sleep(0.02)

    actions = {"hang": fault.hang(), "reset": fault.dropped("rst"), "closed": fault.dropped("fin"), "drip": drip}
    server = await lab.server()
    slow(server)
    server.on("POST", "/cancel", actions[fault_])
    conversation = await lab.conversation(server, timeouts=Timeouts(cancel=0.6))
    begin = time.monotonic()
    await by_block(conversation, server, in_text)
    assert time.monotonic() - begin < 0.6 + 0.5 + 1.5
    assert server.seen("/cancel")
    assert work_left() == []
    await until(lambda: not server.streaming, what="the stream to be closed")
    well(server)
    assert await answered(conversation) == ANSWER


async def test_server_that_ignores_a_cancel(lab: Lab) -> None:
    """It says yes and goes on; the stream is closed after the limit."""
    server = await lab.server()
    slow(server)
    server.on("POST", "/cancel", fault.respond(200, {"success": True}))
    conversation = await lab.conversation(server, timeouts=Timeouts(cancel=0.5))
    begin = time.monotonic()
    await by_block(conversation, server, in_text)
    assert time.monotonic() - begin < 3
    await until(lambda: not server.streaming, what="the stream to be closed")


async def test_server_gone_while_leaving(lab: Lab) -> None:
    server = await lab.server()
    slow(server)
    conversation = await lab.conversation(server, timeouts=Timeouts(cancel=0.5))
    async with conversation.stream("Hi") as turn:
        await in_text(aiter(turn), server)
        await server.aclose()
    assert work_left() == []


async def test_space_closes_all_its_turns_at_once(lab: Lab) -> None:
    """The bound holds for the Space, not for each of its conversations in a row."""
    server = await lab.server()
    slow(server)
    server.on("POST", "/cancel", fault.hang())
    space = Space(server.url, timeouts=Timeouts(cancel=1))
    await space.connect()
    turns: list[Turn] = []
    for _ in range(4):
        turn = space.conversation().stream("Hi")
        turns.append(turn)
        await turn.__aenter__()
        await in_text(aiter(turn), server)
    begin = time.monotonic()
    await space.aclose()
    assert time.monotonic() - begin < 3
    assert work_left() == []
    for turn in turns:
        await turn.__aexit__(None, None, None)


async def test_space_closed_under_cancellation(lab: Lab) -> None:
    """Who is cancelled while he closes still leaves no connection."""
    server = await lab.server()
    slow(server)
    server.on("POST", "/cancel", fault.hang())

    async def chat() -> None:
        async with Space(server.url, timeouts=Timeouts(cancel=0.5)) as space:
            turn = space.conversation().stream("Hi")
            await turn.__aenter__()
            await in_text(aiter(turn), server)

    task = asyncio.create_task(chat())
    await until(lambda: server.seen("/cancel"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    await until(lambda: server.open_connections == 0 and not work_left())


async def test_connect_is_cancelled(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/config", fault.hang())
    task = asyncio.create_task(Space(server.url).connect())
    await until(lambda: server.seen("/config"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.open_connections == 0)


async def test_left_while_waiting_for_a_place(lab: Lab) -> None:
    from spacebridge import Limits

    server = await lab.server()
    slow(server)
    space = await lab.space(server, limits=Limits(turns=1))
    first, second = space.conversation(), space.conversation()
    async with first.stream("Hi") as turn:
        await in_text(aiter(turn), server)
        waiting = asyncio.create_task(second.ask("Hi"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert {body["session_hash"] for body in server.cancels} == {first.session_hash}
    well(server)
    assert await answered(second) == ANSWER
