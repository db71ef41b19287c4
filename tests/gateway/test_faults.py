"""What goes wrong with Spaces, told with the right status; other Spaces that are asked instead; waiting lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import openai
import pytest

from tests.doubles import wire
from tests.doubles.fault_server import FaultServer, cut_after, dropped, hang, html, message, raw, respond, tampered
from tests.doubles.http import Exchange
from tests.doubles.hub import EdgeDouble, Hosted, HubDouble
from tests.gateway.served import Served, events_of, gateway_running, text_of

pytestmark = pytest.mark.servers


def user(text: str) -> Any:
    return {"role": "user", "content": text}


@contextlib.asynccontextmanager
async def spaces(count: int = 1, *arguments: str, **options: Any) -> AsyncIterator[tuple[list[FaultServer], Served]]:
    """Scripted apps behind one model ``m``, in order of preference, and the gateway before them."""
    doubles = [FaultServer("interface") for _ in range(count)]
    for number, double in enumerate(doubles):
        await double.start()
        double.answer = [f"I am {number}", "."]
    models = [part for double in doubles for part in ("--model", f"m={double.url}")]
    try:
        async with gateway_running(*models, *arguments, **options) as served:
            await reached(served, key=arguments[arguments.index("--key") + 1] if "--key" in arguments else "")
            yield doubles, served
    finally:
        for double in doubles:
            await double.aclose()


async def reached(served: Served, *, key: str) -> None:
    """Wait until the gateway has looked at all Spaces: a double that is closed while it accepts leaves one hanging."""
    headers = {"authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(served.url, headers=headers) as http, asyncio.timeout(30):
        while True:
            async with http.get("/v1/models/m") as reply:
                told = await reply.json()
            if not {space["state"] for space in told["spacebridge"]["spaces"]} & {"new", "connecting"}:
                return
            await asyncio.sleep(0.02)


async def ask(served: Served, text: str = "Hello", **options: Any) -> tuple[int, Any, str]:
    """Status, headers and body."""
    body = {"model": "m", "messages": [user(text)], **options}
    async with aiohttp.ClientSession() as http, http.post(f"{served.url}/v1/chat/completions", json=body) as reply:
        return reply.status, reply.headers, await reply.text()


def answer(body: str) -> str:
    return json.loads(body)["choices"][0]["message"]["content"]


def refused(title: str, message: str) -> Any:
    """The app's function raises."""

    def events(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        return [wire.failed(event_id, error=message, title=title)]

    return events


REFUSALS = {
    "slowly": (respond(429, {"detail": "Slowly."}, {"retry-after": "7"}), 429, "rate_limit_exceeded"),
    "full": (respond(503, {"detail": "Queue is full."}), 429, "queue_full"),
    "away": (html(502), 503, "space_unavailable"),
    "login": (respond(401, {"detail": "Not authenticated"}), 401, "login_required"),
    "private": (respond(403, {"detail": "No."}), 403, "access_denied"),
}


async def test_statuses_of_the_spaces_refusals():
    async with contextlib.AsyncExitStack() as stack:
        models: list[str] = []
        for name, (action, _, _) in REFUSALS.items():
            space = FaultServer("interface")
            await space.start()
            stack.push_async_callback(space.aclose)
            space.on("POST", "/queue/join", action)
            models += ["--model", f"{name}={space.url}"]
        served = await stack.enter_async_context(gateway_running(*models))
        for stream in (False, True):
            for name, (_, status, code) in REFUSALS.items():
                got, headers, body = await ask(served, model=name, stream=stream)
                assert (got, json.loads(body)["error"]["code"]) == (status, code), body
                if status == 429:
                    assert 1 <= int(headers["retry-after"]) <= 30


async def test_a_space_that_is_not_there():
    async with spaces() as ((space,), served):
        await space.aclose()
        got, _, body = await ask(served)
        assert got in (502, 503)
        assert json.loads(body)["error"]["type"] == "server_error"


async def test_an_error_in_mid_stream_is_an_event_and_the_end():
    async with spaces() as ((space,), served):
        space.answer = ["a ", "b ", "c "]
        space.pace = 0.1
        space.on("GET", "/queue/data", tampered(cut_after(900)))
        got, _, body = await ask(served, stream=True)
        assert got == 200
        events = events_of(body)
        assert events[-1]["error"]["type"] == "server_error"
        assert "DONE" not in events
        assert all("error" not in event for event in events[:-1])


async def test_the_next_space_is_asked_where_one_fails():
    async with spaces(3) as (doubles, served):
        first, second, third = doubles
        assert answer((await ask(served))[2]) == "I am 0."
        first.on("POST", "/queue/join", respond(503, {"detail": "Queue is full."}))
        assert answer((await ask(served))[2]) == "I am 1."
        second.events = refused("ZeroGPU quota exceeded", "You have exceeded your GPU quota. Try again in 0:10:00")
        got, _, body = await ask(served)
        assert answer(body) == "I am 2."
        await third.aclose()
        got, headers, body = await ask(served)
        assert got == 429, body
        assert int(headers["retry-after"]) >= 1


async def test_a_space_that_cannot_be_reached_is_passed_over():
    async with spaces(2) as (doubles, _):
        await doubles[0].aclose()
        models = [part for double in doubles for part in ("--model", f"m={double.url}")]
        async with gateway_running(*models) as served:
            for stream in (False, True):
                got, _, body = await ask(served, stream=stream)
                assert got == 200
                assert (text_of(events_of(body)) if stream else answer(body)) == "I am 1."


async def test_no_other_space_goes_on_with_an_answer_that_has_begun():
    async with spaces(2) as ((first, second), served):
        first.answer = ["never ", "mixed ", "up"]
        first.pace = 0.1
        first.on("GET", "/queue/data", tampered(cut_after(900)))
        _, _, body = await ask(served, stream=True)
        assert "error" in events_of(body)[-1]
        assert "I am 1" not in body
        assert second.sessions == {}


async def test_a_failing_space_rests_and_comes_back(tmp_path: Any):
    config = tmp_path / "spacebridge.toml"
    config.write_text("[breaker]\nfailures = 2\nrest = 1\n")
    async with spaces(1, "--config", str(config)) as ((space,), served):
        space.on("POST", "/queue/join", dropped())
        for _ in range(2):
            assert (await ask(served))[0] in (502, 503)
        got, headers, body = await ask(served)
        assert got == 503
        assert "rests" in json.loads(body)["error"]["message"]
        assert int(headers["retry-after"]) >= 1
        assert await served.metric("spacebridge_space_state", state="resting") == 1
        space.clear()
        async with asyncio.timeout(20):
            while (await ask(served))[0] != 200:
                await asyncio.sleep(0.1)


async def test_who_waits_in_line_for_a_space_that_fails_is_not_sent_to_it():
    async with spaces(1, "--turns", "1", "--failures", "1", "--rest", "60") as ((space,), served):
        space.answer = ["x "] * 1000
        space.pace = 0.05
        first = asyncio.create_task(ask(served))
        while not space.streaming:
            await asyncio.sleep(0.02)
        others = [asyncio.create_task(ask(served)) for _ in range(5)]
        while await served.metric("spacebridge_space_waiting") < 5:
            await asyncio.sleep(0.02)
        await space.aclose()
        assert (await first)[0] == 502
        for task in others:
            got, headers, body = await task
            assert (got, "rests" in body) == (503, True)
            assert int(headers["retry-after"]) <= 60
        assert len(space.sessions) == 1


async def test_requests_wait_in_line_for_a_place():
    async with spaces(1, "--turns", "1", "--waiting", "2") as ((space,), served):
        space.answer = ["x"] * 10
        space.pace = 0.15
        first = asyncio.create_task(ask(served, stream=True))
        while not space.streaming:
            await asyncio.sleep(0.02)
        others = [asyncio.create_task(ask(served, stream=True)) for _ in range(2)]
        while await served.metric("spacebridge_space_waiting") < 2:
            await asyncio.sleep(0.02)
        got, headers, body = await ask(served)
        assert got == 429
        assert json.loads(body)["error"]["code"] == "queue_full"
        assert "retry-after" in headers
        for task in (first, *others):
            assert text_of(events_of((await task)[2])) == "x" * 10
        assert len(space.sessions) == 3


async def test_a_full_line_is_no_failure_of_the_space():
    async with spaces(1, "--turns", "1", "--waiting", "0", "--failures", "1") as ((space,), served):
        space.answer = ["x "] * 1000
        space.pace = 0.05
        async with served.client() as client:
            stream = await client.chat.completions.create(model="m", messages=[user("x")], stream=True)
            for _ in range(3):
                assert (await ask(served))[0] == 429
            await stream.close()
        space.answer, space.pace = ["free"], 0.0
        while (got := await ask(served))[0] == 429:  # until the turn that was left is over
            await asyncio.sleep(0.05)
        assert (got[0], answer(got[2])) == (200, "free")


async def test_place_in_line_is_told():
    async with spaces(1, "--turns", "1") as ((space,), served):
        space.answer = ["x"] * 30
        space.pace = 0.15
        async with served.client() as client:
            stream = await client.chat.completions.create(model="m", messages=[user("x")], stream=True)
            _, (_, _, body) = await asyncio.gather(_drop_after(stream, 3.0), ask(served, stream=True))
        assert ": queued rank=0 size=1" in body
        assert text_of(events_of(body)) == "x" * 30


async def _drop_after(stream: Any, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await stream.close()


async def test_headers_go_after_two_seconds_at_the_latest():
    async with spaces() as ((space,), served):
        space.on("POST", "/queue/join", hang())
        body = {"model": "m", "messages": [user("x")], "stream": True}
        async with (
            asyncio.timeout(15),
            aiohttp.ClientSession() as http,
            http.post(f"{served.url}/v1/chat/completions", json=body) as reply,
        ):
            assert reply.status == 200
            assert (await reply.content.readany()).startswith(b": ")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_away_cancels_on_the_space(stream: bool):
    async with spaces() as ((space,), served):
        space.answer = ["x "] * 1000
        space.pace = 0.05
        body = {"model": "m", "messages": [user("x")], "stream": stream}
        async with aiohttp.ClientSession() as http:
            asked = asyncio.create_task(http.post(f"{served.url}/v1/chat/completions", json=body))
            while not space.streaming:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            if stream:
                (await asked).close()
            else:
                asked.cancel()
        loop = asyncio.get_running_loop()
        left = loop.time()
        while not space.cancels:
            assert loop.time() - left < 10
            await asyncio.sleep(0.02)


async def test_keys_are_different_visitors_to_an_app():
    """An app may know its visitors by a cookie, and show each what it has said."""
    visitors: list[str] = []
    async with spaces(1, "--key", "sb-ada", "--key", "sb-bob") as ((space,), served):

        async def join(exchange: Exchange) -> None:
            visitors.append(exchange.request.headers.get("cookie", ""))
            await space.healthy(exchange)

        space.on("POST", "/queue/join", join)
        async with served.client("sb-ada") as ada, served.client("sb-bob") as bob:
            await ada.chat.completions.create(model="m", messages=[user("x")])
            # The first connection was made when the gateway began, and had the double's own cookie.
            space.on("GET", "/config", respond(200, space.config, {"set-cookie": "visitor=second; Path=/"}))
            for client in (bob, ada):
                await client.chat.completions.create(model="m", messages=[user("x")])
    assert visitors == ["sticky=replica-1", "visitor=second", "sticky=replica-1"]


async def test_a_client_that_goes_away_in_line_leaves_it():
    async with spaces(1, "--turns", "1") as ((space,), served):
        space.answer = ["x"] * 20
        space.pace = 0.1
        first = asyncio.create_task(ask(served))
        while not space.streaming:
            await asyncio.sleep(0.02)
        async with aiohttp.ClientSession() as http:
            body = {"model": "m", "messages": [user("impatient")]}
            asked = asyncio.create_task(http.post(f"{served.url}/v1/chat/completions", json=body))
            while not await served.metric("spacebridge_space_waiting"):
                await asyncio.sleep(0.02)
            asked.cancel()
        while await served.metric("spacebridge_space_waiting"):
            await asyncio.sleep(0.02)
        assert (await first)[0] == 200
        assert len(space.sessions) == 1


async def test_a_model_that_can_never_be_served_is_not_listed():
    async with spaces() as ((space,), _):
        space.on("GET", "/", respond(200, "<html>No Gradio.</html>"))
        async with (
            gateway_running("--model", f"m={space.url}", "--model", "gone=http://127.0.0.1:9") as served,
            served.client() as client,
        ):
            async with asyncio.timeout(20):
                while "m" in [model.id async for model in client.models.list()]:
                    await asyncio.sleep(0.1)
            assert [model.id async for model in client.models.list()] == ["gone"]
            with pytest.raises(openai.APIStatusError):
                await client.chat.completions.create(model="m", messages=[user("x")])


async def test_a_space_that_sleeps_again_is_said_to_be_woken():
    async with FaultServer("interface") as space, HubDouble() as hub, EdgeDouble() as edge:
        hosted = hub.spaces["owner/name"] = Hosted("owner/name", [space.url], host=edge.url)
        edge.spaces.append(hosted)
        async with gateway_running("--model", "m=owner/name", env={"HF_ENDPOINT": hub.url}) as served:
            assert ": The Space" not in (await ask(served, stream=True))[2]
            hosted.stages = ["SLEEPING", "APP_STARTING", "RUNNING"]
            await asyncio.sleep(2.2)  # so long after a sign of life an app is not asked for another one
            got, _, body = await ask(served, stream=True)
            assert got == 200
            assert ": The Space 'm' is asleep and is being woken." in body
            assert text_of(events_of(body)) == "Hello there."


async def test_a_file_that_breaks_off_is_one_line_in_the_log():
    """Nothing of it can be mended any more; whoever has it must see that it is not whole."""

    def with_file(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        url = f"{space.url}/gradio_api/file=/srv/film.mp4"
        told = message("assistant", "")
        told["content"] = {"file": {"path": "/srv/film.mp4", "url": url}, "alt_text": None}
        return [wire.completed(event_id, [None, [message("user", "x"), told]])]

    async with spaces() as ((space,), served), aiohttp.ClientSession() as http:
        space.events = with_file
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
        space.on("GET", "/file=", raw(head, b"a" * 30_000, 0.2))
        _, _, body = await ask(served)
        (file,) = json.loads(body)["choices"][0]["message"]["spacebridge"]["attachments"]
        async with http.get(file["url"]) as reply:
            assert reply.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
        log = served.process.wait_for_log("path=/v1/attachments")
        told = log[log.index("A reply broke off") :]
        assert "Traceback" not in log
        assert len(told.splitlines()) == 2, told  # it, and the request's own


async def test_an_answer_that_is_rewritten_carries_the_whole_text():
    def rewriting(event_id: str, data: Sequence[Any], pieces: list[str]) -> list[wire.Json]:
        return [
            wire.generating(event_id, [None, [message("user", "x"), message("assistant", "The capital is Berne")]]),
            wire.completed(event_id, [None, [message("user", "x"), message("assistant", "Sorry, I can't say.")]]),
        ]

    async with spaces() as ((space,), served):
        space.events = rewriting
        _, _, body = await ask(served, stream=True)
        events = events_of(body)
        assert text_of(events) == "The capital is Berne"
        assert events[-1] == "DONE"
        assert events[-2]["spacebridge"]["text"] == "Sorry, I can't say."
        assert answer((await ask(served))[2]) == "Sorry, I can't say."
