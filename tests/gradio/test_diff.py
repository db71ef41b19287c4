from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gradio.diff import DiffError, GrowingValue, difference, is_operations
from tests.gradio.original import gradio_diff
from tests.strategies import json_values, kin, many, words


def on_wire(value: Any) -> Any:
    """A copy, as the other end of a connection gets it."""
    return json.loads(json.dumps(value))


@many
@given(old=kin, new=kin)
def test_gradios_diff_of_kindred_values_gives_the_second(old: Any, new: Any):
    growing = GrowingValue(on_wire(old))
    growing.apply(on_wire(gradio_diff(old, new)))
    assert growing.get() == new


@many
@given(old=json_values, new=json_values)
def test_gradios_diff_of_any_values_gives_the_second(old: Any, new: Any):
    growing = GrowingValue(on_wire(old))
    growing.apply(on_wire(gradio_diff(old, new)))
    assert growing.get() == new


@many
@given(st.lists(kin, min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_chains_of_diffs_give_the_last_however_often_one_looks(values: list[Any], looks: list[bool]):
    growing = GrowingValue(on_wire(values[0]))
    for old, new, look in zip(values, values[1:], looks, strict=False):
        growing.apply(on_wire(gradio_diff(old, new)))
        if look:
            assert growing.get() == new
    assert growing.get() == values[-1]


@pytest.mark.parametrize(
    "old, new",
    [
        ([[1, 2, 3], [4, 5, 6]], [[1], [4]]),
        ([[1, 2, [3, 4, 5]], 6, 7], [[1, 2, [3]]]),
        ([[], [1, 2], [3, 4]], []),
        ({"a": [1, 2, 3], "b": 1}, {"a": [], "c": 1}),
        (1, True),
        ([0, {"a": 1.0}], [False, {"a": 1}]),
        ("", "a"),
        (None, {}),
        ({}, []),
        ([], {}),
        ({"": ""}, {"": "x"}),
        ([["é", "😀"]], [["é\u0301", "😀\u200d"]]),
    ],
)
def test_pairs_that_are_easily_got_wrong(old: Any, new: Any):
    """Nested deletions, whose indexes Gradio shifts twice, and values that are equal to Python only."""
    growing = GrowingValue(on_wire(old))
    growing.apply(on_wire(gradio_diff(old, new)))
    assert growing.get() == new


@many
@given(st.lists(st.tuples(st.sampled_from([(0,), (1,), (2, "a"), (2, "b")]), words, st.booleans()), max_size=30))
def test_appends_in_any_interleaving_with_get(steps: list[tuple[tuple[Any, ...], str, bool]]):
    plain: Any = ["x", "", {"a": "y", "b": ""}]
    growing = GrowingValue(copy.deepcopy(plain))
    for path, text, look in steps:
        growing.apply([["append", list(path), text]])
        if len(path) == 1:
            plain[path[0]] += text
        else:
            plain[path[0]][path[1]] += text
        if look:
            assert growing.get() == plain
    assert growing.get() == plain


def test_get_shows_one_value_that_changes_in_place():
    growing = GrowingValue({"a": ["x"]})
    held = growing.get()["a"]
    growing.apply([["append", ["a", 0], "y"]])
    assert growing.get()["a"] is held
    assert held == ["xy"]


def test_a_text_itself_can_grow():
    growing = GrowingValue("a")
    growing.apply([["append", [], "b"], ["append", [], "c"]])
    assert growing.get() == "abc"
    growing.apply([["replace", [], "z"], ["append", [], "!"]])
    assert growing.get() == "z!"


def test_an_append_does_not_touch_the_text_until_it_is_asked_for():
    """A token must not cost more at the end of a long text than at its beginning."""
    value = {"text": "x" * 1000}
    growing = GrowingValue(value)
    for _ in range(100):
        growing.apply([["append", ["text"], "y"]])
        assert len(value["text"]) == 1000
    assert growing.get()["text"] == "x" * 1000 + "y" * 100


def test_other_operations_first_put_the_text_in_its_place():
    growing = GrowingValue([["a"], "b"])
    growing.apply([["append", [0, 0], "1"], ["delete", [1], None]])
    assert growing.get() == [["a1"]]
    growing.apply([["append", [0, 0], "2"], ["replace", [0], ["new"]], ["append", [0, 0], "3"]])
    assert growing.get() == [["new3"]]


def test_set_forgets_what_was_growing():
    growing = GrowingValue("a")
    growing.apply([["append", [], "b"]])
    growing.set("other")
    assert growing.get() == "other"
    growing.apply([["append", [], "!"]])
    assert growing.get() == "other!"


UNFIT: dict[str, tuple[Any, Any]] = {
    "append to a number": (1, ["append", [], "x"]),
    "append to nothing": (None, ["append", [], "x"]),
    "append a number": ("a", ["append", [], 1]),
    "append within a text": (["abc"], ["append", [0, 1], "x"]),
    "append within a whole text": ("abc", ["append", [0], "x"]),
    "append to a missing place": (["a"], ["append", [1], "x"]),
    "append to a missing key": ({"a": "b"}, ["append", ["c"], "x"]),
    "replace in a text": ("abc", ["replace", [0], "x"]),
    "replace at a missing place": (["a"], ["replace", [3], "x"]),
    "a key into a list": (["a"], ["replace", ["b"], "x"]),
    "a list as a key": ({"a": 1}, ["replace", [["a"]], 1]),
    "a way through a number": ([1], ["replace", [0, 0], 1]),
    "a way through null": ({"a": None}, ["add", ["a", "b"], 1]),
    "add to nothing": ("a", ["add", [], 1]),
    "add to a text": ("abc", ["add", [3], "d"]),
    "delete it all": ("a", ["delete", [], None]),
    "delete from an empty list": ([], ["delete", [0], None]),
    "delete a missing key": ({"a": 1}, ["delete", ["b"], None]),
    "delete from a text": ("abc", ["delete", [0], None]),
    "an unknown name": ("a", ["move", [], 1]),
    "too short": ("a", ["replace", []]),
    "too long": ("a", ["replace", [], 1, 2]),
    "no path": ("a", ["replace", "", 1]),
    "no name": ("a", [None, [], 1]),
    "no list": ("a", "replace"),
    "a number": ("a", 7),
}


@pytest.mark.parametrize("value, operation", UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_is_refused_and_changes_nothing(value: Any, operation: Any):
    growing = GrowingValue(copy.deepcopy(value))
    with pytest.raises(DiffError):
        growing.apply([operation])
    assert growing.get() == value


def test_an_error_leaves_what_was_applied_before_it():
    growing = GrowingValue({"a": "x", "n": 1})
    with pytest.raises(DiffError):
        growing.apply(
            [["append", ["a"], "y"], ["replace", ["n"], 2], ["delete", ["none"], None], ["replace", ["n"], 3]]
        )
    assert growing.get() == {"a": "xy", "n": 2}
    growing.apply([["append", ["a"], "z"]])
    assert growing.get() == {"a": "xyz", "n": 2}


@many
@given(json_values, st.lists(json_values, max_size=4))
def test_whatever_comes_instead_of_operations_is_a_diff_error_or_applies(value: Any, operations: list[Any]):
    growing = GrowingValue(value)
    with contextlib.suppress(DiffError):
        growing.apply(operations)
    growing.get()


@many
@given(
    kin,
    st.lists(
        st.tuples(
            st.sampled_from(["append", "replace", "add", "delete"]),
            st.lists(st.integers(-2, 3) | st.sampled_from(["", "a", "b"]), max_size=3),
            kin,
        ).map(list),
        max_size=6,
    ),
)
def test_operations_from_nowhere_are_a_diff_error_or_apply(value: Any, operations: list[Any]):
    growing = GrowingValue(on_wire(value))
    for operation in operations:
        with contextlib.suppress(DiffError):
            growing.apply([on_wire(operation)])
    growing.get()


@pytest.mark.parametrize(
    "value, expected",
    [
        ([["append", [], "x"]], True),
        ([["replace", [0], None], ["add", [1], {}], ["delete", ["a"], None]], True),
        ([], False),
        ([["append", [], "x"], "y"], False),
        ([["append", "x", "y"]], False),
        ([["user", "bot"]], False),
        ([["append", [], "x", "y"]], False),
        ([["say", [], "x"]], False),
        (["append", [], "x"], False),
        ({"append": []}, False),
        ("append", False),
        (None, False),
    ],
)
def test_is_operations(value: object, expected: bool):
    assert is_operations(value) is expected


def applied(old: Any, new: Any) -> str:
    """What the operations that make a value another one make of it, so that all that differs is seen."""
    growing = GrowingValue(copy.deepcopy(old))
    growing.apply(copy.deepcopy(difference(old, new)))
    return json.dumps(growing.get(), sort_keys=True)


@many
@given(old=kin, new=kin)
def test_the_difference_of_kindred_values_gives_the_second(old: Any, new: Any):
    assert applied(old, new) == json.dumps(new, sort_keys=True)


@many
@given(old=json_values, new=json_values)
def test_the_difference_of_any_values_gives_the_second(old: Any, new: Any):
    assert applied(old, new) == json.dumps(new, sort_keys=True)


@many
@given(kin)
def test_a_value_does_not_differ_from_itself(value: Any):
    assert difference(value, on_wire(value)) == []


@pytest.mark.parametrize(
    "old, new, operations",
    [
        ([["Hi", "He"]], [["Hi", "Hello"]], [["append", [0, 1], "llo"]]),
        ("", "a", [["append", [], "a"]]),
        ("ab", "ac", [["replace", [], "ac"]]),
        ([["Hi", None]], [["Hi", "H"]], [["replace", [0, 1], "H"]]),
        ([1, [2]], [1, [2, 3], 4], [["add", [1, 1], 3], ["add", [2], 4]]),
        ([1, 2, 3], [1], [["delete", [2], None], ["delete", [1], None]]),
        (
            {"a": 1, "b": "x"},
            {"b": "xy", "c": []},
            [["delete", ["a"], None], ["append", ["b"], "y"], ["add", ["c"], []]],
        ),
        ([1, 1, 0.0], [True, 1.0, -0.0], [["replace", [0], True], ["replace", [1], 1.0], ["replace", [2], -0.0]]),
        ([float("nan"), float("inf")], [float("nan"), float("inf")], []),
    ],
)
def test_the_operations_are_the_least(old: Any, new: Any, operations: list[Any]):
    assert difference(old, new) == operations
    assert applied(old, new) == json.dumps(new, sort_keys=True)


def test_values_nested_beyond_all_reason_are_replaced():
    old: Any = 1
    new: Any = 2
    for _ in range(5000):
        old, new = [old], [new]
    assert [operation[:2] for operation in difference(old, new)] == [["replace", []]]
