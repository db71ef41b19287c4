"""Apps that lie in ``/config``: whatever they say, there is a layout or a clear error, and a turn comes to an end."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.conversation import Conversation
from spacebridge.chat.layout import Layout, find_layout
from spacebridge.errors import NoChatFound, NotGradio, SpacebridgeError
from spacebridge.gradio.config import Config, parse_config
from spacebridge.options import Timeouts
from spacebridge.page.graph import EventGraph
from tests.chat.hosted import ScriptedHost
from tests.doubles import wire
from tests.page.scripted import Running, page_on
from tests.strategies import json_values, many


def busy_config() -> dict[str, Any]:
    """A page with most of what there is: tabs, gates, timers, a menu, something drawn, a chain."""
    component, dependency = wire.component, wire.dependency
    return wire.config(
        "6.31.0",
        [
            component(1, "tabs"),
            component(2, "tabitem", label="Chat", id="a"),
            component(3, "tabitem", label="More", id="b", interactive=False),
            component(4, "column", visible=False),
            component(5, "textbox", label="Message", interactive=True),
            component(6, "chatbot", value=[], label="Talk"),
            component(7, "button", value="I agree"),
            component(8, "dropdown", label="Model", choices=[["A", "a"], ["B", "b"]], value=None),
            component(9, "timer", value=0.05, active=False),
            component(10, "state"),
            component(11, "panorama", value={}),
            component(12, "column"),
            component(13, "checkbox", label="I accept the terms", value=False),
        ],
        [
            dependency(0, "enter", [[7, "click"]], [13], [4, 10], queue=False),
            dependency(1, "ask", [[5, "submit"]], [5, 6, 8, 10], [5, 6], **wire.STREAMS),
            dependency(2, "note", [[None, "then"]], [6], [10, 11], **wire.after(1)),
            dependency(3, "tick", [[9, "tick"]], [10], [6, 9]),
            dependency(4, "draw", [[12, "load"], [10, "change"]], [10], [12], render_id=1),
        ],
        "http://host",
    ) | {
        "layout": {
            "id": 0,
            "children": [
                {"id": 1, "children": [{"id": 2, "children": [{"id": 4, "children": [{"id": 5}, {"id": 6}]}]}]},
                *({"id": number} for number in (7, 8, 12, 13)),
            ],
        }
    }


CONFIGS = [wire.qwen_config("http://host"), wire.interface_config("http://host"), busy_config()]
IDS = st.integers(-1, 14) | st.sampled_from([10**20, True, 1.5, "5", None])
WORDS = st.sampled_from(
    ["then", "submit", "click", "change", "tick", "load", "chatbot", "tabs", "column", "hidden", ""]
)
ANYTHING = json_values | IDS | WORDS | st.lists(IDS, max_size=4) | st.lists(st.tuples(IDS, WORDS).map(list), max_size=3)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a value."""
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


PLACES = [places(config)[1:] for config in CONFIGS]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The body of a configuration in which some things are other things, are missing, or are there twice."""
    number = draw(st.integers(0, len(CONFIGS) - 1))
    config = copy.deepcopy(CONFIGS[number])
    for _ in range(draw(st.integers(1, 6))):
        *way, last = draw(st.sampled_from(PLACES[number]))
        parent: Any = config
        try:
            for step in way:
                parent = parent[step]
            what = draw(st.sampled_from(["set", "delete", "double"]))
            if what == "delete":
                del parent[last]
            elif what == "double" and isinstance(parent, list):
                parent.append(parent[last])
            else:
                parent[last] = draw(ANYTHING)
        except (KeyError, IndexError, TypeError):
            continue  # that place has gone by now
    return json.dumps(config).encode()


def found(body: bytes) -> tuple[Config, Layout] | None:
    try:
        config = parse_config(body, where="http://host")
        return config, find_layout(config)
    except (NotGradio, NoChatFound) as error:
        assert error.message
        return None


def test_the_pages_themselves_have_chats():
    for config in CONFIGS:
        assert found(json.dumps(config).encode()) is not None
    config, layout = found(json.dumps(busy_config()).encode()) or (None, None)
    assert config is not None
    assert layout is not None
    assert [gate.component for gate in layout.gates] == [7, 8]
    assert layout.chat.place == ("Chat",)


@many
@given(mutated())
def test_any_configuration_gives_a_layout_or_a_clear_error(body: bytes):
    pair = found(body)
    if pair is None:
        return
    config, layout = pair
    for candidate in layout.candidates:
        assert sum(int(reason.split()[0]) for reason in candidate.reasons) == candidate.score
        assert set(candidate.edges) <= config.dependencies.keys()
    assert layout.chat.box is not None
    assert all(gate.describe() for gate in layout.gates)


@many
@given(mutated(), st.lists(json_values, max_size=3))
def test_a_turn_on_any_page_comes_to_its_end(body: bytes, outputs: list[Any]):
    pair = found(body)
    if pair is not None:
        asyncio.run(turn(*pair, outputs))


LARGE = 10_000


def large_config(shape: str) -> dict[str, Any]:
    """Ten thousand components and events: a ``ring`` of steps after one another, or ``gates`` before a locked box."""
    component, dependency = wire.component, wire.dependency
    kinds = ["textbox"] if shape == "ring" else ["button", "checkbox", "dropdown", "textbox"]
    components = [component(1, "textbox", label="Message", interactive=shape == "ring"), component(2, "chatbot")]
    components += [component(number, kinds[number % len(kinds)]) for number in range(3, LARGE)]
    dependencies = [dependency(0, "ask", [[1, "submit"]], [1, 2], [1, 2])]
    for number in range(1, LARGE):
        if shape == "ring":
            dependencies.append(dependency(number, "", [[None, "then"]], [number], [], **wire.after(number - 1)))
        else:
            targets = [[number, "click"], [number, "change"]]
            dependencies.append(dependency(number, "", targets, [], [1, number * 7 % LARGE]))
    if shape == "ring":
        dependencies[0] |= wire.after(LARGE - 1)
    return wire.config("6.31.0", components, dependencies, "http://host")


@pytest.mark.parametrize("shape", ["ring", "gates"])
async def test_ten_thousand_components_are_read_and_asked(shape: str):
    pair = found(json.dumps(large_config(shape)).encode())
    assert pair is not None
    assert pair[1].chat.output == 2
    assert len(pair[1].gates) == (shape == "gates")
    await turn(*pair, [])


async def turn(config: Config, layout: Layout, outputs: list[Any]) -> None:
    """One turn in which every function returns the same."""
    page, session, _ = page_on(config)
    answers = [*outputs, [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]]

    def answer(running: Running) -> Any:
        return running.end(*answers)

    for number in config.dependencies:
        session.script[number] = answer

    def find(graph: EventGraph) -> Layout:
        return find_layout(config, graph=graph)

    host = ScriptedHost(Timeouts(connect=1, first_text=0.3, total=1, cancel=0.2))
    host.config = config
    conversation = Conversation(host, page, layout, find)
    try:
        await conversation.ask("hi")
    except SpacebridgeError as error:
        assert str(error)
    finally:
        await conversation.aclose()
