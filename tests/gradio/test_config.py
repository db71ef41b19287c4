from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.errors import NotGradio, NotJSON, ProtocolError
from spacebridge.gradio.config import Config, Target, parse_config
from tests.gradio.documents import config_body
from tests.strategies import json_values, many


def parsed(**fields: Any) -> Config:
    return parse_config(config_body(**fields), where="http://host")


def test_a_page_of_the_newest_release():
    config = parsed(
        space_id="owner/name",
        max_file_size=1000,
        show_error=True,
        components=[
            {"id": 3, "type": "Textbox", "props": {"label": "Message", "value": "hi"}},
            {"id": 9, "type": "state"},
        ],
        dependencies=[
            {
                "id": 5,
                "targets": [[3, "submit"], [None, "then"]],
                "inputs": [3, 9],
                "outputs": [9],
                "api_name": "chat",
                "queue": True,
                "types": {"generator": True, "cancel": False},
                "cancels": [4],
                "trigger_after": 4,
                "trigger_only_on_success": True,
                "trigger_mode": "always_last",
                "api_visibility": "private",
                "backend_fn": True,
                "connection": "sse",
                "js": None,
                "collects_event_data": True,
                "component_prop_inputs": [1],
                "rendered_in": 8,
            }
        ],
    )
    assert config.version == (6, 31, 0)
    assert (config.version_text, config.protocol, config.api_prefix) == ("6.31.0", "sse_v3", "/gradio_api")
    assert (config.mode, config.title, config.root) == ("blocks", "A page", "http://127.0.0.1:7860")
    assert (config.space_id, config.app_id, config.show_error, config.max_file_size) == ("owner/name", "77", True, 1000)
    assert config.oddities == ()
    box = config.components[3]
    assert (box.type, box.label, box.visible) == ("textbox", "Message", True)
    assert config.components[9].props == {}
    found = config.dependencies[5]
    assert found.targets == (Target(3, "submit"), Target(None, "then"))
    assert (found.inputs, found.outputs, found.cancels) == ((3, 9), (9,), (4,))
    assert (found.name, found.queue, found.backend_fn, found.js) == ("/chat", True, True, False)
    assert (found.trigger_after, found.follows, found.trigger_mode) == (4, "success", "always_last")
    assert (found.collects_event_data, found.generator, found.private, found.stream) == (True, True, True, False)
    assert (found.component_prop_inputs, found.rendered_in) == (frozenset({1}), 8)


def test_what_is_missing_has_gradios_defaults():
    config = parsed(protocol=..., api_prefix=..., app_id=..., title=..., root=..., mode=..., dependencies=[{}])
    assert (config.protocol, config.api_prefix, config.app_id) == ("ws", "", "")
    assert (config.max_file_size, config.space_id) == (None, None)
    found = config.dependencies[0]
    assert (found.queue, found.backend_fn, found.follows, found.trigger_mode) == (True, True, "then", "once")
    assert (found.private, found.api_name, found.name, found.targets) == (False, None, "fn 0", ())


def test_dependencies_of_3x_have_no_ids_and_one_trigger():
    """Their position is their id, ``queue: null`` is the app's default, and targets may be bare ids."""
    config = parsed(
        version="3.50.2",
        components=[{"id": 1, "type": "textbox", "props": {}}],
        dependencies=[
            {"targets": [1], "trigger": "submit", "inputs": [1], "outputs": [1], "queue": None, "api_name": "chat"},
            {"targets": [[1, "submit"]], "inputs": [1], "outputs": [1], "queue": False, "trigger_after": 0},
        ],
    )
    first, second = config.dependencies[0], config.dependencies[1]
    assert (first.targets, first.queue) == ((Target(1, "submit"),), True)
    assert (second.targets, second.queue, second.trigger_after) == ((Target(1, "submit"),), False, 0)


def test_a_page_of_2_is_told_from_no_page_at_all():
    body = json.dumps({"version": "2.9.4", "input_components": [], "output_components": []}).encode()
    with pytest.raises(ProtocolError, match=r"http://host runs gradio 2\.9\.4") as caught:
        parse_config(body, where="http://host")
    assert not isinstance(caught.value, NotGradio)
    assert "version 3" in caught.value.hint


def test_a_version_with_a_line_feed():
    found = parsed(version="3.28.3\n")
    assert (found.version_text, found.version) == ("3.28.3", (3, 28, 3))


@pytest.mark.parametrize("enabled, queued", [(True, True), (False, False), (None, False), (..., True)])
def test_what_leaves_it_to_the_app_is_queued_where_the_app_has_a_queue(enabled: object, queued: bool):
    raw = [{"targets": [[1, "submit"]], "queue": queue} for queue in (None, True, False)]
    config = parse_config(config_body(enable_queue=enabled, dependencies=raw), where="here")
    assert [dependency.queue for dependency in config.dependencies.values()] == [queued, True, False]


@pytest.mark.parametrize(
    "version, expected",
    [
        ("6.31.0", (6, 31, 0)),
        ("4.44", (4, 44)),
        ("5.0.0b3", (5, 0, 0)),
        ("3.50.2.dev1", (3, 50, 2)),
        ("6." + "9" * 5000, (6, 999999999, 999999999)),
        ("unknown", ()),
        ("", ()),
    ],
)
def test_versions(version: str, expected: tuple[int, ...]):
    assert parsed(version=version).version == expected


@pytest.mark.parametrize(
    "entry, follows",
    [
        ({}, "then"),
        ({"trigger_only_on_success": True}, "success"),
        ({"trigger_only_on_failure": True}, "failure"),
        ({"trigger_only_on_success": False, "trigger_only_on_failure": False}, "then"),
    ],
)
def test_on_which_end_it_follows(entry: dict[str, Any], follows: str):
    assert parsed(dependencies=[entry | {"trigger_after": 9}]).dependencies[0].follows == follows


@pytest.mark.parametrize(
    "entry, private",
    [
        ({"show_api": False}, True),
        ({"show_api": True}, False),
        ({"api_visibility": "private"}, True),
        ({"api_visibility": "undocumented"}, False),
        ({"api_name": "false", "api_visibility": "private"}, True),
    ],
)
def test_private(entry: dict[str, Any], private: bool):
    assert parsed(dependencies=[entry]).dependencies[0].private is private


@pytest.mark.parametrize("api_name", [False, None, "", 3])
def test_no_api_name(api_name: object):
    assert parsed(dependencies=[{"api_name": api_name}]).dependencies[0].name == "fn 0"


@pytest.mark.parametrize(
    "props, visible",
    [({}, True), ({"visible": True}, True), ({"visible": False}, False), ({"visible": "hidden"}, False)],
)
def test_visible(props: dict[str, Any], visible: bool):
    assert parsed(components=[{"id": 1, "type": "x", "props": props}]).components[1].visible is visible


def test_fields_of_the_wrong_kind_count_as_missing():
    config = parsed(
        protocol=3,
        api_prefix=["x"],
        title=None,
        max_file_size="5mb",
        space_id=7,
        version=6,
        components=[{"id": 1, "type": "box", "props": "none"}, {"id": 2, "type": "box", "props": {"label": ["x"]}}],
        dependencies=[
            {
                "id": 0,
                "targets": [[1], [1, 2], ["1", "click"], [True, "click"], [1, "click", 3], "1", {"a": 1}, [1, "click"]],
                "inputs": {"a": 1},
                "outputs": [1, "2", None, 1.5, True, 2],
                "types": [],
                "cancels": "all",
                "trigger_after": "0",
                "trigger_mode": "sometimes",
                "component_prop_inputs": None,
                "rendered_in": False,
            }
        ],
    )
    assert (config.protocol, config.api_prefix, config.title) == ("ws", "", "")
    assert (config.max_file_size, config.space_id, config.version) == (None, None, ())
    assert config.components[1].props == {}
    assert config.components[2].label == ""
    found = config.dependencies[0]
    assert found.targets == (Target(1, "click"),)
    assert (found.inputs, found.outputs, found.cancels) == ((), (1, 2), ())
    assert (found.trigger_after, found.trigger_mode, found.rendered_in) == (None, "once", None)


def test_what_makes_no_sense_is_named():
    config = parsed(
        components=[
            {"id": "1", "type": "box"},
            {"id": 2},
            {"id": True, "type": "box"},
            "box",
            {"id": 3, "type": "box"},
        ],
        dependencies=["none", {"id": "x"}, {"id": 2, "inputs": [3, 99], "outputs": [98]}],
    )
    assert set(config.components) == {3}
    assert set(config.dependencies) == {2}
    assert len(config.oddities) == 7
    assert "[99, 98]" in config.oddities[-1]


def test_circles_among_dependencies_are_read():
    config = parsed(
        dependencies=[{"id": 0, "trigger_after": 1}, {"id": 1, "trigger_after": 0}, {"id": 2, "trigger_after": 2}]
    )
    assert [d.trigger_after for d in config.dependencies.values()] == [1, 0, 2]


def test_a_page_of_an_old_app_that_embeds_its_configuration():
    document = config_body(version="2.9.4", title="a </b> page")
    page = (
        b"<!doctype html><html><script>window.gradio_config = " + document + b";</script><script>x={}</script></html>"
    )
    assert parse_config(page, where="http://host").title == "a </b> page"


@pytest.mark.parametrize(
    "body, why",
    [
        (b"", "It is empty"),
        (b"<!doctype html><title>502</title>", "not JSON"),
        (b"Not Found", "not JSON"),
        (b"null", "no object"),
        (b"[]", "no object"),
        (b'"text"', "no object"),
        (b"{}", "no components"),
        (b'{"detail":"Not authenticated"}', "no components"),
        (b'{"components":[],"dependencies":{}}', "no components"),
        (b'{"components":[],"dependencies":', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'<script>window.gradio_config = {"components": nope};</script>', "in the page is not JSON"),
        (b'<script>window.gradio_config = {"auth_required":true};</script>', "no components"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_is_no_gradio_app(body: bytes, why: str):
    with pytest.raises(NotGradio, match=why) as caught:
        parse_config(body, where="http://host")
    assert "http://host" in str(caught.value)
    assert isinstance(caught.value, NotJSON)


def test_a_huge_page_is_read():
    """5,000 components and as many listeners."""
    components = [{"id": i, "type": "textbox", "props": {"value": "x" * 100}} for i in range(5000)]
    dependencies = [{"id": i, "targets": [[i, "submit"]], "inputs": [i] * 10, "outputs": [i]} for i in range(5000)]
    config = parsed(components=components, dependencies=dependencies)
    assert (len(config.components), len(config.dependencies)) == (5000, 5000)


_KEYS = [
    "version", "protocol", "api_prefix", "mode", "root", "title", "space_id", "app_id", "show_error", "max_file_size",
    "components", "dependencies",
]  # fmt: skip
_ENTRY_KEYS = [
    "id", "type", "props", "targets", "trigger", "inputs", "outputs", "api_name", "queue", "types", "cancels",
    "trigger_after", "trigger_mode", "component_prop_inputs", "rendered_in",
]  # fmt: skip


@many
@given(st.data())
def test_no_document_raises_anything_but_not_gradio(data: st.DataObject):
    entries = st.lists(json_values | st.dictionaries(st.sampled_from(_ENTRY_KEYS), json_values, max_size=6), max_size=4)
    document = data.draw(st.dictionaries(st.sampled_from(_KEYS), json_values, max_size=6))
    if data.draw(st.booleans()):
        document |= {"components": data.draw(entries), "dependencies": data.draw(entries)}
    try:
        config = parse_config(json.dumps(document).encode(), where="here")
    except NotGradio:
        return
    assert all(number == component.id for number, component in config.components.items())
    assert all(number == dependency.id for number, dependency in config.dependencies.items())


@pytest.mark.parametrize("version, expected", [("5.23.1", set()), ("5.50.0", {5, 6}), ("6.31.0", {2, 4, 5, 6, 8})])
def test_what_a_browser_does_not_make_at_first(version: str, expected: set[int]) -> None:
    kinds = ["column", "accordion", "textbox", "tabs", "textbox", "group", "textbox", "tabitem", "tabitem", "textbox"]
    props: dict[int, dict[str, object]] = {1: {"open": False}, 5: {"visible": False}, 8: {"id": "b"}, 7: {"id": "a"}}
    components = [{"id": i, "type": kind, "props": props.get(i, {})} for i, kind in enumerate(kinds)]
    tabs = [{"id": 7, "children": [{"id": 9}]}, {"id": 8, "children": [{"id": 4}]}]
    groups = [{"id": 1, "children": [{"id": 2}]}, {"id": 3, "children": tabs}]
    groups.append({"id": 5, "children": [{"id": 6}]})
    document = {
        "version": version,
        "components": components,
        "dependencies": [],
        "layout": {"id": 0, "children": groups},
    }
    assert parse_config(json.dumps(document).encode(), where="here").unmounted == expected
