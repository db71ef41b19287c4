from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gateway.shapes.json_text import NOTHING, compact, found_in, mended, parsed
from tests.strategies import json_values, many


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "[Infinity]", "{'a': 1}", '{"a": 1,}', "[1] x", "[" * 100_000, "1e999"]
)
def test_what_is_no_json_has_no_value(text: str):
    assert parsed(text) is NOTHING


def test_what_is_nested_beyond_reason_is_no_json():
    assert parsed("[" * 100 + "]" * 100) is not NOTHING
    assert parsed("[" * 101 + "]" * 101) is NOTHING
    assert list(found_in("So: " + "[" * 5000 + "]" * 5000)) == []
    assert parsed("[" + "[]," * 5000 + "[]]") is not NOTHING


def test_null_is_a_value():
    assert parsed("null") is None


@pytest.mark.parametrize(
    "text, value",
    [
        ('{"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": ",}"}', {"a": ",}"}),
        ('{"a": {"b": 1}}}', {"a": {"b": 1}}),
        ('{"a": {"b": 1}}]}\n', {"a": {"b": 1}}),
        ("{'a': True, 'b': None, \"c\": 'it''s'}", {"a": True, "b": None, "c": "its"}),
    ],
)
def test_what_is_nearly_json_is_mended(text: str, value: Any):
    assert mended(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1',
        '{"a": "cut',
        '{"a": 1,',
        '{"a": 1, "b":',
        '{"a": [1, 2}',
        '{"a": 1} and more',
        "{'a': (1, 2)}",
        "{'a': {1, 2}}",
        "{1: 2}",
        "{'a': __import__('os')}",
        "{'a': float('nan')}",
        "plain words",
    ],
)
def test_what_leaves_doubt_is_not_mended(text: str):
    assert mended(text) is NOTHING


@pytest.mark.parametrize(
    "text, missing, value",
    [
        ('{"a": {"b": "c"}', 1, {"a": {"b": "c"}}),
        ('{"a": {"b": "c"', 2, {"a": {"b": "c"}}),
        ('{"a": {"b": "c"', 1, NOTHING),
        ('{"a": {"b": 12', 2, NOTHING),  # more digits may have been meant
        ('{"a": {"b": "c",', 2, NOTHING),
        ('{"a": "b', 2, NOTHING),
    ],
)
def test_missing_brackets_are_added_where_that_is_allowed(text: str, missing: int, value: Any):
    assert mended(text, missing=missing) is value or mended(text, missing=missing) == value


def test_an_unknown_escape_in_a_python_literal_warns_nobody():
    assert mended(r"{'a': '\d'}") == {"a": r"\d"}


@pytest.mark.parametrize(
    "answer, first",
    [
        ('{"a": 1}', '{"a": 1}'),
        ('Sure! Here it is:\n```json\n{"a": 1}\n```\nEnjoy.', '{"a": 1}'),
        ('The answer is {"a": {"b": [1]}}, as you see {"c": 2}.', '{"a": {"b": [1]}}'),
        ('Use [brackets] and {braces}: {"a": 1}', '{"a": 1}'),
        ('~~~\n{"a": 1,}\n~~~', '{"a": 1}'),
        (' "just text" ', '"just text"'),
    ],
)
def test_json_is_found_in_an_answer(answer: str, first: str):
    assert next(found_in(answer))[1] == first


def test_in_an_answer_without_json_nothing_is_found():
    assert list(found_in("No {such} [thing] here.")) == []


def test_many_opening_brackets_are_not_looked_at_for_ever():
    assert list(found_in('["' * 20_000)) == []


@many
@given(json_values)
def test_json_that_was_written_is_found_again(value: Any):
    text = compact(value)
    text.encode()
    assert parsed(text) == value
    assert next(found_in(f"```\n{text}\n```"))[0] == value
    if isinstance(value, dict | list):
        assert next(found_in(f"It is {text}"))[0] == value


@many
@given(st.text(alphabet='{}[]",:1a\\ \n', max_size=30))
def test_what_is_mended_is_json(text: str):
    value = mended(text, missing=2)
    if value is not NOTHING:
        json.loads(compact(value))
