"""Chat completions over real apps, by the real client of OpenAI."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import openai
import pytest

from tests.gateway.served import Served, events_of, text_of
from tests.real.answers import ANSWERS

pytestmark = pytest.mark.servers


@pytest.fixture
async def client(served: Served) -> AsyncIterator[openai.AsyncOpenAI]:
    async with served.client() as opened:
        yield opened


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def assistant(text: str) -> Any:
    return {"role": "assistant", "content": text}


async def post(served: Served, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Mapping[str, str], str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{served.url}/v1/chat/completions", json=body, headers=headers) as reply,
    ):
        return reply.status, reply.headers, await reply.text()


async def test_an_answer_at_once(client: openai.AsyncOpenAI):
    done = await client.chat.completions.create(model="interface", messages=[user("Hello")])
    assert done.choices[0].message.content == "Echo: Hello | history=0"
    assert done.choices[0].finish_reason == "stop"
    assert done.model == "interface"
    assert done.usage is not None
    assert done.usage.completion_tokens > 0
    assert done.usage.estimated is True  # type: ignore[attr-defined]


async def test_an_answer_as_it_grows(client: openai.AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="interface",
        messages=[user("[[count=8 pace=0.05]]")],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(pieces).split() == [str(number) for number in range(1, 9)]
    assert len(pieces) > 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


def test_the_synchronous_client(served: Served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="unused", max_retries=0) as client:
        _ask_twice(client)


def _ask_twice(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(model="interface", messages=[user("Hello")])
    assert done.choices[0].message.content == "Echo: Hello | history=0"
    with client.chat.completions.create(model="interface", messages=[user("Hello")], stream=True) as stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Echo: Hello | history=0"


@pytest.mark.parametrize("name", ["plain", "html", "emoji", "rtl", "long"])
async def test_the_text_is_the_apps_own(served: Served, name: str):
    status, _, text = await post(served, {"model": "interface", "messages": [user(f"[[{name}]]")], "stream": True})
    assert status == 200
    chunks = events_of(text)
    assert chunks[-1] == "DONE"
    assert text_of(chunks).strip() == "".join(ANSWERS[name]).strip()


async def test_settings_are_set_and_set_back(client: openai.AsyncOpenAI):
    messages = [{"role": "system", "content": "Be brief"}, user("Hello")]
    first = await client.chat.completions.with_raw_response.create(
        model="interface_settings", messages=messages, temperature=0.5, max_tokens=99999, seed=7, top_p=0.5
    )
    answer = first.parse().choices[0].message.content
    assert answer == "Echo: Hello | history=0 settings=Be brief,0.5,4096,False"
    assert first.headers["x-spacebridge-ignored"] == "top_p, seed"
    assert first.headers["x-spacebridge-adjusted"] == "max_tokens=4096"
    assert first.headers["x-spacebridge-conversation"] == "new"
    messages += [assistant(answer), user("Again")]
    second = await client.chat.completions.with_raw_response.create(model="interface_settings", messages=messages)
    assert second.headers["x-spacebridge-conversation"] == "continued"
    assert (second.parse().choices[0].message.content or "").endswith("settings=Be brief,0.7,512,False")
    assert "x-spacebridge-ignored" not in second.headers


async def test_the_apps_own_settings(client: openai.AsyncOpenAI):
    done = await client.chat.completions.create(
        model="interface_settings", messages=[user("Hi")], extra_body={"spacebridge": {"settings": {"loud": True}}}
    )
    assert (done.choices[0].message.content or "").endswith(",True")
    with pytest.raises(openai.BadRequestError, match="no setting 'quiet'"):
        await client.chat.completions.create(
            model="interface_settings", messages=[user("Hi")], extra_body={"spacebridge": {"settings": {"quiet": 1}}}
        )


async def test_reasoning_is_never_in_the_content(client: openai.AsyncOpenAI):
    done = await client.chat.completions.create(model="interface_thoughts", messages=[user("Hello")])
    message = done.choices[0].message
    assert message.content == "Echo: Hello | history=0"
    assert message.reasoning_content == "I look. I think. I know."  # type: ignore[attr-defined]
    assert message.reasoning == "I look. I think. I know."  # type: ignore[attr-defined]
    stream = await client.chat.completions.create(model="interface_thoughts", messages=[user("Hello")], stream=True)
    text, thoughts = "", ""
    async for chunk in stream:
        delta = chunk.choices[0].delta
        text += delta.content or ""
        thoughts += getattr(delta, "reasoning_content", None) or ""
    assert (text, thoughts) == ("Echo: Hello | history=0", "I look. I think. I know.")


DATA = base64.b64encode(b"some text").decode()


@pytest.mark.parametrize(
    "part, name",
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}, "file.png"),
        (
            {"type": "file", "file": {"filename": "notes.txt", "file_data": f"data:text/plain;base64,{DATA}"}},
            "notes.txt",
        ),
        ({"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}, "audio.wav"),
    ],
)
async def test_files_go_to_apps_that_take_them(client: openai.AsyncOpenAI, part: Any, name: str):
    content: Any = [{"type": "text", "text": "Look"}, part]
    done = await client.chat.completions.create(
        model="interface_multimodal", messages=[{"role": "user", "content": content}]
    )
    assert done.choices[0].message.content == f"Echo: Look | history=0 files={name}"


async def test_files_are_refused_by_apps_that_take_none(client: openai.AsyncOpenAI):
    content = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]
    with pytest.raises(openai.BadRequestError, match="takes no files") as caught:
        await client.chat.completions.create(
            model="interface",
            messages=[{"role": "user", "content": content}],  # type: ignore[typeddict-item]
        )
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:1/x.png", "https://example.org/x.png"]
)
async def test_files_are_never_read_or_fetched_for_a_message(client: openai.AsyncOpenAI, url: str):
    content = [{"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(
            model="interface_multimodal",
            messages=[{"role": "user", "content": content}],  # type: ignore[typeddict-item]
        )
    assert "data:" in caught.value.message


async def test_several_answers_are_several_sessions(client: openai.AsyncOpenAI):
    done = await client.chat.completions.create(model="interface", messages=[user("Hello")], n=3)
    assert [choice.message.content for choice in done.choices] == ["Echo: Hello | history=0"] * 3
    stream = await client.chat.completions.create(model="interface", messages=[user("Hello")], n=2, stream=True)
    texts = ["", ""]
    async for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == ["Echo: Hello | history=0"] * 2


async def test_a_stop_sequence_ends_the_turn(client: openai.AsyncOpenAI, served: Served):
    before = await served.metric("spacebridge_space_turns")
    stream = await client.chat.completions.create(
        model="interface", messages=[user("[[count=400 pace=0.05]]")], stop=["4 5"], stream=True
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text.split() == ["1", "2", "3"]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert await served.metric("spacebridge_space_turns") == before


async def test_an_app_without_a_setting_for_the_length_is_cut(client: openai.AsyncOpenAI):
    done = await client.chat.completions.create(
        model="interface", messages=[user("[[count=400 pace=0.02]]")], max_tokens=6
    )
    assert done.choices[0].finish_reason == "length"
    assert 1 <= len((done.choices[0].message.content or "").split()) <= 12


async def test_tools_are_told_and_their_calls_read(client: openai.AsyncOpenAI):
    """The echo says what it was told, so the call in the prompt comes back as one."""
    tools: Any = [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
    ]
    said = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>'
    done = await client.chat.completions.create(model="interface", messages=[user(said)], tools=tools)
    calls = done.choices[0].message.tool_calls
    assert calls
    assert calls[0].type == "function"
    assert calls[0].function.name == "weather"
    assert json.loads(calls[0].function.arguments) == {"city": "Paris"}
    assert done.choices[0].finish_reason == "tool_calls"


async def test_json_that_does_not_come_is_told(client: openai.AsyncOpenAI):
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(
            model="interface", messages=[user("Hello")], response_format={"type": "json_object"}
        )
    assert caught.value.status_code == 502
    assert "asked twice for JSON" in caught.value.message


@pytest.mark.parametrize(
    "body, param, status",
    [
        ({"messages": [{"role": "user", "content": "x"}]}, "model", 400),
        ({"model": "interface"}, "messages", 400),
        ({"model": "interface", "messages": []}, "messages", 400),
        ({"model": "interface", "messages": "x"}, "messages", 400),
        ({"model": "interface", "messages": [{"role": "user", "content": 1}]}, "messages[0].content", 400),
        ({"model": "interface", "messages": [user("x")], "temperature": "hot"}, "temperature", 400),
        ({"model": "interface", "messages": [user("x")], "stream": "yes"}, "stream", 400),
        ({"model": "nobody", "messages": [user("x")]}, "model", 404),
    ],
)
async def test_wrong_requests_name_the_field(served: Served, body: Any, param: str, status: int):
    got, headers, text = await post(served, body)
    error = json.loads(text)["error"]
    assert got == status
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert headers["x-request-id"].startswith("req_")


async def test_no_json_at_all(served: Served):
    async with aiohttp.ClientSession() as http, http.post(f"{served.url}/v1/chat/completions", data=b"\xff{") as reply:
        assert reply.status == 400
        assert "no JSON" in (await reply.json())["error"]["message"]


async def test_unknown_fields_are_accepted_and_told(served: Served):
    status, headers, _ = await post(
        served,
        {"model": "interface", "messages": [user("x")], "new_field": 1, "evil\r\nheader: x": 1, "logit_bias": {"1": 2}},
    )
    assert status == 200
    assert headers["x-spacebridge-ignored"] == "new_field, logit_bias"


async def test_an_error_before_the_first_byte_has_its_status(served: Served):
    for stream in (False, True):
        status, headers, text = await post(served, {"model": "notices", "messages": [user("error")], "stream": stream})
        assert status == 502
        assert "quota gone" in json.loads(text)["error"]["message"]
        assert headers["content-type"] == "application/json"


async def test_signs_of_life_while_nothing_comes(served: Served):
    _, headers, text = await post(
        served, {"model": "interface", "messages": [user("[[count=2 pace=1.2]]")], "stream": True}
    )
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert text.count(": keep-alive\n\n") >= 2
    assert ": queued rank=0" in text
    assert text_of(events_of(text)).split() == ["1", "2"]


async def test_events_are_told_to_whoever_asks_for_them(served: Served):
    _, _, text = await post(
        served, {"model": "interface", "messages": [user("x")], "stream": True, "spacebridge": {"events": True}}
    )
    told = [chunk["spacebridge"]["event"]["type"] for chunk in events_of(text) if "spacebridge" in chunk]
    assert told[:2] == ["queued", "started"]


async def test_a_client_that_goes_away_stops_the_turn(served: Served):
    """The app counts on for 20 s, if nobody stops it."""
    for stream in (True, False):
        body = {"model": "interface", "messages": [user("[[count=400 pace=0.05]]")], "stream": stream}
        async with aiohttp.ClientSession() as http:
            asked = asyncio.create_task(http.post(f"{served.url}/v1/chat/completions", json=body))
            while not await served.metric("spacebridge_space_turns", space=_space_of(served, "interface")):
                await asyncio.sleep(0.05)
            if stream:
                reply = await asked
                assert await reply.content.readany()
                reply.close()
            else:
                await asyncio.sleep(0.5)
                asked.cancel()
        async with asyncio.timeout(10):
            while await served.metric("spacebridge_space_turns", space=_space_of(served, "interface")):
                await asyncio.sleep(0.05)
    assert await served.metric("spacebridge_requests_total", status="499") >= 2


def _space_of(served: Served, model: str) -> str:
    arguments = served.process.arguments
    found = next(argument for argument in arguments if argument.startswith(f"{model}="))
    return found.partition("://")[2]
