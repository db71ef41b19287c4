"""The scripted model does what its script says, as seen by the official client."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.doubles.http import until
from tests.real.answers import ANSWERS
from tests.real.model_server import ModelServer, Script


@pytest.fixture
async def client(model: ModelServer):
    async with openai.AsyncOpenAI(base_url=model.base_url, api_key="none", max_retries=0) as client:
        yield client


async def say(client: openai.AsyncOpenAI, text: str) -> str:
    stream = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


async def test_echo_streamed_and_whole(client: openai.AsyncOpenAI, model: ModelServer) -> None:
    assert await say(client, "Hello  there\n") == "Echo 1: Hello  there\n"
    whole = await client.chat.completions.create(
        model="m", messages=[{"role": "system", "content": "s"}, {"role": "user", "content": "Hi"}], temperature=0.5
    )
    assert whole.choices[0].message.content == "Echo 1: Hi"
    assert model.asked[-1].params["temperature"] == 0.5
    await until(lambda: [a.outcome for a in model.asked] == ["finished", "finished"])
    assert [m.id async for m in client.models.list()] == ["scripted"]


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_arrives_as_it_was_written(client: openai.AsyncOpenAI, name: str) -> None:
    assert await say(client, f"Say [[{name}]]") == "".join(ANSWERS[name])


async def test_keys_and_queue(client: openai.AsyncOpenAI, model: ModelServer) -> None:
    model.enqueue(Script(["queued"]))
    key = model.on("mine", Script(["first"]), lambda asked: Script([f"later {len(asked.messages)}"]))
    assert [await say(client, f"please {key}") for _ in range(4)] == ["queued", "first", "later 1", "later 1"]
    assert await say(client, "[[words=3]]") == "w0 w1 end."


async def test_faults(client: openai.AsyncOpenAI, model: ModelServer) -> None:
    model.enqueue(Script(status=500))
    with pytest.raises(openai.InternalServerError, match="broken"):
        await say(client, "a")
    model.enqueue(Script(["x"], then="error"))
    with pytest.raises(openai.APIError, match="broken"):
        await say(client, "b")
    for way in ("cut", "reset"):
        model.enqueue(Script(["x", "y"], at=1, then=way))
        with pytest.raises((openai.APIError, httpx.TransportError)):
            await say(client, "c")
    assert [(a.outcome, a.sent) for a in model.asked] == [("failed", 0), ("failed", 1), ("cut", 1), ("cut", 1)]


async def test_a_client_that_leaves_is_noticed(client: openai.AsyncOpenAI, model: ModelServer) -> None:
    model.enqueue(Script(["a", "b"], then="silence"), Script(["a"], then="silence"))
    stream = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content == "b":
            break
    await stream.close()
    await until(lambda: model.asked[0].outcome == "gone")
    assert model.asked[0].sent == 2

    stream = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    model.release()
    assert "".join([c.choices[0].delta.content or "" async for c in stream]) == "a"
