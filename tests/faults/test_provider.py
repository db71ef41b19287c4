"""The class-shaped interface meets the same faults, and raises what its users were promised."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from spacebridge import JsonConversation, Limits, Qwen_Qwen_2_5M, Timeouts, errors
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import Action, FaultServer, html, respond
from tests.doubles.http import until
from tests.doubles.proxy import HttpProxy, Socks5Proxy
from tests.faults.lab import ANSWER, SHORT, Lab, work_left
from tests.faults.test_stream import begins, done, grows, scripted
from tests.real.process import free_port

HI = [{"role": "user", "content": "Hi"}]
MODEL = "qwen-2.5-1m-demo"


def ask(server: FaultServer | str, messages: Any = HI, **options: Any) -> AsyncIterator[Any]:
    url = server if isinstance(server, str) else server.url
    return Qwen_Qwen_2_5M.create_async_generator(MODEL, messages, url=url, **{"timeouts": SHORT, **options})


async def failed(server: FaultServer | str, *args: Any, **options: Any) -> tuple[errors.SpacebridgeError, list[Any]]:
    """The error of a call, and what came before it."""
    got: list[Any] = []

    async def read() -> None:
        async for piece in ask(server, *args, **options):
            got.append(piece)

    with pytest.raises(errors.SpacebridgeError) as caught:
        async with asyncio.timeout(12):
            await read()
    assert work_left() == []
    assert caught.value.partial == "".join(piece for piece in got if isinstance(piece, str))
    return caught.value, got


async def told(server: FaultServer, **options: Any) -> str:
    async with asyncio.timeout(12):
        return "".join([piece async for piece in ask(server, **options) if isinstance(piece, str)])


def promised(error: errors.SpacebridgeError, *, not_json: bool = False) -> None:
    assert isinstance(error, json.JSONDecodeError if not_json else aiohttp.ClientError), repr(error)


REFUSALS = {
    "401": errors.LoginRequired,
    "403": errors.AccessDenied,
    "404": errors.SpaceNotFound,
    "429": errors.RateLimited,
    "500": errors.ServerRefused,
    "503": errors.SpaceUnavailable,
}
PATHS = {"config": "/config", "run": "/run/", "join": "/queue/join", "data": "/queue/data"}


async def test_refused(lab: Lab) -> None:
    error, _ = await failed(f"http://127.0.0.1:{free_port()}")
    assert type(error) is errors.CannotConnect
    promised(error)


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("status", REFUSALS)
async def test_status(lab: Lab, status: str, path: str, turn: int) -> None:
    server = await lab.server()
    options: dict[str, Any] = {}
    if turn == 2:
        first = [piece async for piece in ask(server, return_conversation=True)]
        assert "".join(first[1:]) == ANSWER
        options["conversation"] = first[0]
    body: Any = "<html>error</html>" if status in ("500", "503") else {"detail": "no"}
    server.on("*", "/" if path == "config" else PATHS[path], respond(int(status), body))
    error, _ = await failed(server, **options)
    assert type(error) is REFUSALS[status]
    promised(error)
    server.clear()
    assert await told(server, **options) == ANSWER


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("other", ["html", "text", "empty"])
async def test_not_json(lab: Lab, path: str, other: str) -> None:
    actions: dict[str, Action] = {"html": html(200), "text": respond(200, b"ok"), "empty": respond(200, b"")}
    server = await lab.server()
    server.on("*", PATHS[path], actions[other])
    error, _ = await failed(server)
    assert isinstance(error, errors.NotJSON)
    promised(error, not_json=True)


@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_cut(lab: Lab, end: Any) -> None:
    server = await lab.server()
    server.on("GET", "/queue/data", scripted(server, wire.starts, begins, 0.05, grows, 0.05, end=end))
    error, got = await failed(server, return_conversation=True)
    assert type(error) is errors.StreamCut
    promised(error)
    assert got[1:] == ["Hello", " there"]
    assert isinstance(got[0], JsonConversation)


@pytest.mark.parametrize("where", ["/config", "/run/", "/queue/join", "/queue/data"])
async def test_silence_with_a_timeout(lab: Lab, where: str) -> None:
    """``timeout`` is for the whole call, whatever hangs in it."""
    server = await lab.server()
    server.on("*", where, fault.hang())
    begin = time.monotonic()
    error, _ = await failed(server, timeout=1, timeouts=Timeouts(cancel=0.5))
    assert type(error) is errors.TimedOut
    assert isinstance(error, TimeoutError)
    promised(error)
    assert time.monotonic() - begin < 4


async def test_silence_in_mid_answer(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/queue/data", scripted(server, wire.starts, begins, grows))
    error, got = await failed(server, stream_timeout=0.6)
    assert type(error) is errors.TimedOut
    assert got == ["Hello", " there"]
    error, got = await failed(server, timeout=1)
    assert type(error) is errors.TimedOut
    assert got == ["Hello", " there"]
    assert len(server.cancels) == 2


@pytest.mark.parametrize("text", [None, "None", "out of memory"])
async def test_model_error(lab: Lab, text: str | None) -> None:
    server = await lab.server()
    server.events = lambda event_id, data, pieces: [begins(event_id), wire.failed(event_id, text)]
    error, got = await failed(server)
    assert type(error) is errors.AppFailed
    assert got == ["Hello"]
    with pytest.raises(errors.AppFailed):
        await Qwen_Qwen_2_5M.create_async(MODEL, HI, url=server.url)


async def test_full_queue(lab: Lab) -> None:
    server = await lab.server()
    server.on("POST", "/queue/join", respond(503, {"detail": "Queue is full. Max size is 10 and size is 10."}))
    error, _ = await failed(server)
    assert type(error) is errors.QueueFull
    promised(error)


@pytest.mark.parametrize("answer", [[], [""], [" ", "\n"], ["Qwen is thinking..."]])
async def test_empty_answer(lab: Lab, answer: list[str]) -> None:
    server = await lab.server()
    server.answer = answer
    error, _ = await failed(server)
    assert type(error) is errors.EmptyAnswer


async def test_answer_that_is_rewritten(lab: Lab) -> None:
    server = await lab.server()
    server.events = lambda event_id, data, pieces: [begins(event_id), grows(event_id), done(event_id, "No.")]
    error, got = await failed(server)
    assert isinstance(error, errors.AnswerRewritten)
    assert error.text == "No."
    assert got == ["Hello", " there"]
    assert await told(server, settle="end") == "No."


@pytest.mark.parametrize("kind", [HttpProxy, Socks5Proxy])
async def test_proxy(lab: Lab, kind: Any) -> None:
    server = await lab.server()
    proxy = await lab.add(kind())
    proxy.routes["space.invalid", 80] = (server.host, server.port)
    text = "".join([piece async for piece in ask("http://space.invalid", proxy=proxy.url)])
    assert text == ANSWER
    assert {t.host for t in proxy.tunnels} == {"space.invalid"}
    address = proxy.url
    await proxy.aclose()
    error, _ = await failed("http://space.invalid", proxy=address)
    assert type(error) is errors.CannotConnect
    promised(error)


@pytest.mark.parametrize("kind", [HttpProxy, Socks5Proxy])
async def test_files_are_fetched_by_the_proxy_too(lab: Lab, kind: Any) -> None:
    server = await lab.server()
    server.on("GET", "/picture.png", respond(200, b"png-bytes", {"content-type": "image/png"}))
    proxy = await lab.add(kind("me", "pw"))
    proxy.routes["pictures.invalid", 80] = (server.host, server.port)
    content = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "http://pictures.invalid/picture.png"}},
    ]
    pieces = [piece async for piece in ask(server, [{"role": "user", "content": content}], proxy=proxy.url)]
    assert "".join(pieces) == ANSWER
    assert "pictures.invalid" in {t.host for t in proxy.tunnels}
    assert b"png-bytes" in server.uploads[0]


@pytest.mark.parametrize("action", ["404", "reset", "hang", "html"])
async def test_file_that_can_not_be_fetched(lab: Lab, action: str) -> None:
    server = await lab.server()
    actions = {"404": respond(404, b""), "reset": fault.dropped("rst"), "hang": fault.hang(), "html": respond(500, "x")}
    server.on("GET", "/picture.png", actions[action])
    content = [{"type": "image_url", "image_url": {"url": f"{server.url}/picture.png?token=hf_secret-token"}}]
    error, _ = await failed(server, [{"role": "user", "content": content}], timeouts=Timeouts(first_text=1, connect=1))
    assert type(error) is errors.FileRefused
    assert server.seen("/queue/join") == []


@pytest.mark.parametrize("conversation", [JsonConversation(), JsonConversation(session_hash=""), JsonConversation(a=1)])
async def test_conversation_without_a_session(lab: Lab, conversation: JsonConversation) -> None:
    server = await lab.server()
    error, _ = await failed(server, conversation=conversation)
    assert type(error) is errors.InvalidConversation
    assert "session_hash" in str(error)


@pytest.mark.parametrize(
    "fields", [{"version": 99}, {"values": {"x": 1}}, {"cookies": "odd"}, {"values": []}, {"cookies": {"a": 5}}]
)
async def test_conversation_that_makes_no_sense(lab: Lab, fields: dict[str, Any]) -> None:
    """An error of the tree, or it works all the same."""
    server = await lab.server()
    conversation = JsonConversation(session_hash="abcdef", **fields)
    try:
        assert await told(server, conversation=conversation) == ANSWER
    except errors.SpacebridgeError as error:
        assert type(error) is errors.InvalidConversation
    assert work_left() == []


async def test_app_restarted_since(lab: Lab) -> None:
    server = await lab.server()
    first = [piece async for piece in ask(server, return_conversation=True)]
    server.restart()
    error, _ = await failed(server, conversation=first[0])
    assert type(error) is errors.SessionLost
    promised(error)


async def test_unknown_model(lab: Lab) -> None:
    server = await lab.server()
    with pytest.raises(errors.UnknownModel) as caught:
        _ = [piece async for piece in Qwen_Qwen_2_5M.create_async_generator("gpt-99", HI, url=server.url)]
    assert isinstance(caught.value, ValueError)
    assert MODEL in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "messages",
    [[], [{}], [{"role": "user"}], [{"role": "user", "content": ""}], [{"role": "user", "content": " \n"}],
     [{"role": "user", "content": None}], [{"role": "user", "content": []}], [{"role": "assistant", "content": ""}],
     [{"role": "user", "content": 5}], [{"role": "user", "content": [{"type": "odd"}]}], [5], ["Hi"], "", " ", None, {}],
)  # fmt: skip
@pytest.mark.parametrize("going_on", [False, True])
async def test_messages_that_say_nothing(lab: Lab, messages: Any, going_on: bool) -> None:
    server = await lab.server()
    options = {"conversation": JsonConversation(session_hash="abcdef")} if going_on else {}
    error, _ = await failed(server, messages, **options)
    assert type(error) is errors.InvalidMessages
    assert server.requests == []


async def test_a_text_for_a_message(lab: Lab) -> None:
    server = await lab.server()
    server.answer = lambda said, session: [said, "!"]
    assert [piece async for piece in ask(server, "Hi")] == ["Hi", "!"]


async def test_limits(lab: Lab) -> None:
    server = await lab.server()
    server.answer = ["Hello", "x" * 1000]
    error, got = await failed(server, limits=Limits(answer=100))
    assert type(error) is errors.AnswerTooLarge
    assert got == ["Hello"]


# Leaving


@pytest.mark.parametrize("how", ["aclose", "forget", "cancel", "timeout"])
async def test_left_early(lab: Lab, how: str) -> None:
    server = await lab.server()
    server.answer, server.pace = ["x "] * 1000, 0.02
    pieces: Any = ask(server)
    assert await anext(pieces) == "x "
    if how == "aclose":
        await pieces.aclose()
    elif how == "forget":
        del pieces
        gc.collect()
    else:
        task = asyncio.ensure_future(_all(pieces))
        await asyncio.sleep(0.1)
        if how == "cancel":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(task, 0.05)
    await until(lambda: server.cancels and server.open_connections == 0 and not work_left())
    assert len(server.cancels) == 1


async def _all(pieces: AsyncIterator[Any]) -> list[Any]:
    return [piece async for piece in pieces]


def test_completion_left_early() -> None:
    with FaultServer() as server:
        server.answer, server.pace = ["x "] * 1000, 0.02
        for piece in Qwen_Qwen_2_5M.create_completion(MODEL, HI, url=server.url, timeouts=SHORT):
            assert piece == "x "
            break
        gc.collect()
        assert len(server.cancels) == 1
        end = time.monotonic() + 5
        while server.open_connections:
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.mark.parametrize("stream", [True, False])
def test_completion_fails(stream: bool) -> None:
    with FaultServer() as server:
        server.on("GET", "/queue/data", fault.html(502))
        with pytest.raises(errors.SpaceUnavailable):
            list(Qwen_Qwen_2_5M.create_completion(MODEL, HI, stream, url=server.url, timeouts=SHORT))


async def test_completion_inside_a_running_loop(lab: Lab) -> None:
    """As in a notebook."""
    with FaultServer() as server:
        assert "".join(map(str, Qwen_Qwen_2_5M.create_completion(MODEL, HI, url=server.url))) == ANSWER
        with pytest.raises(errors.AddressError):
            list(Qwen_Qwen_2_5M.create_completion(MODEL, HI, url="no address"))
