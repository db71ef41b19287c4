"""Tools and structured outputs over a real app, by the real clients of OpenAI and Anthropic, all the way round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pydantic
import pytest

from tests.gateway.served import Served, gateway
from tests.real.process import Pool

pytestmark = pytest.mark.servers

ASK: Any = {"role": "user", "content": "What is the weather of Bonn and Paris?"}
SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA},
}
FLAT_TOOL: Any = {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}
ANTHROPIC_TOOL: Any = {"name": "get_weather", "description": "The weather.", "input_schema": SCHEMA}
PLACES = [{"place": "Bonn"}, {"place": "Paris"}]


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


@pytest.fixture(scope="module")
def assistant(servers: Pool) -> Iterator[Served]:
    with gateway("--model", f"m={servers.get(Path(__file__).with_name('assistant_app.py'))}") as served:
        yield served


@pytest.fixture
def client(assistant: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{assistant.url}/v1", api_key="unused", max_retries=0, timeout=50) as opened:
        yield opened


@pytest.fixture
def claude(assistant: Served) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=assistant.url, api_key="unused", max_retries=0, timeout=50) as opened:
        yield opened


@pytest.mark.parametrize("stream", [False, True])
def test_chat_calls_tools_and_goes_on_with_their_results(client: openai.OpenAI, stream: bool):
    messages: list[Any] = [ASK]

    def ask() -> tuple[Any, str]:
        if stream:
            with client.chat.completions.stream(model="m", messages=messages, tools=[TOOL]) as opened:
                way = opened._response.headers["x-spacebridge-conversation"]
                return opened.get_final_completion().choices[0], way
        raw = client.chat.completions.with_raw_response.create(model="m", messages=messages, tools=[TOOL])
        return raw.parse().choices[0], raw.headers["x-spacebridge-conversation"]

    choice, way = ask()
    assert (choice.message.content, choice.finish_reason, way) == ("Let me look.", "tool_calls", "new")
    assert [json.loads(call.function.arguments) for call in choice.message.tool_calls] == PLACES
    messages.append(choice.message.model_dump(exclude_none=True))
    for call, degrees in reversed([*zip(choice.message.tool_calls, ("20 °C", "25 °C"), strict=True)]):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": degrees})
    choice, way = ask()
    assert (choice.message.content, choice.finish_reason) == ("It is 20 °C and 25 °C. (turn 2)", "stop")
    assert way == "continued"


def test_a_call_can_be_demanded(client: openai.OpenAI):
    asked: Any = {"role": "user", "content": "Hello"}
    for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
        done = client.chat.completions.create(model="m", messages=[asked], tools=[TOOL], tool_choice=choice)  # type: ignore[arg-type]
        (call,) = done.choices[0].message.tool_calls or []
        assert json.loads(call.function.arguments) == {"place": "Bonn"}  # type: ignore[union-attr]
    asked["content"] = "stubborn"
    with pytest.raises(openai.InternalServerError, match="asked twice to call a function"):
        client.chat.completions.create(model="m", messages=[asked], tools=[TOOL], tool_choice="required")


def test_a_repair_is_no_part_of_the_conversation(client: openai.OpenAI):
    messages: list[Any] = [{"role": "user", "content": "Where is it warm?"}]
    done = client.chat.completions.parse(model="m", messages=messages, response_format=Weather)
    assert done.choices[0].message.parsed == Weather(city="Bonn", degrees=22)
    messages += [
        {"role": "assistant", "content": done.choices[0].message.content},
        {"role": "user", "content": "Thanks"},
    ]
    again = client.chat.completions.create(model="m", messages=messages)
    assert (again.choices[0].message.content or "").startswith("You said ")


def test_json_that_never_comes_is_an_error_streamed_or_not(client: openai.OpenAI):
    asked: Any = [{"role": "user", "content": "stubborn"}]
    schema: Any = {"type": "json_schema", "json_schema": {"name": "w", "schema": Weather.model_json_schema()}}
    with pytest.raises(openai.InternalServerError, match="still can't be used"):
        client.chat.completions.create(model="m", messages=asked, response_format=schema)
    with pytest.raises(openai.APIError, match="still can't be used"):
        list(client.chat.completions.create(model="m", messages=asked, response_format=schema, stream=True))


def test_responses_call_tools_and_go_on_by_their_name(client: openai.OpenAI):
    with client.responses.stream(model="m", input=[ASK], tools=[FLAT_TOOL], instructions="Be brief.") as stream:
        kinds = [event.type for event in stream]
    first = stream.get_final_response()
    assert kinds[-1] == "response.completed"
    calls = [item for item in first.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == PLACES
    results: list[Any] = [
        {"type": "function_call_output", "call_id": call.call_id, "output": degrees}
        for call, degrees in zip(calls, ("20 °C", "25 °C"), strict=True)
    ]
    second = client.responses.create(
        model="m", input=results, previous_response_id=first.id, tools=[FLAT_TOOL], instructions="Be brief."
    )
    assert second.output_text == "It is 20 °C and 25 °C. (turn 2)"
    parsed = client.responses.parse(model="m", input="Where is it warm?", text_format=Weather)
    assert parsed.output_parsed == Weather(city="Bonn", degrees=22)


def test_messages_call_tools_and_go_on_with_their_results(claude: anthropic.Anthropic):
    messages: list[Any] = [ASK]
    options: Any = {"model": "m", "max_tokens": 500, "tools": [ANTHROPIC_TOOL], "system": "Be brief."}
    with claude.messages.stream(messages=messages, **options) as stream:
        assert "".join(stream.text_stream) == "Let me look."
    first = stream.get_final_message()
    assert (first.stop_reason, [block.type for block in first.content]) == (
        "tool_use",
        ["text", "tool_use", "tool_use"],
    )
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == PLACES
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": degrees}
        for call, degrees in zip(calls, ("20 °C", "25 °C"), strict=True)
    ]
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    raw = claude.messages.with_raw_response.create(messages=messages, **options)
    assert raw.headers["x-spacebridge-conversation"] == "continued"
    second = raw.parse()
    assert (second.stop_reason, second.content[0].text) == ("end_turn", "It is 20 °C and 25 °C. (turn 2)")  # type: ignore[union-attr]


def test_messages_stop_where_they_are_told_to(claude: anthropic.Anthropic):
    asked: Any = [{"role": "user", "content": "one two three"}]
    done = claude.messages.create(model="m", max_tokens=500, messages=asked, stop_sequences=["four", " three"])
    assert (done.stop_reason, done.stop_sequence) == ("stop_sequence", " three")
    assert done.content[0].text == "You said 'one two"  # type: ignore[union-attr]
    cut = claude.messages.create(model="m", max_tokens=2, messages=asked)
    assert cut.stop_reason == "max_tokens"
    assert claude.messages.count_tokens(model="m", messages=asked).input_tokens > 1


def test_what_is_refused_is_told_in_the_clients_own_terms(claude: anthropic.Anthropic, client: openai.OpenAI):
    with pytest.raises(anthropic.NotFoundError, match="'nobody' does not exist"):
        claude.messages.create(model="nobody", max_tokens=5, messages=[ASK])
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        claude.messages.create(model="m", max_tokens=5, messages=[])
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="m", input=[ASK], tools=[{"type": "function"}])  # type: ignore[list-item]
    assert refused.value.param == "tools[0].name"
