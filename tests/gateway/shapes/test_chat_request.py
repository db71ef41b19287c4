from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from spacebridge.gateway.shapes import chat_request
from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.tools import render_call, render_results
from spacebridge.gateway.shapes.transcript import Said
from tests.gateway.shapes.turns import WEATHER, asked

DATA = base64.b64encode(b"hello").decode()
USER = {"role": "user", "content": "Hello"}


def parse(**fields: Any) -> Request:
    return chat_request.parse(json.dumps({"model": "m", "messages": [USER]} | fields).encode())


def test_the_least_that_can_be_asked():
    request = parse()
    assert request.model == "m"
    assert request.transcripts == ((Said("user", "Hello"),),)
    assert (request.system, request.closing, request.stream, request.n, request.choices) == ("", "", False, 1, 1)
    assert (request.stop, request.max_tokens, request.parameters, request.ignored) == ((), None, {}, ())
    assert request.held
    assert not parse(stream=True).held


def test_a_byte_order_mark_is_passed_over():
    body = b'{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'
    assert chat_request.parse(b"\xef\xbb\xbf" + body) == chat_request.parse(body)


def test_every_role_and_every_part():
    request = parse(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {
                "role": "user",
                "name": "Ada",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}", "detail": "low"}},
                    {"type": "image_url", "image_url": "https://example.com/a.jpg"},
                    {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
                    {"type": "input_audio", "input_audio": {"data": DATA, "format": "mp3"}},
                    {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{DATA}"}},
                    {"type": "file", "file": {"file_data": DATA}},
                    {"type": "text", "text": "Tell me."},
                ],
            },
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Let me look."}, {"type": "refusal", "refusal": "No."}],
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "2", "type": "function", "function": {"name": "g", "arguments": '{"a": 1}'}},
                ],
            },
            {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "two"}]},
            {"role": "tool", "tool_call_id": "1", "content": "one"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "old"},
            {"role": "assistant", "refusal": "I will not."},
            {"role": "user", "content": "Why?"},
        ]
    )
    assert request.system == "Be brief.\n\nBe kind."
    asked, called, results, old_call, old_result, refused, last = request.transcripts[0]
    assert asked.text == "What is this?\nTell me."
    assert asked.files == (
        File(name="file.png", mime_type="image/png", data=b"hello"),
        File(name="a.jpg", url="https://example.com/a.jpg"),
        File(name="a.mp4", url="https://example.com/a.mp4"),
        File(name="audio.mp3", mime_type="audio/mp3", data=b"hello"),
        File(name="a.txt", mime_type="text/plain", data=b"hello"),
        File(name="file", data=b"hello"),
    )
    assert called.text == "\n".join(["Let me look.\nNo.", render_call("f", "{}"), render_call("g", '{"a": 1}')])
    assert results == Said("user", render_results(["one", "two"]))
    assert old_call == Said("assistant", render_call("f", "{}"))
    assert old_result == Said("user", render_results(["old"]))
    assert (refused, last) == (Said("assistant", "I will not."), Said("user", "Why?"))


def test_parameters_are_named_for_the_app_and_what_nothing_reads_is_listed():
    request = parse(
        temperature=0.5, top_p=1, top_k=5, seed=7, frequency_penalty=-2, presence_penalty=2, repetition_penalty=1.1,
        max_completion_tokens=10, max_tokens=20, stop=["a", ""], n=3, user="u", metadata={"a": "b"},
        logprobs=True, logit_bias=None, something={"new": 1}, stream_options=None,
        spacebridge={"settings": {"Style": "terse"}, "events": True},
    )  # fmt: skip
    assert request.parameters == {
        "temperature": 0.5, "top_p": 1, "top_k": 5, "seed": 7, "frequency_penalty": -2, "presence_penalty": 2,
        "repetition_penalty": 1.1, "max_tokens": 10,
    }  # fmt: skip
    assert (request.max_tokens, request.stop, request.n, request.choices, request.user) == (10, ("a",), 3, 3, "u")
    assert request.ignored == ("logprobs", "something")
    assert request.settings == {"Style": "terse"}
    assert request.extension.events
    assert parse(stop="x").stop == ("x",)


def test_nulls_are_as_good_as_nothing():
    names = [name for name in chat_request.ChatBody.__struct_fields__ if name not in ("model", "messages")]
    assert parse(**dict.fromkeys(names)) == parse() or parse(**dict.fromkeys(names)).transcripts == parse().transcripts


def test_tools_are_told_and_their_use_is_what_was_chosen():
    other = {"type": "function", "function": {"name": "other"}}
    request = parse(tools=[WEATHER, other], stream=True)
    assert '"get_weather"' in request.system
    assert (request.tools.choice, request.closing, request.held) == ("auto", "", False)
    assert parse(tools=[WEATHER], tool_choice="none").system == ""
    assert parse(tools=[WEATHER], tool_choice="required", stream=True).held
    named = parse(tools=[WEATHER, other], tool_choice={"type": "function", "function": {"name": "other"}})
    assert (named.tools.only, named.tools.choice) == ("other", "required")
    assert "call the function other" in named.closing
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "other"}}]}
    few = parse(tools=[WEATHER, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert few.tools.names == {"other"}
    assert "get_weather" not in few.system
    assert not parse(tools=[WEATHER], parallel_tool_calls=False).tools.parallel
    assert parse(tools=[]).system == ""
    custom = {"type": "custom", "custom": {"name": "shell"}}
    assert parse(tools=[WEATHER, custom]).ignored == ("tools[1]",)


def test_functions_are_tools_in_the_older_form():
    function = WEATHER["function"]
    asked = parse(functions=[function])
    assert asked.tools.names == {"get_weather"}
    assert (asked.tools.choice, asked.tools.parallel, asked.tools.legacy) == ("auto", False, True)
    assert parse(tools=[WEATHER]).tools.briefing() == asked.tools.briefing()
    assert parse(functions=[function], function_call={"name": "get_weather"}).tools.only == "get_weather"
    assert not parse(functions=[function], function_call="none").tools.offered
    assert not parse(functions=[function], tools=[WEATHER]).tools.legacy
    assert asked.ignored == ()


def test_json_is_asked_for_behind_the_last_message_and_in_no_transcript():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    request = parse(
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, stream=True
    )
    assert json.dumps(schema) in request.closing
    assert (request.system, request.transcripts) == ("", parse().transcripts)
    assert request.held
    assert parse(response_format={"type": "json_object"}).format is not None
    assert parse(response_format={"type": "json_schema", "json_schema": {"name": "x"}}).format is not None
    assert parse(response_format={"type": "text"}).format is None


def test_json_beside_tools_is_asked_for_where_no_tool_is_called():
    form = {"type": "json_object"}
    free = parse(tools=[WEATHER], response_format=form)
    assert free.closing.startswith("If you call no function:\n\nAnswer with one JSON object")
    assert "JSON object" not in parse(tools=[WEATHER], tool_choice="required", response_format=form).closing


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"model": None}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": {"text": "x"}}]}, "messages[0].content"),
        ({"messages": [USER, {"role": "user", "content": ["x"]}]}, "messages[1].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "/etc/passwd"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]},
            "messages[0].content[0].file.file_data",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "!", "format": "wav"}}]}]},
            "messages[0].content[0].input_audio.data",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [USER, {"role": "assistant", "tool_calls": [{"id": "1"}]}, USER]}, "messages[1].tool_calls[0].function"),
        ({"messages": [{"role": "system", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": "many"}, "max_completion_tokens"),
        ({"stop": 5}, "stop"),
        ({"stop": ["a", 5]}, "stop[1]"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
        ({"tools": [WEATHER, {"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools[1].function.parameters"),
        ({"tools": [WEATHER], "tool_choice": "always"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"functions": [{"description": "x"}]}, "functions[0].name"),
        ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call"),
        ({"functions": [{"name": "f"}], "function_call": "always"}, "function_call"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nothing"}}}},
            "response_format.json_schema.schema",
        ),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"spacebridge": {"settings": []}}, "spacebridge.settings"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], param: str):
    with pytest.raises(Problem) as caught:
        parse(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)
    assert param in caught.value.message


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"a": "\\ud83d"}']
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes):
    with pytest.raises(Problem, match=r"JSON|nested") as caught:
        chat_request.parse(body)
    assert (caught.value.status, caught.value.code) == (400, "invalid_json")


@pytest.mark.parametrize(
    "body, why",
    [
        (b'{"model": "m", "messages": [{"role": "user", "content": "\\ud83d"}]}', "half of a surrogate pair"),
        (b'{"model": "m', "truncated"),
        (b" ", "it is empty"),
        (b'{"seed": 1e999}', "out of range.$"),
    ],
)
def test_why_a_body_is_no_json(body: bytes, why: str):
    with pytest.raises(Problem, match=why):
        chat_request.parse(body)


def test_a_missing_field_is_called_missing():
    with pytest.raises(Problem, match="Missing required parameter: 'messages'"):
        chat_request.parse(b'{"model": "m"}')


def test_the_weight_of_a_request_is_that_of_all_that_is_said():
    long = asked("word " * 100)
    assert asked("word " * 100, n=2).weight() == long.weight()
    assert asked("word " * 100, tools=[WEATHER]).weight() > long.weight() > asked().weight()
    assert asked("word " * 100, response_format={"type": "json_object"}).weight() > long.weight()
