from __future__ import annotations

import json

import pytest

from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.structured import json_format

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def test_an_object_is_asked_for_and_taken_from_the_answer():
    form = json_format(None, None, "response_format")
    assert "one JSON object" in form.closing()
    assert form.taken_from('{"a": 1}') == ('{"a": 1}', "")
    assert form.taken_from('Sure:\n```json\n{"a": 1}\n```') == ('{"a": 1}', "")
    assert form.taken_from("[1] {}") == ("{}", "")
    assert form.taken_from("[1, 2]") == ("", "- It is JSON, but no object.")
    assert form.taken_from("Sorry.") == ("", "- There is no valid JSON in it.")
    assert "corrected JSON object" in form.reminder("- There is no valid JSON in it.")


def test_a_schema_is_told_and_held_against_the_answer():
    form = json_format(PERSON, "A person.", "schema")
    assert json.dumps(PERSON) in form.closing()
    assert "A person." in form.closing()
    assert form.taken_from('{"name": "Ada", "age": 36}') == ('{"name": "Ada", "age": 36}', "")
    text, wrong = form.taken_from('{"name": 5, "age": -1, "x": 0}')
    assert text == ""
    assert "- at $.name: 5 is not of type" in wrong
    assert "- at $.age: -1 is less than the minimum of 0" in wrong
    assert "'x' was unexpected" in wrong
    assert wrong in form.reminder(wrong)


def test_what_fits_the_schema_is_taken_before_what_comes_first():
    form = json_format(PERSON, None, "schema")
    answer = 'Like {"name": "…"}, so:\n```\n{"name": "Ada", "age": 36,}\n```'
    assert form.taken_from(answer) == ('{"name": "Ada", "age": 36}', "")


def test_places_in_lists_are_named_and_long_values_are_not_repeated():
    form = json_format({"properties": {"list": {"items": {"type": "integer"}}}}, None, "schema")
    _, wrong = form.taken_from(json.dumps({"list": [1, "x" * 5000]}))
    assert wrong.startswith("- at $.list[1]: ")
    assert len(wrong) < 500
    _, wrong = form.taken_from(json.dumps({"list": ["x"] * 50}))
    assert len(wrong.splitlines()) == 5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"pattern": "("},
        {"$ref": "#/nowhere"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"$schema": "http://example.com/unknown"},
    ],
)
def test_a_schema_that_is_none_or_lies_elsewhere_is_refused(schema: dict[str, object]):
    with pytest.raises(Problem, match=r"Invalid schema in 'the\.field'") as caught:
        json_format(schema, None, "the.field")
    assert (caught.value.status, caught.value.param) == (400, "the.field")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+(?=b)\\1$"])
def test_a_pattern_that_takes_for_ever_ends_as_one_that_does_not_match(pattern: str):
    form = json_format({"properties": {"a": {"pattern": pattern}}}, None, "schema")
    assert form.taken_from(json.dumps({"a": "a" * 5000 + "!"}))[0] == ""


def test_formats_are_checked():
    form = json_format({"properties": {"day": {"type": "string", "format": "date"}}}, None, "schema")
    assert form.taken_from('{"day": "2024-02-29"}')[1] == ""
    assert "date" in form.taken_from('{"day": "yesterday"}')[1]
