"""The app itself fails, says nothing, is cancelled by somebody else, restarts, or mixes things up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from spacebridge import Finished, Notice, Rewritten, TextDelta, errors
from spacebridge.gradio.stream import EventStream
from spacebridge.gradio.transport import Line, Submission
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import FaultServer, respond
from tests.doubles.http import Exchange, until
from tests.faults.lab import ANSWER, Lab, answered, failure, so_far, work_left
from tests.faults.test_stream import begins, done, grows, scripted

DATA = ("GET", "/queue/data")


def ends_with(server: FaultServer, *messages: Any) -> None:
    """After the first words of every answer, these messages."""

    def events(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        last: list[Any] = [m(event_id) if callable(m) else m for m in messages]
        return [begins(event_id), grows(event_id), *last]

    server.events = events


@pytest.mark.parametrize(
    "error, shown",
    [
        (None, "does not say why"),
        ("None", "does not say why"),
        ("", "does not say why"),
        ("out of memory", "out of memory"),
        ("'quoted'", "quoted"),
        ('"it\'s"', "it's"),
        ("<b>bold</b> &amp; plain", "bold & plain"),
        ("x" * 20_000, "xxx"),
    ],
)
@pytest.mark.parametrize("turn", [1, 2])
async def test_model_error(lab: Lab, turn: int, error: str | None, shown: str) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    ends_with(server, lambda event_id: wire.failed(event_id, error))
    raised = await failure(conversation, kind=errors.AppFailed)
    assert isinstance(raised, errors.AppFailed)
    assert raised.partial == "Hello there"
    assert shown in str(raised)
    assert "'quoted'" not in str(raised)
    server.events = None
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize(
    "output", [None, {}, {"error": {"a": 1}}, {"error": 5}, {"data": [1]}, {"error": [], "data": None}]
)
async def test_model_error_of_an_odd_form(lab: Lab, output: Any) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)

    def failed(event_id: str) -> wire.Json:
        return {"msg": "process_completed", "event_id": event_id, "success": False, "output": output, "title": 5}

    ends_with(server, failed)
    error = await failure(conversation)
    assert isinstance(error, errors.AppFailed | errors.ValidationRefused | errors.ProtocolError)


async def test_title_of_an_error(lab: Lab) -> None:
    server = await lab.server()
    ends_with(server, lambda event_id: wire.failed(event_id, "no GPU", "Hardware"))
    error = await failure(await lab.conversation(server), kind=errors.AppFailed)
    assert isinstance(error, errors.AppFailed)
    assert (error.title, error.detail) == ("Hardware", "no GPU")


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("You have exceeded your GPU quota (60s requested vs. 0s left). Try again in 1:02:03", 3723.0),
        ("You have exceeded your GPU quota. Try again in 1 day, 0:00:01", 86401.0),
        ("GPU limit reached", None),
    ],
)
async def test_quota(lab: Lab, text: str, seconds: float | None) -> None:
    server = await lab.server()
    ends_with(server, lambda event_id: wire.failed(event_id, text, "ZeroGPU quota exceeded"))
    error = await failure(await lab.conversation(server), kind=errors.QuotaExceeded)
    assert isinstance(error, errors.QuotaExceeded)
    assert error.retry_after == seconds


@pytest.mark.parametrize("body", [{"error": None}, {"error": "broken"}, {"error": "None"}])
async def test_direct_function_fails(lab: Lab, body: Any) -> None:
    server = await lab.server()
    server.on("POST", "/run/", respond(500, body))
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.AppFailed)
    assert ("broken" in str(error)) is (body["error"] == "broken")


async def test_validator_in_the_event(lab: Lab) -> None:
    server = await lab.server()
    verdicts: Any = [{"is_valid": True, "message": ""}, {"is_valid": False, "message": "Too long"}]
    ends_with(server, lambda event_id: wire.failed(event_id, verdicts))
    error = await failure(await lab.conversation(server), kind=errors.ValidationRefused)
    assert "Too long" in str(error)


async def test_a_step_after_the_answer_fails(lab: Lab) -> None:
    """It is told, but the answer is an answer."""
    server = await lab.server("interface")
    server.on("POST", "/run/", respond(500, {"error": "can't save"}), nth=3)
    conversation = await lab.conversation(server)
    answer = await conversation.ask("Hi")
    assert answer.text == ANSWER
    assert any(notice.level == "error" and "can't save" in notice.text for notice in answer.notices)


@pytest.mark.parametrize("how", ["reset", "503", "html", "hang"])
async def test_a_step_after_the_answer_is_lost(lab: Lab, how: str) -> None:
    """It saves the history: the answer stands, but the app may not have it."""
    server = await lab.server("interface")
    action = {
        "reset": fault.dropped("rst"),
        "503": respond(503, {"detail": "busy"}),
        "html": fault.html(200, "Hello"),
        "hang": fault.hang(),
    }[how]
    server.on("POST", "/run/", action, nth=3)
    from spacebridge import Timeouts

    conversation = await lab.conversation(server, timeouts=Timeouts(first_text=1, cancel=0.5))
    assert await answered(conversation, state="partial") == ANSWER
    server.clear()
    assert await answered(conversation) == ANSWER


# Nothing said

NOTHING = {
    "no messages": [],
    "placeholder": [[wire.bubble("Qwen is thinking..."), None, None]],
    "empty": [[wire.bubble(""), None, None]],
    "blank": [[wire.bubble(" \n "), None, None]],
    "null": [[wire.bubble(None), None, None]],
    "no bot": [None],
    "empty bots": [[]],
}


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("settle", ["now", "end"])
async def test_nothing_said(lab: Lab, nothing: str, settle: str) -> None:
    server = await lab.server()

    def events(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        shown = [[[*data[0][:-1], [data[0][-1][0], bots]], None, 0] for bots in NOTHING[nothing]]
        return [
            *(wire.generating(event_id, value) for value in shown),
            wire.completed(event_id, shown[-1] if shown else data),
        ]

    server.events = events
    error = await failure(await lab.conversation(server), kind=errors.EmptyAnswer, settle=settle)
    assert error.partial.strip() == ""


@pytest.mark.parametrize("data", [None, [], [None], [None, None, None], [[], None, 0], [5, 5, 5], [{"a": 1}], ["text"]])
async def test_completed_with_odd_data(lab: Lab, data: Any) -> None:
    """Nothing, or nonsense, where the answer should be: never an empty success."""
    server = await lab.server()
    conversation = await lab.conversation(server)

    def events(event_id: str, _: Sequence[Any], __: list[str]) -> list[wire.Json]:
        return [wire.completed(event_id, []) | {"output": {"data": data, "is_generating": False}}]

    server.events = events
    events_seen: list[Any] = []
    try:
        async with asyncio.timeout(10), conversation.stream("Hi") as turn:
            async for event in turn:
                events_seen.append(event)
    except errors.SpacebridgeError as error:
        assert not any(isinstance(event, Finished) for event in events_seen)
        assert isinstance(error, errors.EmptyAnswer | errors.ProtocolError | errors.TurnCancelled), repr(error)
    else:
        assert turn.result().text.strip()
    assert work_left() == []


async def test_no_generating_at_all(lab: Lab) -> None:
    """An answer that does not stream."""
    server = await lab.server()
    server.on(*DATA, scripted(server, wire.starts, done, wire.CLOSE, end="keep"), nth=1)
    conversation = await lab.conversation(server)
    events = [event async for event in conversation.stream("Hi")]
    assert [event.text for event in events if isinstance(event, TextDelta)] == [ANSWER]


async def test_generating_without_success(lab: Lab) -> None:
    """``success: false`` in mid-stream is followed by the end; its output is no output."""
    server = await lab.server()

    def unsuccessful(event_id: str) -> wire.Json:
        return grows(event_id) | {"success": False}

    ends_with(server, unsuccessful, lambda event_id: wire.failed(event_id, "broken"))
    error = await failure(await lab.conversation(server), kind=errors.AppFailed)
    assert error.partial == "Hello there"


async def test_final_value_is_shorter(lab: Lab) -> None:
    """What is final counts, also where it is less than what was streamed."""
    server = await lab.server()
    ends_with(server, lambda event_id: done(event_id, "Hel"))
    conversation = await lab.conversation(server)
    events = [event async for event in conversation.stream("Hi")]
    assert any(isinstance(event, Rewritten) and event.kind == "content" for event in events)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.text == so_far(events) == "Hel"
    with pytest.raises(errors.AnswerRewritten) as caught:
        _ = [piece async for piece in conversation.text("Hi")]
    assert (caught.value.text, caught.value.partial) == ("Hel", "Hello there")


# Somebody or something else ends it


@pytest.mark.parametrize("turn", [1, 2])
async def test_cancelled_by_somebody_else(lab: Lab, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    server.pace, server.answer = 0.02, ["Hello", *([" x"] * 500)]

    async def meddle() -> None:
        name = conversation.session_hash
        await until(lambda: name in server.streaming)
        await asyncio.sleep(0.2)
        async with aiohttp.ClientSession() as other:
            body = {"session_hash": name, "fn_index": 2, "event_id": server.running[name]}
            await (await other.post(f"{server.url}/cancel", json=body)).read()

    meddling = asyncio.create_task(meddle())
    error = await failure(conversation, kind=errors.TurnCancelled)
    await meddling
    assert error.partial.startswith("Hello x")
    server.pace, server.answer = 0.0, ["Hello", " there", "."]
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("flag", [True, None])
@pytest.mark.parametrize("with_text", [False, True])
async def test_unknown_session(lab: Lab, flag: bool | None, with_text: bool) -> None:
    server = await lab.server()
    message = wire.unexpected() if flag is None else wire.unexpected("gone") | {"session_not_found": True}
    server.on(*DATA, scripted(server, *([wire.starts, begins] if with_text else []), message, end="keep"))
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.SessionLost)
    assert error.partial == ("Hello" if with_text else "")
    assert isinstance(error, aiohttp.ClientError)
    with pytest.raises(errors.SessionLost):
        conversation.stream("Again")
    server.clear()
    assert await answered(await lab.conversation(server)) == ANSWER


async def test_unknown_session_told_to_the_event(lab: Lab) -> None:
    server = await lab.server()
    script = [wire.starts, begins, lambda event_id: wire.unexpected("404: Session not found.", event_id)]
    server.on(*DATA, scripted(server, *script, end="keep"))
    error = await failure(await lab.conversation(server), kind=errors.SessionLost)
    assert error.partial == "Hello"


@pytest.mark.parametrize("text", ["Server stopped unexpectedly.", "", None, 5])
@pytest.mark.parametrize("end", ["keep", "hang"])
async def test_server_stops(lab: Lab, text: Any, end: Any) -> None:
    server = await lab.server()
    server.on(*DATA, scripted(server, wire.starts, begins, wire.unexpected(text), end=end))
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.StreamCut)
    assert error.partial == "Hello"
    server.clear()
    assert await answered(conversation) == ANSWER


async def test_app_restarts_between_turns(lab: Lab) -> None:
    """The app of the scripts lets a forgotten session join again, as Gradio does; what it remembers is its matter."""
    server = await lab.server()
    space = await lab.space(server)
    conversation = space.conversation()
    assert await answered(conversation) == ANSWER
    dumped = conversation.dump()
    server.restart()
    other = await lab.space(server)
    with pytest.raises(errors.SessionLost):
        other.conversation(dumped)
    with pytest.raises(errors.SessionLost):
        other.conversation(dumped.get_dict())


async def test_an_app_that_restarts_under_a_conversation(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacebridge.spaces.space._FRESH", 1000.0)
    server = await lab.server()
    space = await lab.space(server)
    conversation = space.conversation()
    assert await answered(conversation) == ANSWER
    assert await answered(conversation) == ANSWER
    assert not server.seen("/app_id")  # it was heard just now
    monkeypatch.setattr("spacebridge.spaces.space._FRESH", 0.0)
    space.doubt()
    for turn in (1, 2):
        assert await answered(conversation) == ANSWER
        assert len(server.seen("/app_id")) == turn
    server.restart()
    joins = len(server.seen("/queue/join"))
    await failure(conversation, kind=errors.SessionLost)
    assert len(server.seen("/queue/join")) == joins  # nothing was said
    assert await answered(space.conversation()) == ANSWER


@pytest.mark.parametrize("reply", [respond(404, {"detail": "Not Found"}), respond(200, "<html>"), respond(500, "")])
async def test_an_app_that_does_not_say_which_it_is(lab: Lab, monkeypatch: pytest.MonkeyPatch, reply: Any) -> None:
    """Its configuration does."""
    monkeypatch.setattr("spacebridge.spaces.space._FRESH", 0.0)
    server = await lab.server()
    server.on("GET", "/app_id", reply)
    conversation = await lab.conversation(server)
    for _ in range(3):
        assert await answered(conversation) == ANSWER
    server.restart()
    await failure(conversation, kind=errors.SessionLost)


async def test_an_app_that_limits_the_rate_before_a_turn(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacebridge.spaces.space._FRESH", 0.0)
    server = await lab.server()
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on("GET", "/app_id", respond(429, "", {"retry-after": "7"}))
    error = await failure(conversation, kind=errors.RateLimited)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7
    server.clear()
    assert await answered(conversation) == ANSWER


# Several at once


async def test_conversations_do_not_mix(lab: Lab) -> None:
    server = await lab.server()
    server.pace = 0.002
    server.answer = lambda said, session: [f"{said}-{i} " for i in range(20)]
    space = await lab.space(server)
    conversations = [space.conversation() for _ in range(6)]
    assert len({c.session_hash for c in conversations}) == 6
    for turn in range(2):
        got = await asyncio.gather(*(c.ask(f"turn{turn}-{i}") for i, c in enumerate(conversations)))
        for i, answer in enumerate(got):
            assert answer.text.split() == [f"turn{turn}-{i}-{j}" for j in range(20)]


async def test_frames_of_another_session_on_our_stream(lab: Lab) -> None:
    """A server that sends everybody everything does not confuse us."""
    server = await lab.server()
    server.pace = 0.005
    server.answer = lambda said, session: [f"{said}-{i} " for i in range(10)]
    heard: list[bytes] = []

    async def everything(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        head, _, body = bytes(capture).partition(b"\r\n\r\n")
        heard.append(body.removesuffix(b"0\r\n\r\n").replace(b"close_stream", b"heartbeat_10"))
        await exchange.raw(head + b"\r\n\r\n" + b"".join(heard[:-1]) + body)

    server.on(*DATA, everything)
    space = await lab.space(server)
    first, second = space.conversation(), space.conversation()
    got = await asyncio.gather(first.ask("one"), second.ask("two"))
    assert [a.text.split()[-1] for a in got] == ["one-9", "two-9"]
    assert "two" not in got[0].text


async def test_one_turn_at_a_time(lab: Lab) -> None:
    server = await lab.server()
    server.pace = 0.01
    conversation = await lab.conversation(server)
    async with conversation.stream("Hi") as turn:
        with pytest.raises(errors.TurnInProgress):
            conversation.stream("Me too")
        with pytest.raises(errors.TurnInProgress):
            await conversation.ask("Me too")
        with pytest.raises(errors.TurnInProgress):
            await anext(conversation.text("Me too"))
        assert (await turn.answer()).text == ANSWER
    assert await answered(conversation) == ANSWER


async def test_two_readers_of_one_turn(lab: Lab) -> None:
    """Nobody waits for ever: the second is told, or both get to the end."""
    server = await lab.server()
    server.pace = 0.02
    conversation = await lab.conversation(server)
    async with conversation.stream("Hi") as turn:

        async def read() -> list[Any]:
            return [event async for event in turn]

        async with asyncio.timeout(8):
            got = await asyncio.gather(read(), read(), return_exceptions=True)
    assert any(isinstance(one, errors.TurnInProgress) for one in got) or all(isinstance(one, list) for one in got)


async def test_failed_join_does_not_take_messages_of_another_one(lab: Lab) -> None:
    """What an event says while its join is still being answered is kept, whatever becomes of other joins."""
    server = await lab.server()
    refused, told = asyncio.Event(), asyncio.Event()

    async def join(exchange: Exchange) -> None:
        number = exchange.request.json()["fn_index"]
        if number == 1:
            await refused.wait()
        elif number == 2:
            await told.wait()
            await exchange.reply(503, {"detail": "busy"})
            return
        await exchange.reply(200, {"event_id": f"event-{number}"})

    async def data(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "text/event-stream"})
        await exchange.send(wire.event(wire.starts("event-0")))
        await until(lambda: len(server.seen("/queue/join")) == 3)
        await exchange.send(wire.event(wire.generating("event-1", [1])) + wire.event(wire.completed("event-1", [2])))
        await asyncio.sleep(0.05)
        told.set()
        await refused.wait()
        await asyncio.sleep(0.1)
        await exchange.send(wire.event(wire.completed("event-0", [0])) + wire.event(wire.CLOSE))
        await exchange.end()

    server.on("POST", "/queue/join", join)
    server.on(*DATA, data)
    space = await lab.space(server)
    stream = EventStream(Line(space._connected().http, space.config, "session"), closes=True)
    heard: list[str] = []
    submissions = [Submission({"fn_index": i}, lambda message: heard.append(message.msg)) for i in range(3)]
    async with asyncio.timeout(8):
        first = asyncio.create_task(stream.submit(submissions[0]))
        await until(lambda: heard)
        second = asyncio.create_task(stream.submit(submissions[1]))
        with pytest.raises(errors.SpaceUnavailable):
            await stream.submit(submissions[2])
        refused.set()
        assert (await second).output.data == [2]  # type: ignore[union-attr]
        assert (await first).output.data == [0]  # type: ignore[union-attr]
    assert heard == ["process_starts", "process_generating"]
    await stream.aclose()


async def test_notices_come_before_the_answer(lab: Lab) -> None:
    server = await lab.server()
    server.prologue = lambda event_id: [
        wire.starts(event_id),
        wire.log(event_id, "Warming up", "info", "Info"),
        wire.log(event_id, "Careful", "warning", "Warning"),
    ]
    conversation = await lab.conversation(server)
    events = [event async for event in conversation.stream("Hi")]
    notices = [event for event in events if isinstance(event, Notice)]
    assert [(n.level, n.text) for n in notices] == [("info", "Warming up"), ("warning", "Careful")]


async def test_load_that_fails_is_tried_again(lab: Lab) -> None:
    """What a page makes when it opens (a session's id, say) is made before the next turn."""
    server = await lab.server("interface")
    server.config["dependencies"].append(wire.dependency(5, "start", [[8, "load"]], [], [6], queue=False))
    loads: list[int] = []

    async def run(exchange: Exchange) -> None:
        if exchange.request.json()["fn_index"] != 5:
            await server.healthy(exchange)
            return
        loads.append(1)
        if len(loads) == 1:
            exchange.reset()
        else:
            await exchange.reply(200, wire.output(["id"], False))

    server.on("POST", "/run/", run)
    conversation = await lab.conversation(server)
    await failure(conversation, kind=errors.ConnectionLost)
    assert await answered(conversation) == ANSWER
    assert len(loads) == 2
    assert await answered(conversation) == ANSWER
    assert len(loads) == 2


async def test_a_configuration_that_has_not_changed_is_read_once(lab: Lab) -> None:
    server = await lab.server()
    first, second = await lab.space(server), await lab.space(server)
    assert second.config is first.config
    assert second.layout is first.layout


async def test_a_configuration_that_has_changed_is_read_anew(lab: Lab) -> None:
    server = await lab.server()
    first = await lab.space(server)
    server.config["app_id"] += 1
    second = await lab.space(server)
    assert second.config.app_id != first.config.app_id
    assert second.layout == first.layout
