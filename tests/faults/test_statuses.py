"""Each refusal, on each request, in the first turn and in the second."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from spacebridge import Space, errors
from tests.doubles.fault_server import Action, html, respond
from tests.doubles.http import until
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure, work_left

REFUSALS: dict[str, tuple[Action, type[errors.ServerRefused]]] = {
    "401": (respond(401, {"detail": "Not authenticated"}), errors.LoginRequired),
    "403": (respond(403, {"detail": "Not allowed"}), errors.AccessDenied),
    "404": (respond(404, {"detail": "Not Found"}), errors.SpaceNotFound),
    "429": (respond(429, {"detail": "Slow down"}, {"retry-after": "7"}), errors.RateLimited),
    "500": (respond(500, {"detail": "Internal Server Error"}), errors.ServerRefused),
    "500-text": (respond(500, b"Internal Server Error", {"content-type": "text/plain"}), errors.ServerRefused),
    "500-html": (html(500, "Internal Server Error"), errors.ServerRefused),
    "500-empty": (respond(500, b""), errors.ServerRefused),
    "502-html": (html(502), errors.SpaceUnavailable),
    "503": (respond(503, {"detail": "Try later"}), errors.SpaceUnavailable),
    "503-html": (html(503, "Service Unavailable"), errors.SpaceUnavailable),
    "504-empty": (respond(504, b""), errors.SpaceUnavailable),
    "418": (respond(418, {"detail": "I'm a teapot"}), errors.ServerRefused),
}
CHAT = {
    "run": ("POST", "/run/"),
    "join": ("POST", "/queue/join"),
    "data": ("GET", "/queue/data"),
    "upload": ("POST", "/upload"),
}


def check(error: errors.SpacebridgeError, refusal: str) -> None:
    """What every refusal tells."""
    assert isinstance(error, errors.ServerRefused)
    assert type(error) is REFUSALS[refusal][1]
    assert isinstance(error, aiohttp.ClientError)
    assert error.status == int(refusal[:3])
    assert refusal[:3] in str(error)
    assert "<" not in str(error)
    assert error.retry_after == (7.0 if refusal == "429" else None)


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_refused(lab: Lab, refusal: str, request_: str, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    options: dict[str, Any] = {"files": [("a.txt", b"abc")]} if request_ == "upload" else {}
    for _ in range(turn - 1):
        assert await answered(conversation, **options) == ANSWER
    server.on(*CHAT[request_], REFUSALS[refusal][0])
    error = await failure(conversation, **options)
    check(error, refusal)
    assert f"{server.host}:{server.port}{CHAT[request_][1].rstrip('/')}" in str(error)
    assert bool(server.cancels) is (request_ == "data")  # nobody listens any more to what has joined
    server.clear()
    assert await answered(conversation, **options) == ANSWER


@pytest.mark.parametrize("request_", ["run", "join", "data"])
@pytest.mark.parametrize("refusal", ["401", "429", "500", "503-html"])
async def test_refused_by_a_chat_interface(lab: Lab, refusal: str, request_: str) -> None:
    server = await lab.server("interface")
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.on(*CHAT[request_], REFUSALS[refusal][0])
    check(await failure(conversation), refusal)
    server.clear()
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_config_refused(lab: Lab, refusal: str) -> None:
    server = await lab.server()
    action = REFUSALS[refusal][0]
    server.on("GET", "/", action)  # a 404 of /config is followed by a look at the page
    with pytest.raises(errors.SpacebridgeError) as caught:
        await lab.space(server)
    check(caught.value, refusal)
    assert work_left() == []
    server.clear()
    assert await answered(await lab.conversation(server)) == ANSWER


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_login_refused(lab: Lab, refusal: str) -> None:
    server = await lab.server()
    server.login = ("ada", "secret")
    server.on("POST", "/login", REFUSALS[refusal][0])
    with pytest.raises(errors.SpacebridgeError) as caught:
        await lab.space(server, auth=("ada", "secret"))
    error = caught.value
    if refusal == "404":
        assert type(error) is errors.LoginRequired
        assert "no login" in str(error)
    else:
        check(error, refusal)
    assert "secret" not in str(error)
    server.clear()
    assert await answered(await lab.conversation(server, auth=("ada", "secret"))) == ANSWER


async def test_wrong_password(lab: Lab) -> None:
    server = await lab.server()
    server.login = ("ada", "secret")
    with pytest.raises(errors.LoginRequired) as caught:
        await lab.space(server, auth=("ada", "wrong-one"))
    assert "Incorrect credentials" in str(caught.value)
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(errors.LoginRequired):
        await lab.space(server)


async def test_login_that_ends_in_mid_conversation(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    server.login = ("ada", "secret")
    await failure(conversation, kind=errors.LoginRequired)


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("turn", [1, 2])
async def test_cancel_refused(lab: Lab, refusal: str, turn: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    server.on("POST", "/cancel", REFUSALS[refusal][0])
    server.pace, server.answer = 0.02, ["x "] * 1000
    async with asyncio.timeout(SHORT.cancel or 0), conversation.stream("Hi") as turn_:
        async for event in turn_:
            if type(event).__name__ == "TextDelta":
                break
    # The stream was closed instead, which ends the work, too.
    await until(lambda: not server.streaming, what="the stream to be closed")
    assert work_left() == []
    assert conversation.state == "partial"
    server.clear()
    server.pace, server.answer = 0.0, ["Hello", " there", "."]
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize("body", [b"<html>", b"", b"null", b"{}", b'"no"', b"[]"])
async def test_unreadable_reply_to_cancel(lab: Lab, body: bytes) -> None:
    """What the server says to a cancel does not matter as long as the event ends."""
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on("POST", "/cancel", respond(200, body))
    server.pace, server.answer = 0.02, ["x "] * 1000
    async with asyncio.timeout(5), conversation.stream("Hi") as turn:
        async for event in turn:
            if type(event).__name__ == "TextDelta":
                break
    await until(lambda: not server.streaming, what="the stream to end")


@pytest.mark.parametrize(
    "value, seconds",
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 3 ", 3.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("\xc2\xb2", None),
        ("9" * 400, None),
        ("Mon, 99 Jan 99999 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
async def test_retry_after(lab: Lab, value: str, seconds: float | None) -> None:
    server = await lab.server()
    for status, kind in ((429, errors.RateLimited), (503, errors.SpaceUnavailable)):
        server.on("GET", "/config", respond(status, {"detail": "Slow down"}, {"retry-after": value}))
        with pytest.raises(kind) as caught:
            await lab.space(server)
        assert caught.value.retry_after == seconds or (value.startswith(("9", "Fri")) and caught.value.retry_after)


async def test_retry_after_as_a_date(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/config", respond(429, {}, {"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"}))
    with pytest.raises(errors.RateLimited) as caught:
        await lab.space(server)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 1e9


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "Queue is full. Max size is 10 and size is 10."},
        {"detail": "Queue is full! Please try again."},
        {"error": "The queue is full"},
    ],
)
@pytest.mark.parametrize("turn", [1, 2])
async def test_full_queue(lab: Lab, turn: int, body: dict[str, str]) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    for _ in range(turn - 1):
        assert await answered(conversation) == ANSWER
    server.on("POST", "/queue/join", respond(503, body, {"retry-after": "3"}))
    error = await failure(conversation, kind=errors.QueueFull)
    assert isinstance(error, errors.QueueFull)
    assert error.status == 503
    assert error.retry_after == 3
    server.clear()
    assert await answered(conversation) == ANSWER


@pytest.mark.parametrize(
    "body, said",
    [
        (
            {"detail": [{"loc": ["body", "data"], "msg": "field required", "type": "missing"}]},
            "body.data: field required",
        ),
        ({"detail": [{"is_valid": False, "message": "Too long", "parameter_name": "prompt"}]}, "prompt: Too long"),
        ({"detail": "No such function"}, "No such function"),
        ({"detail": None}, "invalid input"),
        ([], "invalid input"),
        (b"<html><title>Nope</title></html>", "Nope"),
    ],
)
@pytest.mark.parametrize("path", ["/run/", "/queue/join"])
async def test_validator(lab: Lab, path: str, body: Any, said: str) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on("POST", path, respond(422, body))
    error = await failure(conversation, kind=errors.ValidationRefused)
    assert said in str(error)
    server.clear()
    assert await answered(conversation) == ANSWER


async def test_an_endless_reason_is_shown_short(lab: Lab) -> None:
    server = await lab.server()
    for body in ({"detail": "x" * 100_000}, b"<title>" + b"x" * 100_000, b"Traceback (most recent call last)\n" * 5000):
        server.on("GET", "/config", respond(500, body))
        with pytest.raises(errors.ServerRefused) as caught:
            await lab.space(server)
        assert len(str(caught.value)) < 600


async def test_turns_beyond_the_refused_one(lab: Lab) -> None:
    """A refusal frees its place among the turns at once."""
    server = await lab.server()
    space: Space = await lab.space(server)
    for _ in range(10):
        server.on("POST", "/queue/join", respond(503, {"detail": "Queue is full."}))
        await failure(space.conversation(), kind=errors.QueueFull)
        server.clear()
    assert await answered(space.conversation()) == ANSWER
