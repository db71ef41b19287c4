"""The page, asked as a browser asks: real Gradio, real model, raw HTTP."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from .conftest import Wire

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(90)]

LONG = "Write a very long story about a lighthouse, with many chapters."


async def spoken(messages: AsyncIterator[dict[str, Any]], count: int) -> None:
    """Read on until the model has spoken that many pieces."""
    async for message in messages:
        if message["msg"] == "process_generating":
            count -= 1
            if count == 0:
                return
    pytest.fail("the stream ended early")


async def test_is_an_ordinary_chat_interface(wire: Wire) -> None:
    assert wire.config["mode"] == "chat_interface"
    assert wire.config["protocol"] == "sse_v3"
    assert wire.config["analytics_enabled"] is False
    labels = [component["props"].get("label") for component in wire.config["components"]]
    assert {"System prompt", "Temperature", "Top-p", "Max tokens"} <= set(labels)


async def test_page_loads(wire: Wire) -> None:
    async with wire.http.get("/") as reply:
        assert reply.status == 200
        page = await reply.text()
    assert "fonts.googleapis.com" not in page
    assert "SmolLM2" in page


async def test_answer_streams_in_pieces_that_make_the_whole(wire: Wire) -> None:
    session, event = await wire.join("Name three colours.")
    text = ""
    pieces = 0
    final = None
    async for message in wire.messages(session):
        if message["msg"] == "process_generating":
            assert message["event_id"] == event
            pieces += 1
            value = message["output"]["data"][0]
            if pieces == 1:
                text = value
                continue
            for operation, path, grown in value:
                assert (operation, path) == ("append", [])
                text += grown
        elif message["msg"] == "process_completed":
            assert message["success"] is True
            final = message["output"]["data"][0]
    assert pieces > 3
    assert text
    assert text == final


async def test_first_piece_comes_within_a_second(wire: Wire) -> None:
    took: list[float] = []
    for _ in range(3):  # other work on this machine may slow one of them
        asked = time.monotonic()
        session, _ = await wire.join("Hello", max_tokens=5)
        messages = wire.messages(session)
        await spoken(messages, 1)
        took.append(time.monotonic() - asked)
        async for _ in messages:
            pass
    assert min(took) < 1.0


async def test_two_conversations_speak_at_the_same_time(wire: Wire) -> None:
    order: list[tuple[int, str]] = []

    async def converse(number: int) -> None:
        session, _ = await wire.join(LONG, max_tokens=60)
        async for message in wire.messages(session):
            order.append((number, message["msg"]))

    await asyncio.gather(converse(1), converse(2))
    ends = [order.index((number, "process_completed")) for number in (1, 2)]
    starts = [order.index((number, "process_generating")) for number in (1, 2)]
    assert max(starts) < min(ends)


async def test_cancel_stops_the_model(wire: Wire) -> None:
    # As many as the model takes on at once, each of which would take half a minute.
    asked = [await wire.join(LONG, max_tokens=2000) for _ in range(4)]
    streams = [wire.messages(session) for session, _ in asked]
    for stream in streams:
        await spoken(stream, 3)
    for session, event in asked:
        await wire.cancel(session, event)
    for stream in streams:
        ends = [m async for m in stream if m["msg"] == "process_completed"]
        assert [end["output"] for end in ends] == [{}]
    # Were the model still at it, there would be no place for another answer.
    async with asyncio.timeout(5):
        session, _ = await wire.join("Hello", max_tokens=3)
        await spoken(wire.messages(session), 1)


async def test_client_going_away_stops_the_model(wire: Wire) -> None:
    for _ in range(4):
        session, _ = await wire.join(LONG, max_tokens=2000)
        async with wire.http.get(f"/gradio_api/queue/data?session_hash={session}") as reply:
            await reply.content.readline()
            reply.close()
    async with asyncio.timeout(10):
        session, _ = await wire.join("Hello", max_tokens=3)
        await spoken(wire.messages(session), 1)


async def test_text_beyond_the_context_is_a_clear_error(wire: Wire) -> None:
    session, _ = await wire.join("word " * 6000)
    last = [m async for m in wire.messages(session) if m["msg"] == "process_completed"][-1]
    assert last["success"] is False
    assert "too long for this model" in last["output"]["error"]
    assert "4096" in last["output"]["error"]


async def test_setting_out_of_bounds_is_an_error(wire: Wire) -> None:
    session, _ = await wire.join("Hello", max_tokens=10**6)
    last = [m async for m in wire.messages(session) if m["msg"] == "process_completed"][-1]
    assert last["success"] is False
    assert "maximum" in last["output"]["error"]


async def test_history_reaches_the_model(wire: Wire) -> None:
    """The same text is more tokens on the second turn: by the first turn."""
    too_long = "word " * 6000
    alone = await refused(wire, too_long, session=None)
    session, _ = await wire.join("Hello, my name is Ada.", max_tokens=5)
    async for _ in wire.messages(session):
        pass
    assert await refused(wire, too_long, session=session) > alone + 5


async def refused(wire: Wire, text: str, session: str | None) -> int:
    """Ask more than fits; return how many tokens that was."""
    session, _ = await wire.join(text, session=session)
    last = [m async for m in wire.messages(session) if m["msg"] == "process_completed"][-1]
    found = re.search(r"(\d+) tokens", last["output"]["error"])
    assert found is not None
    return int(found[1])
