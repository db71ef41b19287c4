"""Many faults one after another, and many moments to leave: nothing adds up, and no answer is ever wrong."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from spacebridge import Finished, Timeouts, errors
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import FaultServer, html, respond
from tests.doubles.http import Exchange, until
from tests.faults.lab import Lab, answered, so_far, work_left

pytestmark = pytest.mark.timeout(120)
PATHS = [("POST", "/run/"), ("POST", "/queue/join"), ("GET", "/queue/data"), ("POST", "/cancel")]


def said(prompt: str) -> list[str]:
    return [f"You said {prompt}: ", *(f"{i} " for i in range(12)), "and that is all."]


def any_fault(rng: random.Random, server: FaultServer) -> Any:
    cut = rng.randrange(0, 6000)
    return rng.choice(
        [
            respond(rng.choice([400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 599]), {"detail": "no"}),
            html(rng.choice([200, 500, 503])),
            respond(200, rng.choice([b"", b"null", b"{}", b"[", b"5"])),
            fault.dropped(rng.choice(["rst", "fin"])),
            fault.short_body(),
            fault.broken_chunks(),
            fault.hang(),
            fault.delayed(0.05, server.healthy),
            fault.tampered(fault.cut_after(cut), end=rng.choice(["rst", "fin", "hang"])),
            fault.stream(wire.CLOSE),
            fault.stream(wire.unexpected("Server stopped unexpectedly.")),
            fault.redirect("http://elsewhere.example/"),
        ]
    )


@pytest.mark.parametrize("kind", ["qwen", "interface"])
@pytest.mark.parametrize("seed", range(3))
async def test_fault_after_fault(lab: Lab, seed: int, kind: str) -> None:
    rng = random.Random(seed)
    server = await lab.server(kind)
    server.answer = lambda prompt, session: said(prompt)
    limits = Timeouts(connect=0.4, first_text=0.6, idle=0.4, total=4, cancel=0.4)
    space = await lab.space(server, timeouts=limits)
    conversation = space.conversation()
    failed = 0
    for number in range(25):
        server.on(*rng.choice(PATHS), any_fault(rng, server), nth=rng.choice([1, 1, 2, None]))
        prompt, events = f"turn {number}", []
        try:
            async with asyncio.timeout(10), conversation.stream(prompt) as turn:
                async for event in turn:
                    events.append(event)
        except errors.SpacebridgeError as error:
            failed += 1
            assert "".join(said(prompt)).startswith(error.partial)
            assert not any(isinstance(event, Finished) for event in events)
        else:
            assert so_far(events) == turn.result().text == "".join(said(prompt))
        assert work_left() == []
        server.clear()
        if conversation.state == "lost":
            conversation = space.conversation()
    assert failed > 5
    await asyncio.sleep(0)
    assert await answered(space.conversation(), "well") == "".join(said("well"))
    # Of a pool: the stream of a later turn is opened while the join is under way.
    await until(lambda: server.open_connections <= 2, what="connections to be closed")


@pytest.mark.parametrize("seed", range(4))
async def test_left_at_any_time(lab: Lab, seed: int) -> None:
    rng = random.Random(seed)
    server = await lab.server(rng.choice(["qwen", "interface"]))
    server.answer = lambda prompt, session: said(prompt)

    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(rng.choice([0, 0, 0.01]))
        await server.healthy(exchange)

    server.on("*", "/", late)
    conversation = await lab.conversation(server)
    for number in range(30):
        server.pace = rng.choice([0, 0.001, 0.005])
        prompt = f"turn {number}"
        how = rng.choice(["block", "cancel", "stay", "iterator"])
        patience = rng.random() * 0.12
        events: list[Any] = []

        async def chat(prompt: str, events: list[Any], how: str, most: float) -> None:
            if how == "iterator":
                async for event in conversation.stream(prompt):
                    events.append(event)
                return
            async with conversation.stream(prompt) as turn:
                async for event in turn:
                    events.append(event)
                    if how == "block" and len(events) > most:
                        return

        task = asyncio.create_task(chat(prompt, events, how, patience * 100))
        if how in ("cancel", "iterator"):
            await asyncio.wait({task}, timeout=patience)
            task.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait({task})
        if not task.cancelled():
            assert task.exception() is None
        assert "".join(said(prompt)).startswith(so_far(events))
        if how == "stay":
            assert so_far(events) == "".join(said(prompt))
        await until(lambda: not work_left(), what="the turn to end")
    server.clear()
    assert await answered(conversation, "well") == "".join(said("well"))
    assert not server.streaming


async def test_many_turns_keep_nothing(lab: Lab) -> None:
    """Connections and tasks do not add up over a long conversation, nor over many conversations."""
    server = await lab.server()
    space = await lab.space(server)
    conversation = space.conversation()
    for _ in range(30):
        assert (await conversation.ask("Hi")).text
    assert server.open_connections <= 3
    for _ in range(30):
        assert (await space.conversation().ask("Hi")).text
    assert server.open_connections <= 3
    assert server.connections <= 10
