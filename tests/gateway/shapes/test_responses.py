from __future__ import annotations

import json
from typing import Any

import openai
import pydantic
import pytest
from hypothesis import given
from openai.types.responses import Response, ResponseStreamEvent

from spacebridge.chat.events import Event, Finished, Queued, ReasoningDelta, TextDelta
from spacebridge.gateway.shapes import responses, responses_request
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.transcript import Memory, Said
from tests.gateway.shapes.clients import openai_client, played
from tests.gateway.shapes.turns import call, content, cuts, text_events
from tests.strategies import many

TOOL: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
TURN: list[Event] = [
    ReasoningDelta(text="h"),
    ReasoningDelta(text="m"),
    *text_events("Let me", " see.\n", call(), " Done."),
]


def parse(**fields: Any) -> Request:
    body = {"model": "m", "input": "Hello", "stream": True} | fields
    return responses_request.read_body(json.dumps(body).encode()).request()


def stream(request: Request, *turns: list[Event]) -> tuple[responses.Encoder, list[dict[str, Any]]]:
    """All events of a response, each held against OpenAI's own types, and numbered."""
    encoder = responses.Encoder(request, identifier="resp_1", created=1)
    found = played(encoder, request, [*turns])
    for number, event in enumerate(found):
        assert event["sequence_number"] == number
        EVENT.validate_python(event, strict=True)
    return encoder, json.loads(json.dumps(found))


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_the_order_of_events():
    _, found = stream(parse(tools=[TOOL]), TURN)
    assert kinds(found) == [
        "created", "in_progress",
        "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta",
        "reasoning_text.done", "content_part.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done",
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done",
        "completed",
    ]  # fmt: skip
    added = [event for event in found if event["type"] == "response.output_item.added"]
    assert [event["output_index"] for event in added] == [0, 1, 2, 3]
    assert [event["item"]["type"] for event in added] == ["reasoning", "message", "function_call", "message"]
    assert [event["item"]["status"] for event in added] == ["in_progress"] * 4
    assert [event["item"].get("content") for event in added] == [[], [], None, []]


def test_every_event_names_the_item_it_is_about():
    _, found = stream(parse(tools=[TOOL]), TURN)
    identifiers = {
        event["output_index"]: event["item"]["id"] for event in found if event["type"].endswith("item.added")
    }
    for event in found:
        if "item_id" in event:
            assert event["item_id"] == identifiers[event["output_index"]]
        if event["type"].endswith("output_item.done"):
            assert event["item"]["id"] == identifiers[event["output_index"]]
            assert event["item"]["status"] == "completed"
    assert found[-1]["response"]["output"] == [e["item"] for e in found if e["type"].endswith("output_item.done")]


def test_the_response_at_its_beginning_and_end():
    asked = parse(
        tools=[TOOL, {"type": "web_search"}], tool_choice="auto", temperature=0.5, max_output_tokens=99, metadata={"a": "b"},
        instructions="Be brief.", store=False, text={"format": {"type": "text"}},
    )  # fmt: skip
    encoder, found = stream(asked, TURN)
    first, last = found[0]["response"], found[-1]["response"]
    assert (first["id"], first["status"], first["output"], first["usage"]) == ("resp_1", "in_progress", [], None)
    assert last == json.loads(json.dumps(encoder.whole()))
    assert (last["status"], last["incomplete_details"], last["error"]) == ("completed", None, None)
    assert [tool["name"] for tool in last["tools"]] == ["get_weather"]
    assert (last["temperature"], last["max_output_tokens"], last["instructions"]) == (0.5, 99, "Be brief.")
    assert (last["metadata"], last["store"], last["created_at"]) == ({"a": "b"}, False, 1)
    assert last["usage"]["estimated"] is True
    assert last["usage"]["output_tokens_details"]["reasoning_tokens"] == 1
    assert not encoder.stored


@pytest.mark.parametrize("streamed", [True, False])
def test_a_response_that_the_limit_cut_is_incomplete(streamed: bool):
    request = parse(max_output_tokens=2, stream=streamed)
    encoder = responses.Encoder(request)
    found = played(encoder, request, [text_events("word " * 50)])
    whole = encoder.whole()
    Response.model_validate(whole, strict=True)
    assert (whole["status"], whole["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert whole["output"][0]["status"] == "incomplete"
    assert kinds(found)[-1:] == (["incomplete"] if streamed else [])


def test_a_failure_ends_the_stream_with_what_had_come():
    request = parse()
    encoder = responses.Encoder(request)
    found = [*encoder.begin(), *encoder.feed(TextDelta(text="Hel")), *encoder.fail(Problem("Gone.", status=502))]
    EVENT.validate_python(found[-1], strict=True)
    response = found[-1]["response"]
    assert (found[-1]["type"], response["status"]) == ("response.failed", "failed")
    assert response["error"] == {"code": "server_error", "message": "Gone."}
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["text"] == "Hel"
    for status, code in ((400, "invalid_prompt"), (429, "rate_limit_exceeded")):
        failed = responses.Encoder(request).fail(Problem("?", status=status))
        assert failed[0]["response"]["error"]["code"] == code


def test_after_a_rewrite_the_last_event_carries_the_whole_text():
    _, found = stream(parse(), [TextDelta(text="abc"), content(0, "x"), Finished(text="xyz")])
    assert found[-1]["response"]["spacebridge"] == {"text": "xyz"}
    assert found[-1]["response"]["output"][0]["content"][0]["text"] == "abc"


def test_events_of_the_library_are_told_to_those_who_ask():
    request = parse(spacebridge={"events": True})
    found = played(responses.Encoder(request), request, [[Queued(rank=1), *text_events("a")]])
    assert found[2]["type"] == "response.spacebridge"
    assert found[2]["spacebridge"]["event"]["rank"] == 1
    assert [event["sequence_number"] for event in found] == [*range(len(found))]


@pytest.mark.parametrize("streamed", [True, False])
def test_what_was_said_is_known_again(streamed: bool):
    request = parse(tools=[TOOL], stream=streamed)
    encoder = responses.Encoder(request)
    played(encoder, request, [TURN])
    output = encoder.whole()["output"]
    called = next(item for item in output if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": called["call_id"], "output": "22 °C"}
    after = parse(tools=[TOOL], input=[{"role": "user", "content": "Hello"}, *output, result])
    assert after.transcripts[0][:-1] == (*request.transcript(0), encoder.said())
    assert encoder.memory() == Memory("", after.transcripts[0][:-1])


def test_an_answer_of_nothing_has_no_items():
    encoder, found = stream(parse(max_output_tokens=1), [ReasoningDelta(text="")])
    assert kinds(found) == ["created", "in_progress", "completed"]
    assert encoder.said() == Said("assistant", "")


@many
@given(cuts(f"Well,\n{call()}\nthen"))
def test_any_split_gives_the_same_items(pieces: list[str]):
    encoder, _ = stream(parse(tools=[TOOL]), text_events(*pieces))
    said = [item.get("arguments") or item["content"][0]["text"] for item in encoder.whole()["output"]]
    assert said == ["Well,", '{"place": "Bonn"}', "\n\nthen"]


# With the client itself


class Person(pydantic.BaseModel):
    name: str
    age: int


def test_the_client_reads_a_response():
    client, served = openai_client(TURN)
    reply = client.responses.create(model="m", input="Hello", tools=[TOOL])
    Response.model_validate(reply.model_dump(), strict=True)
    assert [item.type for item in reply.output] == ["reasoning", "message", "function_call", "message"]
    assert reply.output_text == "Let me see.\n Done."
    assert served.asked[0].tools.names == {"get_weather"}


def test_the_client_streams_a_response():
    client, _ = openai_client(TURN)
    with client.responses.stream(model="m", input="Hello", tools=[TOOL]) as stream_:
        found = [event.type for event in stream_]
        final = stream_.get_final_response()
    assert found.count("response.output_text.delta") == 3
    assert final.output_text == "Let me see.\n Done."
    assert [item.type for item in final.output] == ["reasoning", "message", "function_call", "message"]


def test_the_client_parses_structured_outputs():
    client, _ = openai_client(text_events("```json\n", '{"name": "Ada", "age": 36}\n```'))
    assert client.responses.parse(model="m", input="Hello", text_format=Person).output_parsed == Person(
        name="Ada", age=36
    )


def test_the_client_raises_what_is_refused():
    client, _ = openai_client()
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="m", input=[{"type": "web_search_call"}])  # type: ignore[list-item]
    assert refused.value.param == "input[0].type"
