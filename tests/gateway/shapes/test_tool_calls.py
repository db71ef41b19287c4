from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gateway.shapes.tool_calls import ToolCalls
from spacebridge.gateway.shapes.tools import Call, render_call
from tests.gateway.shapes.turns import call, cuts
from tests.strategies import json_values, many

NAMES = frozenset({"f", "get_weather"})
ONE = call("f", '{"a": 1}')
F = Call("f", '{"a": 1}')
EMPTY = Call("f", "{}")


def split(pieces: list[str], *, cut: bool = False) -> list[str | Call]:
    """What an answer in pieces comes to, neighbouring texts joined."""
    parser = ToolCalls(NAMES)
    found = [each for piece in pieces for each in parser.feed(piece)] + parser.finish(cut=cut)
    joined: list[str | Call] = []
    for each in found:
        last = joined[-1] if joined else None
        if isinstance(each, str) and isinstance(last, str):
            joined[-1] = last + each
        else:
            joined.append(each)
    return joined


CASES: list[tuple[str, list[str | Call]]] = [
    # Where calls stand
    (ONE, [F]),
    (f"Hello {ONE} and bye\n", ["Hello", F, "  and bye"]),
    (f"\n{ONE}\n{ONE}\n", [F, F]),
    (f"One\n{ONE}\n\ntwo\n{ONE}", ["One", F, "\n\n\ntwo", F]),
    # What is only text
    ("", []),
    (" \n ", [" \n "]),
    ("a < b <tool", ["a < b <tool"]),
    ("Use <tool_call> for it.", ["Use <tool_call> for it."]),
    ("Use `<tool_call>` for it.", ["Use `<tool_call>` for it."]),
    (f"Like `{ONE}`.", [f"Like `{ONE}`."]),
    ("<tool_call>get_weather()</tool_call>", ["<tool_call>get_weather()</tool_call>"]),
    ('<tool_call>{"name": "unknown"}</tool_call>', ['<tool_call>{"name": "unknown"}</tool_call>']),
    ('<tool_call>{"name": "f", "arguments": {"a": "cut', ['<tool_call>{"name": "f", "arguments": {"a": "cut']),
    ("</tool_call>", ["</tool_call>"]),
    # In fences
    (f"So:\n```xml\n{ONE}\n```\nDone.", [f"So:\n```xml\n{ONE}\n```\nDone."]),
    (f"~~~\n```\n{ONE}\n~~~\n{ONE}", [f"~~~\n```\n{ONE}\n~~~", F]),
    (f"````\n```\n{ONE}\n````\n{ONE}", [f"````\n```\n{ONE}\n````", F]),
    (f"```py\nx\n```\n{ONE}", ["```py\nx\n```", F]),
    (f"```inline``` code\n{ONE}", ["```inline``` code", F]),
    (f"A ``` {ONE}", ["A ```", F]),
    (f"   ```{ONE}", [f"   ```{ONE}"]),
    # A fence that opens the answer and holds the call
    (f"```\n{ONE}\n```", [F]),
    (f"\n```xml\n{ONE}\n{ONE}\n```\nDone.", [F, F, "\n\nDone."]),
    (f"```json\n{ONE}", [F]),
    ('```xml\n<tool_call>{"name": "no"}</tool_call>\n```', ['```xml\n<tool_call>{"name": "no"}</tool_call>\n```']),
    (
        f'```xml\n<tool_call>{{"name": "no"}}</tool_call>\n{ONE}',
        [f'```xml\n<tool_call>{{"name": "no"}}</tool_call>\n{ONE}'],
    ),
    (f'```\n{ONE}\n<tool_call>{{"name": "no"}}</tool_call>\n```', [F, '\n<tool_call>{"name": "no"}</tool_call>\n```']),
    ("```", ["```"]),
    ("```json", ["```json"]),
    # Calls without tags
    ('{"name": "f", "arguments": {"a": 1}}', [F]),
    (' ```json\n{ "name" : "f" }\n```\n', [EMPTY]),
    ('{"name": "f"} is how I would call it.', ['{"name": "f"} is how I would call it.']),
    ('{"name": "Bonn"}', ['{"name": "Bonn"}']),
    ('{"na', ['{"na']),
    ("{" + " " * 300 + '"name": "f"}', ["{" + " " * 300 + '"name": "f"}']),
    (" " * 300 + '{"name": "f"}', [" " * 300 + '{"name": "f"}']),
    (
        "<tool_call>" + " " * 300 + '{"name": "f"}</tool_call>',
        ["<tool_call>" + " " * 300 + '{"name": "f"}</tool_call>'],
    ),
    ('I call {"name": "f"}', ['I call {"name": "f"}']),
    # JSON that is not quite
    ('<tool_call>{"name":"f","arguments":{"a":1}</tool_call>.', [F, "."]),
    ('<tool_call>{"name":"f","arguments":{"a":1,}}}</tool_call>.', [F, "."]),
    ("<tool_call>{'name':'f','arguments':{'a':1}}</tool_call>", [F]),
    ('<tool_call>```json\n{"name":"f"}\n```</tool_call>', [EMPTY]),
    ('<tool_call>{"name":"f","arguments":{"a":1}}', [F]),
    ('<tool_call>{"name":"f","arguments":{"a":1}}</tool_ca', [F]),
    ('<tool_call>{"name":"f","arguments":{"a":1}', [F]),
    ('<tool_call>{"name":"f"}\n<tool_call>{"name":"f","arguments":{"a":1}}', [EMPTY, F]),
    (f"<tool_call>{{broken {ONE}", ["<tool_call>{broken", F]),
    # Tags in strings
    (
        '<tool_call>{"name":"f","arguments":{"a":"</tool_call>"}}</tool_call>.',
        [Call("f", '{"a": "</tool_call>"}'), "."],
    ),
    (
        '<tool_call>{"name":"f","arguments":{"a":"<tool_call>{"}}</tool_call>.',
        [Call("f", '{"a": "<tool_call>{"}'), "."],
    ),
    ("<tool_call>{'name':'f','arguments':{'a':'\"'}}</tool_call>.", [Call("f", '{"a": "\\""}'), "."]),
]


@pytest.mark.parametrize("answer, found", CASES)
def test_calls_and_text_are_told_apart_at_any_split(answer: str, found: list[str | Call]):
    for cut in range(len(answer) + 1):
        assert split([answer[:cut], answer[cut:]]) == found
    assert split(list(answer)) == found


@pytest.mark.parametrize("answer", [case[0] for case in CASES])
def test_an_answer_that_was_cut_gives_the_same_at_any_split(answer: str):
    whole = split([answer], cut=True)
    for cut in range(len(answer) + 1):
        assert split([answer[:cut], answer[cut:]], cut=True) == whole


def test_half_a_call_of_an_answer_that_was_cut_is_none():
    half = '<tool_call>{"name":"f","arguments":{"a":1}}'
    assert split([half]) == [F]
    assert split([half], cut=True) == [half]


def test_a_string_that_never_ends_does_not_swallow_the_call_behind_it():
    broken = '<tool_call>{"name":"f", "arguments": {"a": "b}}</tool_call>'
    assert split([f"{broken} {ONE}"]) == [broken, F]


def test_text_is_passed_on_at_once():
    parser = ToolCalls(NAMES)
    said = ["Hel", "lo ", "<b>", "x", " <tool", "box>", "\n```", "\n<tool_call>{"]
    assert [parser.feed(piece) for piece in said] == [
        ["Hel"], ["lo"], [" <b>"], ["x"], [], [" <toolbox>"], ["\n```"], ["\n<tool_call>{"],
    ]  # fmt: skip


def test_a_call_is_given_with_its_closing_tag():
    parser = ToolCalls(NAMES)
    said = ["<tool_call>\n", '{"name": "f"', "}\n</tool_", "call>", " more"]
    assert [parser.feed(piece) for piece in said] == [[], [], [], [EMPTY], [" more"]]


@pytest.mark.timeout(20)
def test_a_long_call_in_small_pieces_costs_time_in_proportion():
    arguments = json.dumps({"text": "word " * 100_000})
    answer = call("f", arguments)
    pieces = [answer[at : at + 3] for at in range(0, len(answer), 3)]
    assert split(pieces) == [Call("f", arguments)]


BITS = [
    "<tool_call>",
    "</tool_call>",
    '{"name": "f"}',
    '{"name": "f", "arguments": {',
    "}",
    '"',
    "```",
    "\n",
    "`",
    "~~~",
]
MORE = [" ", "text", '{"name":"x"}', "<", "json", '{"', "\\", ONE, "{'name': 'f'}"]
answers = st.lists(st.sampled_from([*BITS, *MORE]), max_size=10).map("".join)


@many
@given(answers.flatmap(cuts), st.booleans())
def test_any_split_gives_what_the_whole_gives(pieces: list[str], cut: bool):
    answer = "".join(pieces)
    found = split(pieces, cut=cut)
    assert found == split([answer], cut=cut)
    if not any(isinstance(each, Call) for each in found):
        assert "".join(str(each) for each in found) == answer
    for each in found:
        if isinstance(each, Call):
            assert each.name in NAMES
            assert isinstance(json.loads(each.arguments), dict)


@many
@given(st.dictionaries(st.text(), json_values, max_size=4), st.data())
def test_any_arguments_come_through(arguments: dict[str, Any], data: st.DataObject):
    said = render_call("f", json.dumps(arguments))
    found = split(data.draw(cuts(f"Well. {said}")))
    assert found == ["Well.", Call("f", json.dumps(arguments, ensure_ascii=False))] or (
        len(found) == 2 and isinstance(found[1], Call) and json.loads(found[1].arguments) == arguments
    )
