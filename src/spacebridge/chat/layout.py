"""Where the chat is on a page, told from ``/config`` alone, and why.

A chat is a box that takes text, an event that fires, and a chatbot that the event's listeners, or what follows them,
write. On the way the box must be read: an event with no way for text in is listed, but never chosen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from spacebridge import errors
from spacebridge.chat.components import BUTTONS, PLAIN_BOXES, is_chatbot, takes_files, text_box
from spacebridge.chat.settings import Setting, find_settings
from spacebridge.page.graph import EventGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spacebridge.gradio.config import Component, Config, Dependency

__all__ = ["Candidate", "Layout", "choose", "find_layout"]

_PLAIN_ANSWERS = frozenset({"markdown", "textbox", "html", "json", "label", "code", "highlightedtext"})
_SUBMITS = ("submit",)
_CLEARING = re.compile(r"clear|reset|undo|retry|stop|delete|regenerate|清|重|停|删|очист|сброс|стоп", re.IGNORECASE)
_SENDING = re.compile(r"send|submit|chat|ask|run|generate|发送|提交|отправ|спрос|送信|enviar", re.IGNORECASE)


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
    edges: tuple[int, ...] = ()
    """Ids of the dependencies on the way from the event to the answer."""
    names: tuple[str, ...] = ()
    """Their names."""
    score: int = 0
    reasons: tuple[str, ...] = ()

    def describe(self) -> str:
        """The candidate in a line."""
        box = f"{self.box_type} {self.box}" if self.box is not None else "no text"
        return f"{box} –{self.event}→ {' → '.join(self.names)} → {self.output_type} {self.output}"


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on the page.

    Attributes:
        chat: the way to chat that is used.
        candidates: all that were found, best first.
        settings: what can be set for a turn.
    """

    chat: Candidate
    candidates: tuple[Candidate, ...]
    settings: tuple[Setting, ...]
    title: str = ""
    version: str = ""
    mode: str = ""
    notes: tuple[str, ...] = ()


def find_layout(config: Config, *, chat: int | str | None = None, graph: EventGraph | None = None) -> Layout:
    """Find the chat of an app.

    Args:
        config: of the app.
        graph: of its page, if more is known of it than the configuration tells: what it has rendered since.
        chat: which, if there are several: index among ``candidates``, id or label of the chatbot, or name of an event.

    Raises:
        NoChatFound: there is none, or none of that name.
    """
    graph = graph or EventGraph(config.components, config.dependencies)
    candidates = sorted(_candidates(graph), key=lambda candidate: (candidate.box is None, -candidate.score))
    usable = [candidate for candidate in candidates if candidate.box is not None]
    if not usable:
        raise errors.NoChatFound(
            f"{config.title or 'The app'} (gradio {config.version_text}) has no chat that takes text.",
            looked_at=_looked_at(graph, candidates),
        )
    chosen = usable[0] if chat is None else choose(usable, chat, graph)
    return Layout(
        chat=chosen,
        candidates=tuple(candidates),
        settings=find_settings(graph, chosen.edges, skip={chosen.box, chosen.output, chosen.trigger}),
        title=config.title,
        version=config.version_text,
        mode=config.mode,
        notes=config.oddities,
    )


def choose(candidates: list[Candidate], chat: int | str, graph: EventGraph) -> Candidate:
    """The candidate that a caller names.

    Raises:
        NoChatFound: none is called so.
    """
    if isinstance(chat, int) or chat.isdecimal():
        number = int(chat)
        if 0 <= number < len(candidates):
            return candidates[number]
        matching = [candidate for candidate in candidates if candidate.output == number]
    else:
        matching = [
            candidate
            for candidate in candidates
            if chat
            in (graph.components[candidate.output].label, graph.components[candidate.output].props.get("elem_id"))
            or chat.lstrip("/") in (name.lstrip("/") for name in candidate.names)
        ]
    if not matching:
        raise errors.NoChatFound(
            f"The app has no chat {chat!r}.",
            looked_at=tuple(f"{index}: {candidate.describe()}" for index, candidate in enumerate(candidates)),
            hint="Name one of these by its number, chatbot or event:",
        )
    return matching[0]


def _candidates(graph: EventGraph) -> Iterator[Candidate]:
    chatbots = [c for c in graph.components.values() if is_chatbot(c)]
    outputs = chatbots or [c for c in graph.components.values() if c.type in _PLAIN_ANSWERS]
    seen: set[tuple[int | None, int, str, int]] = set()
    for trigger, event, listeners in _triggers(graph):
        ways = graph.reachable(listeners)
        for output in outputs:
            way = _way_to(graph, ways, output.id)
            if way is None:
                continue
            box = _box_on(graph, way, trigger, output.id)
            key = (box.id if box else None, trigger.id, event, output.id)
            if key not in seen and not (box is not None and box.id == output.id):
                seen.add(key)
                yield _candidate(graph, way, trigger, event, box, output)


def _triggers(graph: EventGraph) -> Iterator[tuple[Component, str, list[Dependency]]]:
    """Events with which a user could send a message."""
    for component in graph.components.values():
        for event in (*_SUBMITS, "click"):
            listeners = graph.listeners(component.id, event)
            if listeners and (event != "click" or component.type in BUTTONS or not text_box(component)):
                yield component, event, listeners


def _way_to(graph: EventGraph, ways: dict[int, list[int]], output: int) -> list[int] | None:
    """The way to the dependency that most likely says the answer: the last one that writes the output."""
    writing = [
        (graph.dependencies[number], way)
        for number, way in ways.items()
        if output in graph.writes(graph.dependencies[number])
    ]
    if not writing:
        return None
    # A generator, else what comes latest, else what is queued.
    writing.sort(key=lambda pair: (pair[0].generator and pair[0].queue, len(pair[1]), pair[0].queue))
    return writing[-1][1]


def _box_on(graph: EventGraph, way: list[int], trigger: Component, output: int) -> Component | None:
    """The box whose text goes in on the way: the trigger itself, else the first one that is read."""
    read = [
        component
        for number in way
        for i in graph.dependencies[number].inputs
        if (component := graph.components.get(i)) is not None and text_box(component) and i != output
    ]
    if any(component.id == trigger.id for component in read):
        return trigger
    # A box for a system prompt also takes text: one without a label that is cleared is more likely the message's.
    read.sort(key=lambda component: -_box_score(graph, component, way))
    return read[0] if read else None


def _box_score(graph: EventGraph, component: Component, way: list[int]) -> int:
    score = 0
    if component.visible:
        score += 4
    if component.props.get("interactive") is not False:
        score += 2
    if graph.listeners(component.id, "submit"):
        score += 6
    if any(
        component.id in graph.dependencies[number].outputs
        for number in graph.reachable([graph.dependencies[n] for n in way])
    ):
        score += 5
    if not component.props.get("value"):
        score += 3
    words = f"{component.label} {component.props.get('placeholder') or ''} {component.props.get('elem_id') or ''}"
    if re.search(r"system|instruction|api.?key|token|系统", words, re.IGNORECASE):
        score -= 8
    if re.search(
        r"message|prompt|ask|question|type|chat|input|消息|输入|сообщ|вопрос|質問|mensaje", words, re.IGNORECASE
    ):
        score += 2
    return score


def _candidate(
    graph: EventGraph,
    way: list[int],
    trigger: Component,
    event: str,
    box: Component | None,
    output: Component,
) -> Candidate:
    score, reasons = 0, list[str]()

    def count(points: int, reason: str) -> None:
        nonlocal score
        score += points
        reasons.append(f"{points:+d} {reason}")

    chatbot = is_chatbot(output)
    if chatbot:
        count(50, "the answer shows in a chatbot")
    if box is None:
        count(-100, "no text goes in")
    else:
        count(_box_score(graph, box, way), "how much the box looks like the message's")
        if trigger.id == box.id:
            count(15, "the box itself sends")
        else:
            count(5, "a button sends the text of the box")
        if box.type not in PLAIN_BOXES:
            count(3, "the box is made for chats")
    if event == "click":
        _count_button(trigger, count)
    if not output.visible:
        count(-10, "the chatbot is hidden")
    if not trigger.visible:
        count(-10, "what sends is hidden")
    last = graph.dependencies[way[-1]]
    if last.generator:
        count(3, "the answer streams")
    if any(graph.dependencies[number].stream for number in way):
        count(-60, "it is made for a microphone or camera")
    return Candidate(
        box=box.id if box else None,
        box_type=box.type if box else "",
        multimodal=box is not None and takes_files(box),
        trigger=trigger.id,
        event=event,
        output=output.id,
        output_type=output.type,
        chatbot=chatbot,
        edges=tuple(way),
        names=tuple(graph.dependencies[number].name for number in way),
        score=score,
        reasons=tuple(reasons),
    )


def _count_button(button: Component, count: Callable[[int, str], None]) -> None:
    """Points for what a button says."""
    value = button.props.get("value")
    name = f"{button.label} {value if isinstance(value, str) else ''}".strip()
    if _CLEARING.search(name):
        count(-40, f"the button says {name!r}")
    elif _SENDING.search(name):
        count(4, f"the button says {name!r}")


def _looked_at(graph: EventGraph, candidates: list[Candidate]) -> tuple[str, ...]:
    lines = [f"{candidate.describe()}: no text goes in" for candidate in candidates]
    kinds: dict[str, int] = {}
    for component in graph.components.values():
        kinds[component.type] = kinds.get(component.type, 0) + 1
    if not any("chatbot" in kind for kind in kinds):
        lines.append("no chatbot among the components")
    boxes = [c for c in graph.components.values() if text_box(c)]
    if not boxes:
        lines.append("no box that takes text")
    lines.append("components: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    lines.append(f"{len(graph.dependencies)} event listeners")
    return tuple(lines)
