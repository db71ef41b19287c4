"""The stream of a later turn is opened while its join is answered: what can happen to it before an event has joined."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
import pytest

from spacebridge import errors
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import Action, FaultServer, respond
from tests.doubles.http import Exchange, until
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure

JOIN = ("POST", "/queue/join")
DATA = ("GET", "/queue/data")


def streams(server: FaultServer) -> int:
    return len(server.seen(f"{server.prefix}/queue/data"))


def answered_when_streaming(server: FaultServer) -> Action:
    """Answer a join only once the session's stream is open."""

    async def join(exchange: Exchange) -> None:
        name = exchange.request.json()["session_hash"]
        await until(lambda: name in server.streaming, what="the stream to be opened")
        await server.healthy(exchange)

    return join


def joined_first(server: FaultServer) -> Action:
    """Let the event join and speak before the join is answered."""

    async def join(exchange: Exchange) -> None:
        name = exchange.request.json()["session_hash"]
        session = server.session(name)
        event_id = "early"
        session.pending.append((event_id, exchange.request.json()))
        await until(lambda: server.running.get(name) == event_id and not session.pending, what="the event to run")
        await asyncio.sleep(0.05)
        await exchange.reply(200, {"event_id": event_id})

    return join


async def test_one_round_trip_from_the_second_turn(lab: Lab) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    assert streams(server) == 1
    server.on(*JOIN, answered_when_streaming(server))
    assert await answered(conversation) == ANSWER
    assert await answered(conversation) == ANSWER
    assert streams(server) == 3
    await until(lambda: not server.streaming, what="the streams to end")


async def test_the_first_turn_waits_for_its_join(lab: Lab) -> None:
    """A server knows a session only from its first join on."""
    server = await lab.server("interface")
    seen: list[int] = []

    async def join(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        seen.append(streams(server))
        await server.healthy(exchange)

    server.on(*JOIN, join)
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    assert await answered(conversation) == ANSWER
    assert seen == [0, 2]


async def test_what_comes_before_the_join_is_answered(lab: Lab) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on(*JOIN, joined_first(server))
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("slow", ["join", "stream"])
async def test_a_session_that_the_server_has_forgotten(lab: Lab, slow: str) -> None:
    """Whichever reply comes first, the stream is opened again for the event."""
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    forgotten = fault.stream(wire.unexpected(), end="keep")
    server.on(*DATA, forgotten if slow == "join" else fault.delayed(0.1, forgotten), nth=1)
    if slow == "join":
        server.on(*JOIN, fault.delayed(0.1, server.healthy))
    assert await answered(conversation) == ANSWER
    assert streams(server) == 3
    server.clear()
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("slow", ["join", "stream"])
@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_a_stream_that_trips_over_an_event_that_is_over(lab: Lab, slow: str, end: Literal["fin", "rst"]) -> None:
    """What waits behind it is asked for by another stream."""
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    over = "75ed53ce90d74b57a1bf058c75ed53ce"
    tripped = fault.stream(wire.cancelled(over), wire.unexpected(f"'{over}'"), end=end)
    server.on(*DATA, tripped if slow == "join" else fault.delayed(0.1, tripped), nth=1)
    if slow == "join":
        server.on(*JOIN, fault.delayed(0.1, server.healthy))
    assert await answered(conversation) == ANSWER
    assert streams(server) == 3


async def test_a_session_that_stays_unknown(lab: Lab) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on(*DATA, fault.stream(wire.unexpected(), end="keep"))
    await failure(conversation, kind=errors.SessionLost)


async def test_a_join_that_is_refused_closes_the_stream(lab: Lab) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on(*JOIN, respond(503, {"detail": "Queue is full. Max size is 1 and size is 1."}))
    await failure(conversation, kind=errors.QueueFull)
    await until(lambda: not server.streaming, what="the stream to be closed")
    server.clear()
    assert await answered(conversation) == ANSWER
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("how", ["rst", "fin", "html", "hang"])
@pytest.mark.parametrize("when", ["before the join", "after the join"])
async def test_a_stream_that_breaks_before_anything_came(lab: Lab, how: str, when: str) -> None:
    """The server ends the events of a session whose stream is closed: who waited for them would wait in vain."""
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    broken = {
        "rst": fault.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", 0.05, end="rst"),
        "fin": fault.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", 0.05, end="fin"),
        "html": fault.html(502),
        "hang": fault.hang(),
    }[how]
    server.on(*DATA, broken if when == "before the join" else fault.delayed(0.1, broken))
    if when == "before the join":
        server.on(*JOIN, fault.delayed(0.2, server.healthy))
    conversation._page.session._http.timeouts = msgspec.structs.replace(SHORT, idle=0.5)
    await failure(conversation)
    server.clear()
    assert await answered(conversation) == ANSWER


async def test_a_turn_left_while_its_join_is_answered(lab: Lab) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on(*JOIN, fault.hang())

    async def ask() -> None:
        await conversation.ask("Hi")

    asking = asyncio.create_task(ask())
    await until(lambda: server.streaming, what="the stream to be opened")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: not server.streaming, what="the stream to be closed")
    server.clear()
    assert await answered(conversation) == ANSWER
