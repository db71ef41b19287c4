"""Where an app keeps what was said, on event graphs made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.layout import find_layout
from spacebridge.chat.memory import Memory, find_memory, states_needed
from spacebridge.gradio.config import Component, Dependency
from spacebridge.page.graph import EventGraph
from tests.page.documents import component, listener, page_config

BOX, BOT, STATE, OTHER = component(1), component(2, "chatbot"), component(3, "state"), component(4, "state")


def memory(*dependencies: Dependency, more: tuple[Component, ...] = ()) -> Memory:
    config = page_config([BOX, BOT, STATE, OTHER, *more], dependencies)
    return find_memory(EventGraph(config.components, config.dependencies), find_layout(config).chat)


def said(reads: list[int], writes: list[int], number: int = 0, **more: Any) -> Dependency:
    return listener(number, (1, "submit"), reads=reads, writes=writes, **more)


def then(number: int, after: int, reads: list[int], writes: list[int], **more: Any) -> Dependency:
    return listener(number, after=after, reads=reads, writes=writes, **more)


IN_BOT = Memory("chatbot", component=2)
UNREACHABLE = Memory("prompt")
NOTHING = Memory("prompt", keeps=False)


def test_the_chatbot_that_its_function_reads():
    assert memory(said([1, 2], [1, 2])) == IN_BOT


def test_the_chatbot_that_a_step_before_reads():
    assert memory(said([1, 2], [1, 2]), then(1, 0, [2], [2])) == IN_BOT


def test_a_state_that_holds_only_the_message():
    """As of ``ChatInterface`` of 4: the text is cleared into a State first."""
    assert memory(said([1], [1, 3]), then(1, 0, [3, 2], [2]), then(2, 1, [3, 2], [2])) == IN_BOT


def test_a_state_into_which_the_chatbot_is_put():
    """As of ``ChatInterface`` of 5 and 6."""
    chat = [said([1], [1, 3]), then(1, 0, [3, 2], [2]), then(2, 1, [3, 4], [2], generator=True)]
    assert memory(*chat, then(3, 2, [2], [4])) == Memory("event", component=2, event=3)


def test_a_state_that_follows_the_changes_of_the_chatbot():
    chat = [said([1, 4], [2], generator=True), listener(1, (2, "change"), reads=[2], writes=[4])]
    assert memory(*chat) == Memory("event", component=2, event=1)


def test_the_event_of_a_turn_comes_before_others_of_the_kind():
    chat = [said([1, 4], [2], number=5), then(7, 5, [2], [4])]
    other = [listener(0, (2, "retry"), reads=[4], writes=[4]), then(1, 0, [2], [4])]
    assert memory(*other, *chat) == Memory("event", component=2, event=7)


@pytest.mark.parametrize(
    "taking",
    [
        listener(1, (2, "clear"), reads=[2], writes=[4]),
        then(1, 0, [2], [4], js=True),
        then(1, 0, [2], [4], backend_fn=False),
        then(1, 0, [2], [4], collects_event_data=True),
        then(1, 0, [2, 1], [4]),
        then(1, 0, [2], [2, 4]),
    ],
    ids=["when cleared", "by JavaScript", "in the browser", "by its place", "with a text", "and written"],
)
def test_what_does_not_put_the_chatbot_into_a_state(taking: Dependency):
    assert memory(said([1, 4], [2, 4]), taking) == UNREACHABLE


def test_a_state_that_the_function_writes_itself():
    assert memory(said([1, 3], [2, 3])) == UNREACHABLE


def test_a_state_beside_the_chatbot_is_what_counts():
    """As of Qwen-Agent: the chatbot only shows what the State holds."""
    assert memory(said([1, 2, 3], [1, 2, 3]), then(1, 0, [2, 3], [2, 3], generator=True)) == UNREACHABLE


def test_a_state_that_is_set_on_load_only():
    assert memory(listener(1, (2, "load"), writes=[3]), said([1, 2, 3], [1, 2])) == IN_BOT


def test_a_state_that_takes_in_no_answer():
    """A flag that is set before the function speaks."""
    assert memory(said([1, 2, 3], [1, 2, 3]), then(1, 0, [2, 3], [2], generator=True)) == IN_BOT


@pytest.mark.parametrize("value", [0, "id", True])
def test_a_state_that_holds_no_chat(value: object):
    counting = component(5, "state", value=value)
    assert memory(said([1, 2, 5], [1, 2, 5]), more=(counting,)) == IN_BOT


@pytest.mark.parametrize(
    "kind, props",
    [("json", {"value": []}), ("json", {}), ("browserstate", {}), ("textbox", {"value": "[]", "visible": False})],
)
def test_another_value_that_the_client_carries(kind: str, props: dict[str, Any]):
    kept = component(5, kind, **props)
    assert memory(said([1, 5], [1, 2, 5]), more=(kept,)) == Memory("value", component=5)


@pytest.mark.parametrize(
    "kind, props",
    [
        ("json", {"value": {"a": 1}}),
        ("textbox", {"value": "", "visible": False}),
        ("textbox", {"value": "hello", "visible": False}),
        ("textbox", {"value": "[]"}),
        ("slider", {"value": 1}),
    ],
)
def test_values_that_hold_no_chat(kind: str, props: dict[str, Any]):
    kept = component(5, kind, **props)
    assert memory(said([1, 5], [1, 2, 5]), more=(kept,)) == NOTHING


def test_an_app_that_remembers_nothing():
    assert memory(said([1], [2])) == NOTHING
    config = page_config([BOX, component(2, "markdown")], [said([1], [2])])
    graph = EventGraph(config.components, config.dependencies)
    assert find_memory(graph, find_layout(config).chat) == NOTHING


def test_the_states_that_another_event_needs():
    retry = [listener(0, (2, "retry"), reads=[3], writes=[4, 3]), then(1, 0, [4, 2], [2])]
    config = page_config([BOX, BOT, STATE, OTHER], retry)
    graph = EventGraph(config.components, config.dependencies)
    assert states_needed(graph, 2, "retry", 2) == {3}
    assert states_needed(graph, 2, "undo", 2) == set()
