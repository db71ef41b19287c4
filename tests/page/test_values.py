from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gradio.diff import GrowingValue, Operation
from spacebridge.page.values import ComponentValues, LiveValue, is_update, replaces
from tests.gradio.original import gradio_diff
from tests.page.documents import component
from tests.strategies import kin, many


def values() -> ComponentValues:
    return ComponentValues({1: component(1, value="first", label="L"), 2: component(2)})


class Output:
    """One output of a call, on its way to a component."""

    def __init__(self, held: ComponentValues, number: int = 1) -> None:
        self.held, self.number = held, number
        self.growing = GrowingValue()
        self.in_update = False

    def whole(self, value: Any) -> Any:
        self.growing.set(value)
        return self._tell()

    def _tell(self) -> Any:
        self.in_update = is_update(self.growing.get())
        return self.held.apply(self.number, self.growing, None, in_update=self.in_update)

    def grow(self, *operations: Operation) -> Any:
        self.growing.apply(list(operations))
        if replaces(list(operations)):
            return self._tell()
        return self.held.apply(self.number, self.growing, list(operations), in_update=self.in_update)


def test_the_first_values_are_those_of_the_configuration():
    held = values()
    assert (held.get(1), held.get(2), held.get(99)) == ("first", "", None)
    assert held.prop(1, "label") == "L"
    assert held.prop(99, "label") is None
    assert held.props(1) == {"value": "first", "label": "L"}


def test_a_value_set_by_a_user():
    held = values()
    held.set(1, "mine")
    assert held.get(1) == "mine"
    assert held.props(1)["value"] == "mine"


def test_an_output_grows_with_its_operations_passed_on():
    held = values()
    output = Output(held)
    live, operations = output.whole([["hi", "a"]])
    assert operations is None
    again, operations = output.grow(["append", [0, 1], "b"])
    assert again is live
    assert operations == [["append", [0, 1], "b"]]
    assert live.get() == held.get(1) == [["hi", "ab"]]


def test_operations_on_what_another_output_has_replaced_are_a_whole_value():
    held = values()
    one, other = Output(held), Output(held)
    one.whole("a")
    other.whole("x")
    live, operations = one.grow(["append", [], "b"])
    assert operations is None
    assert live.get() == held.get(1) == "ab"


def test_an_update_changes_properties_and_keeps_the_value():
    held = values()
    assert Output(held).whole({"__type__": "update", "label": "new", "interactive": False}) is None
    assert held.props(1) == {"value": "first", "label": "new", "interactive": False}


@pytest.mark.parametrize("mode, interactive", [("dynamic", True), ("static", False)])
def test_how_3_says_that_something_is_interactive(mode: str, interactive: bool):
    held = values()
    assert Output(held).whole({"__type__": "update", "mode": mode}) is None
    assert held.props(1) == {"value": "first", "label": "L", "interactive": interactive}


def test_an_update_that_says_nothing():
    held = values()
    assert Output(held).whole({"__type__": "update"}) is None
    assert held.props(1) == {"value": "first", "label": "L"}


@pytest.mark.parametrize("value", [None, "", [], {}, 0, False])
def test_an_update_with_an_empty_value_has_one(value: object):
    held = values()
    live, operations = Output(held).whole({"__type__": "update", "value": value})
    assert operations is None
    assert live.get() == held.get(1) == value


def test_a_value_grows_within_an_update():
    held = values()
    output = Output(held)
    output.whole({"__type__": "update", "value": ["a"]})
    live, operations = output.grow(["append", ["value", 0], "b"])
    assert operations == [["append", [0], "b"]]
    assert live.get() == held.get(1) == ["ab"]


def test_a_text_that_is_the_value_of_an_update_is_told_as_a_whole():
    held = values()
    output = Output(held)
    output.whole({"__type__": "update", "value": "a"})
    live, operations = output.grow(["append", ["value"], "b"])
    assert operations is None
    assert live.get() == held.get(1) == "ab"


def test_properties_that_change_within_an_update_are_no_change_of_the_value():
    held = values()
    output = Output(held)
    output.whole({"__type__": "update", "value": "a", "label": "x"})
    assert output.grow(["replace", ["label"], "y"]) is None
    assert (held.get(1), held.prop(1, "label")) == ("a", "y")


def test_a_value_that_leaves_the_update_stays():
    held = values()
    output = Output(held)
    output.whole({"__type__": "update", "value": ["a"], "label": "x"})
    output.grow(["append", ["value", 0], "b"])
    assert output.grow(["delete", ["value"], None]) is None
    assert held.get(1) == ["ab"]
    live, operations = output.grow(["add", ["value"], ["c"]])
    assert operations is None
    assert live.get() == held.get(1) == ["c"]


def test_a_value_that_left_the_update_is_not_changed_by_a_later_output():
    held = values()
    output = Output(held)
    output.whole({"__type__": "update", "value": "a"})
    output.grow(["delete", ["value"], None])
    held.set(1, "mine")
    assert output.grow(["add", ["label"], "x"]) is None
    assert held.get(1) == "mine"


def test_a_live_value_is_always_as_it_is_now():
    growing = GrowingValue({"__type__": "update", "value": "a"})
    live = LiveValue("a", growing=growing, in_update=True)
    growing.apply([["append", ["value"], "b"]])
    assert live.get() == "ab"
    growing.apply([["delete", ["value"], None]])
    assert live.get() == "ab"
    assert LiveValue(7).get() == 7


def test_components_that_are_rendered_later():
    held = values()
    assert held.live(50).get() is None
    held.add({50: component(50, value="new")})
    assert held.get(50) == "new"


@pytest.mark.parametrize(
    "operation, expected",
    [
        (["replace", [], {}], True),
        (["append", [], "x"], True),
        (["add", ["__type__"], "update"], True),
        (["delete", ["__type__"], None], True),
        (["replace", ["value"], 1], False),
        (["append", [0, "__type__"], "x"], False),
    ],
)
def test_replaces(operation: Operation, expected: bool):
    assert replaces([["append", ["x"], "y"], operation]) is expected


def test_what_was_told_is_known_until_the_next_time():
    """So that a page can tell whether a value has changed."""
    held = values()
    output = Output(held)
    output.whole(["a"])
    output.growing.apply([["append", [0], "b"], ["replace", [], ["c"]]])
    assert held.told(1) == ["ab"]
    assert held.get(1) == ["c"]
    assert held.told(99) is None


def test_an_output_that_turns_into_an_update_leaves_the_value():
    """`yield history`, and then `yield gr.skip()`."""
    held = values()
    output = Output(held)
    live, _ = output.whole(["history"])
    assert output.grow(["replace", [], {"__type__": "update", "label": "x"}]) is None
    assert held.props(1) == {"value": ["history"], "label": "x"}
    assert live.get() == ["history"]


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"__type__": "update"}, True),
        ({"__type__": "generic_update"}, False),
        ({}, False),
        (None, False),
        ("update", False),
    ],
)
def test_is_update(value: object, expected: bool):
    assert is_update(value) is expected


_outputs = st.one_of(
    kin,
    st.dictionaries(st.sampled_from(["value", "label"]), kin).map(lambda props: {"__type__": "update", **props}),
)


@many
@given(st.lists(_outputs, min_size=1, max_size=6), st.booleans())
def test_a_stream_of_updates_and_values_leaves_what_a_page_shows(steps: list[Any], look: bool):
    """Compared with a page that is given each output whole."""
    held, shown = values(), values().props(1)
    output = Output(held)
    output.whole(copy.deepcopy(steps[0]))
    for index, step in enumerate(steps):
        if index:
            operations = copy.deepcopy(gradio_diff(steps[index - 1], step))
            if operations:
                output.grow(*operations)
        if is_update(step):
            shown |= {name: prop for name, prop in step.items() if name != "__type__"}
        elif not index or step != steps[index - 1]:
            shown["value"] = step
        if look:
            assert held.props(1) == shown
    assert held.props(1) == shown


@pytest.mark.parametrize(
    "kind, shown",
    [("textbox", ""), ("code", ""), ("number", 0), ("multimodaltextbox", {"text": "", "files": []}), ("image", None)],
)
def test_what_an_empty_component_holds_once_it_is_on_the_page(kind: str, shown: object) -> None:
    held = ComponentValues({1: component(1, kind, value=None), 2: component(2, kind, value=None)}, {2}, (6, 31, 0))
    assert (held.get(1), held.get(2)) == (shown, None)
