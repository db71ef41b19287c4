from __future__ import annotations

import json

import pytest

from spacebridge.gateway.shapes.tools import (
    Call,
    Tool,
    ToolUse,
    calls_anywhere,
    calls_in,
    render_call,
    render_results,
    with_calls,
)

NAMES = {"f", "g"}
USE = ToolUse(
    tools=(Tool(name="f", description="Does f.", parameters={"type": "object"}), Tool(name="g")), choice="auto"
)


def test_the_model_is_told_of_tools_in_the_form_it_knows():
    told = USE.briefing()
    signatures = told.partition("<tools>\n")[2].partition("\n</tools>")[0].splitlines()
    assert [json.loads(line) for line in signatures] == [
        {"type": "function", "function": {"name": "f", "description": "Does f.", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>' in told
    assert (USE.closing(), USE.offered, USE.demanded, USE.names) == ("", True, False, {"f", "g"})


def test_where_no_tool_may_be_called_none_is_told():
    for use in (ToolUse(), ToolUse(tools=USE.tools), ToolUse(choice="auto")):
        assert (use.briefing(), use.closing(), use.offered, use.demanded) == ("", "", False, False)


def test_a_call_that_must_be_made_is_asked_for():
    some = ToolUse(tools=USE.tools, choice="required", parallel=False)
    assert some.closing().startswith("Now call one of the functions: ")
    assert some.closing().endswith(" Call at most one function.")
    assert "one of the functions f, g must be called" in some.reminder()
    one = ToolUse(tools=USE.tools, choice="required", only="g")
    assert "call the function g" in one.closing()
    assert "the function g must be called" in one.reminder()
    assert one.names == {"g"}


@pytest.mark.parametrize(
    "body, calls",
    [
        ('{"name": "f", "arguments": {"a": "é"}}', [Call("f", '{"a": "é"}')]),
        ('{"name": "f"}', [Call("f", "{}")]),
        ('{"name": "f", "arguments": null}', [Call("f", "{}")]),
        ('{"name": "f", "arguments": ""}', [Call("f", "{}")]),
        ('{"name": "f", "parameters": {"a": 1}}', [Call("f", '{"a": 1}')]),
        ('{"name": "f", "arguments": "{\\"a\\": 1}"}', [Call("f", '{"a": 1}')]),
        ('{"type": "function", "function": {"name": "g", "arguments": {}}}', [Call("g", "{}")]),
        ('[{"name": "f"}, {"name": "g"}]', [Call("f", "{}"), Call("g", "{}")]),
        ('{"name": "f"}\n\n{"name": "g"}', [Call("f", "{}"), Call("g", "{}")]),
        ("{'name': 'f', 'arguments': {'x': None}}", [Call("f", '{"x": null}')]),
        ('{"name": "unknown"}', []),
        ('[{"name": "f"}, {"name": "unknown"}]', []),
        ('{"name": "f", "arguments": [1]}', []),
        ('{"name": "f", "arguments": "no json"}', []),
        ('{"name": "f", "arguments": {"a": NaN}}', []),
        ('{"name": "f", "arguments": {"a": 1e999}}', []),
        ('{"name": ["f"]}', []),
        ("[]", []),
        ("7", []),
        ("", []),
        ("f()", []),
    ],
)
def test_calls_are_read_or_none_at_all(body: str, calls: list[Call]):
    assert calls_in(body, NAMES) == calls


def test_a_demanded_call_is_found_in_whatever_form_it_comes():
    for answer in (
        'I will call f.\n```json\n{"name": "f", "arguments": {"a": 1}}\n```',
        'f: {"name": "f", "arguments": {"a": 1}} and that is it',
        '<function=f>{"function": {"name": "f", "arguments": {"a": 1}}}',
    ):
        assert calls_anywhere(answer, NAMES) == [Call("f", '{"a": 1}')]
    assert calls_anywhere('{"name": "h"} or {"a": {"b": 1}}', NAMES) == []


def test_calls_are_said_again_as_the_model_said_them():
    assert render_call("f", '{"a":1}') == '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
    assert render_call("f", "") == '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
    assert '"arguments": oops}' in render_call("f", "oops")
    assert with_calls(" Let me see. ", [("f", "{}")]) == f"Let me see.\n{render_call('f', '{}')}"
    assert with_calls("", [("f", "{}"), ("g", "{}")]) == f"{render_call('f', '{}')}\n{render_call('g', '{}')}"


def test_results_are_told_in_the_form_the_model_knows():
    assert render_results(["1", "2"]) == ("<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>")
