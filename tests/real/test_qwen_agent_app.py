"""The real Qwen-Agent app answers as its own description says, seen without the library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.doubles.http import until
from tests.real.answers import ANSWERS
from tests.real.apps.qwen import PLACEHOLDER, TAIL
from tests.real.model_server import ModelServer, Script
from tests.real.readers import RawReader, raw_turn

QwenAgent = Callable[..., str]

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--agents", "3"],
        ["--agents", "3", "--wiring", "space"],
        ["--agents", "3", "--mention"],
        ["--agents", "2", "--wiring", "other"],
    ],
    ids=" ".join,
)
async def test_two_turns(qwen_agent: QwenAgent, model: ModelServer, options: list[str]) -> None:
    async with RawReader(await asyncio.to_thread(qwen_agent, *options)) as reader:
        first = await reader.turn("Hello")
        assert not first.errors
        assert first.answer == "Echo 1: Hello"  # what the selector's mention adds is shown, but not said to the model
        assert len(first.steps) > 1
        second = await reader.turn("Again")
        assert second.answer == "Echo 3: Again"
    assert model.asked[-1].roles == ["system", "user", "assistant", "user"]


async def test_demo_texts(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await asyncio.to_thread(qwen_agent, "--agents", "3", "--wiring", "space", "--demo")
    key = model.on("slow", Script(ANSWERS["plain"], pace=0.03))
    reading = await raw_turn(url, f"Say {key}")
    texts = [step[-1][1][0]["text"] for step in reading.steps if step[-1][1]]
    assert texts[0] == PLACEHOLDER
    assert all(TAIL.search(text) for text in texts[1:])
    assert TAIL.sub("", reading.answer) == "".join(ANSWERS["plain"])


async def test_tool_blocks(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await asyncio.to_thread(qwen_agent, "--tools")
    reading = await raw_turn(url, f"Do it {model.on('tool', *TOOL)}")
    assert '<summary>Start calling tool "shout"...</summary>' in reading.answer
    assert "\n\nHELLO\n</details>" in reading.answer
    assert reading.answer.endswith("It said HELLO.")


TOOL = [
    Script(["✿FUNCTION✿", ": shout\n", "✿ARGS✿", ': {"text": ', '"hello"}', "\n"]),
    Script(["It said ", "HELLO."]),
]


@pytest.mark.parametrize("hub", ["group", "router"])
async def test_hubs(qwen_agent: QwenAgent, model: ModelServer, hub: str) -> None:
    url = await asyncio.to_thread(qwen_agent, "--agents", "2", "--hub", hub)
    reading = await raw_turn(url, "Hello")
    assert not reading.errors
    assert len(reading.answers) == (3 if hub == "group" else 1)


async def test_failures_and_cancel(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await asyncio.to_thread(qwen_agent, "--agents", "3", "--wiring", "space")
    for script in (Script(status=500), Script(["a", "b"], then="cut"), Script(["a"], then="error")):
        reading = await raw_turn(url, f"x {model.on('bad', script)}")
        assert reading.errors == [{"error": None}]

    model.on("hang", Script(["a ", "b"], then="silence"))
    async with RawReader(url) as reader:
        task = asyncio.create_task(reader.turn("x [[hang]]"))
        await until(lambda: model.about("[[hang]]") and model.about("[[hang]]")[0].sent == 2)
        model.release()
        assert (await task).answer == "a b"
    assert model.about("[[hang]]")[0].outcome == "finished"
