"""Client libraries that are told nothing but ``base_url``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.servers

Ask = Callable[[str], Any]

LITELLM = r"""
import asyncio, json, sys, litellm
litellm.telemetry = False
to = {"api_base": sys.argv[1], "api_key": "unused"}
hello = [{"role": "user", "content": "Hello"}]
found = {}
whole = litellm.completion(model="openai/echo", messages=hello, **to)
found["whole"] = whole.choices[0].message.content
found["reasoning"] = whole.choices[0].message.reasoning_content
pieces, thoughts = [], []
count = [{"role": "user", "content": "[[count=5 pace=0.05]]"}]
for chunk in litellm.completion(model="openai/echo", messages=count, stream=True, **to):
    pieces.append(chunk.choices[0].delta.content or "")
    thoughts.append(getattr(chunk.choices[0].delta, "reasoning_content", None) or "")
found["pieces"], found["thoughts"] = pieces, "".join(thoughts)
tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}}}]
call = litellm.completion(model="openai/assistant", tools=tools, stream=True,
    messages=[{"role": "user", "content": "the weather of Bonn"}], **to)
message = litellm.stream_chunk_builder(list(call)).choices[0].message
found["call"] = [message.tool_calls[0].function.name, json.loads(message.tool_calls[0].function.arguments)]
async def later():
    done = await litellm.acompletion(model="openai/echo", messages=hello, **to)
    return done.choices[0].message.content
found["async"] = asyncio.run(later())
try:
    litellm.completion(model="openai/nothing", messages=hello, num_retries=0, **to)
except litellm.NotFoundError:
    found["unknown"] = True
print(json.dumps(found))
"""

LANGCHAIN = r"""
import asyncio, json, sys
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

def model(name):
    return ChatOpenAI(model=name, base_url=sys.argv[1], api_key="unused", max_retries=0)

class Weather(BaseModel):
    city: str
    degrees: int

def get_weather(place: str) -> str:
    "The weather of a place."
    return f"fine in {place}"

found = {}
found["whole"] = model("echo").invoke("Hello").content
chunks = list(model("echo").stream("[[count=5 pace=0.05]]"))
found["pieces"] = [chunk.content for chunk in chunks]
async def later():
    return "".join([chunk.content async for chunk in model("echo").astream("Hello")])
found["async"] = asyncio.run(later())
bound = model("assistant").bind_tools([get_weather])
said = [HumanMessage("the weather of Bonn and Ulm")]
answer = bound.invoke(said)
found["calls"] = [[call["name"], call["args"]] for call in answer.tool_calls]
results = [ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls]
found["told"] = bound.invoke([*said, answer, *results]).content
found["structured"] = model("assistant").with_structured_output(Weather).invoke("the weather as JSON").model_dump()
print(json.dumps(found))
"""

PYDANTIC_AI = r"""
import asyncio, json, sys
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

def model(name):
    return OpenAIChatModel(name, provider=OpenAIProvider(base_url=sys.argv[1], api_key="unused"))

class Weather(BaseModel):
    city: str
    degrees: int

async def main():
    found = {}
    agent = Agent(model("echo"))
    first = await agent.run("Hello")
    found["whole"] = first.output
    found["second"] = (await agent.run("And more", message_history=first.all_messages())).output
    async with agent.run_stream("[[count=5 pace=0.05]]") as run:
        found["pieces"] = [piece async for piece in run.stream_text(delta=True, debounce_by=None)]
    helped = Agent(model("assistant"))
    @helped.tool_plain
    def get_weather(place: str) -> str:
        "The weather of a place."
        return f"fine in {place}"
    found["told"] = (await helped.run("the weather of Bonn and Ulm")).output
    structured = Agent(model("assistant"), output_type=NativeOutput(Weather))
    found["structured"] = (await structured.run("the weather as JSON")).output.model_dump()
    return found

print(json.dumps(asyncio.run(main())))
"""

HELLO = "Echo: Hello | history=0"
THOUGHT = "I look. I think. I know."
WEATHER = {"city": "Bonn", "degrees": 22}


def streamed(pieces: list[str]) -> bool:
    """Whether the numbers came, and not all at once."""
    return "".join(pieces).split() == list("12345") and len(list(filter(None, pieces))) > 1


def test_litellm(ask: Ask):
    found = ask(LITELLM)
    assert found["whole"] == found["async"] == HELLO
    assert streamed(found["pieces"])
    assert found["reasoning"] == found["thoughts"] == THOUGHT
    assert found["call"] == ["get_weather", {"place": "Bonn"}]
    assert found["unknown"]


def test_langchain(ask: Ask):
    found = ask(LANGCHAIN)
    assert found["whole"] == found["async"] == HELLO
    assert streamed(found["pieces"])
    assert found["calls"] == [["get_weather", {"place": "Bonn"}], ["get_weather", {"place": "Ulm"}]]
    assert found["told"] == "It is fine in Bonn and fine in Ulm. (turn 2)"
    assert found["structured"] == WEATHER


def test_pydantic_ai(ask: Ask):
    found = ask(PYDANTIC_AI)
    assert found["whole"] == HELLO
    assert streamed(found["pieces"])
    # It is the app's own session that goes on.
    assert found["second"].startswith("Echo: And more | history=4")
    assert found["told"] == "It is fine in Bonn and fine in Ulm. (turn 2)"
    assert found["structured"] == WEATHER
