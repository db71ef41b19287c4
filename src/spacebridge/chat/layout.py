"""Where the chat is on a page, told from ``/config`` alone, and why.

``candidates`` finds and scores the ways to chat, ``gates`` what must be done before; here one of them is chosen.
An event with no way for text in is listed, but never chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from spacebridge import errors
from spacebridge.chat.candidates import Candidate, find_candidates
from spacebridge.chat.components import is_chatbot, name_of, text_box
from spacebridge.chat.gates import Gate, find_gates
from spacebridge.chat.inlets import Inlet, find_inlets
from spacebridge.chat.route import Route, RouteName, choose_route
from spacebridge.chat.settings import Setting, find_settings
from spacebridge.page.graph import EventGraph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spacebridge.gradio.config import Config

__all__ = ["Layout", "choose", "find_layout"]

_MOST_NAMED = 8

# Found before, for as long as somebody has the configuration.
_known: WeakKeyDictionary[Config, dict[tuple[int | str | None, str], Layout]] = WeakKeyDictionary()


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on the page.

    Attributes:
        chat: the way to chat that is used.
        candidates: all that were found, best first.
        settings: what can be set for a turn.
        gates: what is done before the first message, because the page does not let one chat before.
        inlets: where files go in.
        routes: the ways into it, that which is used first.
    """

    chat: Candidate
    candidates: tuple[Candidate, ...]
    settings: tuple[Setting, ...]
    gates: tuple[Gate, ...] = ()
    inlets: tuple[Inlet, ...] = ()
    title: str = ""
    version: str = ""
    mode: str = ""
    notes: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()

    @property
    def route(self) -> RouteName:
        """Which way into the chat is used: its page's own events, or the app's API."""
        return self.routes[0].name if self.routes else "page"


def find_layout(
    config: Config,
    *,
    chat: int | str | None = None,
    graph: EventGraph | None = None,
    route: str = "auto",
    parameters: Mapping[int, str] | None = None,
) -> Layout:
    """Find the chat of an app.

    Args:
        config: of the app.
        graph: of its page, if more is known of it than the configuration tells: what it has rendered since.
        chat: which, if there are several: index among ``candidates``, id or label of the chatbot, label of the tab it
            is on, what the button says, or name of an event.
        route: ``page``, ``api``, or ``auto``; see :func:`choose_route`.
        parameters: names that the app's functions have for components.

    Raises:
        NoChatFound: there is none, or none of that name.
        NotOffered: there is no API.
    """
    if graph is not None or parameters:
        graph = graph or EventGraph(config.components, config.dependencies, config.parents)
        return _find(config, chat, graph, route, parameters)
    known = _known.setdefault(config, {})
    if (chat, route) not in known:
        graph = EventGraph(config.components, config.dependencies, config.parents)
        known[chat, route] = _find(config, chat, graph, route)
    return known[chat, route]


def _find(
    config: Config,
    chat: int | str | None,
    graph: EventGraph,
    route: str,
    parameters: Mapping[int, str] | None = None,
) -> Layout:
    candidates, whole = find_candidates(graph)
    usable = [candidate for candidate in candidates if candidate.box is not None]
    if chat is not None and usable:
        chosen = choose(usable, chat, graph)
    else:
        # Where there is a chatbot, what answers elsewhere is a search, a greeting: never the chat by itself.
        chatbots = any(is_chatbot(component) for component in graph.components.values())
        chats = [candidate for candidate in usable if candidate.chatbot] if chatbots else usable
        if not chats:
            raise errors.NoChatFound(
                f"{config.title or 'The app'} (gradio {config.version_text}) has no chat that takes text.",
                looked_at=_looked_at(graph, candidates),
                hint="One of these can be named all the same:" if usable else None,
            )
        chosen = chats[0]
    gates = find_gates(graph, chosen)
    routes = choose_route(graph, chosen, route)
    chosen = routes[0].chat
    skip = {part for way in routes for part in (way.chat.box, way.chat.output, way.chat.trigger)}
    edges = (*chosen.edges, *(edge for gate in gates for edge in gate.edges))
    notes = config.oddities if whole else (*config.oddities, "the page is very large: not all of it was looked at")
    return Layout(
        chat=chosen,
        candidates=tuple(candidates),
        settings=find_settings(graph, edges, skip=skip, parameters=parameters),
        gates=gates,
        routes=routes,
        inlets=find_inlets(
            graph,
            chosen.edges,
            chosen.box if chosen.multimodal else None,
            chosen.output,
            config.version,
            (chosen.box, chosen.trigger),
            gates,
        ),
        title=config.title,
        version=config.version_text,
        mode=config.mode,
        notes=notes,
    )


def choose(candidates: Sequence[Candidate], chat: int | str, graph: EventGraph) -> Candidate:
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
        wanted = chat.strip().lstrip("/").casefold()
        matching = [each for each in candidates if wanted and wanted in _names(each, graph)]
        # What the app offers for programs is no step of the page's own way, but goes by a name that people know.
        offered = {i for d in graph.dependencies.values() if (d.api_name or "").casefold() == wanted for i in d.inputs}
        matching = matching or [each for each in candidates if wanted and each.box in offered]
    if not matching:
        raise errors.NoChatFound(
            f"The app has no chat {chat!r}.",
            looked_at=tuple(f"{index}: {_titled(candidate, graph)}" for index, candidate in enumerate(candidates)),
            hint="Name one of these by its number, chatbot, tab, button or event:",
        )
    return matching[0]


def _names(candidate: Candidate, graph: EventGraph) -> set[str]:
    """What a caller may call a candidate, in lower case."""
    names = {*candidate.names, *candidate.place}
    for number in (candidate.output, candidate.trigger, candidate.box):
        component = graph.components.get(number) if number is not None else None
        if component is not None:
            value = component.props.get("value")
            says = value if component.type.endswith("button") else ""
            names |= {str(name) for name in (component.label, component.props.get("elem_id"), says) if name}
    return {name.strip().lstrip("/").casefold() for name in names}


def _titled(candidate: Candidate, graph: EventGraph) -> str:
    """A candidate in a line, with what a person would call it."""
    labels = [*candidate.place, graph.components[candidate.output].label]
    title = " / ".join(dict.fromkeys(filter(None, labels)))
    return candidate.describe() + (f" ({title})" if title else "")


def _looked_at(graph: EventGraph, candidates: list[Candidate]) -> tuple[str, ...]:
    number = 0
    lines: list[str] = []
    for candidate in candidates[:_MOST_NAMED]:
        if candidate.box is None:
            lines.append(f"{candidate.describe()}: no text goes in")
        else:
            lines.append(f"{number}: {_titled(candidate, graph)}: the answer does not show in the chatbot")
            number += 1
    kinds: dict[str, int] = {}
    for component in graph.components.values():
        kinds[component.type] = kinds.get(component.type, 0) + 1
    chatbots = [component for component in graph.components.values() if is_chatbot(component)]
    if not chatbots:
        lines.append("no chatbot among the components")
    led_to = {candidate.output for candidate in candidates}
    lines += [
        f"{name_of(chatbot)}: no click or submit leads to it"
        for chatbot in chatbots[:_MOST_NAMED]
        if chatbot.id not in led_to
    ]
    if not any(text_box(component) for component in graph.components.values()):
        lines.append("no box that takes text")
    lines.append("components: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    lines.append(f"{len(graph.dependencies)} event listeners")
    return tuple(lines)
