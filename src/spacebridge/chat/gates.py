"""What must be done on a page before one can chat: conditions to accept, a start button, a model to choose.

A person who finds the message box hidden or locked looks for what opens it: so does this. Besides, a few things are
done that a person would do though nothing is locked, since the app only complains after the message: an unticked box
with which one accepts conditions, a menu of models in which nothing is chosen, a start button that sets up what the
chat reads. The rules are told in ``docs/finding-the-chat.md``; ``inspect`` names each gate, and a notice says when it
is passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from spacebridge.chat.components import BUTTONS, PLAIN_BOXES, name_of, says, text_box, words_of
from spacebridge.chat.names import Trait, known_name
from spacebridge.chat.words import AGREEING, BESIDE, CHOOSING, CLEARING, DECLINING, STARTING
from spacebridge.shape import as_list, is_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from spacebridge.chat.candidates import Candidate
    from spacebridge.gradio.config import Component, Dependency
    from spacebridge.page.graph import EventGraph

__all__ = ["Gate", "Look", "find_gates", "is_locked", "next_gate", "ticked_by"]

Look = Callable[[int, str], Any]
"""What a property of a component is now; ``value`` is one of them."""

Act = Literal["click", "tick", "choose", "enter"]

_MOST_GATES = 6
_DEEPEST = 3
_MENUS = frozenset({"dropdown", "radio"})
_SET_BY = ("input", "change", "select")
_CLEARER = -20
# A page is looked at no further than this many steps for one gate, about a microsecond each, however large it is.
_MOST_STEPS = 200_000


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do before the first message."""

    component: int
    act: Act
    """What is done to it; ``enter`` needs a text, which only the user may know."""
    value: Any = None
    """What is chosen, or stands in the box."""
    others: tuple[Any, ...] = ()
    """What else may be chosen, where this does not open the chat."""
    name: str
    """The component for a person."""
    why: str
    edges: tuple[int, ...] = ()
    """Dependencies that it may set going."""
    opens: tuple[int, ...] = ()
    """Those of them that certainly run: others wait for a value to change."""
    needs: tuple[str, ...] = ()
    """Labels of empty boxes that these read: the page may want them filled."""

    def describe(self) -> str:
        """The gate in a line."""
        what = {"click": "click", "tick": "tick", "choose": f"choose {self.value!r} in", "enter": "fill in"}[self.act]
        needs = f" (reads what is empty: {', '.join(map(repr, self.needs))})" if self.needs else ""
        return f"{what} {self.name}: {self.why}{needs}"


def find_gates(graph: EventGraph, chat: Candidate) -> tuple[Gate, ...]:
    """All that must be done, as far as ``/config`` tells: each gate is taken to open what it writes."""
    opened: set[int] = set()

    def look(number: int, prop: str) -> Any:
        if number in opened and prop in ("visible", "interactive"):
            return True
        component = graph.components.get(number)
        return None if component is None else component.props.get(prop)

    gates: list[Gate] = []
    while len(gates) < _MOST_GATES and (gate := next_gate(graph, chat, look, {gate.component for gate in gates})):
        gates.append(gate)
        opened |= {output for edge in gate.opens for output in _writes(graph, edge)}
    return tuple(gates)


def is_locked(graph: EventGraph, chat: Candidate, look: Look) -> bool:
    """Whether the page does not let one write or send a message now."""
    return bool(_locks(graph, chat, look))


def next_gate(graph: EventGraph, chat: Candidate, look: Look, done: Collection[int]) -> Gate | None:
    """What a person would do next before chatting, or None if nothing.

    Args:
        graph: of the page.
        chat: the way to chat.
        look: what the page shows now.
        done: components that something has been done to already.
    """
    finder = _Finder(graph, chat, look, done)
    return finder.opener() or finder.condition() or finder.menu() or finder.start()


def _locks(graph: EventGraph, chat: Candidate, look: Look) -> set[int]:
    """What keeps one from writing or sending: hidden or disabled components, among them what holds others."""
    locks: set[int] = set()
    for number in {chat.box, chat.trigger}:
        if number is None or number not in graph.components:
            continue
        locks |= {one for one in (number, *graph.around(number)) if _hidden(look, one)}
        tabs = [one for one in graph.around(number) if _is_tab(graph, one)]
        locks |= {one for one in (number, *tabs) if look(one, "interactive") is False}
    if chat.box is not None and chat.trigger != chat.box:
        # What typing brings to light is no lock.
        typed = [d for event in ("input", "change") for d in graph.listeners(chat.box, event)]
        locks -= {output for number in graph.reachable(typed) for output in _writes(graph, number)} - {chat.box}
    return locks


def ticked_by(graph: EventGraph, listener: Dependency) -> list[int]:
    """Checkboxes that a listener sets by JavaScript alone: that is how some pages remember that one agreed."""
    if listener.backend_fn:
        return []
    found = [graph.components[number] for number in listener.outputs if number in graph.components]
    return [component.id for component in found if component.type == "checkbox"]


def _is_tab(graph: EventGraph, number: int) -> bool:
    component = graph.components.get(number)
    return component is not None and component.type == "tabitem"


def _hidden(look: Look, number: int) -> bool:
    return look(number, "visible") not in (None, True)


def _writes(graph: EventGraph, number: int) -> set[int]:
    dependency = graph.dependencies.get(number)
    return set() if dependency is None else graph.writes(dependency)


class _Finder:
    """Looks for one gate on the page as it is now."""

    def __init__(self, graph: EventGraph, chat: Candidate, look: Look, done: Collection[int]) -> None:
        self._graph = graph
        self._chat = chat
        self._look = look
        self._done = done
        self._read = {number for edge in chat.edges for number in graph.dependencies[edge].inputs}
        self._steps = 0
        self._kept: set[int] | None = None

    def opener(self) -> Gate | None:
        """What opens a box that is locked, or what opens that which opens it."""
        locks = _locks(self._graph, self._chat, self._look)
        seen: set[int] = set()
        for _ in range(_DEEPEST):
            if not locks - seen:
                return None
            seen |= locks
            found: list[tuple[int, int, Gate]] = []
            hidden: set[int] = set()
            for component, act, listeners in self._actions(usable=False):
                reached = self._reach(listeners)
                opens = {lock for number in reached for lock in _writes(self._graph, number) & locks} - {component.id}
                likely = _likely(component) - (5 if act == "enter" or component.type not in BUTTONS else 0)
                if not opens or likely <= _CLEARER:
                    continue
                if not self._usable(component.id):
                    hidden |= {one for one in (component.id, *self._graph.around(component.id)) if self._shut(one)}
                    continue
                box = self._chat.box in self._inside(opens)
                what = (
                    "the message box" if box else "what sends" if self._inside(opens) else "what opens the message box"
                )
                gate = self._gate(component, act, listeners, f"it opens {what}, which is hidden or locked")
                if gate is not None:
                    found.append((likely + len(opens), -component.id, gate))
            if found:
                return max(found, key=lambda each: each[:2])[2]
            locks = hidden
        return None

    def _shut(self, number: int) -> bool:
        return _hidden(self._look, number) or self._look(number, "interactive") is False

    def condition(self) -> Gate | None:
        """A box to tick with which one accepts conditions."""
        for component, act, listeners in self._actions():
            if component.type == "checkbox" and act == "tick" and AGREEING.search(words_of(component)):
                reached = self._reach(listeners)
                if component.id in self._read or self._sets_up(reached):
                    return self._gate(component, act, listeners, "the chat reads it, and one accepts conditions by it")
        return None

    def menu(self) -> Gate | None:
        """A menu in which nothing is chosen, though the chat wants to know."""
        for component, act, listeners in self._actions():
            if act == "choose" and self._look(component.id, "value") in (None, "", []):
                reached = self._reach(listeners)
                words = words_of(component)
                wanted = CHOOSING.search(words) and "optional" not in words.lower()
                if component.props.get("multiselect") is True and known_name([words], Trait(component.type)) != "model":
                    continue  # of several things, none is a choice as well
                if wanted and (component.id in self._read or self._sets_up(reached)):
                    return self._gate(component, act, listeners, "the chat reads it, and nothing is chosen")
        return None

    def start(self) -> Gate | None:
        """A button that sets up what the chat reads, and says so."""
        for component, act, listeners in self._actions():
            name = says(component)
            starts = STARTING.search(name) or AGREEING.search(name)
            if act != "click" or not starts or CLEARING.search(name) or DECLINING.search(name):
                continue
            reached = self._reach(listeners)
            reads = {number for each in reached for number in self._graph.dependencies[each].inputs}
            if self._sets_up(reached) and not reads & {self._chat.box, self._chat.output}:
                return self._gate(component, act, listeners, "it sets up what the chat reads")
        return None

    def _actions(self, *, usable: bool = True) -> Iterator[tuple[Component, Act, list[Dependency]]]:
        """What a person can do on the page now, besides chatting; or what there is to do at all."""
        graph = self._graph
        for component in list(graph.components.values()):
            if self._steps > _MOST_STEPS:
                return
            if component.id in self._done or component.id in (self._chat.box, self._chat.trigger):
                continue
            events = graph.events_of(component.id)
            read = component.id in self._read
            if not (events or read) or (usable and not self._usable(component.id)):
                continue
            set_by = [d for event in _SET_BY if event in events for d in graph.listeners(component.id, event)]
            if component.type == "checkbox" and self._look(component.id, "value") is not True:
                yield component, "tick", set_by
            elif component.type in _MENUS and (set_by or read):
                yield component, "choose", set_by
            elif component.type in PLAIN_BOXES and "submit" in events:
                yield component, "enter", graph.listeners(component.id, "submit")
            elif "click" in events and not text_box(component):
                yield component, "click", graph.listeners(component.id, "click")

    def _usable(self, number: int) -> bool:
        hidden = any(_hidden(self._look, one) for one in (number, *self._graph.around(number)))
        return not hidden and self._look(number, "interactive") is not False

    def _inside(self, opened: set[int]) -> set[int | None]:
        """Of box and trigger those that stand in what is opened."""
        both = (self._chat.box, self._chat.trigger)
        return {one for one in both if one is not None and opened & {one, *self._graph.around(one)}}

    def _reach(self, listeners: list[Dependency]) -> Collection[int]:
        """What may run because of these."""
        reached = self._graph.reachable(listeners)
        self._steps += sum(1 + len(_writes(self._graph, number)) for number in reached)
        return reached

    def _sets_up(self, reached: Collection[int]) -> bool:
        """Whether these write a State or a hidden box that the chat reads and that opening the page does not fill."""
        if self._kept is None:
            loaded = {
                output
                for number in self._graph.reachable([listener for _, listener in self._graph.loads()])
                for output in _writes(self._graph, number)
            }
            self._kept = {
                number
                for number in self._read - {self._chat.box, self._chat.output} - loaded
                if (component := self._graph.components.get(number)) is not None
                and (component.type == "state" or not component.visible)
            }
        kept = self._kept
        return bool(kept) and any(_writes(self._graph, number) & kept for number in reached)

    def _gate(self, component: Component, act: Act, listeners: list[Dependency], why: str) -> Gate | None:
        edges = tuple(self._graph.reachable(listeners))
        value: Any = None
        choices = _choices(component, self._look) if act == "choose" else []
        if act == "choose":
            if not choices:
                return None
            value = choices[0]
        elif act == "enter":
            value = self._look(component.id, "value")
        elif act == "tick":
            value = True
        return Gate(
            component=component.id,
            act=act,
            value=value,
            others=tuple(choices[1:]),
            name=name_of(component),
            why=why,
            edges=edges,
            opens=self._certain(listeners),
            needs=tuple(self._empty(component, act, edges)),
        )

    def _certain(self, listeners: list[Dependency]) -> tuple[int, ...]:
        """What surely runs: the listeners, what follows them, and what boxes bring that are ticked by JavaScript."""
        ticked = [box for listener in listeners for box in ticked_by(self._graph, listener)]
        changed = [each for box in ticked for each in self._graph.listeners(box, "change")]
        return tuple(self._graph.chain([*listeners, *changed]))

    def _empty(self, component: Component, act: str, edges: tuple[int, ...]) -> Iterator[str]:
        """Boxes without a text that these read and that a person could fill."""
        inputs = dict.fromkeys(number for edge in edges for number in self._graph.dependencies[edge].inputs)
        if act == "enter" and not self._look(component.id, "value"):
            yield says(component) or f"{component.type} {component.id}"
        for number in inputs:
            one = self._graph.components.get(number)
            if (
                one is None
                or one.type not in PLAIN_BOXES
                or number in (component.id, self._chat.box, self._chat.output)
            ):
                continue
            if not self._look(number, "value") and self._usable(number):
                yield says(one) or f"{one.type} {one.id}"


def _likely(component: Component) -> int:
    """How likely a person would press this to get on."""
    name = words_of(component)
    if CLEARING.search(name) or DECLINING.search(name):
        return -30
    if AGREEING.search(name) or STARTING.search(name):
        return 10
    return -30 if BESIDE.search(name) else 0


def _choices(component: Component, look: Look) -> list[Any]:
    """What a person may choose in a menu, each as the component holds it: what is chosen already comes last."""
    now, found = look(component.id, "value"), list[Any]()
    for choice in as_list(look(component.id, "choices")):
        value = as_list(choice)[1] if is_list(choice) and len(as_list(choice)) == 2 else choice
        if value not in (None, ""):
            found.append([value] if component.props.get("multiselect") is True else value)
    return sorted(found, key=lambda value: value == now)
