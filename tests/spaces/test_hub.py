"""Spaces on Hugging Face: found by each of their addresses, waited for in each of their stages, and refused with reasons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from spacebridge import Space, Timeouts, errors
from spacebridge.errors import SpacebridgeError
from tests.doubles.hub import OTHER, READ
from tests.spaces.conftest import World

pytestmark = pytest.mark.servers

PAGE = "https://huggingface.co/spaces/owner/name"


async def answered(space: Space) -> str:
    async with space:
        return (await space.conversation().ask("Hello")).text


async def refused(space: Space, kind: type[SpacebridgeError]) -> SpacebridgeError:
    with pytest.raises(SpacebridgeError) as caught:
        await space.connect()
    assert type(caught.value) is kind, repr(caught.value)
    return caught.value


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "owner/name",
        "spaces/owner/name",
        "hf://spaces/owner/name",
        PAGE,
        f"{PAGE}/",
        f"{PAGE}/tree/main",
        f"{PAGE}/blob/main/app.py",
        f"{PAGE}?logs=container#x",
        "http://hf.co/spaces/owner/name/discussions/3",
        "huggingface.co/spaces/owner/name",
    ],
)
async def test_a_whole_turn_by_its_name(world: World, app: str, address: str):
    world.add(app)
    assert await answered(world.space(address)) == "Echo: Hello | history=0"
    assert world.asked() == ["/api/spaces/owner/name"]
    assert world.notices == []


@pytest.mark.parametrize("address", ["owner/name", PAGE, "https://owner-name.hf.space", "owner-name.hf.space"])
async def test_a_whole_turn_at_the_true_names(real_names: World, app: str, address: str):
    real_names.add(app)
    assert await answered(real_names.space(address)) == "Echo: Hello | history=0"
    by_name = "hf.space" not in address
    assert real_names.asked() == (["/api/spaces/owner/name"] if by_name else [])


async def test_a_space_that_was_renamed(world: World, app: str):
    world.add(app)
    world.hub.renamed["old/name"] = "owner/name"
    assert await answered(world.space("old/name")) == "Echo: Hello | history=0"


async def test_the_host_is_asked_for_where_it_is_not_told(world: World, app: str):
    world.add(app)
    world.hub.without_host = True
    assert await answered(world.space()) == "Echo: Hello | history=0"
    assert world.asked() == ["/api/spaces/owner/name", "/api/spaces/owner/name/host"]


async def test_what_the_hub_says_is_kept(real_names: World, app: str):
    real_names.add(app, private=True)
    async with real_names.space(token=READ) as space:
        assert space.record is not None
        assert (space.record.id, space.record.stage, space.record.private) == ("owner/name", "RUNNING", True)
        assert space.record.hardware == "zero-a10g"
    async with Space(app) as elsewhere:
        assert elsewhere.record is None


# Stages


@pytest.mark.parametrize(
    "stages, expected",
    [
        (["SLEEPING", "SLEEPING", "APP_STARTING", "RUNNING"], ["is asleep and is being woken", "is starting"]),
        (["STOPPED", "BUILDING", "RUNNING"], ["is asleep and is being woken", "is being built"]),
        (["BUILDING", "APP_STARTING", "RUNNING"], ["is being built", "is starting"]),
        (["APP_STARTING", "RUNNING"], ["is starting"]),
        (["RUNNING_BUILDING", "RUNNING"], []),
        (["RUNNING_APP_STARTING"], []),
        (["RUNNING_SOMETHING_NEW"], []),
    ],
)
async def test_a_space_is_woken_and_waited_for(world: World, app: str, stages: list[str], expected: list[str]):
    space = world.add(app, stages=stages)
    sleeps = stages[0] in ("SLEEPING", "STOPPED")
    assert await answered(world.space()) == "Echo: Hello | history=0"
    assert world.notices == [f"The Space owner/name {what}." for what in expected]
    assert bool(space.visits) is sleeps


@pytest.mark.parametrize("stages", [["SLEEPING", "APP_STARTING", "RUNNING"], ["BUILDING", "RUNNING"], ["RUNNING"]])
async def test_one_named_by_its_url_is_waited_for_too(real_names: World, app: str, stages: list[str]):
    real_names.add(app, stages=stages)
    first = stages[0]
    assert await answered(real_names.space("https://owner-name.hf.space")) == "Echo: Hello | history=0"
    if first == "RUNNING":
        assert real_names.asked() == []
    else:
        assert real_names.asked()[0] == "/api/spaces/by-subdomain/owner-name"
        assert real_names.notices


async def test_a_space_that_was_just_woken_may_not_answer_yet(world: World, app: str):
    world.add(app, stages=["SLEEPING", "RUNNING"])
    world.edge.refusals = [(503, "<html>one moment"), (404, "<html>not there"), (200, "<html>a page")]
    assert await answered(world.space()) == "Echo: Hello | history=0"
    assert world.edge.refusals == []


async def test_a_space_that_runs_and_does_not_answer(world: World, app: str):
    world.add(app)
    world.edge.refusals = [(503, "<html><title>Away</title>")]
    error = await refused(world.space(), errors.SpaceUnavailable)
    assert "Away" in error.message


@pytest.mark.parametrize(
    "stage, kind, words",
    [
        ("PAUSED", errors.SpacePaused, "paused by its owner"),
        ("BUILD_ERROR", errors.SpaceBuildFailed, "?logs=build"),
        ("CONFIG_ERROR", errors.SpaceBuildFailed, "configuration"),
        ("NO_APP_FILE", errors.SpaceBuildFailed, "has no app"),
        ("RUNTIME_ERROR", errors.SpaceBuildFailed, "?logs=container"),
        ("DELETING", errors.SpaceNotFound, "being deleted"),
    ],
)
@pytest.mark.parametrize("before", [[], ["SLEEPING"], ["BUILDING"]])
async def test_a_space_that_will_not_run(
    world: World, app: str, stage: str, kind: type[SpacebridgeError], words: str, before: list[str]
):
    world.add(app, stages=[*before, stage], error="Exit code: 1. Reason:\n  no module named torch")
    error = await refused(world.space(), kind)
    assert words in str(error)
    assert "Exit code: 1. Reason: no module named torch" in error.message
    assert "owner/name" in error.message


@pytest.mark.parametrize("stage", ["PAUSED", "RUNTIME_ERROR"])
async def test_one_named_by_its_url_that_will_not_run(real_names: World, app: str, stage: str):
    real_names.add(app, stages=[stage], error="Scheduling failure")
    kind = errors.SpacePaused if stage == "PAUSED" else errors.SpaceBuildFailed
    error = await refused(real_names.space("https://owner-name.hf.space"), kind)
    assert "Scheduling failure" in error.message
    assert isinstance(error.__context__, errors.SpaceUnavailable)


async def test_a_space_that_does_not_wake(world: World, app: str):
    world.add(app, stages=["SLEEPING"])
    error = await refused(world.space(timeouts=Timeouts(wake=0.3)), errors.SpaceAsleep)
    assert "0.3 s" in error.message


async def test_a_space_that_is_built_for_too_long(world: World, app: str):
    world.add(app, stages=["BUILDING"])
    error = await refused(world.space(timeouts=Timeouts(wake=0.3)), errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert (error.limit, error.seconds) == ("wake", 0.3)


async def test_one_that_falls_over_again_and_again_is_given_up(world: World, app: str):
    """The limit is for all of the waiting together."""
    space = world.add(app, stages=["RUNNING"])
    world.edge.refusals = [(503, "<html>no")] * 1000
    space.stages = ["SLEEPING", *["RUNNING", "APP_STARTING"] * 500]
    with pytest.raises((errors.TimedOut, errors.SpaceUnavailable)):
        await world.space(timeouts=Timeouts(wake=1.0)).connect()


async def test_a_rate_limit_on_the_way_is_obeyed(world: World, app: str):
    world.add(app, stages=["BUILDING", "RUNNING"])

    async def limit_the_second(exchange: Any) -> None:
        if exchange.request.path.endswith("/runtime") and not world.hub.seen("/again"):
            world.hub.requests.append(type(exchange.request)("GET", "/again", {}))
            await exchange.reply(429, {"error": "slow down"}, {"retry-after": "1"})
        else:
            await type(world.hub).handle(world.hub, exchange)

    world.hub.handle = limit_the_second  # type: ignore[method-assign]
    assert await answered(world.space()) == "Echo: Hello | history=0"


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, {"ratelimit": '"api";r=0;t=7'}])
async def test_a_rate_limit_at_once(world: World, app: str, headers: dict[str, str]):
    world.add(app)
    world.hub.refusals = [(429, headers)]
    error = await refused(world.space(), errors.RateLimited)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7


async def test_a_rate_limit_of_the_space(world: World, app: str):
    world.add(app)
    world.edge.refusals = [(429, "<html>Too many requests")]
    await refused(world.space(), errors.RateLimited)
    assert len(world.asked()) == 1


# What is no Gradio app


@pytest.mark.parametrize("sdk", ["streamlit", "static"])
async def test_other_sdks(world: World, app: str, sdk: str):
    world.add(app, sdk=sdk)
    error = await refused(world.space(), errors.NotGradio)
    assert sdk in error.message
    assert world.edge.requests == []


async def test_gradio_in_a_container_of_its_own(world: World, app: str):
    world.add(app, sdk="docker")
    assert await answered(world.space()) == "Echo: Hello | history=0"


async def test_a_container_with_something_else(world: World, app: str):
    world.add(app, sdk="docker")
    world.edge.refusals = [(200, "<html>Hello")] * 2
    error = await refused(world.space(), errors.NotGradio)
    assert "docker" in error.message


async def test_a_disabled_space(world: World, app: str):
    world.add(app, disabled=True)
    error = await refused(world.space(), errors.AccessDenied)
    assert "disabled" in error.message


# Who may see it


@pytest.mark.parametrize(
    "token, kind, words",
    [
        (None, errors.SpaceNotFound, "or it is private"),
        (False, errors.SpaceNotFound, "or it is private"),
        (OTHER, errors.SpaceNotFound, "the token (from the argument) may not see it"),
        ("hf_wrong", errors.LoginRequired, "refused the token (from the argument)"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
async def test_private_and_missing_spaces(
    world: World, app: str, token: Any, kind: type[SpacebridgeError], words: str, there: bool
):
    if there:
        world.add(app, private=True)
    error = await refused(world.space(token=token), kind)
    assert words in error.message
    assert error.hint


async def test_a_private_space_by_its_url_without_a_token(real_names: World, app: str):
    real_names.add(app, private=True)
    error = await refused(real_names.space("https://owner-name.hf.space"), errors.SpaceNotFound)
    assert "private" in error.message
    assert "HF_TOKEN" in error.hint


@pytest.mark.parametrize("address", ["owner/name", "https://owner-name.hf.space"])
async def test_a_private_space_with_a_token(real_names: World, app: str, address: str):
    real_names.add(app, private=True)
    assert await answered(real_names.space(address, token=READ)) == "Echo: Hello | history=0"


async def test_a_private_space_is_woken(real_names: World, app: str):
    real_names.add(app, private=True, stages=["SLEEPING", "RUNNING"])
    assert await answered(real_names.space(token=READ)) == "Echo: Hello | history=0"


async def test_a_gated_space(world: World, app: str):
    world.add(app, gated=True)
    error = await refused(world.space(token=OTHER), errors.AccessDenied)
    assert "authorized list" in error.message
    assert "https://huggingface.co/spaces/owner/name" in error.hint
    assert await answered(world.space(token=READ)) == "Echo: Hello | history=0"


# Trouble with the Hub itself


async def test_the_hub_is_away(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    error = await refused(world.space(), errors.CannotConnect)
    assert "hf.space" in error.hint


async def test_a_space_by_its_url_needs_no_hub(real_names: World, app: str):
    real_names.add(app)
    assert real_names.proxy is not None
    real_names.proxy.routes["huggingface.co", 443] = ("127.0.0.1", 9)
    assert await answered(real_names.space("https://owner-name.hf.space")) == "Echo: Hello | history=0"
    real_names.edge.refusals = [(502, "<html>Bad Gateway")]
    await refused(real_names.space("https://owner-name.hf.space"), errors.SpaceUnavailable)


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{}", b'{"id": 7}', b"<html>", b'{"id": "owner/name", "runtime": 7}']
)
async def test_a_hub_that_makes_no_sense(world: World, app: str, body: bytes):
    async def odd(exchange: Any) -> None:
        await exchange.reply(200, body)

    world.hub.handle = odd  # type: ignore[method-assign]
    with pytest.raises(errors.ProtocolError):
        await world.space().connect()


# Elsewhere in the library


async def test_a_name_of_the_catalogue(real_names: World, app: str, monkeypatch: pytest.MonkeyPatch):
    real_names.add(app)
    assert real_names.proxy is not None
    real_names.proxy.routes["qwen-qwen2-5-1m-demo.hf.space", 443] = (real_names.edge.host, real_names.edge.port)
    real_names.edge.spaces[0].host = "https://qwen-qwen2-5-1m-demo.hf.space"
    async with real_names.space("qwen-2.5-1m-demo") as space:
        assert space.row is not None
        assert space.row.name == "qwen-2.5-1m-demo"


async def test_what_goes_over_the_wire_is_in_the_trace_without_the_token(real_names: World, app: str, tmp_path: Any):
    real_names.add(app, private=True)
    file = tmp_path / "trace.jsonl"
    assert await answered(real_names.space(token=READ, trace=file)) == "Echo: Hello | history=0"
    urls = [entry["url"] for entry in map(json.loads, file.read_text().splitlines()) if "url" in entry]
    assert urls[:2] == ["https://huggingface.co/api/spaces/owner/name", "https://owner-name.hf.space/config"]
    assert READ not in file.read_text()


async def test_a_space_that_falls_asleep_between_turns_is_woken(
    world: World, rule_app: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("spacebridge.spaces.space._FRESH", 0.0)
    hosted = world.add(await asyncio.to_thread(rule_app, "echo"))
    async with world.space() as space:
        conversation = space.conversation()
        assert (await conversation.ask("one")).text == "Echo: one | history=1"
        hosted.stages = ["SLEEPING", "APP_STARTING", "RUNNING"]
        assert (await conversation.ask("two")).text == "Echo: two | history=3"
    assert world.notices == ["The Space owner/name is asleep and is being woken.", "The Space owner/name is starting."]
