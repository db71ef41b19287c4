from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from spacebridge.gateway.shapes import responses_request
from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.tools import render_call, render_results
from spacebridge.gateway.shapes.transcript import Memory, Said

DATA = base64.b64encode(b"hello").decode()
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}


def read(**fields: Any) -> responses_request.Asked:
    return responses_request.read_body(json.dumps({"model": "m", "input": "Hello"} | fields).encode())


def parse(**fields: Any) -> Request:
    return read(**fields).request()


def test_the_least_that_can_be_asked():
    request = parse()
    assert request.transcripts == ((Said("user", "Hello"),),)
    assert (request.system, request.standing, request.stream, request.ignored) == ("", "", False, ())
    assert read().store
    assert not read(store=False).store


def test_items_of_every_form():
    request = parse(
        instructions="Be brief.",
        input=[
            {"role": "developer", "content": "Be kind."},
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What is this?"},
                    {"type": "input_image", "image_url": f"data:image/png;base64,{DATA}", "detail": "auto"},
                    {"type": "input_file", "filename": "a.txt", "file_data": f"data:text/plain;base64,{DATA}"},
                    {"type": "input_file", "file_url": "https://example.com/b.pdf"},
                    {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
                    {"type": "text", "text": "Tell me."},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {"type": "output_text", "text": "Let me look.", "annotations": []},
                    {"type": "refusal", "refusal": "No."},
                ],
            },
            {"type": "function_call", "id": "fc_1", "call_id": "1", "name": "f", "arguments": "{}"},
            {"type": "function_call", "call_id": "2", "name": "g", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "two"}]},
            {"type": "function_call_output", "call_id": "1", "output": "one"},
        ],
    )
    assert (request.system, request.standing) == ("Be brief.\n\nBe kind.", "Be kind.")
    said, answer, results = request.transcripts[0]
    assert said == Said(
        "user",
        "What is this?\nTell me.",
        (
            File(name="file.png", mime_type="image/png", data=b"hello"),
            File(name="a.txt", mime_type="text/plain", data=b"hello"),
            File(name="b.pdf", url="https://example.com/b.pdf"),
            File(name="audio.wav", mime_type="audio/wav", data=b"hello"),
        ),
    )
    assert answer.text == "\n".join(["Let me look.\nNo.", render_call("f", "{}"), render_call("g", "{}")])
    assert results.text == render_results(["one", "two"])


def test_it_goes_on_with_what_is_kept():
    asked = read(previous_response_id="resp_1", instructions="New.")
    assert asked.previous == "resp_1"
    before = Memory("Standing.", (Said("user", "One"), Said("assistant", "Two")))
    request = asked.request(before)
    assert request.transcripts[0] == (*before.transcript, Said("user", "Hello"))
    assert (request.system, request.standing) == ("New.\n\nStanding.", "Standing.")
    with pytest.raises(Problem, match="'resp_1' not found") as caught:
        asked.request()
    assert (caught.value.status, caught.value.param) == (404, "previous_response_id")


def test_items_may_be_named():
    asked = read(
        input=[
            {"role": "user", "content": "One"},
            {"type": "item_reference", "id": "msg_1"},
            {"id": "rs_1"},
            {"role": "user", "content": "Two"},
        ]
    )
    assert asked.references == ("msg_1", "rs_1")
    response = {
        "output": [
            {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
            {"type": "reasoning", "id": "rs_1", "summary": []},
        ]
    }
    request = asked.request(items=responses_request.output_items(response))
    assert request.transcripts[0] == (Said("user", "One"), Said("assistant", "A"), Said("user", "Two"))
    with pytest.raises(Problem, match="'msg_1' not found") as caught:
        asked.request()
    assert (caught.value.status, caught.value.param) == (404, "input[1].id")


def test_parameters():
    request = parse(
        temperature=1, top_p=0.5, max_output_tokens=9, stream=True, user="u", truncation="auto", include=["x"],
        text={"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}, "verbosity": "low"},
        tools=[TOOL, {"type": "web_search"}], parallel_tool_calls=False,
        spacebridge={"settings": {"a": 1}},
    )  # fmt: skip
    assert request.parameters == {"temperature": 1, "top_p": 0.5, "max_tokens": 9}
    assert (request.max_tokens, request.user, request.settings) == (9, "u", {"a": 1})
    assert request.ignored == ("truncation", "include", "tools[1]")
    assert request.format is not None
    assert request.format.schema == {"type": "object"}
    assert (request.tools.names, request.tools.parallel) == ({"f"}, False)
    assert parse(text={"format": {"type": "json_object"}}).format is not None
    assert parse(text={"format": {"type": "text"}}).format is None
    assert parse(tools=[TOOL], tool_choice={"type": "function", "name": "f"}).tools.only == "f"
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}
    assert parse(tools=[TOOL, TOOL | {"name": "g"}], tool_choice=allowed).tools.names == {"f"}
    assert parse(tools=[TOOL], tool_choice="required").tools.demanded


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": []}, "input"),
        ({"input": ["Hello"]}, "input[0]"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content[0].image_url"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input[0].content[0].file_data"),
        ({"input": [{"type": "computer_call", "id": "x"}]}, "input[0].type"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call_output", "call_id": "1", "output": 5}]}, "input[0].output"),
        ({"temperature": 3}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"text": {"format": {"type": "json_schema", "schema": {"type": "x"}}}}, "text.format.schema"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"metadata": {"a": 1}}, "metadata"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], param: str):
    with pytest.raises(Problem) as caught:
        parse(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)
