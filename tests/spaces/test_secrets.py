"""A Hugging Face token goes to Hugging Face, and nowhere else. What each host received is looked at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from spacebridge import Space, Timeouts, errors
from tests.doubles.hub import READ, EdgeDouble, Hosted
from tests.spaces.conftest import HOST, World, told

pytestmark = pytest.mark.servers

TOKEN_SOURCES = ["argument", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME"]


def give(source: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """Put the token there; the arguments of the Space."""
    if source == "argument":
        return {"token": READ}
    if source == "HF_TOKEN_PATH":
        (folder / "mine").write_text(f"{READ}\n")
        monkeypatch.setenv(source, str(folder / "mine"))
    elif source == "HF_HOME":
        (folder / "home").mkdir()
        (folder / "home" / "token").write_text(READ)
        monkeypatch.setenv(source, str(folder / "home"))
    else:
        monkeypatch.setenv(source, READ)
    return {}


@pytest.mark.parametrize("source", TOKEN_SOURCES)
@pytest.mark.parametrize("address", ["owner/name", f"https://{HOST}"])
async def test_each_host_receives_what_is_its_own(
    real_names: World, app: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, address: str
):
    real_names.add(app, private=True, stages=["SLEEPING", "RUNNING"])
    options = give(source, monkeypatch, tmp_path)
    async with real_names.space(address, **options) as space:
        assert (await space.conversation().ask("Hello")).text == "Echo: Hello | history=0"
        assert READ not in repr(space)
    assert real_names.hub.requests
    assert real_names.edge.requests
    for request in real_names.hub.requests:
        assert request.headers["authorization"] == f"Bearer {READ}"
        assert "x-hf-authorization" not in request.headers
    for request in real_names.edge.requests:
        assert request.headers["x-hf-authorization"] == f"Bearer {READ}"
        assert "authorization" not in request.headers
    everything = told(real_names.hub) + told(real_names.edge)
    assert everything.count(READ) == len(real_names.hub.requests) + len(real_names.edge.requests)


@pytest.mark.parametrize("source", TOKEN_SOURCES)
async def test_no_other_host_receives_it(app: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str):
    options = give(source, monkeypatch, tmp_path)
    async with EdgeDouble() as other:
        other.spaces.append(Hosted("a/b", [app], other.url))
        async with Space(other.url, **options) as space:
            await space.conversation().ask("Hello")
        assert len(other.requests) > 2
        assert READ not in told(other)


async def test_a_host_that_the_hub_names_and_that_is_not_hugging_faces(real_names: World, app: str):
    space = real_names.add(app, stages=["SLEEPING", "RUNNING"])
    assert real_names.proxy is not None
    real_names.proxy.routes["localhost", 443] = (real_names.edge.host, real_names.edge.port)
    space.host = "https://localhost"
    async with real_names.space(token=READ) as connected:
        await connected.conversation().ask("Hello")
    assert space.visits
    assert READ in told(real_names.hub)
    assert READ not in told(real_names.edge)


async def test_it_does_not_follow_a_redirect(real_names: World, app: str):
    real_names.add(app)
    async with EdgeDouble() as other:
        for double in (real_names.hub, real_names.edge):

            async def away(exchange: Any, to: str = other.url) -> None:
                await exchange.reply(307, "", {"location": f"{to}{exchange.request.target}"})

            healthy, double.handle = double.handle, away  # type: ignore[method-assign]
            with pytest.raises(errors.RedirectRefused):
                await real_names.space(token=READ).connect()
            double.handle = healthy  # type: ignore[method-assign]
        assert other.requests == []


async def test_a_hub_without_tls_elsewhere_does_not_get_it(
    real_names: World, app: str, monkeypatch: pytest.MonkeyPatch
):
    """Anybody on the way could read it; only this very machine may be asked so."""
    async with EdgeDouble() as other:
        assert real_names.proxy is not None
        real_names.proxy.routes["mirror.example", 80] = (other.host, other.port)
        monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example/")
        with pytest.raises(errors.SpaceNotFound):
            await real_names.space(token=READ).connect()
        assert [request.path for request in other.requests] == ["/api/spaces/owner/name"]
        assert READ not in told(other)


async def test_an_endpoint_of_ones_own_gets_it(world: World, app: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", READ)
    world.add(app)
    async with world.space():
        pass
    assert READ in told(world.hub)
    assert READ not in told(world.edge)


async def test_no_token_at_all(real_names: World, app: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", READ)
    real_names.add(app)
    async with real_names.space(token=False):
        pass
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    async with real_names.space():
        pass
    assert READ not in told(real_names.hub) + told(real_names.edge)


@pytest.mark.parametrize("at", ["hub", "edge"])
async def test_it_is_in_no_error_and_no_log(real_names: World, app: str, caplog: pytest.LogCaptureFixture, at: str):
    """Even where a server gives back what it was sent."""
    caplog.set_level(logging.DEBUG)
    real_names.add(app)

    async def echo(exchange: Any) -> None:
        await exchange.reply(500, {"error": f"You sent {exchange.request.headers}"})

    getattr(real_names, at).handle = echo
    with pytest.raises(errors.ServerRefused) as caught:
        await real_names.space(token=READ, timeouts=Timeouts(connect=5)).connect()
    chain: list[BaseException] = [caught.value]
    while (error := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(error)
    for error in chain:
        assert READ not in f"{error} {error!r} {vars(error)}"
    assert "You sent" in caught.value.message
    assert READ not in caplog.text


async def test_headers_are_for_the_app_alone(real_names: World, app: str):
    """Such as a visitor's X-IP-Token, whose quota ZeroGPU then takes."""
    real_names.add(app, stages=["SLEEPING", "RUNNING"])
    async with real_names.space(headers={"X-IP-Token": "visitor"}) as space:
        await space.conversation().ask("Hello")
    assert "visitor" not in told(real_names.hub)
    joins = real_names.edge.seen("/gradio_api/queue/join", "POST")
    assert joins
    assert all(request.headers["x-ip-token"] == "visitor" for request in joins)


@pytest.mark.parametrize("name", ["X-HF-Authorization", "x-hf-authorization"])
async def test_a_header_of_ones_own_goes_before(real_names: World, app: str, name: str):
    real_names.add(app)
    async with real_names.space(token=READ, headers={name: "mine"}):
        pass
    assert [request.headers["x-hf-authorization"] for request in real_names.edge.requests] == ["mine"]
    assert READ not in told(real_names.edge)


async def test_a_visitor_stays_at_one_replica(real_names: World, app: str):
    """The app behind the other one would know nothing of the session."""
    real_names.add([app, app, app])
    async with real_names.space() as space:
        conversation = space.conversation()
        await conversation.ask("Hello")
        assert space.cookies() == {"replica": "0"}
        dumped = conversation.dump()
    first, *rest = real_names.edge.requests
    assert "cookie" not in first.headers
    assert {request.headers["cookie"] for request in rest} == {"replica=0"}
    before = len(real_names.edge.requests)
    space = real_names.space()
    space.use_cookies(dumped.get_dict()["cookies"])
    async with space:
        await space.conversation(dumped).ask("Hello")
    assert {request.headers["cookie"] for request in real_names.edge.requests[before:]} == {"replica=0"}
