from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.gradio.config import Config, parse_config
from spacebridge.gradio.diff import GrowingValue, Operation
from spacebridge.gradio.http import HttpClient
from spacebridge.gradio.messages import Output
from spacebridge.gradio.session import Session, _Outputs
from tests.gradio.documents import config_body
from tests.gradio.original import gradio_diff
from tests.strategies import kin, many


class Watcher:
    """Keeps what a call's listener is told, with each value as it was at that moment."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Any, list[Operation] | None]] = []
        self.steps: list[Output] = []

    def on_status(self, message: Any) -> None:
        raise AssertionError(message)

    def on_output(self, position: int, value: GrowingValue, operations: list[Operation] | None) -> None:
        self.told.append((position, value.get(), operations))

    def on_step(self, output: Output) -> None:
        self.steps.append(output)

    def take(self) -> list[tuple[int, Any, list[Operation] | None]]:
        told, self.told = self.told, []
        return told


def outputs(*, full: bool = False) -> tuple[_Outputs, Watcher]:
    watcher = Watcher()
    return _Outputs(watcher, "asked whole" if full else "diffs"), watcher


def data(*values: Any) -> Output:
    return Output(data=list(values))


def test_of_full_values_each_time_the_transport_makes_changes():
    """The first is a value, though it may look like operations; from then on they are operations."""
    watcher = Watcher()
    out = _Outputs(watcher, "changes")
    pair = [["replace", [], "not an operation"]]
    out.feed(data(pair, None))
    assert watcher.take() == [(0, pair, None), (1, None, None)]
    out.feed(data([["append", [0, 2], "!"]], []))
    assert watcher.take() == [(0, [["replace", [], "not an operation!"]], [["append", [0, 2], "!"]])]
    out.feed(data([], [], [["replace", [], "new"]]))
    assert watcher.take() == [(2, "new", [["replace", [], "new"]])]
    out.complete(data([["replace", [], "not an operation!"]], None, "new"))
    assert watcher.take() == []


def test_full_values_then_diffs_then_full_values():
    out, watcher = outputs()
    out.feed(data("a", {"n": 1}))
    assert watcher.take() == [(0, "a", None), (1, {"n": 1}, None)]
    out.feed(data([["append", [], "b"]], []))
    assert watcher.take() == [(0, "ab", [["append", [], "b"]])]
    out.feed(data([], [["replace", ["n"], 2]]))
    assert watcher.take() == [(1, {"n": 2}, [["replace", ["n"], 2]])]
    out.complete(data("ab", {"n": 2}))
    assert watcher.take() == []


def test_a_final_value_that_differs_from_the_stream_is_told_as_a_whole():
    """Of values that an app changes in place, Gradio streams no differences; only the last message is right."""
    out, watcher = outputs()
    out.feed(data({"content": "step0 "}, None))
    out.feed(data([], []))
    out.feed(data([], []))
    watcher.take()
    out.complete(data([{"content": "step0 step1 "}, {"content": "answer"}], None))
    assert watcher.take() == [(0, [{"content": "step0 step1 "}, {"content": "answer"}], None)]


def test_an_event_without_a_stream_has_its_final_values_only():
    out, watcher = outputs()
    out.complete(data("a", None, []))
    assert watcher.take() == [(0, "a", None), (1, None, None), (2, [], None)]


def test_state_is_null_and_then_no_difference():
    out, watcher = outputs()
    out.feed(data("a", None))
    watcher.take()
    out.feed(data([["append", [], "b"]], []))
    out.complete(data("ab", None))
    assert [position for position, _, _ in watcher.take()] == [0]


def test_the_other_fields_of_each_step_are_told_after_its_outputs():
    out, watcher = outputs()
    step = Output(data=["a"], changed_state_ids=[7])
    out.feed(step)
    out.feed(Output(data=None, changed_state_ids=[8]))
    assert watcher.steps == [step]


def test_a_list_that_begins_an_event_is_a_value():
    out, watcher = outputs()
    out.feed(data([["user", None]], [], [["append", "x", "y"]]))
    assert [value for _, value, _ in watcher.take()] == [[["user", None]], [], [["append", "x", "y"]]]


def test_a_stale_diff_that_replaces_all_gives_its_value():
    """Up to 6.26 a run that died leaves its last value behind, and the next may begin with a diff against that."""
    out, watcher = outputs()
    out.feed(data([["replace", [], "tok0 "]], None))
    assert watcher.take() == [(0, "tok0 ", None), (1, None, None)]
    out.feed(data([["append", [], "tok1 "]], []))
    assert watcher.take() == [(0, "tok0 tok1 ", [["append", [], "tok1 "]])]


def test_a_stale_diff_against_an_unknown_value_waits_for_the_final_one():
    out, watcher = outputs()
    out.feed(data([["append", [0, 1], "tok0 "]], "other"))
    out.feed(data([["append", [0, 1], "tok1 "]], [["append", [], "!"]]))
    assert watcher.take() == [(1, "other", None), (1, "other!", [["append", [], "!"]])]
    out.complete(data([["hi", "tok0 tok1 "]], "other!"))
    assert watcher.take() == [(0, [["hi", "tok0 tok1 "]], None)]


@pytest.mark.parametrize("unfit", [[["append", [3], "x"]], [["delete", ["a"], None]], "no list", {"a": 1}, 7, [7]])
def test_after_a_diff_that_does_not_fit_the_final_value_is_waited_for(unfit: object):
    out, watcher = outputs()
    out.feed(data("a"))
    out.feed(data(unfit))
    out.feed(data([["append", [], "b"]]))
    assert watcher.take() == [(0, "a", None)]
    out.complete(data("final"))
    assert watcher.take() == [(0, "final", None)]


def test_a_final_value_is_told_after_a_lost_diff_even_if_it_is_the_last_known():
    out, watcher = outputs()
    out.feed(data("a"))
    out.feed(data([["append", ["x"], "b"]]))
    watcher.take()
    out.complete(data("a"))
    assert watcher.take() == [(0, "a", None)]


def test_simple_format_has_full_values_at_each_step():
    out, watcher = outputs(full=True)
    out.feed(data("a", None))
    out.feed(data("ab", None))
    assert [value for position, value, _ in watcher.take() if position == 0] == ["a", "ab"]
    out.complete(data("ab", None))
    assert watcher.take() == []


def test_simple_format_of_a_release_that_does_not_know_it():
    out, watcher = outputs(full=True)
    out.feed(data("a"))
    out.feed(data([["append", [], "b"]]))
    assert watcher.take() == [(0, "a", None), (0, "ab", [["append", [], "b"]])]


def test_outputs_may_grow_in_number():
    """As those of an app that is reloaded while it runs; the new one's diffs are against null."""
    out, watcher = outputs()
    out.feed(data("a"))
    out.feed(data([], [["replace", [], "new"]]))
    out.feed(data([], [["append", [], "er"]], [["replace", [], {"n": 1}]]))
    out.complete(data("a", "newer", {"n": 1}, "last"))
    assert [(position, value) for position, value, _ in watcher.take()] == [
        (0, "a"),
        (1, "new"),
        (1, "newer"),
        (2, {"n": 1}),
        (3, "last"),
    ]


def test_update_dicts_are_values_like_others():
    out, watcher = outputs()
    out.feed(data({"__type__": "update", "value": "a"}))
    out.feed(data([["append", ["value"], "b"]]))
    assert watcher.take()[-1] == (0, {"__type__": "update", "value": "ab"}, [["append", ["value"], "b"]])


@many
@given(st.lists(st.lists(kin, min_size=2, max_size=2), min_size=1, max_size=5), st.booleans())
def test_any_stream_of_a_server_ends_in_its_values(steps: list[list[Any]], completed: bool):
    out, _ = outputs()
    seen: dict[int, Any] = {}

    class Last(Watcher):
        def on_output(self, position: int, value: GrowingValue, operations: list[Operation] | None) -> None:
            seen[position] = value.get()

    out._listener = Last()
    out.feed(data(*steps[0]))
    for old, new in itertools.pairwise(steps):
        out.feed(data(*map(gradio_diff, old, new)))
    if completed:
        out.complete(data(*steps[-1]))
        assert [seen[0], seen[1]] == steps[-1]


def test_which_protocols_are_spoken():
    http = HttpClient("http://127.0.0.1:1")
    config: Config = parse_config(config_body(protocol="carrier-pigeon"), where="here")
    with pytest.raises(errors.ProtocolError, match=r"carrier-pigeon.*sse_v3"):
        Session(http, config, "hash")
