"""Where an app keeps what has been said, told from the event graph alone.

A turn is followed along its way: what does the function that speaks read that was there before the turn, and is written
in the course of it? That is what the app remembers by: the chatbot, whose value the client carries; a State, which only
the server knows; or another value that the client carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from spacebridge.chat.components import is_chatbot
from spacebridge.chat.history import form_of
from spacebridge.page.graph import way
from spacebridge.shape import NOT_JSON, as_text, is_list

if TYPE_CHECKING:
    from collections.abc import Container

    from spacebridge.chat.candidates import Candidate
    from spacebridge.gradio.config import Component, Dependency
    from spacebridge.page.graph import EventGraph

__all__ = ["HistoryMode", "Memory", "find_memory", "memory_of", "states_needed"]

HistoryMode = Literal["chatbot", "event", "value", "prompt"]

_SCALARS = (bool, int, float, str)


class Memory(msgspec.Struct, frozen=True):
    """How an app is told what was said earlier.

    Attributes:
        mode: ``chatbot``: by the chatbot's value, which its function reads; ``event``: by the chatbot's value and an
            event of the app that puts it into the State that its function reads; ``value``: by another value that the
            client carries; ``prompt``: not at all, so that it has to be said with the next message.
        component: whose value is written.
        event: the dependency that takes it over, where the mode is ``event``.
        keeps: whether the app remembers anything of its own turns.
    """

    mode: HistoryMode
    component: int | None = None
    event: int | None = None
    keeps: bool = True


def find_memory(graph: EventGraph, chat: Candidate) -> Memory:
    """How the app of a chat is told what was said earlier."""
    reachable = graph.reachable(graph.listeners(chat.trigger, chat.event))
    turn = [graph.dependencies[number] for number in reachable if number in graph.dependencies]
    written = {number for dependency in turn for number in graph.writes(dependency)}
    steps = [graph.dependencies[number] for number in chat.edges if number in graph.dependencies]
    carried = [number for number in _sources(steps, chat.box) if number in written]
    states = _remembering(graph, steps, carried)
    if states:
        takers = _takers(graph, reachable)
        for number in states:
            if (event := takers.get(number)) is not None:
                return Memory("event", component=event.inputs[0], event=event.id)
        return Memory("prompt")
    if chat.output in carried and is_chatbot(graph.components[chat.output]):
        return Memory("chatbot", component=chat.output)
    for number in carried:
        if (component := graph.components.get(number)) is not None and _holds_history(component):
            return Memory("value", component=number)
    return Memory("prompt", keeps=False)


def memory_of(graph: EventGraph, chat: Candidate, version: tuple[int, ...]) -> Memory:
    """How an app of a version of Gradio is told: by its chatbot only if it is known how that holds a history."""
    memory = find_memory(graph, chat)
    if memory.component is not None and memory.mode in ("chatbot", "event"):
        known = form_of(graph.components[memory.component], version)
        return memory if known is not None else Memory("prompt")
    return memory


def states_needed(graph: EventGraph, component: int, event: str, output: int) -> set[int]:
    """The States that an event of a component needs to have been set before, to write an output."""
    reached = graph.reachable(graph.listeners(component, event))
    needed: set[int] = set()
    for number in reached:
        if number in graph.dependencies and output in graph.writes(graph.dependencies[number]):
            needed.update(_sources([graph.dependencies[each] for each in way(reached, number)], None))
    return {number for number in needed if _is_state(graph, number)}


def _sources(steps: list[Dependency], box: int | None) -> list[int]:
    """The components whose values from before the turn reach the function that speaks."""
    origin: dict[int, frozenset[int]] = {} if box is None else {box: frozenset()}
    found: frozenset[int] = frozenset()
    for dependency in steps:
        found = frozenset[int]().union(*(origin.get(number, frozenset((number,))) for number in dependency.inputs))
        origin |= dict.fromkeys(dependency.outputs, found)
    return sorted(found)


def _is_state(graph: EventGraph, number: int) -> bool:
    component = graph.components.get(number)
    return component is not None and component.type == "state"


def _remembering(graph: EventGraph, steps: list[Dependency], numbers: list[int]) -> list[int]:
    """The States that take in what was answered: no counter, no flag, nothing that is set before anything is said.

    Releases before 5 tell what a State holds at first; what holds a number or a text remembers no chat.
    """
    states = [
        number
        for number in numbers
        if _is_state(graph, number) and not isinstance(graph.components[number].props.get("value"), _SCALARS)
    ]
    if not states or not steps:
        return []
    speaker = steps[-1]
    said = set(speaker.outputs)
    reached = graph.reachable([speaker])
    after = [graph.dependencies[each] for each in reached if each != speaker.id and each in graph.dependencies]
    taking = said.union(*(each.outputs for each in after if not said.isdisjoint(each.inputs)))
    return [number for number in states if number in taking]


def _takers(graph: EventGraph, turn: Container[int]) -> dict[int, Dependency]:
    """What puts the chatbot's value into each State: of a turn first, else of anything that follows something."""
    found: dict[int, Dependency] = {}
    for dependency in sorted(graph.dependencies.values(), key=lambda each: each.id not in turn):
        if _takes_over(graph, dependency):
            for number in dependency.outputs:
                found.setdefault(number, dependency)
    return found


def _takes_over(graph: EventGraph, dependency: Dependency) -> bool:
    """Whether something by itself makes other values of a chatbot's."""
    if len(dependency.inputs) != 1 or not dependency.backend_fn or dependency.js:
        return False
    source = graph.components.get(dependency.inputs[0])
    by_itself = dependency.trigger_after is not None or any(t.event == "change" for t in dependency.targets)
    return (
        source is not None
        and is_chatbot(source)
        and source.id not in dependency.outputs
        and by_itself
        and not dependency.collects_event_data
    )


def _holds_history(component: Component) -> bool:
    """Whether a value that the client carries can be a list of messages."""
    value = component.props.get("value")
    if component.type in ("json", "browserstate"):
        return value is None or is_list(value)
    if component.type == "textbox" and not component.visible and as_text(value):
        try:
            return is_list(msgspec.json.decode(as_text(value)))
        except NOT_JSON:
            return False
    return False
