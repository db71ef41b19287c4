"""The other APIs over real apps: completions, responses, Anthropic's messages; models, documents, health."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from tests.gateway.served import Served, events_of

pytestmark = pytest.mark.servers


@pytest.fixture
async def client(served: Served) -> AsyncIterator[openai.AsyncOpenAI]:
    async with served.client() as opened:
        yield opened


@pytest.fixture
async def http(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(served.url) as session:
        yield session


async def test_completions(client: openai.AsyncOpenAI):
    done = await client.completions.create(model="interface", prompt="Hello")
    assert done.choices[0].text == "Echo: Hello | history=0"
    many = await client.completions.create(model="interface", prompt=["one", "two"])
    assert [choice.text for choice in many.choices] == ["Echo: one | history=0", "Echo: two | history=0"]
    stream = await client.completions.create(model="interface", prompt="Hello", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream if chunk.choices]) == "Echo: Hello | history=0"


async def test_responses_go_on_with_each_other(client: openai.AsyncOpenAI, http: aiohttp.ClientSession):
    first = await client.responses.create(model="interface", input="one")
    assert first.output_text == "Echo: one | history=0"
    raw = await client.responses.with_raw_response.create(model="interface", input="two", previous_response_id=first.id)
    assert raw.headers["x-spacebridge-conversation"] == "continued"
    second = raw.parse()
    assert second.output_text.startswith("Echo: two | history=2")
    kept = await client.responses.retrieve(second.id)
    assert kept.output_text == second.output_text
    await client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(second.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        await client.responses.create(model="interface", input="x", previous_response_id=second.id)


async def test_a_response_that_is_not_to_be_kept_is_not(client: openai.AsyncOpenAI):
    done = await client.responses.create(model="interface", input="one", store=False)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(done.id)


async def test_responses_as_they_grow(client: openai.AsyncOpenAI):
    stream = await client.responses.create(model="interface", input="[[count=5 pace=0.05]]", stream=True)
    events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text.split() == ["1", "2", "3", "4", "5"]
    # What is kept can be had as soon as the end is told.
    assert (await client.responses.retrieve(events[-1].response.id)).output_text == text


async def test_a_response_of_another_client_is_not_known(client: openai.AsyncOpenAI):
    """Without keys clients are told apart by their address, so this one is the same; a made-up one is not."""
    with pytest.raises(openai.NotFoundError):
        await client.responses.create(model="interface", input="x", previous_response_id="resp_0123")


async def test_anthropics_messages(http: aiohttp.ClientSession):
    body: Any = {"model": "interface", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
    async with http.post("/v1/messages", json=body, headers={"x-api-key": "unused"}) as reply:
        done = await reply.json()
    assert done["type"] == "message"
    assert done["content"] == [{"type": "text", "text": "Echo: Hello | history=0"}]
    async with http.post("/v1/messages", json={**body, "stream": True}) as reply:
        events = events_of(await reply.text())
    assert [event["type"] for event in events if event["type"] != "ping"][:2] == [
        "message_start",
        "content_block_start",
    ]
    assert events[-1]["type"] == "message_stop"
    body["messages"] += [{"role": "assistant", "content": done["content"]}, {"role": "user", "content": "more"}]
    async with http.post("/v1/messages", json=body) as reply:
        assert reply.headers["x-spacebridge-conversation"] == "continued"
        assert (await reply.json())["content"][0]["text"].startswith("Echo: more | history=2")


async def test_anthropics_errors(http: aiohttp.ClientSession):
    async with http.post("/v1/messages", json={"model": "interface"}) as reply:
        assert reply.status == 400
        told = await reply.json()
        assert (told["type"], told["error"]["type"]) == ("error", "invalid_request_error")
    async with http.post(
        "/v1/messages", json={"model": "x", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    ) as reply:
        assert reply.status == 404
        assert (await reply.json())["error"]["type"] == "not_found_error"


async def test_counting_tokens(http: aiohttp.ClientSession):
    body = {"model": "interface", "messages": [{"role": "user", "content": "Hello, how are you?"}]}
    async with http.post("/v1/messages/count_tokens", json=body) as reply:
        assert 3 <= (await reply.json())["input_tokens"] <= 12


async def test_models(client: openai.AsyncOpenAI, http: aiohttp.ClientSession):
    models = {model.id: model async for model in client.models.list()}
    assert {"interface", "interface_settings"} <= models.keys()
    async with http.get("/v1/models/interface_settings") as reply:
        told = await reply.json()
    assert told["object"] == "model"
    space = told["spacebridge"]["spaces"][0]
    assert told["spacebridge"]["state"] == space["state"] == "ready"
    assert [setting["name"] for setting in space["settings"]] == ["system", "temperature", "max_tokens", "loud"]
    assert {setting["step"] for setting in space["settings"] if setting["type"] == "slider"} - {None}
    assert (await client.models.retrieve("interface")).id == "interface"
    with pytest.raises(openai.NotFoundError) as caught:
        await client.models.retrieve("nobody")
    assert caught.value.body["code"] == "model_not_found"  # type: ignore[index]


async def test_health_and_documents(http: aiohttp.ClientSession):
    async with http.get("/health") as reply:
        assert (reply.status, await reply.json()) == (200, {"status": "ok"})
    async with http.get("/ready") as reply:
        assert (reply.status, await reply.json()) == (200, {"status": "ready"})
    async with http.get("/openapi.json") as reply:
        document = await reply.json()
    assert document["openapi"] == "3.1.0"
    assert "/v1/chat/completions" in document["paths"]
    assert set(document["paths"]["/v1/responses/{id}"]) == {"get", "delete"}
    assert set(document["paths"]["/v1/responses/{id}/input_items"]) == {"get"}
    assert "404" in document["paths"]["/v1/models/{id}"]["get"]["responses"]
    text = json.dumps(document)
    for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]
    async with http.get("/docs") as reply:
        page = await reply.text()
        assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "POST /v1/chat/completions" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


async def test_metrics(client: openai.AsyncOpenAI, served: Served):
    before = await served.metric("spacebridge_requests_total", route="/v1/completions", status="200")
    tokens = await served.metric("spacebridge_tokens_total", model="interface", kind="completion")
    await client.completions.create(model="interface", prompt="Hello")
    assert await served.metric("spacebridge_requests_total", route="/v1/completions", status="200") == before + 1
    assert await served.metric("spacebridge_tokens_total", model="interface", kind="completion") > tokens
    assert await served.metric("spacebridge_first_text_seconds_count", model="interface") > 0
    assert await served.metric("spacebridge_space_state", state="ready") >= 1
    kept = await served.metric("spacebridge_live_conversations")
    await client.chat.completions.create(model="interface", messages=[{"role": "user", "content": "to be kept"}])
    assert await served.metric("spacebridge_live_conversations") == min(kept + 1, 64)


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/nothing", 404), ("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405)],
)
async def test_wrong_ways_are_told_in_the_apis_shape(http: aiohttp.ClientSession, method: str, path: str, status: int):
    async with http.request(method, path) as reply:
        assert reply.status == status
        assert (await reply.json())["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("host", ["[::1", "evil.example", "", "localhost.evil.example"])
async def test_names_that_are_not_this_servers_are_refused(http: aiohttp.ClientSession, host: str):
    async with http.get("/v1/models", headers={"host": host}) as reply:
        assert (reply.status, (await reply.json())["error"]["code"]) == (403, "wrong_host")


@pytest.mark.parametrize("origin", ["null", "http://[", "http://evil.example"])
async def test_pages_of_others_are_refused(http: aiohttp.ClientSession, origin: str):
    async with http.get("/v1/models", headers={"origin": origin}) as reply:
        assert (reply.status, (await reply.json())["error"]["code"]) == (403, "wrong_origin")
    async with http.get("/v1/models", headers={"origin": str(http._base_url.origin())}) as reply:  # type: ignore[union-attr]
        assert reply.status == 200


async def test_every_reply_names_its_request(http: aiohttp.ClientSession):
    for method, path in (("GET", "/v1/models"), ("GET", "/"), ("POST", "/v1/chat/completions"), ("GET", "/nothing")):
        async with http.request(method, path, headers={"x-request-id": "mine-1"}) as reply:
            assert reply.headers["x-request-id"] == reply.headers["request-id"] == "mine-1"


async def test_a_compressed_body_is_refused_as_such(http: aiohttp.ClientSession):
    headers = {"content-encoding": "gzip"}
    async with http.post("/v1/chat/completions", data=b"\x1f\x8b", headers=headers) as reply:
        assert (reply.status, (await reply.json())["error"]["code"]) == (415, "unsupported_encoding")


async def test_tools_that_cannot_be_told_are_listed(http: aiohttp.ClientSession):
    body: Any = {"model": "interface", "messages": [{"role": "user", "content": "x"}]}
    body["tools"] = [{"type": "custom", "custom": {"name": "run"}}]
    async with http.post("/v1/chat/completions", json=body) as reply:
        assert reply.headers["x-spacebridge-ignored"] == "tools[0]"


async def test_errors_name_the_model_and_not_its_address(http: aiohttp.ClientSession):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body: Any = {"model": "interface", "messages": [{"role": "user", "content": [picture]}]}
    async with http.post("/v1/chat/completions", json=body) as reply:
        assert reply.status == 400
        message = (await reply.json())["error"]["message"]
    assert message.startswith("The chat of 'interface' takes no files.")


async def test_a_kept_response_is_not_streamed_again(client: openai.AsyncOpenAI):
    done = await client.responses.create(model="interface", input="one")
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.retrieve(done.id, stream=True)
    assert caught.value.param == "stream"


async def test_what_was_asked_is_kept_with_a_response(client: openai.AsyncOpenAI):
    asked: Any = [{"role": "user", "content": f"say {number}"} for number in range(3)]
    done = await client.responses.create(model="interface", input=asked)
    told = [item async for item in client.responses.input_items.list(done.id, limit=2, order="asc")]
    assert [item.content[0].text for item in told] == ["say 0", "say 1", "say 2"]  # type: ignore[union-attr, index]
    last = await client.responses.input_items.list(done.id, limit=1)
    assert (last.has_more, last.data[0].id, last.data[0].type) == (True, told[2].id, "message")
    await client.responses.delete(done.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.input_items.list(done.id)
    item: Any = {"type": "item_reference", "id": done.output[0].id}
    with pytest.raises(openai.NotFoundError):
        await client.responses.create(model="interface", input=[item, asked[0]])


async def test_input_is_counted_as_it_will_be(client: openai.AsyncOpenAI):
    first = await client.responses.create(model="interface", input="How many words is that?", instructions="Be brief.")
    counted = await client.responses.input_tokens.count(
        model="interface", input="How many words is that?", instructions="Be brief."
    )
    assert first.usage is not None
    assert counted.input_tokens == first.usage.input_tokens > 0
    more = await client.responses.input_tokens.count(model="interface", input="x", previous_response_id=first.id)
    assert more.input_tokens > 1
    with pytest.raises(openai.NotFoundError):
        await client.responses.input_tokens.count(model="nobody", input="x")


async def test_nothing_is_in_the_background(client: openai.AsyncOpenAI):
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="interface", input="x", background=True)
    assert caught.value.param == "background"
    done = await client.responses.create(model="interface", input="x", background=False)
    with pytest.raises(openai.BadRequestError, match="background"):
        await client.responses.cancel(done.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.cancel("resp_none")


async def test_what_a_client_names_is_repeated_in_part_only(http: aiohttp.ClientSession, served: Served):
    long = "x" * 50_000
    async with http.post("/v1/completions", json={"model": long, "prompt": "a"}) as reply:
        assert reply.status == 404
        assert len(await reply.text()) < 600
    for path in (f"/{long}", f"/v1/models/{long}"):
        async with http.get(path) as reply:
            assert reply.status == 404
            assert len(await reply.text()) < 600
    headers = {"connection": "upgrade", "upgrade": "websocket", "x-request-id": "upgraded"}
    async with http.get("/health", headers=headers) as reply:
        assert reply.status == 200
    log = served.process.wait_for_log("upgraded")
    assert max(map(len, log.splitlines())) < 1000
    assert "WebSocket" not in log
