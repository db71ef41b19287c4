from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from spacebridge.gateway.shapes import messages_request
from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.tools import render_call, render_results
from spacebridge.gateway.shapes.transcript import Said

DATA = base64.b64encode(b"hello").decode()
TOOL = {"name": "f", "description": "Does f.", "input_schema": {"type": "object"}}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}


def parse(**fields: Any) -> Request:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]} | fields
    return messages_request.parse(json.dumps(body).encode())


def test_the_least_that_can_be_asked():
    request = parse()
    assert request.transcripts == ((Said("user", "Hello"),),)
    assert (request.system, request.max_tokens, request.parameters) == ("", 9, {"max_tokens": 9})
    assert (request.stream, request.ignored) == (False, ())


def test_blocks_of_every_form():
    request = parse(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "Be kind."}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    PNG,
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
                    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": DATA}, "title": "b.pdf"},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "the text"}, "title": "T"},
                    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "inner"}, PNG]}},
                    {"type": "search_result", "source": "http://s", "title": "S", "content": [{"type": "text", "text": "found"}]},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "x"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "1", "name": "f", "input": {}},
                    {"type": "tool_use", "id": "2", "name": "g", "input": {"a": "é"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "2", "content": [{"type": "text", "text": "two"}, PNG]},
                    {"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True},
                    {"type": "tool_result", "tool_use_id": "3"},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
    )  # fmt: skip
    assert request.system == "Be brief.\n\nBe kind."
    said, answer, results = request.transcripts[0]
    assert said.text == "What is this?\n\nT\nthe text\n\ninner\n\nS (http://s)\nfound"
    png = File(name="file.png", mime_type="image/png", data=b"hello")
    assert said.files == (
        png,
        File(name="a.jpg", url="https://example.com/a.jpg"),
        File(name="b.pdf", mime_type="application/pdf", data=b"hello"),
        png,
    )
    assert answer.text == "\n".join(["Let me look.", render_call("f", "{}"), render_call("g", '{"a": "é"}')])
    assert results == Said("user", f"{render_results(['Error: no', 'two', ''])}\n\nAnd?", (png,))


def test_parameters():
    request = parse(
        temperature=1, top_p=0.5, top_k=3, stop_sequences=["x", ""], stream=True, metadata={"user_id": "u"},
        service_tier="auto", cache_control={"type": "ephemeral"}, thinking={"type": "enabled", "budget_tokens": 1024},
        tools=[TOOL, {"type": "bash_20250124", "name": "bash"}], spacebridge={"settings": {"a": 1}},
        output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
    )  # fmt: skip
    assert request.parameters == {"temperature": 1, "top_p": 0.5, "top_k": 3, "max_tokens": 9}
    assert (request.stop, request.user, request.settings) == (("x",), "u", {"a": 1})
    assert request.ignored == ("service_tier", "cache_control", "tools[1]")
    assert request.tools.names == {"f"}
    assert request.format is not None
    assert request.format.schema == {"type": "object"}
    for choice, use in (
        ({"type": "auto"}, ("auto", None, True)),
        ({"type": "any"}, ("required", None, True)),
        ({"type": "none"}, ("none", None, True)),
        ({"type": "tool", "name": "f", "disable_parallel_tool_use": True}, ("required", "f", False)),
    ):
        tools = parse(tools=[TOOL], tool_choice=choice).tools
        assert (tools.choice, tools.only, tools.parallel) == use


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "/etc/passwd"}}]}]},
            "messages[0].content[0].source.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "!"}}]}]},
            "messages[0].content[0].source.data",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}]},
            "messages[0].content[0].source.file_id",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "messages[0].content[0].tool_use_id"),
        ({"system": 5}, "system"),
        ({"temperature": 1.5}, "temperature"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, "tool_choice"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "x"}}}}, "output_config.format.schema"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], param: str):
    with pytest.raises(Problem) as caught:
        parse(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_an_answer_can_not_be_begun_for_the_model():
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "I say"}]
    with pytest.raises(Problem, match="last message must be the user's"):
        parse(messages=messages)


def test_tokens_are_counted_without_a_limit():
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "word " * 10}],
        "tools": [TOOL],
        "system": "Be brief.",
    }
    request = messages_request.parse_count(json.dumps(body).encode())
    assert request.weight() == parse(messages=body["messages"], tools=[TOOL], system="Be brief.").weight()
