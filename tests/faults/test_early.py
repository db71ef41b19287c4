"""The protocols before the last: cut at any byte, silent, broken, refused, left; on a scripted app."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

import pytest

from spacebridge import Limits, Queued, Started, TextDelta, Timeouts, errors
from spacebridge.chat.conversation import Conversation
from spacebridge.gradio.frames import FrameSplitter, data_of
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.early_server import HANG, EarlyServer, cut, ping
from tests.doubles.http import Exchange, until
from tests.doubles.proxy import HttpProxy, Proxy, Socks5Proxy
from tests.doubles.websocket import BINARY, CLOSE, CONTINUATION, TEXT, Socket, frame, whole_frames
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure, work_left
from tests.faults.test_stream import given

PROTOCOLS = ["ws", "sse", "sse_v1", "sse_v2"]
QUICK = Timeouts(connect=4, queue=0.6, first_text=0.6, idle=0.6, total=8, cancel=1)
STREAM = {"ws": ("GET", "/queue/join"), "sse": ("GET", "/queue/join"), "sse_v1": ("GET", "/queue/data")}
STREAM["sse_v2"] = STREAM["sse_v1"]
on_each = pytest.mark.parametrize("protocol", PROTOCOLS)
Events = Callable[[str, Sequence[Any], list[str]], list[Any]]


async def early(lab: Lab, protocol: str, **options: Any) -> EarlyServer:
    return await lab.add(EarlyServer(protocol, **options))


def chatbot(text: str) -> list[Any]:
    return [[[wire.bubble("Hi"), [wire.bubble(text), None, None]]], None, 0]


def begins(event_id: str) -> wire.Json:
    return wire.generating(event_id, chatbot("Hello"))


def done(event_id: str, text: str = ANSWER) -> wire.Json:
    return wire.completed(event_id, chatbot(text))


def frames_in(protocol: str, body: bytes) -> list[bytes]:
    """The messages that are whole in what was sent."""
    if protocol == "ws":
        return whole_frames(body)
    return [data_of(frame) for frame in FrameSplitter().feed(given(body, len(body)))]


def text_in(frames: Sequence[bytes]) -> str:
    """The text to which these messages bring the answer."""
    text = ""
    for message in map(json.loads, frames):
        if message["msg"] == "process_generating":
            shown = message["output"]["data"][0]
            text = text + shown[0][2] if shown[0][0] == "append" else shown[-1][1][0]["text"]
    return text


# Cuts


@pytest.mark.timeout(120)
@on_each
@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_cut_at_any_byte(lab: Lab, protocol: str, end: Literal["fin", "rst"]) -> None:
    """Before the answer is complete a cut is an error with the text until then; after it the answer stands."""
    server = await early(lab, protocol)
    space = await lab.space(server, timeouts=SHORT)
    bodies: list[bytes] = []
    server.on(*STREAM[protocol], cut(1 << 30, "fin", bodies), nth=1)
    assert await answered(space.conversation()) == ANSWER
    whole = bodies[0]
    places = {0, 1, 2, len(whole) - 1, *random.Random(7).sample(range(len(whole)), 30)}
    partials = set()
    for place in sorted(places):
        server.clear()
        server.on(*STREAM[protocol], cut(place, end, bodies), nth=1)
        frames = frames_in(protocol, whole[:place])
        conversation = space.conversation()
        if any(b"process_completed" in each for each in frames):
            assert await answered(conversation) == ANSWER
        else:
            error = await failure(conversation, kind=errors.StreamCut)
            assert ANSWER.startswith(error.partial)
            if end == "fin":  # what came before a reset may be lost with it
                assert error.partial == text_in(frames_in(protocol, bodies[-1]))
            partials.add(error.partial)
    assert len(partials) > 1
    server.clear()
    assert await answered(space.conversation()) == ANSWER
    await until(lambda: not server.sockets, what="the websockets to end")


@on_each
async def test_ended_in_order_in_mid_answer(lab: Lab, protocol: str) -> None:
    """The server ends the connection properly, and has not said what became of the event."""
    server = await early(lab, protocol)
    server.events = lambda event_id, data, pieces: [begins(event_id)]
    conversation = await lab.conversation(server)
    error = await failure(conversation, kind=errors.StreamCut)
    assert error.partial == "Hello"
    server.events = None
    assert await answered(conversation) == ANSWER


# Silence, and what is broken


@on_each
async def test_silence(lab: Lab, protocol: str) -> None:
    server = await early(lab, protocol)
    conversation = await lab.conversation(server)
    server.events = lambda event_id, data, pieces: [begins(event_id), HANG]
    conversation._page.session._http.timeouts = QUICK
    error = await failure(conversation, kind=errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert (error.limit, error.seconds, error.still_running, error.partial) == ("idle", 0.6, True, "Hello")
    conversation._page.session._http.timeouts = SHORT
    server.events = None
    assert await answered(conversation) == ANSWER
    await until(lambda: not server.sockets, what="the websockets to end")


@on_each
async def test_what_holds_off_the_idle_limit(lab: Lab, protocol: str) -> None:
    """Heartbeats of the app, and of the websocket."""
    beat: Any = ping(b"x") if protocol == "ws" else wire.HEARTBEAT
    server = await early(lab, protocol)
    beats = [beat, 0.2] * 5
    server.events = lambda event_id, data, pieces: [*beats, begins(event_id), *beats, done(event_id)]
    conversation = await lab.conversation(server, timeouts=Timeouts(idle=0.5, cancel=1))
    assert await answered(conversation) == ANSWER


@on_each
async def test_frames_that_are_no_messages(lab: Lab, protocol: str) -> None:
    """They are told, and passed over."""
    broken: list[bytes] = []
    wrong = [b'{"msg": "process_gen', b"[]", b"\xef\xbf\xbd", b'"text"', b'{"no": "msg"}']
    server = await early(lab, protocol)

    def events(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[Any]:
        sent = [frame(each) if protocol == "ws" else b"data: " + each + b"\n\n" for each in wrong]
        return [begins(event_id), *sent, {"msg": "of another time", "event_id": event_id}, done(event_id)]

    server.events = events
    conversation = await lab.conversation(server, on_broken_line=broken.append)
    assert await answered(conversation) == ANSWER
    assert broken == wrong


@on_each
async def test_frame_over_the_limit(lab: Lab, protocol: str) -> None:
    server = await early(lab, protocol)
    conversation = await lab.conversation(server, limits=Limits(frame=20_000))
    server.answer = ["Hello", "x" * 30_000]
    error = await failure(conversation, kind=errors.FrameTooLarge)
    assert error.partial == "Hello"
    assert "Limits.frame" in str(error)
    server.answer = ["Hello", " there", "."]
    assert await answered(conversation) == ANSWER


async def test_a_frame_just_within_the_limit(lab: Lab) -> None:
    server = await early(lab, "ws")
    long = wire.completed("", chatbot("x" * 5000))
    del long["event_id"]
    size = len(json.dumps(long))
    server.events = lambda event_id, data, pieces: [long]
    for limit, good in ((size, True), (size - 1, False)):
        conversation = await lab.conversation(server, limits=Limits(frame=limit))
        if good:
            assert await answered(conversation) == "x" * 5000
        else:
            await failure(conversation, kind=errors.FrameTooLarge)


@on_each
async def test_an_answer_over_the_limit(lab: Lab, protocol: str) -> None:
    server = await early(lab, protocol)
    server.answer, server.pace = ["0123456789"] * 100, 0.001
    conversation = await lab.conversation(server, limits=Limits(answer=95))
    error = await failure(conversation, kind=errors.AnswerTooLarge)
    assert error.partial == "0123456789" * 9
    await until(lambda: not server.sockets and not server.streaming, what="the connection to end")
    server.answer = ["Hello"]
    assert await answered(conversation) == "Hello"


# Refused


STATUSES = [
    (401, errors.LoginRequired),
    (403, errors.AccessDenied),
    (404, errors.SpaceNotFound),
    (429, errors.RateLimited),
    (500, errors.ServerRefused),
    (503, errors.SpaceUnavailable),
]
REQUESTS = [
    ("ws", "GET", "/queue/join"),
    ("sse", "GET", "/queue/join"),
    ("sse", "POST", "/queue/data"),
    ("sse_v1", "POST", "/queue/join"),
    ("sse_v1", "GET", "/queue/data"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
@pytest.mark.parametrize("status, kind", STATUSES)
async def test_refusals(
    lab: Lab, request_: tuple[str, str, str], status: int, kind: type[errors.ServerRefused]
) -> None:
    protocol, method, path = request_
    server = await early(lab, protocol)
    conversation = await lab.conversation(server)
    server.on(method, path, fault.respond(status, {"detail": "Because <b>so</b>."}, {"retry-after": "7"}), nth=1)
    error = await failure(conversation, kind=kind)
    assert isinstance(error, errors.ServerRefused)
    assert (error.status, error.retry_after) == (status, 7)
    assert "Because so" in str(error)
    assert path in str(error)
    server.clear()
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
@pytest.mark.parametrize(
    "action, kind",
    [
        (fault.html(502), errors.SpaceUnavailable),
        (fault.dropped("rst"), errors.ConnectionLost),
        (fault.dropped("fin"), errors.ConnectionLost),
        (fault.redirect("http://other.invalid/queue"), errors.RedirectRefused),
        (fault.raw(b"\x16\x03\x01 no HTTP at all\r\n\r\n"), errors.ConnectionLost),
    ],
    ids=["html", "rst", "fin", "redirect", "nonsense"],
)
async def test_other_refusals(
    lab: Lab, request_: tuple[str, str, str], action: fault.Action, kind: type[errors.SpacebridgeError]
) -> None:
    protocol, method, path = request_
    server = await early(lab, protocol)
    conversation = await lab.conversation(server)
    server.on(method, path, action)
    error = await failure(conversation)
    assert isinstance(error, kind), repr(error)
    server.clear()
    assert await answered(conversation) == ANSWER


@on_each
async def test_a_request_that_hangs(lab: Lab, protocol: str) -> None:
    server = await early(lab, protocol)
    conversation = await lab.conversation(server, timeouts=Timeouts(connect=0.5, idle=0.5, cancel=0.5))
    server.on(*STREAM[protocol], fault.hang())
    error = await failure(conversation, kind=errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert error.limit == ("connect" if protocol == "ws" else "idle")


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_a_full_queue(lab: Lab, protocol: str) -> None:
    server = await early(lab, protocol)
    server.full = True
    conversation = await lab.conversation(server)
    await failure(conversation, kind=errors.QueueFull)
    server.full = False
    assert await answered(conversation) == ANSWER


@on_each
async def test_a_login(lab: Lab, protocol: str) -> None:
    """The cookie goes along with everything; where it has been lost, that is said."""
    server = await early(lab, protocol)
    server.login = ("ada", "secret")
    conversation = await lab.conversation(server, auth=("ada", "secret"))
    assert await answered(conversation) == ANSWER
    server.login = ("ada", "changed")
    conversation._page.session._http._open_upgrades().cookie_jar.clear()
    error = await failure(conversation)
    assert isinstance(error, errors.LoginRequired | errors.AccessDenied)
    assert "auth=" in str(error)


# The websocket itself


async def on_socket(lab: Lab, script: Callable[[Socket], Any], **options: Any) -> Conversation:
    """A conversation on an app whose websockets follow a script."""
    server = await early(lab, "ws")

    async def action(exchange: Exchange) -> None:
        socket = Socket(exchange)
        try:
            await script(socket)
        finally:
            socket.end()

    server.on("GET", "/queue/join", action)
    return await lab.conversation(server, **options)


async def asked(socket: Socket) -> None:
    """As far as the inputs."""
    await socket.accept()
    await socket.send({"msg": "send_hash"})
    await socket.receive()
    await socket.send({"msg": "send_data"})
    await socket.receive()


def text_frame(message: wire.Json) -> bytes:
    return json.dumps(message).encode()


async def test_fragments_and_bytes(lab: Lab) -> None:
    """A message in several frames, with a ping between them; and one that says it is no text."""

    async def script(socket: Socket) -> None:
        await asked(socket)
        whole = text_frame(begins(""))
        await socket.send(frame(whole[:10], TEXT, final=False))
        await socket.send(ping())
        await socket.send(frame(whole[10:40], CONTINUATION, final=False))
        await socket.send(frame(whole[40:], CONTINUATION))
        await socket.send(frame(text_frame(done("")), BINARY))
        await socket.close()

    for _ in range(2):
        assert await answered(await on_socket(lab, script)) == ANSWER


@pytest.mark.parametrize(
    "wrong",
    [
        frame(b"\xff\xfe"),
        frame(b"x", 3),
        frame(b"x", reserved=4),
        frame(b"x", CONTINUATION),
        frame(b"x" * 200, 9),
        frame(b"\x03", CLOSE),
    ],
    ids=["utf-8", "opcode", "reserved", "continuation", "long ping", "close"],
)
async def test_frames_against_the_rules(lab: Lab, wrong: bytes) -> None:
    async def script(socket: Socket) -> None:
        await asked(socket)
        await socket.send(begins(""))
        await socket.send(wrong)
        await socket.left.wait()

    error = await failure(await on_socket(lab, script), kind=errors.StreamCut)
    assert error.partial == "Hello"


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011, 1012, 4000])
async def test_closed_with_a_code(lab: Lab, code: int) -> None:
    async def script(socket: Socket) -> None:
        await asked(socket)
        await socket.send(begins(""))
        await socket.close(code)

    error = await failure(await on_socket(lab, script))
    assert type(error) is (errors.LoginRequired if code == 1008 else errors.StreamCut)
    assert error.partial == "Hello"
    assert code == 1000 or str(code) in str(error)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_closed_before_anything_was_said(lab: Lab, after: int) -> None:
    async def script(socket: Socket) -> None:
        await socket.accept()
        if after > 0:
            await socket.send({"msg": "send_hash"})
        if after > 1:
            await socket.receive()
        if after > 2:
            await socket.send({"msg": "send_data"})
            await socket.receive()
        await socket.close(1011)

    await failure(await on_socket(lab, script), kind=errors.StreamCut)


async def test_a_wrong_answer_to_the_key(lab: Lab) -> None:
    async def script(socket: Socket) -> None:
        await socket.accept("bm8gc3VjaCBrZXk=")

    error = await failure(await on_socket(lab, script), kind=errors.ProtocolError)
    assert "websocket" in str(error)


async def test_a_page_in_the_place_of_a_websocket(lab: Lab) -> None:
    server = await early(lab, "ws")
    conversation = await lab.conversation(server)
    server.on("GET", "/queue/join", fault.html(200, "Welcome"))
    error = await failure(conversation, kind=errors.ServerRefused)
    assert "Welcome" in str(error)
    assert "websockets" in error.hint


async def test_a_release_from_before_websockets(lab: Lab) -> None:
    server = await early(lab, "ws")
    server.config["version"] = "3.0.20"
    conversation = await lab.conversation(server)
    server.on("GET", "/queue/join", fault.respond(404, {"detail": "Not Found"}))
    error = await failure(conversation, kind=errors.SpaceNotFound)
    assert "before 3.1" in error.hint


@pytest.mark.parametrize("version, path", [("3.11.0", "/api/predict"), ("3.12.0", "/run/predict")])
async def test_where_what_is_not_queued_runs(lab: Lab, version: str, path: str) -> None:
    server = await early(lab, "ws")
    server.config["version"] = version
    assert await answered(await lab.conversation(server)) == ANSWER
    assert [request.path for request in server.requests if request.method == "POST"] == [path]


async def test_a_websocket_that_has_moved(lab: Lab) -> None:
    """Within the host a redirect is followed; never to another, and never for ever."""
    server = await early(lab, "ws")
    conversation = await lab.conversation(server, headers={"X-Secret": "for this host only"})
    server.on("GET", "/queue/join", fault.redirect("/elsewhere/queue/join"))
    server.on("GET", "/elsewhere", lambda exchange: server._by_websocket(Socket(exchange)))
    assert await answered(conversation) == ANSWER
    other = await early(lab, "ws")
    server.on("GET", "/elsewhere", fault.redirect(f"{other.url}/queue/join"))
    await failure(conversation, kind=errors.RedirectRefused)
    assert other.requests == []
    server.on("GET", "/elsewhere", fault.redirect("/elsewhere/queue/join"))
    error = await failure(conversation, kind=errors.ServerRefused)
    assert "circle" in str(error)


@pytest.mark.parametrize("kind", [HttpProxy, Socks5Proxy])
@pytest.mark.parametrize("login", [(), ("ada", "secret")], ids=["open", "login"])
async def test_a_websocket_through_a_proxy(lab: Lab, kind: type[Proxy], login: tuple[str, ...]) -> None:
    server = await early(lab, "ws")
    proxy = await lab.add(kind(*login))
    conversation = await lab.conversation(server, proxy=proxy.url)
    assert await answered(conversation) == ANSWER
    assert {tunnel.port for tunnel in proxy.tunnels} == {server.port}
    assert {"CONNECT", "SOCKS5"}.intersection(tunnel.how for tunnel in proxy.tunnels)
    assert server.seen("/queue/join")


async def test_a_proxy_that_refuses_the_websocket(lab: Lab) -> None:
    server = await early(lab, "ws")
    proxy = await lab.add(HttpProxy("ada", "secret"))
    conversation = await lab.conversation(server, proxy=proxy.url)
    proxy.refuse_with = 503
    error = await failure(conversation)
    assert isinstance(error, errors.SpacebridgeError)
    assert "secret" not in str(error)


async def test_the_frames_of_a_websocket_are_recorded(lab: Lab, tmp_path: Any) -> None:
    server = await early(lab, "ws")
    server.answer = ["Hello", " hf_0123456789abcdef", "."]
    file = tmp_path / "turn.jsonl"
    space = await lab.space(server, trace=file, token="hf_0123456789abcdef")
    await space.conversation().ask("Hi")
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    data = [(entry["dir"], entry["data"]) for entry in entries if "data" in entry]
    assert [each.get("msg") for way, each in data if way == "<"][:5] == [
        "send_hash", "estimation", "send_data", "process_starts", "process_generating",
    ]  # fmt: skip
    assert [sorted(each) for way, each in data if way == ">"][:2] == [
        ["fn_index", "session_hash"],
        ["data", "event_data", "fn_index", "session_hash"],
    ]
    assert [entry["status"] for entry in entries if entry["dir"] == "<" and "status" in entry].count(101) == 2
    assert "hf_0123456789abcdef" not in file.read_text()
    assert "Hello ***" in file.read_text()


# Leaving


async def opening(events: AsyncIterator[Any], server: EarlyServer) -> None:
    """While the connection is being made."""
    hang = fault.hang()
    server.on(*STREAM[server.protocol], hang)
    asking = asyncio.ensure_future(anext(events))
    await until(lambda: server.seen(STREAM[server.protocol][1], STREAM[server.protocol][0]))
    asking.cancel()
    await asyncio.wait({asking})


async def in_queue(events: AsyncIterator[Any], server: EarlyServer) -> None:
    server.prologue = lambda event_id: [wire.estimation(event_id, 4, 5, 9.0), HANG]
    async for event in events:
        if isinstance(event, Queued):
            return


async def started(events: AsyncIterator[Any], server: EarlyServer) -> None:
    server.events = lambda event_id, data, pieces: [HANG]
    async for event in events:
        if isinstance(event, Started):
            return


async def in_text(events: AsyncIterator[Any], server: EarlyServer) -> None:
    server.pace = 0.05
    server.answer = [f"{number} " for number in range(400)]
    async for event in events:
        if isinstance(event, TextDelta) and "3" in event.text:
            return


@on_each
@pytest.mark.parametrize("moment", [opening, in_queue, started, in_text])
async def test_leave(lab: Lab, protocol: str, moment: Any) -> None:
    server = await early(lab, protocol)
    conversation = await lab.conversation(server, timeouts=Timeouts(connect=4, idle=4, total=16, cancel=1))
    prologue = server.prologue
    async with asyncio.timeout(5), conversation.stream("Hi") as turn:
        await moment(aiter(turn), server)
    assert work_left() == []
    assert conversation.state == "partial"
    await until(lambda: not server.streaming and not server.sockets, what="the connection to end")
    if moment is in_text:
        reset = server.resets[0]
        if protocol == "ws":
            assert reset == {"session_hash": conversation.session_hash, "fn_index": 2}
            assert server.left[0] == 1000
        else:
            assert reset == {"event_id": server.begun[0]}
    server.clear()
    server.prologue, server.events, server.pace = prologue, None, 0.0
    server.answer = ["Hello", " there", "."]
    assert await answered(conversation) == ANSWER


@on_each
async def test_an_event_is_stopped_alone(lab: Lab, protocol: str) -> None:
    """Another event of the same session goes on."""
    server = await early(lab, protocol)
    server.pace = 0.05
    space = await lab.space(server)
    session = space.conversation()._page.session
    run = space.config.dependencies[2]
    seen: dict[str, list[str]] = {"left": [], "kept": []}

    class Listener:
        def __init__(self, name: str) -> None:
            self.name = name

        def on_status(self, message: Any) -> None: ...
        def on_step(self, output: Any) -> None: ...
        def on_output(self, position: int, value: Any, operations: Any) -> None:
            seen[self.name].append(str(value.get()))

    def call(name: str) -> Any:
        data = [[[wire.bubble("Hi"), None]], None, 0]
        return asyncio.create_task(session.call(run, data, Listener(name)))

    left = call("left")
    await until(lambda: seen["left"])
    submission = session._running[2][0]
    kept = call("kept")
    await until(lambda: len(session._running[2]) == 2)
    if protocol in ("ws", "sse"):
        await until(lambda: seen["kept"])
    await session._transport.cancel(submission)
    assert (await left).cancelled
    assert not (await kept).cancelled
    assert "there." in seen["kept"][-1]
    await session.aclose()
