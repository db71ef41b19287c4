from __future__ import annotations

import json
from typing import Any

import openai
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from spacebridge.chat.events import (
    Attachment,
    AttachmentAdded,
    Event,
    Finished,
    Notice,
    Queued,
    ReasoningDelta,
    ReasoningRewritten,
    Started,
    TextDelta,
    ToolStep,
)
from spacebridge.gateway.shapes import chat, sse
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from tests.gateway.shapes.clients import openai_client, played
from tests.gateway.shapes.turns import WEATHER, asked, call, content, cuts, text_events
from tests.strategies import many

HELLO: Any = [{"role": "user", "content": "Hello"}]
TURN: list[Event] = [Started(), ReasoningDelta(text="hm"), *text_events("Let me see.\n", call(), call(arguments="{}"))]


def chunks(request: Request, *turns: list[Event]) -> list[dict[str, Any]]:
    """All chunks of a reply, each held against OpenAI's own types."""
    encoder = chat.Encoder(request, identifier="chatcmpl-1", created=1)
    found = played(encoder, request, [*turns])
    for chunk in found:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    return found


def deltas(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in found for choice in chunk["choices"]]


@many
@given(
    st.lists(st.text() | st.sampled_from(['"', "\\", "\ud83d", "\u2028", "</s>"]), max_size=6),
    st.sampled_from([{}, {"n": 2}, {"stream": False}, {"stop": ["b"]}, {"stream_options": {"include_usage": True}}]),
)
def test_the_bytes_are_those_of_the_chunks(pieces: list[str], fields: dict[str, Any]):
    """Text is written without making a chunk of each."""
    request = asked(**fields)
    one, other = (chat.Encoder(request, identifier="chatcmpl-1", created=1) for _ in range(2))
    events = [Started(), ReasoningDelta(text="hm"), *text_events(*pieces)]
    for choice in range(request.choices):
        for event in events:
            assert one.told(event, choice) == sse.data(other.feed(event, choice))
        assert one.finish(choice) == other.finish(choice)
        assert one.said(choice) == other.said(choice)


def test_a_stream_begins_with_the_role_and_ends_with_the_reason():
    found = chunks(asked(), text_events("Hel", "lo"))
    assert found[0] == {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
        ],
    }
    assert deltas(found)[1:] == [{"content": "Hel"}, {"content": "lo"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in found] == [None, None, None, "stop"]


def test_reasoning_is_told_apart_from_the_answer():
    found = deltas(chunks(asked(), [ReasoningDelta(text="hm"), *text_events("a")]))
    assert found[1:] == [{"reasoning_content": "hm", "reasoning": "hm"}, {"content": "a"}, {}]


def test_calls_come_with_index_id_and_name_and_then_their_arguments():
    found = chunks(asked(tools=[WEATHER]), TURN)
    calls = [delta["tool_calls"][0] for delta in deltas(found) if "tool_calls" in delta]
    assert [one["index"] for one in calls] == [0, 0, 1, 1]
    assert calls[0]["id"].startswith("call_")
    assert calls[0] | {"id": ""} == {
        "index": 0,
        "id": "",
        "type": "function",
        "function": {"name": "get_weather", "arguments": ""},
    }
    assert calls[1] == {"index": 0, "function": {"arguments": '{"place": "Bonn"}'}}
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_functions_are_called_in_the_older_form():
    request = asked(functions=[WEATHER["function"]])
    found = chunks(request, text_events("Let me see.\n", call(), call()))
    assert [delta["function_call"] for delta in deltas(found) if "function_call" in delta] == [
        {"name": "get_weather", "arguments": ""},
        {"arguments": '{"place": "Bonn"}'},
    ]
    assert not any("tool_calls" in delta for delta in deltas(found))
    assert found[-1]["choices"][0]["finish_reason"] == "function_call"
    client, served = openai_client(text_events(call()), text_events("Fine."))
    functions: Any = [WEATHER["function"]]
    done = client.chat.completions.create(model="m", messages=HELLO, functions=functions)
    assert done.choices[0].finish_reason == "function_call"
    called: Any = done.choices[0].message
    assert (called.function_call.name, called.tool_calls) == ("get_weather", None)
    result: Any = {"role": "function", "name": "get_weather", "content": "22"}
    client.chat.completions.create(model="m", messages=[*HELLO, called, result], functions=functions)
    assert served.asked[1].transcript(0)[1] == served.encoders[0].said()


def test_usage_comes_last_where_it_was_asked_for():
    found = chunks(asked(stream_options={"include_usage": True}), [ReasoningDelta(text="hm"), *text_events("a")])
    assert [chunk["usage"] for chunk in found[:-1]] == [None] * (len(found) - 1)
    assert found[-1]["choices"] == []
    used = found[-1]["usage"]
    assert used["estimated"] is True
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"] > 0
    assert used["completion_tokens_details"]["reasoning_tokens"] == 1
    assert all("usage" not in chunk for chunk in chunks(asked(), text_events("a")))


def test_several_choices_are_told_by_their_index():
    found = chunks(asked(n=2, stream_options={"include_usage": True}), text_events("a"), text_events("b"))
    said = [(choice["index"], choice["delta"]) for chunk in found for choice in chunk["choices"]]
    role = {"role": "assistant", "content": ""}
    assert said == [(0, role), (1, role), (0, {"content": "a"}), (0, {}), (1, {"content": "b"}), (1, {})]
    assert [chunk["choices"] == [] for chunk in found] == [False] * 6 + [True]


def test_choices_may_come_in_any_order():
    request = asked(n=2, stream_options={"include_usage": True})
    encoder = chat.Encoder(request)
    for event in text_events("b"):
        encoder.feed(event, 1)
    assert len(encoder.finish(1)) == 1
    for event in text_events("a"):
        encoder.feed(event, 0)
    assert len(encoder.finish(0)) == 2
    assert [choice["message"]["content"] for choice in encoder.whole()["choices"]] == ["a", "b"]


def test_after_a_rewrite_the_last_chunk_carries_the_whole_text():
    found = chunks(asked(), [TextDelta(text="abc"), content(0, "x"), Finished(text="xyz")])
    assert "".join(delta.get("content") or "" for delta in deltas(found)) == "abc"
    assert found[-1]["spacebridge"] == {"text": "xyz"}
    found = chunks(
        asked(), [ReasoningDelta(text="hm"), ReasoningRewritten(keep=0, replacement="oh"), *text_events("a")]
    )
    assert found[-1]["spacebridge"] == {"reasoning": "oh"}


def test_files_are_told_in_the_last_chunk_and_in_the_message():
    turn = [AttachmentAdded(attachment=Attachment(url="http://h/a.png", kind="image")), *text_events("A cat.")]
    told = {"url": "http://h/a.png", "kind": "image"}
    found = chunks(asked(), turn)[-1]["spacebridge"]["attachments"]
    assert [{name: one[name] for name in told} for one in found] == [told]
    encoder = chat.Encoder(request := asked(stream=False))
    played(encoder, request, [turn])
    assert encoder.whole()["choices"][0]["message"]["spacebridge"]["attachments"] == found


def test_events_of_the_library_are_told_to_those_who_ask():
    turn = [
        Queued(rank=2, size=5, eta=1.5), Started(), ToolStep(id="1", title="search"), Notice(level="info", text="hi"),
        *text_events("a"),
    ]  # fmt: skip
    found = chunks(asked(spacebridge={"events": True}), turn)
    told = [chunk["spacebridge"]["event"] for chunk in found if "spacebridge" in chunk]
    assert [event["type"] for event in told] == ["queued", "started", "tool", "notice"]
    assert told[0] | {"turn_id": ""} == {
        "type": "queued",
        "turn_id": "",
        "bubble": None,
        "rank": 2,
        "size": 5,
        "eta": 1.5,
    }
    assert deltas(found) == [{"role": "assistant", "content": ""}, {}, {}, {}, {}, {"content": "a"}, {}]
    assert all("spacebridge" not in chunk for chunk in chunks(asked(), turn))


def test_the_whole_reply():
    request = asked(tools=[WEATHER], stream=False)
    encoder = chat.Encoder(request, identifier="chatcmpl-1", created=1)
    assert played(encoder, request, [TURN]) == []
    whole = encoder.whole()
    ChatCompletion.model_validate(whole, strict=True)
    message = whole["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"], message["reasoning"]) == ("Let me see.", "hm", "hm")
    assert [one["function"]["arguments"] for one in message["tool_calls"]] == ['{"place": "Bonn"}', "{}"]
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["usage"]["estimated"] is True


@pytest.mark.parametrize("answer, said", [(call(), None), ("", ""), ("a", "a")])
def test_there_is_no_content_only_where_there_are_calls(answer: str, said: str | None):
    encoder = chat.Encoder(request := asked(tools=[WEATHER], stream=False))
    played(encoder, request, [text_events(answer)])
    assert encoder.whole()["choices"][0]["message"]["content"] == said


@pytest.mark.parametrize("stream", [True, False])
def test_what_was_said_is_known_again_in_the_next_request(stream: bool):
    encoder = chat.Encoder(request := asked(tools=[WEATHER], stream=stream))
    played(encoder, request, [TURN])
    message = encoder.whole()["choices"][0]["message"]
    result = [{"role": "tool", "tool_call_id": one["id"], "content": "22 °C"} for one in message["tool_calls"]]
    after = asked(tools=[WEATHER], messages=[*HELLO, message, *result])
    assert after.transcripts[0][:-1] == (*request.transcript(0), encoder.said())
    assert after.system == request.system


def test_a_failure_is_an_event_of_its_own():
    encoder = chat.Encoder(asked())
    problem = Problem("The app failed.", status=502, code="app_failed")
    assert encoder.fail(problem) == [chat.Encoder.error_body(problem)]
    assert encoder.sse(encoder.fail(problem)).startswith(b'data: {"error":{"message":"The app failed."')


@many
@given(cuts(f"Well,\n{call()}\nthen"))
def test_openais_own_accumulator_puts_any_split_together(pieces: list[str]):
    state = ChatCompletionStreamState(input_tools=[WEATHER])  # type: ignore[list-item]
    for chunk in chunks(asked(tools=[WEATHER], stream_options={"include_usage": True}), text_events(*pieces)):
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    final = state.get_final_completion()
    message = final.choices[0].message
    assert message.content == "Well,\n\nthen"
    assert message.tool_calls is not None
    assert [json.loads(one.function.arguments) for one in message.tool_calls] == [{"place": "Bonn"}]
    assert final.choices[0].finish_reason == "tool_calls"
    assert final.usage is not None


# With the client itself


def test_the_client_reads_the_stream_to_its_end():
    client, _ = openai_client([ReasoningDelta(text="hm"), *text_events("Hel", "lo")])
    stream = client.chat.completions.create(model="m", messages=HELLO, stream=True)
    found = [*stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in found) == "Hello"
    assert found[1].choices[0].delta.model_extra == {"reasoning_content": "hm", "reasoning": "hm"}


class Person(pydantic.BaseModel):
    name: str
    age: int


def test_the_client_parses_structured_outputs_that_were_repaired():
    wrong, right = text_events('{"name": "Ada"}'), text_events('```json\n{"name": "Ada", "age": 36}\n```')
    client, served = openai_client(wrong, right)
    reply = client.chat.completions.parse(model="m", messages=HELLO, response_format=Person)
    assert reply.choices[0].message.parsed == Person(name="Ada", age=36)
    assert served.asked[0].format is not None


def test_the_client_streams_structured_outputs():
    client, _ = openai_client(text_events('{"name": "Ada",', '"age": 36}'))
    with client.chat.completions.stream(model="m", messages=HELLO, response_format=Person) as stream:
        kinds = [event.type for event in stream]
    assert stream.get_final_completion().choices[0].message.parsed == Person(name="Ada", age=36)
    assert "content.done" in kinds


def test_the_client_streams_calls():
    tool = openai.pydantic_function_tool(Person, name="meet")
    client, _ = openai_client(text_events(call("meet", '{"name": "Ada", "age": 36}')))
    with client.chat.completions.stream(model="m", messages=HELLO, tools=[tool]) as stream:
        kinds = [event.type for event in stream]
    assert "tool_calls.function.arguments.done" in kinds
    called = stream.get_final_completion().choices[0].message.tool_calls
    assert called is not None
    assert called[0].function.parsed_arguments == Person(name="Ada", age=36)


def test_the_client_raises_what_is_refused_and_what_fails():
    client, _ = openai_client(text_events("Sorry."), text_events("Sorry."))
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="m", messages=HELLO, temperature=9)
    assert (refused.value.param, refused.value.code) == ("temperature", "invalid_value")
    with pytest.raises(openai.APIError, match="asked twice for JSON") as failed:
        list(
            client.chat.completions.create(
                model="m", messages=HELLO, stream=True, response_format={"type": "json_object"}
            )
        )
    assert failed.value.code == "invalid_json_answer"


def test_half_a_surrogate_pair_can_be_sent():
    encoder = chat.Encoder(asked())
    told = encoder.sse(encoder.feed(TextDelta(text="a\ud83d")))
    assert json.loads(told.removeprefix(b"data: "))["choices"][0]["delta"]["content"] == "a\ud83d"
    assert sse.to_json({"a": "é"}) == '{"a":"é"}'.encode()
