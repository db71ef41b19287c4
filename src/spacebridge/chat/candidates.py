"""The ways to chat that a page offers, each with what speaks for it and against it.

A way begins with an event that a person can cause, and ends where something shows the answer. On it a box must be read:
else no text goes in. Only what ``/config`` tells is looked at, so that finding a chat asks nothing of the app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from spacebridge.chat.components import (
    BUTTONS,
    PLAIN_ANSWERS,
    PLAIN_BOXES,
    is_chatbot,
    is_unknown,
    says,
    takes_files,
    text_box,
    words_of,
)
from spacebridge.chat.words import ANSWERING, ASIDE, BESIDE, CHOOSING, CLEARING, MESSAGE, NOT_MESSAGE, SENDING
from spacebridge.page.graph import way
from spacebridge.page.user import TYPING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spacebridge.gradio.config import Component, Dependency
    from spacebridge.page.graph import EventGraph

__all__ = ["Candidate", "find_candidates", "is_shown"]

# Names under which a box of somebody else's may send. Gradio's own have ``submit``.
_OTHER_SENDS = ("send", "enter", "message")
# A page is looked at no further than this many steps, about a microsecond each, however large it is.
_MOST_STEPS = 200_000
_STEPS_OF_A_CANDIDATE = 40
_MOST_OUTPUTS = 20
"""For one event: a button may well clear ten thousand boxes."""
_MOST_PLAIN = 3
_MOST_COMPARED = 100
"""Ways to chat that are compared with each other."""
_FEWEST_PARTS = 4
"""Two questions and two answers."""
_MOST_PARTS = 200

Points = list[tuple[int, str]]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A way to chat that the page offers, or something that looks like one."""

    box: int | None
    """Component id of the box that takes the message; None where no text goes in."""
    box_type: str = ""
    multimodal: bool = False
    trigger: int
    """Component id whose event sends the message."""
    event: str
    output: int
    """Component id of the chatbot, or of what else shows the answer."""
    output_type: str = ""
    chatbot: bool = True
    """Whether the answer shows in a chatbot, which remembers; else each turn stands alone."""
    elsewhere: tuple[int, ...] = ()
    """What else the last of the dependencies writes where there is no chatbot: the answer may show there instead."""
    parts: tuple[int, ...] = ()
    """Boxes of which each shows one message, most of them hidden until they do: all of them show the chat."""
    edges: tuple[int, ...] = ()
    """Ids of the dependencies on the way from the event to the answer."""
    names: tuple[str, ...] = ()
    """Their names."""
    place: tuple[str, ...] = ()
    """Labels of the tabs that the chat is on, from the outside in."""
    score: int = 0
    reasons: tuple[str, ...] = ()

    def describe(self) -> str:
        """The candidate in a line."""
        box = f"{self.box_type} {self.box}" if self.box is not None else "no text"
        return f"{box} –{self.event}→ {' → '.join(self.names)} → {self.output_type} {self.output}"


class _Found(NamedTuple):
    """An event that leads to an output."""

    trigger: Component
    event: str
    output: Component
    edges: tuple[int, ...]
    box: Component | None
    direct: bool
    """Whether the box is read on the way itself."""
    clean: bool
    """Whether no step before writes the box."""
    clock: bool
    """Whether the way goes over a timer."""
    written: set[int]
    """All that the event may write."""


def find_candidates(graph: EventGraph) -> tuple[list[Candidate], bool]:
    """All ways to chat, best first; those into which no text goes are last.

    Returns:
        The ways, and whether the whole page was looked at: else it is too large for that.
    """
    finder = _Finder(graph)
    found = finder.find()
    found.sort(key=lambda candidate: (candidate.box is None, -candidate.score))
    return found, finder.steps < _MOST_STEPS


def is_shown(graph: EventGraph, component: int) -> bool:
    """Whether the page shows a component when it is opened, or one only has to open a tab for it."""
    numbers = (component, *graph.around(component))
    return all(one.visible for number in numbers if (one := graph.components.get(number)) is not None)


class _Finder:
    """Looks through one page."""

    def __init__(self, graph: EventGraph) -> None:
        self.graph = graph
        self.steps = 0
        components = graph.components.values()
        holders = set(graph.parents.values())
        self.chatbots = {c.id for c in components if is_chatbot(c)}
        self.others = {
            c.id
            for c in components
            if is_unknown(c) and c.id not in self.chatbots | holders and "button" not in c.type and not text_box(c)
        }
        self.plain = {c.id for c in components if c.type in PLAIN_ANSWERS}
        drawing = {number for d in graph.dependencies.values() if d.renders for number in d.outputs}
        self.drawn = drawing & graph.components.keys() - {n for c in self.chatbots for n in graph.around(c)}
        self._first_tabs: dict[int | None, int] = {}
        for component in components:
            if component.type == "tabitem":
                self._first_tabs.setdefault(graph.parents.get(component.id), component.id)
        self._reached: dict[tuple[int, ...], dict[int, int | None]] = {}
        clocks = [listener for _, found in graph.events("tick") for listener in found]
        self._clocks = graph.reachable([*clocks, *graph.repeated()])
        self._typed = self._read_when_typed()

    def find(self) -> list[Candidate]:
        candidates: list[Candidate] = []
        seen: set[tuple[int | None, int, str, int]] = set()
        # A name or a search leads somewhere, too: with what leads to a chatbot it has nothing to do.
        leading: set[int] = set()
        for trigger, event, listeners in self._triggers():
            if self.steps >= _MOST_STEPS:
                break
            for found in self._from(trigger, event, listeners):
                number = found.box.id if found.box else None
                key = (number, trigger.id, event, found.output.id)
                if key in seen or number == found.output.id:
                    continue
                if found.output.id in self.plain and (number is None or number in leading):
                    continue
                seen.add(key)
                if found.output.id not in self.plain and number is not None:
                    leading.add(number)
                self.steps += _STEPS_OF_A_CANDIDATE
                candidates.append(self._candidate(found))
        kept = [c for c in candidates if c.chatbot or c.output not in self.plain or c.box not in leading]
        return [self._less_if_it_sets_up(c, kept) for c in kept] if len(kept) <= _MOST_COMPARED else kept

    def _less_if_it_sets_up(self, candidate: Candidate, among: Sequence[Candidate]) -> Candidate:
        """Less for what begins a session, for which one writes a name: another way reads what that keeps."""
        kept = {number for number in self._of(candidate, "outputs") if self._holds([number], "state")}
        read = self._of(candidate, "inputs")
        if not kept or candidate.output in read or not kept.isdisjoint(read) or candidate.box is None:
            return candidate
        others = (c for c in among if c.box not in (None, candidate.box) and c.output == candidate.output)
        if all(kept.isdisjoint(self._of(other, "inputs")) for other in others):
            return candidate
        reasons = (*candidate.reasons, "-15 it keeps what another way to chat reads")
        return msgspec.structs.replace(candidate, score=candidate.score - 15, reasons=reasons)

    def _of(self, candidate: Candidate, what: Literal["inputs", "outputs"]) -> set[int]:
        return {number for edge in candidate.edges for number in getattr(self.graph.dependencies[edge], what)}

    # Events

    def _triggers(self) -> Iterator[tuple[Component, str, list[Dependency]]]:
        """Events with which a user could send a message, the likeliest kinds first."""
        components = list(self.graph.components.values())
        for component in components:
            for event in ("submit", *(_OTHER_SENDS if is_unknown(component) else ())):
                if listeners := self.graph.listeners(component.id, event):
                    yield component, event, listeners
        for component in components:
            # What the page offers as examples puts its own text into the box.
            if component.type != "dataset" and (component.type in BUTTONS or not text_box(component)):
                listeners = self.graph.listeners(component.id, "click")
                if listeners:
                    yield component, "click", listeners
        for component in components:
            if text_box(component):
                for event in TYPING:
                    listeners = self.graph.listeners(component.id, event)
                    if listeners and any(component.id in listener.inputs for listener in listeners):
                        yield component, event, listeners

    def _reach(self, listeners: Sequence[Dependency]) -> dict[int, int | None]:
        key = tuple(listener.id for listener in listeners)
        if key not in self._reached:
            self._reached[key] = self.graph.reachable(listeners)
            self.steps += len(self._reached[key])
        return self._reached[key]

    def _from(self, trigger: Component, event: str, listeners: list[Dependency]) -> Iterator[_Found]:
        reached = self._reach(listeners)
        written = self._written(reached)
        direct = dict.fromkeys(written, reached)
        if event not in TYPING:
            hung = self._written(self._clocks) & (self.chatbots | self.others)
            direct |= dict.fromkeys(hung - written, self._clocks)
        for number in self._worth(direct):
            output, clock = self.graph.components[number], direct[number] is self._clocks and number not in written
            edges = self._edges(direct[number], number)
            if clock:
                edges = (*(listener.id for listener in listeners), *edges)
            box, direct_box, clean = self._box(trigger, edges, reached, number)
            if (clock or event in TYPING) and (box is None or not direct_box):
                continue
            yield _Found(trigger, event, output, edges, box, direct_box, clean, clock, written)

    def _written(self, reached: Iterable[int]) -> set[int]:
        found: set[int] = set()
        for number in reached:
            if (dependency := self.graph.dependencies.get(number)) is not None:
                found |= self.graph.writes(dependency)
                self.steps += len(dependency.outputs)
        return found & self.graph.components.keys()

    def _worth(self, written: Iterable[int]) -> list[int]:
        """The outputs that are worth a look, chatbots first."""
        written = sorted(written)
        chatbots = [number for number in written if number in self.chatbots | self.others | self.drawn]
        plain = [self.graph.components[number] for number in written if number in self.plain]
        plain.sort(key=lambda component: -sum(points for points, _ in _output_points(component)))
        return [*chatbots[:_MOST_OUTPUTS], *(component.id for component in plain[:_MOST_PLAIN])]

    def _edges(self, reached: dict[int, int | None], output: int) -> tuple[int, ...]:
        """The way to the dependency that most likely says the answer: the last one that writes the output."""
        dependencies = self.graph.dependencies
        depths: dict[int, int] = {}
        writing: list[tuple[bool, int, bool, int]] = []
        for number, before in reached.items():
            depths[number] = 0 if before is None else depths[before] + 1
            dependency = dependencies.get(number)
            if dependency is not None and output in self.graph.writes(dependency):
                # A generator, else what comes latest, else what is queued.
                streams = dependency.generator and dependency.queue
                writing.append((streams, depths[number], dependency.queue, number))
        self.steps += len(reached)
        return way(reached, max(writing)[-1])

    # Boxes

    def _read_when_typed(self) -> dict[int, list[Component]]:
        """Components that hold what is typed into a box, and which box: by its ``change`` or ``input`` event."""
        found: dict[int, list[Component]] = {}
        for component in self.graph.components.values():
            if text_box(component):
                for event in TYPING:
                    for listener in self.graph.listeners(component.id, event):
                        for output in listener.outputs if component.id in listener.inputs else ():
                            found.setdefault(output, []).append(component)
        return found

    def _box(
        self, trigger: Component, edges: tuple[int, ...], reached: Iterable[int], output: int
    ) -> tuple[Component | None, bool, bool]:
        """The box whose text goes in, whether it is read on the way itself, and whether nothing is written over it."""
        for numbers, direct in ((edges, True), (reached, False)):
            read = self._boxes_read(numbers, output)
            if trigger.id in read:
                return trigger, direct, True
            if read:
                box = max(read, key=lambda number: (read[number], self._box_sum(self.graph.components[number])))
                return self.graph.components[box], direct, read[box]
        inputs = dict.fromkeys(i for number in edges for i in self.graph.dependencies[number].inputs)
        typed = [component for number in inputs for component in self._typed.get(number, ()) if component.id != output]
        if not typed:
            typed = [one for i in inputs if (one := self.graph.components.get(i)) is not None and _is_asked_in(one)]
        return (max(typed, key=self._box_sum) if typed else None), bool(typed), True

    def _boxes_read(self, numbers: Iterable[int], output: int) -> dict[int, bool]:
        """Boxes whose text is read; False where a step before may have put another text into them.

        It may as well only have locked the box. One that nobody can write into has surely got another text.
        """
        read: dict[int, bool] = {}
        written: set[int] = set()
        for number in numbers:
            dependency = self.graph.dependencies.get(number)
            if dependency is None:
                continue
            for i in dependency.inputs:
                component = self.graph.components.get(i)
                if component is None or i == output or not text_box(component):
                    continue
                if i not in written or component.props.get("interactive") is not False:
                    read.setdefault(i, i not in written)
            written |= set(dependency.outputs).difference(dependency.inputs)
        return read

    def _box_sum(self, component: Component) -> int:
        return sum(points for points, _ in self._box_points(component))

    def _box_points(self, box: Component, written: Iterable[int] = ()) -> Points:
        """What makes a box look like that of the message."""
        found: Points = []
        if is_shown(self.graph, box.id):
            found.append((4, "the page shows the box"))
        if box.props.get("interactive") is not False:
            found.append((2, "one can write into it"))
        if self.graph.listeners(box.id, "submit"):
            found.append((6, "it has a submit"))
        if box.id in written:
            found.append((5, "it is cleared on the way"))
        if not box.props.get("value"):
            found.append((3, "it is empty at first"))
        words = words_of(box)
        if NOT_MESSAGE.search(words):
            found.append((-8, "its words speak of something else"))
        if MESSAGE.search(words):
            found.append((2, "its words speak of messages"))
        return found

    # Points

    def _candidate(self, found: _Found) -> Candidate:
        box, trigger, output = found.box, found.trigger, found.output
        points: Points = self._answer_points(found)
        if box is None:
            points.append((-100, "no text goes in"))
        else:
            points += self._box_points(box, found.written)
            if found.event in TYPING:
                points.append((-3, "it is sent by typing alone"))
            elif trigger.id == box.id:
                points.append((15, "the box itself sends"))
            else:
                points.append((5, "a button sends the text of the box"))
            if box.type not in PLAIN_BOXES:
                points.append((3, "the box is made for chats"))
            if not found.clean:
                points.append((-12, "a step before may put another text into the box"))
            if not found.direct:
                points.append((-6, "the text goes in beside the way to the answer"))
        if found.event == "click":
            points += _button_points(trigger)
        if not is_shown(self.graph, trigger.id):
            points.append((-10, "what sends is hidden"))
        place, first = self._place(output if box is None else box)
        if not first:
            points.append((-2, "it is on a tab that is not open at first"))
        dependencies = [self.graph.dependencies[number] for number in found.edges]
        return Candidate(
            box=box.id if box else None,
            box_type=box.type if box else "",
            multimodal=box is not None and takes_files(box),
            trigger=trigger.id,
            event=found.event,
            output=output.id,
            output_type=output.type,
            chatbot=output.id in self.chatbots,
            elsewhere=self._elsewhere(found),
            parts=self._parts(found),
            edges=found.edges,
            names=tuple(dependency.name for dependency in dependencies),
            place=place,
            score=sum(number for number, _ in points),
            reasons=tuple(f"{number:+d} {reason}" for number, reason in points),
        )

    def _elsewhere(self, found: _Found) -> tuple[int, ...]:
        if found.output.id not in self.plain:
            return ()
        last = self.graph.dependencies[found.edges[-1]]
        free = self.plain - {found.output.id, found.trigger.id, found.box.id if found.box else None}
        return tuple(number for number in last.outputs if number in free)[:_MOST_OUTPUTS]

    def _parts(self, found: _Found) -> tuple[int, ...]:
        if found.output.id not in self.plain:
            return ()
        outputs = self.graph.dependencies[found.edges[-1]].outputs[:_MOST_PARTS]
        self.steps += len(outputs)
        written = map(self.graph.components.get, outputs)
        alike = [
            one for one in written if one is not None and one.type == found.output.type and one.id != found.trigger.id
        ]
        hidden = sum(not one.visible for one in alike)
        return tuple(one.id for one in alike) if len(alike) >= _FEWEST_PARTS and 2 * hidden > len(alike) else ()

    def _answer_points(self, found: _Found) -> Points:
        output = found.output
        points: Points = []
        if output.id in self.chatbots:
            points.append((50, "the answer shows in a chatbot"))
        elif output.id in self.others:
            points.append((20, f"the answer shows in a component of somebody else's ({output.type})"))
        elif output.id in self.drawn:
            points.append((20, "the answer is drawn anew each time"))
        else:
            points += _output_points(output)
        holders = {output.id, *self.graph.around(output.id)}
        if not is_shown(self.graph, output.id) and not holders & found.written - {output.id}:
            points.append((-10, "the chatbot is hidden" if output.id in self.chatbots else "the answer is hidden"))
        dependencies = [self.graph.dependencies[number] for number in found.edges]
        if dependencies[-1].generator:
            points.append((3, "the answer streams"))
        read = {number for dependency in dependencies for number in dependency.inputs}
        if output.id in self.chatbots and (output.id in read or self._holds(read, "state")):
            points.append((2, "what was said before is read"))
        if found.clock:
            points.append((-8, "the answer comes by a timer"))
        if any(dependency.stream for dependency in dependencies):
            points.append((-60, "it is made for a microphone or camera"))
        return points

    def _holds(self, numbers: Iterable[int], kind: str) -> bool:
        return any((c := self.graph.components.get(number)) is not None and c.type == kind for number in numbers)

    def _place(self, component: Component) -> tuple[tuple[str, ...], bool]:
        """The tabs that a component is on, and whether they are open at first."""
        labels: list[str] = []
        first = True
        for number in self.graph.around(component.id):
            tab = self.graph.components.get(number)
            if tab is not None and tab.type == "tabitem":
                labels.append(tab.label)
                first = first and self._opened(tab)
        return tuple(reversed(labels)), first

    def _opened(self, tab: Component) -> bool:
        parent = self.graph.parents.get(tab.id)
        tabs = self.graph.components.get(parent) if parent is not None else None
        selected = tabs.props.get("selected") if tabs is not None else None
        if selected is not None:
            return tab.props.get("id", tab.id) == selected
        return self._first_tabs.get(parent) == tab.id


def _is_asked_in(component: Component) -> bool:
    """Whether a menu is for questions, one's own among them: where there is no box, messages go in here."""
    words = words_of(component)
    own = component.type == "dropdown" and component.props.get("allow_custom_value") is True
    several = component.props.get("multiselect") is True
    return own and not several and MESSAGE.search(words) is not None and not CHOOSING.search(words)


def _output_points(component: Component) -> Points:
    """What makes a component that is no chatbot look like that of the answer."""
    found: Points = []
    words = words_of(component)
    if ASIDE.search(words):
        found.append((-6, "its words speak of something beside the answer"))
    elif ANSWERING.search(words):
        found.append((5, "its words speak of an answer"))
    if component.type == "markdown":
        found.append((2, "it shows formatted text"))
    if component.type in ("json", "label"):
        found.append((-3, "it shows data rather than text"))
    lines = component.props.get("lines")
    if isinstance(lines, int) and lines > 1:
        found.append((2, "it has room for much text"))
    if component.props.get("interactive") is True:
        found.append((-2, "it can be written into"))
    return found


def _button_points(button: Component) -> Points:
    """What a button says."""
    name = says(button)
    if CLEARING.search(name) or BESIDE.search(name):
        return [(-40, f"the button says {name!r}")]
    if SENDING.search(name):
        return [(4, f"the button says {name!r}")]
    return []
