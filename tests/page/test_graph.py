from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gradio.config import Dependency
from spacebridge.page.graph import EventGraph, way
from tests.page.documents import component, listener
from tests.strategies import json_values, many


def graph(*dependencies: Dependency) -> EventGraph:
    return EventGraph({n: component(n) for n in range(1, 10)}, {d.id: d for d in dependencies})


def ids(dependencies: list[Dependency]) -> list[int]:
    return [dependency.id for dependency in dependencies]


def test_listeners_stand_in_the_pages_order():
    found = graph(
        listener(5, (1, "submit")),
        listener(2, (1, "submit"), (2, "click")),
        listener(3, (1, "change")),
        listener(4, after=5),
    )
    assert ids(found.listeners(1, "submit")) == [5, 2]
    assert ids(found.listeners(2, "click")) == [2]
    assert ids(found.listeners(2, "submit")) == []
    assert ids(found.listeners_of(1)) == [5, 2, 3]
    assert ids(found.children(5)) == [4]
    assert ids(found.children(2)) == []
    assert [(number, ids(listeners)) for number, listeners in found.events("submit")] == [(1, [5, 2])]


def test_reachable_follows_thens_and_changes_by_the_shortest_way():
    first = listener(0, (1, "submit"), writes=[2])
    found = graph(
        first,
        listener(1, after=0, writes=[3]),
        listener(2, (2, "change"), writes=[4]),
        listener(3, after=1),
        listener(4, (3, "change")),
        listener(5, (4, "change"), after=3),
        listener(6, (4, "submit")),
        listener(7, after=99),
    )
    reached = found.reachable([first])
    assert {number: way(reached, number) for number in reached} == {
        0: (0,),
        1: (0, 1),
        2: (0, 2),
        3: (0, 1, 3),
        4: (0, 1, 4),
        5: (0, 2, 5),
    }


def test_circles_end():
    first = listener(0, (1, "change"), after=1, writes=[1])
    found = graph(first, listener(1, after=0, writes=[1]), listener(2, after=2))
    assert set(found.reachable([first])) == {0, 1}


def test_a_long_chain_is_followed_to_its_end():
    links = [listener(0, (1, "submit")), *(listener(n, after=n - 1) for n in range(1, 2000))]
    found = graph(*links)
    assert way(found.reachable([links[0]]), 1999) == tuple(range(2000))


def test_may_write_looks_at_all_that_may_follow():
    start, middle, end = (
        listener(0, (1, "submit")),
        listener(1, after=0, writes=[2]),
        listener(2, (2, "change"), writes=[3]),
    )
    found = graph(start, middle, end, listener(3, (4, "click"), writes=[4]))
    assert found.may_write([start], [3])
    assert found.may_write([start], [2, 9])
    assert not found.may_write([start], [4])
    assert not found.may_write([end], [2])
    assert not found.may_write([], [2])
    assert not found.may_write([start], [])


STEPS = st.builds(
    lambda at, after, event, writes: (at, after, event, writes),
    st.integers(0, 5),
    st.none() | st.integers(0, 7),
    st.sampled_from(["change", "click"]),
    st.lists(st.integers(0, 5), max_size=2),
)


@given(st.lists(STEPS, max_size=7), st.sets(st.integers(0, 5)))
def test_what_leads_to_a_component_is_what_may_write_it(steps: list[Any], wanted: set[int]):
    found = graph(
        *(listener(n, (at, event), after=after, writes=writes) for n, (at, after, event, writes) in enumerate(steps))
    )
    leading = found.leading_to(wanted)
    assert leading == {each.id for each in found.dependencies.values() if found.may_write([each], wanted)}


def rendered(
    render_id: int | None, components: list[tuple[int, str]], dependencies: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "render_id": render_id,
        "components": [{"id": number, "type": kind, "props": {}} for number, kind in components],
        "dependencies": [{"rendered_in": render_id, **entry} for entry in dependencies],
    }


def test_render_adds_components_and_dependencies():
    renderer = listener(0, (1, "load"))
    found = graph(renderer)
    result = found.render(
        rendered(
            7,
            [(20, "Chatbot"), (21, "textbox")],
            [{"id": 8, "targets": [[21, "submit"]], "inputs": [21], "outputs": [20]}],
        ),
        renderer,
    )
    assert set(result.components) == {20, 21}
    assert found.components[20].type == "chatbot"
    assert (ids(result.dependencies), result.gone, result.oddities) == ([8], set(), [])
    assert ids(found.listeners(21, "submit")) == [8]
    assert found.writes(renderer) == {20, 21}
    assert found.may_write([renderer], [20])


def test_a_render_replaces_what_the_same_one_brought_before():
    renderer, other = listener(0, (1, "load")), listener(1, (2, "load"))
    found = graph(renderer, other)
    found.render(rendered(7, [(20, "chatbot"), (21, "textbox")], [{"id": 8, "targets": [[21, "submit"]]}]), renderer)
    found.render(rendered(9, [(30, "textbox")], [{"id": 9, "targets": [[30, "submit"]]}]), other)
    result = found.render(
        rendered(7, [(21, "textbox"), (22, "chatbot")], [{"id": 10, "targets": [[21, "submit"]]}]), renderer
    )
    assert result.gone == {20}
    assert 20 not in found.components
    assert ids(found.listeners(21, "submit")) == [10]
    assert ids(found.listeners(30, "submit")) == [9]
    assert found.writes(renderer) == {21, 22}
    assert found.writes(other) == {30}


def test_what_makes_no_sense_in_a_render_is_named():
    renderer = listener(0)
    found = graph(renderer)
    result = found.render({"components": [{"id": "x"}], "dependencies": [7, {"id": 8, "inputs": [99]}]}, renderer)
    assert len(result.oddities) == 3
    assert ids(result.dependencies) == [8]


@many
@given(st.dictionaries(st.sampled_from(["render_id", "components", "dependencies", "x"]), json_values))
def test_no_render_raises(config: dict[str, Any]):
    renderer = listener(0)
    graph(renderer).render(config, renderer)
