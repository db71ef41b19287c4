"""The event stream: cut at any byte, silent, endless, and what else may be among its frames."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from spacebridge import Limits, Timeouts, errors
from spacebridge.gradio.frames import FrameSplitter, data_of
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import FaultServer
from tests.doubles.http import Exchange
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure

DATA = ("GET", "/queue/data")
QUICK = Timeouts(connect=4, queue=0.6, first_text=0.6, idle=0.6, total=8, cancel=1)


async def healthy_body(lab: Lab, kind: str) -> bytes:
    """The first stream of a turn that is well, as it goes over the wire, chunks and all."""
    server = await lab.server(kind)
    bodies: list[bytes] = []

    async def keep(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        bodies.append(bytes(capture).partition(b"\r\n\r\n")[2])
        await exchange.raw(bytes(capture))

    server.on(*DATA, keep)
    assert await answered(await lab.conversation(server)) == ANSWER
    return bodies[0]


def chunk_ends(body: bytes) -> list[int]:
    """Where the chunks of a body end."""
    ends, place = [], 0
    while place < len(body):
        line = body.index(b"\r\n", place)
        place = line + 2 + int(body[place:line], 16) + 2
        ends.append(place)
    return ends


def unchunked(body: bytes) -> bytes:
    """What the chunks hold."""
    data, place = b"", 0
    while place < len(body):
        line = body.index(b"\r\n", place)
        size = int(body[place:line], 16)
        data += body[line + 2 : line + 2 + size]
        place = line + 2 + size + 2
    return data


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["qwen", "interface"])
@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_cut_at_any_byte(lab: Lab, kind: str, end: Literal["fin", "rst"]) -> None:
    """Before the answer is complete a cut is an error with the text until then; after it the answer stands."""
    body = await healthy_body(lab, kind)
    plain = unchunked(body)
    completed = plain.index(b"process_completed")
    ends = chunk_ends(body)
    near = {place + by for place in ends for by in (-3, -2, -1, 0, 1, 2)}
    cuts = {0, 1, 2, *near, *random.Random(7).sample(range(len(body)), 25)}
    server = await lab.server(kind)
    space = await lab.space(server, timeouts=SHORT)
    partials = set()
    for cut in sorted(place for place in cuts if 0 <= place < len(body)):
        server.on(*DATA, fault.tampered(fault.cut_after(cut), end=end), nth=1)
        conversation = space.conversation()
        frames = [data_of(frame) for frame in FrameSplitter().feed(given(body, cut))]
        if any(b"process_completed" in frame for frame in frames):
            assert await answered(conversation) == ANSWER
        else:
            error = await failure(conversation, kind=errors.StreamCut)
            assert ANSWER.startswith(error.partial)
            if end == "fin":  # what came before a reset may be lost with it
                assert error.partial == _text(frames)
            partials.add(error.partial)
        server.clear()
    assert completed
    assert partials >= {"", "Hello", "Hello there"}


def given(body: bytes, cut: int) -> bytes:
    """The part of a cut body that is in whole or begun chunks."""
    data, place = b"", 0
    while place < cut:
        line = body.find(b"\r\n", place, cut)
        if line < 0:
            break
        size = int(body[place:line], 16)
        data += body[line + 2 : min(line + 2 + size, cut)]
        place = line + 2 + size + 2
    return data


def _text(frames: Sequence[bytes]) -> str:
    return "".join(piece for piece in ("Hello", " there", ".") if any(f'"{piece}"'.encode() in f for f in frames))


@pytest.mark.timeout(60)
async def test_ended_in_order_at_any_byte(lab: Lab) -> None:
    """A proxy that ends the body properly, in the middle of all."""
    plain = unchunked(await healthy_body(lab, "qwen"))
    server = await lab.server()
    space = await lab.space(server)
    for cut in [0, 1, 5, *range(40, len(plain), 97), plain.index(b"process_completed"), len(plain) - 60]:
        given = plain[:cut]

        async def ended(exchange: Exchange, given: bytes = given) -> None:
            with exchange.captured():
                await server.healthy(exchange)
            event_id = server.running[exchange.request.query["session_hash"]]
            await fault.stream(given.replace(_event_id(plain), event_id.encode()))(exchange)

        server.on(*DATA, ended, nth=1)
        conversation = space.conversation()
        if b"process_completed" in b"".join(data_of(frame) for frame in FrameSplitter().feed(given)):
            assert await answered(conversation) == ANSWER
        else:
            await failure(conversation, kind=errors.StreamCut)
        server.clear()


def _event_id(plain: bytes) -> bytes:
    return plain.partition(b'"event_id":"')[2][:32]


@pytest.mark.parametrize("end", ["fin", "rst", "hang"])
async def test_completed_but_not_closed(lab: Lab, end: Literal["fin", "rst", "hang"]) -> None:
    """The answer is whole; how the stream ends does not matter any more."""

    async def action(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        whole = bytes(capture)
        await fault.raw(whole[: whole.rindex(b"data: ") - 5], end=end)(exchange)

    server = await lab.server()
    server.on(*DATA, action)
    conversation = await lab.conversation(server)
    for _ in range(2):
        assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
async def test_split_anywhere(lab: Lab, size: int) -> None:
    server = await lab.server()
    server.answer = ["H\u00e9llo ", "\U0001f469\u200d\U0001f680", " \u202eabc", "<b>"]
    places = range(size, 3000, size) if size > 1 else range(1, 500)
    server.on(*DATA, fault.tampered(fault.split_at(*places), end="keep"))
    assert await answered(await lab.conversation(server), within=25) == "".join(server.answer)


async def test_broken_chunks_in_mid_stream(lab: Lab) -> None:
    server = await lab.server()

    def change(reply: bytes) -> Sequence[bytes]:
        place = reply.index(b"there") - 400
        start = reply.index(b"\r\n", place)
        return [reply[: reply.index(b"\r\n", start + 2) + 2], b"XYZ\r\nnonsense\r\n"]

    server.on(*DATA, fault.tampered(change))
    await failure(await lab.conversation(server), kind=errors.StreamCut)


# Silence and its likes


def scripted(server: FaultServer, *messages: Any, end: Literal["keep", "fin", "hang"] = "hang") -> fault.Action:
    """A stream with these messages (functions are given the event's id), pauses between them."""

    async def action(exchange: Exchange) -> None:
        session = server.session(exchange.request.query["session_hash"])
        event_id, _ = session.pending.pop(0)
        server.running[exchange.request.query["session_hash"]] = event_id
        pieces: list[Any] = [m(event_id) if callable(m) else m for m in messages]
        await fault.stream(*pieces, end=end)(exchange)

    return action


PAIRS = [["Hi", [wire.bubble("Hello"), None, None]]]


def begins(event_id: str) -> wire.Json:
    return wire.generating(event_id, [[[wire.bubble("Hi"), [wire.bubble("Hello"), None, None]]], None, 0])


def grows(event_id: str) -> wire.Json:
    return wire.generating(event_id, [[["append", [0, 1, 0, "text"], " there"]], [], []])


def done(event_id: str, text: str = ANSWER) -> wire.Json:
    return wire.completed(event_id, [[[wire.bubble("Hi"), [wire.bubble(text), None, None]]], None, 0])


@pytest.mark.parametrize("turn", [1, 2])
async def test_silence(lab: Lab, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    conversation._page.session._http.timeouts = QUICK
    if turn == 1:
        script = scripted(server, wire.starts, begins, grows)
        server.on(*DATA, script)
    else:
        server.on(*DATA, fault.tampered(lambda reply: [reply[: reply.index(b"process_completed") - 60]], end="hang"))
    error = await failure(conversation, kind=errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert (error.limit, error.seconds, error.still_running) == ("idle", 0.6, True)
    assert error.partial == "Hello there"
    assert len(server.cancels) == 1
    conversation._page.session._http.timeouts = SHORT
    server.clear()
    assert await answered(conversation) == ANSWER


async def test_heartbeats_hold_off_the_idle_limit(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=Timeouts(idle=0.5, cancel=1))
    beats = [wire.HEARTBEAT, 0.2] * 5
    server.on(*DATA, scripted(server, wire.starts, *beats, begins, *beats, done, wire.CLOSE, end="keep"), nth=1)
    assert await answered(conversation) == ANSWER


async def limited(lab: Lab, timeouts: Timeouts, *messages: Any, limits: Limits | None = None, cancels: int = 1) -> Any:
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=timeouts, limits=limits)
    server.on(*DATA, scripted(server, *messages))
    error = await failure(conversation, within=8)
    assert len(server.cancels) == cancels
    return error


BEATS = [wire.HEARTBEAT, 0.05] * 100


async def test_heartbeats_for_ever_after_the_start(lab: Lab) -> None:
    error = await limited(lab, QUICK, wire.starts, *BEATS)
    assert (type(error), error.limit, error.seconds, error.partial) == (errors.TimedOut, "first_text", 0.6, "")
    assert error.still_running


async def test_heartbeats_for_ever_before_the_start(lab: Lab) -> None:
    error = await limited(lab, QUICK, *BEATS)
    assert (type(error), error.limit) == (errors.TimedOut, "first_text")


async def test_in_the_queue_for_ever(lab: Lab) -> None:
    waiting = [lambda event_id: wire.estimation(event_id, 3, 5), 0.05] * 100
    error = await limited(lab, QUICK, *waiting[:2], *BEATS, cancels=0)  # the stream is closed
    assert (type(error), error.limit) == (errors.TimedOut, "queue")


async def test_the_queue_does_not_count_for_the_first_text(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=Timeouts(first_text=0.5, queue=5, cancel=1))
    queued = [lambda event_id: wire.estimation(event_id, 3, 5), 0.3] * 3
    server.on(*DATA, scripted(server, *queued, wire.starts, begins, 0.6, done, wire.CLOSE, end="keep"), nth=1)
    assert await answered(conversation) == ANSWER


async def test_the_queue_of_a_later_step_does_not_count_either(lab: Lab) -> None:
    """The first function of the chain is queued, too, and has already run."""
    server = await lab.server()
    server.config["dependencies"][1]["queue"] = True
    conversation = await lab.conversation(server, timeouts=Timeouts(first_text=0.5, queue=5, cancel=1))
    queued = [lambda event_id: wire.estimation(event_id, 3, 5), 0.3] * 3
    script = scripted(server, *queued, wire.starts, begins, done, wire.CLOSE, end="keep")
    server.on(*DATA, script, nth=2)
    assert await answered(conversation) == ANSWER


async def test_waiting_too_long_by_the_apps_own_estimate(lab: Lab) -> None:
    def far(event_id: str) -> wire.Json:
        return wire.estimation(event_id, 9, 12, 500.0)

    error = await limited(lab, SHORT, far, *BEATS, limits=Limits(queue_eta=60))
    assert type(error) is errors.QueueFull
    assert "500 s" in str(error)


async def test_total_limit(lab: Lab) -> None:
    error = await limited(lab, Timeouts(total=0.8, cancel=1), wire.starts, begins, *([grows, 0.1] * 100))
    assert (type(error), error.limit, error.seconds) == (errors.TimedOut, "total", 0.8)
    assert error.partial.startswith("Hello there there")


async def test_total_limit_while_waiting_for_a_place(lab: Lab) -> None:
    """Waiting here, because of ``Limits.turns``, is part of the turn."""
    server = await lab.server()
    server.on(*DATA, fault.hang())
    space = await lab.space(server, timeouts=Timeouts(total=0.8, cancel=0.3), limits=Limits(turns=1))
    first, second = space.conversation(), space.conversation()
    async with first.stream("Hi") as blocking:
        first_event = asyncio.ensure_future(anext(aiter(blocking)))
        await asyncio.sleep(0.5)
        space.timeouts = Timeouts(total=0.3, cancel=0.3)
        error = None
        try:
            await second.ask("Hi")
        except errors.TimedOut as caught:
            error = caught
        assert error is not None
        assert error.limit == "total"
        assert not error.still_running
        assert error.seconds == 0.3
    await asyncio.wait({first_event})
    first_event.exception()


async def test_no_limits_at_all(lab: Lab) -> None:
    nothing = Timeouts(connect=None, queue=None, first_text=None, idle=None, total=None, cancel=None)
    server = await lab.server()
    limits = Limits(turns=None, frame=None, answer=None)
    assert await answered(await lab.conversation(server, timeouts=nothing, limits=limits)) == ANSWER


# Too much


@pytest.mark.parametrize("turn", [1, 2])
async def test_frame_over_the_limit(lab: Lab, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, limits=Limits(frame=20_000))
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    server.answer = ["Hello", "x" * 30_000]
    error = await failure(conversation, kind=errors.FrameTooLarge)
    assert error.partial == "Hello"
    assert "Limits.frame" in str(error)
    assert len(server.cancels) == 1
    server.answer = ["Hello", " there", "."]
    assert await answered(conversation) == ANSWER


async def test_frame_without_an_end(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, limits=Limits(frame=100_000))
    server.on(*DATA, fault.stream(b'data: {"msg": "', *([b"x" * 5000] * 100), end="hang"))
    await failure(conversation, kind=errors.FrameTooLarge)


@pytest.mark.parametrize("at_end", [False, True])
async def test_answer_over_the_limit(lab: Lab, at_end: bool) -> None:
    server = await lab.server()
    server.answer, server.pace = ["0123456789"] * 100, 0.001
    conversation = await lab.conversation(server, limits=Limits(answer=95))
    error = await failure(conversation, kind=errors.AnswerTooLarge, settle="end" if at_end else "now")
    if not at_end:
        assert error.partial == "0123456789" * 9
        assert len(server.cancels) == 1
    server.answer = ["Hello"]
    assert await answered(conversation) == "Hello"


async def test_answer_without_an_end(lab: Lab) -> None:
    """A model that can't stop: the limit of the answer ends it, not the memory."""
    server = await lab.server()

    async def babble(exchange: Exchange) -> None:
        session = server.session(exchange.request.query["session_hash"])
        event_id, _ = session.pending.pop(0)
        await exchange.head(200, {"content-type": "text/event-stream"})
        await exchange.send(wire.event(begins(event_id)))
        while not exchange.gone.is_set():
            await exchange.send(wire.event(grows(event_id)) * 50)
            await asyncio.sleep(0)

    server.on(*DATA, babble)
    conversation = await lab.conversation(server, limits=Limits(answer=50_000))
    error = await failure(conversation, kind=errors.AnswerTooLarge)
    assert len(error.partial) > 49_000


async def test_heartbeats_without_a_pause(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, timeouts=QUICK)
    server.on(*DATA, fault.endless(wire.event(wire.HEARTBEAT) * 20))
    error = await failure(conversation, kind=errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert error.limit == "first_text"


async def test_closed_again_and_again(lab: Lab) -> None:
    """A server that ends each stream at once, and never says what became of the event, is not asked for ever."""
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on(*DATA, fault.stream(wire.CLOSE))
    await failure(conversation, kind=errors.StreamCut)
    assert len(server.seen("/queue/data")) < 5


async def test_many_notices(lab: Lab) -> None:
    """Thousands of progress reports do not cost more for each."""
    server = await lab.server()

    def reports(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        return [
            *(wire.progress(event_id, i, 20_000, "Loading") for i in range(20_000)),
            begins(event_id),
            done(event_id),
        ]

    server.events = reports
    conversation = await lab.conversation(server)
    assert await answered(conversation, within=25) == ANSWER
