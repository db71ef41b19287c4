"""Frames that are broken, strange, stale, or somebody else's are passed over; the answer is right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from spacebridge import Qwen_Qwen_2_5M, errors
from spacebridge.providers import debug
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.http import Exchange
from tests.faults.lab import ANSWER, Lab, answered, failure
from tests.faults.test_stream import DATA, begins, chunk_ends, done, grows, scripted


async def test_lines_that_are_no_json(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []
    reported: list[tuple[object, ...]] = []
    monkeypatch.setattr(debug, "logging", True)
    monkeypatch.setattr(debug, "log_handler", lambda *text: reported.append(text))
    broken: list[bytes] = [
        b"{",
        b"nonsense",
        b'{"msg": "process_gener',
        b'{"msg": 5}',
        b"[]",
        b"null",
        b'{"event_id": "x"}',
        b'{"msg": "log", "output": 5}',
        b"\xff\xfe\x00",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"msg": "log", "message": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ]
    server = await lab.server()

    def change(reply: bytes) -> Sequence[bytes]:
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(line) + 8, b"data: " + line + b"\n\n") for line in broken)
        head, _, body = reply.partition(b"\r\n\r\n")
        ends = chunk_ends(body)
        return [head + b"\r\n\r\n" + b"".join(body[a:b] + chunks for a, b in zip([0, *ends], ends[:-1], strict=False)),
                body[ends[-2] :]]  # fmt: skip

    server.on(*DATA, fault.tampered(change, end="keep"))
    conversation = await lab.conversation(server, on_broken_line=lines.append)
    assert await answered(conversation) == ANSWER
    assert set(lines) == set(broken)
    messages = [{"role": "user", "content": "Hi"}]
    assert await Qwen_Qwen_2_5M.create_async("", messages, url=server.url, stream_timeout=8) == ANSWER
    assert {text[1] for text in reported} == {line.decode("utf-8", "replace") for line in broken}


async def test_unknown_events_and_messages(lab: Lab) -> None:
    server = await lab.server()
    strange: list[Any] = [
        wire.generating("somebody-elses", [["x"], None, 0]),
        wire.completed("somebody-elses", [[], None, 0]),
        wire.failed("somebody-elses", "not ours"),
        wire.unexpected("not ours", "somebody-elses"),
        {"msg": "brand_new_message", "event_id": None, "payload": [1, 2]},
        lambda event_id: {"msg": "brand_new_message", "event_id": event_id, "output": {"data": None}},
        lambda event_id: wire.generating(event_id, []),
        lambda event_id: {"msg": "process_generating", "event_id": event_id, "output": None, "success": True},
        lambda event_id: {"msg": "progress", "event_id": event_id, "progress_data": "odd"},
        lambda event_id: {
            "msg": "progress",
            "event_id": event_id,
            "progress_data": [None, {"index": "x", "length": "y"}],
        },
        lambda event_id: {"msg": "log", "event_id": event_id, "log": {"a": 1}, "level": 5},
        lambda event_id: {"msg": "estimation", "event_id": event_id, "rank": "first", "rank_eta": "soon"},
        lambda event_id: wire.generating(event_id, [None, None, None, 4, 5, 6, 7]),
        wire.HEARTBEAT,
        {"msg": "heartbeat"},
    ]
    server.on(*DATA, scripted(server, *strange, wire.starts, *strange, begins, *strange[:6], done, wire.CLOSE, end="keep"), nth=1)  # fmt: skip
    assert await answered(await lab.conversation(server)) == ANSWER


async def test_leftovers_of_a_dead_event(lab: Lab) -> None:
    """After a cut the server goes on with the old event on the next stream."""
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on("POST", "/cancel", fault.respond(500, {"detail": "no"}))
    old: list[str] = []

    def remember(event_id: str) -> wire.Json:
        old.append(event_id)
        return begins(event_id)

    server.on(*DATA, scripted(server, remember, grows, end="fin"), nth=1)
    error = await failure(conversation, kind=errors.StreamCut)
    assert error.partial == "Hello there"
    server.clear()

    async def both(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        head, _, body = bytes(capture).partition(b"\r\n\r\n")
        await exchange.raw(head + b"\r\n\r\n")
        left = [grows(old[0]), done(old[0], "The old answer."), wire.failed(old[0], "old")]
        for message in left:
            await exchange.send(wire.event(message)) if exchange._chunked else None
            piece = wire.event(message)
            await exchange.raw(b"%x\r\n%b\r\n" % (len(piece), piece))
        await exchange.raw(body)

    server.on(*DATA, both, nth=1)
    assert await answered(conversation, "Again") == ANSWER


@pytest.mark.parametrize(
    "stale",
    [
        [[["replace", [], [["Hi", ["old", None, None]]]]], [], []],
        [[["append", [0, 1, 0, "text"], "stale"]], [], []],
        [[["add", [1], "stale"]], [], []],
        [[["delete", [0], None]], [["replace", [], None]], []],
        [[["replace", [0, 1, 0, "text"], "x"], ["append", [], "y"]], [], []],
    ],
)
async def test_stale_first_diff(lab: Lab, stale: list[Any]) -> None:
    """The first message of an event is a diff against what a dead run left; later ones go on from there."""
    server = await lab.server()
    script = [wire.starts, lambda event_id: wire.generating(event_id, stale), grows, grows, done, wire.CLOSE]
    server.on(*DATA, scripted(server, *script, end="keep"), nth=1)
    conversation = await lab.conversation(server)
    async with asyncio.timeout(8):
        answer = await conversation.ask("Hi")
    assert answer.text == ANSWER
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize(
    "operations",
    [
        [["append", [0, 1, 0, "text", 0], "x"]],
        [["append", [0, 1, 0, "avatar", "y"], "x"]],
        [["append", [9, 9], "x"]],
        [["append", [0, 1, 0, "text"], 5]],
        [["append", [0, 1, 0, "nothing"], "x"]],
        [["append", [[]], "x"]],
        [["append", [{"a": 1}], "x"]],
        [["delete", [5], None]],
        [["delete", [], None]],
        [["add", [], 1]],
        [["replace", [0, 1, 0, "text", 5], "x"]],
        [["move", [0], 1]],
        [["append", [0, 1, 0, "text"]]],
        ["append"],
        [[]],
        "append",
        5,
        {"a": 1},
    ],
)
async def test_diff_that_does_not_fit(lab: Lab, operations: Any) -> None:
    """It is passed over, and the final value counts."""
    server = await lab.server()
    script = [wire.starts, begins, lambda event_id: wire.generating(event_id, [operations, [], []]), grows, done]
    server.on(*DATA, scripted(server, *script, wire.CLOSE, end="keep"), nth=1)
    assert await answered(await lab.conversation(server)) == ANSWER
