from __future__ import annotations

import json
from typing import Any

import anthropic
import pydantic
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given

from spacebridge.chat.events import Event, Finished, Queued, ReasoningDelta, TextDelta
from spacebridge.gateway.shapes import messages, messages_request
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from tests.gateway.shapes.clients import anthropic_client, played
from tests.gateway.shapes.turns import call, content, cuts, text_events
from tests.strategies import many

TOOL: Any = {"name": "get_weather", "input_schema": {"type": "object"}}
THINKING: Any = {"type": "enabled", "budget_tokens": 1024}
HELLO: Any = [{"role": "user", "content": "Hello"}]
EVENT = pydantic.TypeAdapter(RawMessageStreamEvent)
TURN: list[Event] = [
    ReasoningDelta(text="h"),
    ReasoningDelta(text="m"),
    *text_events("Let me", " see.\n", call(), " Done."),
]


def parse(**fields: Any) -> Request:
    return messages_request.parse(
        json.dumps({"model": "m", "max_tokens": 999, "messages": HELLO, "stream": True} | fields).encode()
    )


def stream(request: Request, *turns: list[Event]) -> tuple[messages.Encoder, list[dict[str, Any]]]:
    """All events of a message, each held against Anthropic's own types."""
    encoder = messages.Encoder(request, identifier="msg_1")
    found = played(encoder, request, [*turns])
    for event in found:
        if event["type"] != "ping":
            EVENT.validate_python(event, strict=True)
    return encoder, json.loads(json.dumps(found))


def test_the_order_of_events():
    _, found = stream(parse(tools=[TOOL], thinking=THINKING), TURN)
    told = [(event["type"], event.get("index"), event.get("delta", {}).get("type")) for event in found]
    assert told == [
        ("message_start", None, None),
        ("ping", None, None),
        ("content_block_start", 0, None),
        ("content_block_delta", 0, "thinking_delta"),
        ("content_block_delta", 0, "thinking_delta"),
        ("content_block_delta", 0, "signature_delta"),
        ("content_block_stop", 0, None),
        ("content_block_start", 1, None),
        ("content_block_delta", 1, "text_delta"),
        ("content_block_delta", 1, "text_delta"),
        ("content_block_stop", 1, None),
        ("content_block_start", 2, None),
        ("content_block_delta", 2, "input_json_delta"),
        ("content_block_stop", 2, None),
        ("content_block_start", 3, None),
        ("content_block_delta", 3, "text_delta"),
        ("content_block_stop", 3, None),
        ("message_delta", None, None),
        ("message_stop", None, None),
    ]
    blocks = [event["content_block"] for event in found if event["type"] == "content_block_start"]
    assert blocks[0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert blocks[1] == {"type": "text", "text": ""}
    assert blocks[2]["id"].startswith("toolu_")
    assert blocks[2] | {"id": ""} == {"type": "tool_use", "id": "", "name": "get_weather", "input": {}}


def test_the_message_at_its_beginning_and_end():
    _, found = stream(parse(tools=[TOOL]), TURN)
    message = found[0]["message"]
    assert (message["id"], message["content"], message["stop_reason"]) == ("msg_1", [], None)
    assert message["usage"]["input_tokens"] > 0
    assert message["usage"]["output_tokens"] == 0
    assert found[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert found[-2]["usage"]["output_tokens"] > 0
    assert found[-2]["usage"]["estimated"] is True


def test_thinking_is_told_only_to_those_who_asked_for_it():
    for thinking in (None, {"type": "disabled"}):
        encoder, _ = stream(parse(thinking=thinking), [ReasoningDelta(text="hm"), *text_events("a")])
        assert encoder.whole()["content"] == [{"type": "text", "text": "a"}]
    encoder, _ = stream(parse(thinking={"type": "adaptive"}), [ReasoningDelta(text="hm"), *text_events("a")])
    assert [block["type"] for block in encoder.whole()["content"]] == ["thinking", "text"]


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    "fields, answer, reason, sequence",
    [
        ({}, "a", "end_turn", None),
        ({"max_tokens": 2}, "word " * 50, "max_tokens", None),
        ({"stop_sequences": ["END", "x"]}, "a END", "stop_sequence", "END"),
        ({"tools": [TOOL]}, call(), "tool_use", None),
        ({"tools": [TOOL], "stop_sequences": ["END"]}, f"{call()} END", "tool_use", None),
    ],
)
def test_why_it_stopped(streamed: bool, fields: dict[str, Any], answer: str, reason: str, sequence: str | None):
    request = parse(**fields, stream=streamed)
    encoder = messages.Encoder(request)
    found = played(encoder, request, [text_events(answer)])
    whole = encoder.whole()
    Message.model_validate(whole, strict=True)
    assert (whole["stop_reason"], whole["stop_sequence"]) == (reason, sequence)
    if streamed:
        assert found[-2]["delta"] == {"stop_reason": reason, "stop_sequence": sequence}


def test_after_a_rewrite_the_end_carries_the_whole_text():
    _, found = stream(parse(), [TextDelta(text="abc"), content(0, "x"), Finished(text="xyz")])
    assert found[-2]["spacebridge"] == {"text": "xyz"}


def test_events_of_the_library_are_told_with_pings():
    request = parse(spacebridge={"events": True})
    found = played(messages.Encoder(request), request, [[Queued(rank=1), *text_events("a")]])
    assert found[2]["type"] == "ping"
    assert found[2]["spacebridge"]["event"]["rank"] == 1


@pytest.mark.parametrize("streamed", [True, False])
def test_what_was_said_is_known_again(streamed: bool):
    request = parse(tools=[TOOL], thinking=THINKING, stream=streamed)
    encoder = messages.Encoder(request)
    played(encoder, request, [TURN])
    said = encoder.whole()["content"]
    called = next(block for block in said if block["type"] == "tool_use")
    assert called["input"] == {"place": "Bonn"}
    result = {"type": "tool_result", "tool_use_id": called["id"], "content": "22 °C"}
    after = parse(
        tools=[TOOL], messages=[*HELLO, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
    )
    assert after.transcripts[0][:-1] == (*request.transcript(0), encoder.said())
    assert after.system == request.system


def test_tokens_are_counted():
    assert messages.count(parse()) == {"input_tokens": 2, "estimated": True}


@many
@given(cuts(f"Well,\n{call()}\nthen"))
def test_any_split_gives_the_same_blocks(pieces: list[str]):
    encoder, _ = stream(parse(tools=[TOOL]), text_events(*pieces))
    said = [block.get("input") or block["text"] for block in encoder.whole()["content"]]
    assert said == ["Well,", {"place": "Bonn"}, "\n\nthen"]


# With the client itself


def test_the_client_reads_a_message():
    client, served = anthropic_client(TURN)
    reply = client.messages.create(model="m", max_tokens=999, messages=HELLO, tools=[TOOL], thinking=THINKING)
    assert [block.type for block in reply.content] == ["thinking", "text", "tool_use", "text"]
    assert reply.stop_reason == "tool_use"
    assert served.asked[0].tools.names == {"get_weather"}


def test_the_client_streams_a_message():
    client, _ = anthropic_client(TURN)
    with client.messages.stream(model="m", max_tokens=999, messages=HELLO, tools=[TOOL], thinking=THINKING) as stream_:
        said = "".join(stream_.text_stream)
        final = stream_.get_final_message()
    assert said == "Let me see.\n Done."
    assert [block.type for block in final.content] == ["thinking", "text", "tool_use", "text"]
    used = final.content[2]
    assert used.type == "tool_use"
    assert used.input == {"place": "Bonn"}
    assert final.usage.output_tokens > 0


def test_the_client_raises_what_is_refused():
    client, _ = anthropic_client()
    with pytest.raises(anthropic.BadRequestError, match="temperature") as refused:
        client.messages.create(model="m", max_tokens=9, messages=HELLO, extra_body={"temperature": 9})
    assert refused.value.body == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "Invalid value for 'temperature': Expected `float` <= 1.0.",
        },
    }


def test_the_client_raises_what_fails_in_mid_stream():
    encoder = messages.Encoder(parse())
    bytes_ = encoder.sse([*encoder.begin(), *encoder.fail(Problem("Too many.", status=429))])
    assert bytes_.rpartition(b"event: ")[2] == (
        b'error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"Too many."}}\n\n'
    )
    wrong = text_events("Sorry.")
    client, _ = anthropic_client(wrong, wrong)
    config: Any = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    with (
        pytest.raises(anthropic.APIStatusError, match="asked twice for JSON"),
        client.messages.stream(model="m", max_tokens=9, messages=HELLO, output_config=config) as stream_,
    ):
        list(stream_)
