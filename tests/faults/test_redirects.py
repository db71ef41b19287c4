"""Redirects: within the host they are followed, elsewhere nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from spacebridge import errors
from tests.doubles.fault_server import FaultServer, redirect, respond
from tests.doubles.http import Exchange
from tests.faults.lab import ANSWER, Lab, answered, failure

CHAT = {"run": ("POST", "/run/"), "join": ("POST", "/queue/join"), "data": ("GET", "/queue/data"), "upload": ("POST", "/upload")}  # fmt: skip
SECRET = {"X-HF-Authorization": "Bearer hf_secret", "X-Mine": "secret-too"}


def files(request: str) -> dict[str, Any]:
    return {"files": [("a.txt", b"abc")]} if request == "upload" else {}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", CHAT)
async def test_to_another_host(lab: Lab, request_: str, status: int) -> None:
    server, other = await lab.server(), await lab.server()
    conversation = await lab.conversation(server, headers=SECRET)
    server.on(*CHAT[request_], redirect(f"{other.url}/elsewhere?token=hf_inside", status))
    error = await failure(conversation, kind=errors.RedirectRefused, **files(request_))
    assert isinstance(error, errors.RedirectRefused)
    assert error.location.startswith(f"{other.url}/elsewhere")
    assert error.status == status
    assert "hf_" not in str(error) + error.location
    assert other.connections == 0
    server.clear()
    assert await answered(conversation, **files(request_)) == ANSWER


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/config", "/login"])
async def test_to_another_host_on_connecting(lab: Lab, path: str, status: int) -> None:
    server, other = await lab.server(), await lab.server()
    server.on("*", path, redirect(f"{other.url}/elsewhere", status))
    with pytest.raises(errors.RedirectRefused) as caught:
        await lab.space(server, headers=SECRET, auth=("ada", "secret") if path == "/login" else None)
    assert caught.value.location.startswith(other.url)
    assert other.connections == 0


@pytest.mark.parametrize(
    "location",
    ["", "http://[bad", "http://127.0.0.1:99999/", "ftp://127.0.0.1/config", "javascript:alert(1)", "//", "https:///x",
     "http://user:hf_pw@127.0.0.1.elsewhere.example/", "//elsewhere.example/config", "\\\\elsewhere.example\\x",
     "http://elsewhere.example\t/", "/con\x7ffig", "http:config2"],
)  # fmt: skip
async def test_odd_location(lab: Lab, location: str) -> None:
    server = await lab.server()
    server.on("GET", "/config", redirect(location))
    with pytest.raises(errors.SpacebridgeError) as caught:
        await lab.space(server)
    assert "hf_pw" not in str(caught.value) + repr(caught.value)


async def test_cancel_to_another_host(lab: Lab) -> None:
    server, other = await lab.server(), await lab.server()
    server.on("POST", "/cancel", redirect(f"{other.url}/cancel", 307))
    server.pace, server.answer = 0.02, ["x "] * 500
    conversation = await lab.conversation(server, headers=SECRET)
    async with conversation.stream("Hi") as turn:
        async for event in turn:
            if type(event).__name__ == "TextDelta":
                break
    assert other.connections == 0


def moved(server: FaultServer, how: str, status: int) -> Any:
    """Sends a path on to itself under another name."""

    async def action(exchange: Exchange) -> None:
        path, query = exchange.request.path, exchange.request.target.partition("?")[2]
        if path.startswith("/new"):
            exchange.request.path = path.removeprefix("/new").rstrip("/")
            await server.healthy(exchange)
        else:
            target = f"/new{path}{'/' if how == 'slash' else ''}{f'?{query}' if query else ''}"
            target = {"absolute": f"{server.url}{target}", "scheme-less": f"//127.0.0.1:{server.port}{target}"}.get(how, target)  # fmt: skip
            await exchange.reply(status, b"moved", {"location": target})

    return action


@pytest.mark.parametrize("how", ["relative", "absolute", "scheme-less", "slash"])
@pytest.mark.parametrize("request_", CHAT)
async def test_within_the_host(lab: Lab, request_: str, how: str) -> None:
    """307 keeps method and body."""
    server = await lab.server()
    conversation = await lab.conversation(server)
    method, path = CHAT[request_]
    action = moved(server, how, 307)
    server.on(method, path, action)
    server.on(method, "/new", action)
    for _ in range(2):
        assert await answered(conversation, **files(request_)) == ANSWER
    assert any(request.target.startswith(f"/new{path}") for request in server.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_config_moved_within_the_host(lab: Lab, status: int) -> None:
    """Where the configuration is, the rest is, too."""
    server = await lab.server()
    action = moved(server, "relative", status)
    server.on("*", "/", action)
    server.on("*", "/new", action)
    space = await lab.space(server)
    assert space.url == f"{server.url}/new"
    assert await answered(space.conversation()) == ANSWER


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("request_", ["run", "join", "upload"])
async def test_post_that_would_lose_its_body(lab: Lab, request_: str, status: int) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    server.on(*CHAT[request_], redirect("/elsewhere", status))
    error = await failure(conversation, kind=errors.RedirectRefused, **files(request_))
    assert "lose" in str(error)
    assert server.seen("/elsewhere") == []


@pytest.mark.parametrize("request_", CHAT)
@pytest.mark.parametrize("circle", ["same", "two", "growing"])
async def test_circle(lab: Lab, request_: str, circle: str) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    method, path = CHAT[request_]

    async def around(exchange: Exchange) -> None:
        target = exchange.request.target
        if circle == "two":
            target = (
                target.replace(path, f"/new{path}") if not target.startswith("/new") else target.removeprefix("/new")
            )
        elif circle == "growing":
            target = f"/new{target}"
        await exchange.reply(307, b"", {"location": target})

    server.on(method, path, around)
    server.on(method, "/new", around)
    error = await failure(conversation, kind=errors.ServerRefused, **files(request_))
    assert "circle" in str(error)
    assert len([r for r in server.requests if path in r.path]) < 12


async def test_circle_of_the_config(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/config", redirect("/config"))
    with pytest.raises(errors.ServerRefused):
        await lab.space(server)


async def test_redirect_with_an_endless_body(lab: Lab) -> None:
    """What comes along with a redirect is not waited for."""
    server = await lab.server()

    async def endless(exchange: Exchange) -> None:
        await exchange.head(302, {"location": "/moved/config", "content-type": "text/html"})
        while not exchange.gone.is_set():
            await exchange.send(b"<p>")
            await asyncio.sleep(0.01)

    server.on("GET", "/config", endless)
    server.on("GET", "/moved/config", respond(200, server.config))
    async with asyncio.timeout(3):
        space = await lab.space(server)
    assert space.url == f"{server.url}/moved"


async def test_what_can_be_read_only_once_is_not_sent_on(lab: Lab) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"abc"

    server = await lab.server()
    server.on("POST", "/upload", redirect("/elsewhere/upload", 307))
    error = await failure(await lab.conversation(server), kind=errors.FileRefused, files=[("a.txt", stream())])
    assert "can't be read once more" in error.message
    assert server.seen("/elsewhere/upload") == []
