"""The two ways into a chat that an app may offer: its page's own events, and the API endpoint beside them.

``gr.ChatInterface`` has both (``/chat``, or since 6 the name of its function), and other apps copy that: a hidden
button whose function takes the message and a State, and returns the answer as a text, a message or a list of messages.
It costs one event where the page's way costs several. But it gives what the function says, not what the page makes of
it; validators, what follows the answer, saved conversations, another try: all that belongs to the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from spacebridge import errors
from spacebridge.chat.components import takes_files, text_box

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacebridge.chat.candidates import Candidate
    from spacebridge.gradio.config import Dependency
    from spacebridge.page.graph import EventGraph

__all__ = ["ROUTES", "Route", "RouteName", "choose_route"]

RouteName = Literal["page", "api"]
ROUTES = ("auto", "page", "api")

_SAYING = frozenset({"json", "textbox", "textarea", "markdown", "html"})


class Route(NamedTuple):
    """A way into the chat.

    Attributes:
        name: ``page`` or ``api``.
        chat: what is fired, and where the answer shows.
        before: requests before the first text, if nothing is done twice.
        requests: of a whole turn, but for what changes of values set off.
        notes: what speaks for it or against it.
    """

    name: RouteName
    chat: Candidate
    before: int
    requests: int
    notes: tuple[str, ...] = ()


def choose_route(graph: EventGraph, chat: Candidate, wanted: str = "auto") -> tuple[Route, ...]:
    """The ways into a chat, the one that is used first.

    The page's way is used unless the caller says otherwise, since it gives what a user would see; the API is used where
    the page's way can't be gone as a browser goes it.

    Args:
        graph: of the page.
        chat: the page's way.
        wanted: ``auto``, ``page`` or ``api``.

    Raises:
        NotOffered: ``api`` is wanted, and there is none; or what is wanted is no route.
    """
    if wanted not in ROUTES:
        raise errors.NotOffered(f"There is no route {wanted!r}.", hint=f"One of {', '.join(ROUTES)}.")
    page = _page(graph, chat)
    api = next(_apis(graph, chat), None)
    if api is None:
        if wanted == "api":
            raise errors.NotOffered("The app offers no API for its chat.", hint="Leave the route out, or use `page`.")
        return (page,)
    rewritten = _rewrites(graph, chat)
    if wanted == "api" or (wanted == "auto" and rewritten):
        return api, page
    return page, api


def _page(graph: EventGraph, chat: Candidate) -> Route:
    runs = list(_follow(graph, chat))
    way = [dependency for number in chat.edges if (dependency := graph.dependencies[number]).backend_fn]
    notes = ["it is what a user sees"]
    if _rewrites(graph, chat):
        notes.append("but JavaScript of the page, which is not run here, changes what is sent")
    after = [run for run in runs if run.id not in chat.edges and chat.output in run.outputs]
    if after:
        notes.append(f"what follows the answer shows, too: {', '.join(run.name for run in after)}")
    if any(_saves(graph, run) for run in runs):
        notes.append("the conversation is saved as the page saves it")
    return Route(name="page", chat=chat, before=_requests(way), requests=_requests(runs), notes=tuple(notes))


def _requests(runs: Iterable[Dependency]) -> int:
    """A request for each function, and one more for the stream of each that is queued."""
    return sum(1 + run.queue for run in runs)


def _follow(graph: EventGraph, chat: Candidate) -> list[Dependency]:
    """What runs on the server in a turn, but for what changes of values set off."""
    found: dict[int, Dependency] = {}
    waiting = graph.listeners(chat.trigger, chat.event)
    while waiting:
        dependency = waiting.pop()
        if dependency.id not in found:
            found[dependency.id] = dependency
            waiting += [child for child in graph.children(dependency.id) if child.follows != "failure"]
    return [dependency for dependency in found.values() if dependency.backend_fn]


def _rewrites(graph: EventGraph, chat: Candidate) -> bool:
    """Whether JavaScript of the page changes what a function on the way is given."""
    return any(d.js and d.backend_fn for d in (graph.dependencies[number] for number in chat.edges))


def _saves(graph: EventGraph, dependency: Dependency) -> bool:
    """Whether a function writes what the browser keeps, and something on the page shows it."""
    return any(
        graph.components[number].type == "browserstate" and bool(graph.listeners(number, "change"))
        for number in dependency.outputs
        if number in graph.components
    )


def _apis(graph: EventGraph, chat: Candidate) -> Iterator[Route]:
    """Endpoints that take a message and a State, and else only what the page's way takes, too."""
    taken = {i for number in chat.edges for i in graph.dependencies[number].inputs} - {chat.box}
    for dependency in graph.dependencies.values():
        if dependency.private or not dependency.api_name or not dependency.backend_fn:
            continue
        states = {i for i in dependency.inputs if _kind(graph, i) == "state"}
        boxes = [i for i in dependency.inputs if i not in states | taken]
        trigger = next((t for t in dependency.targets if t.id is not None and _hidden(graph, t.id)), None)
        outputs = [i for i in dependency.outputs if _kind(graph, i) in _SAYING and i not in dependency.inputs]
        shows = any("chatbot" in _kind(graph, i) for i in dependency.outputs)
        if len(boxes) != 1 or states.isdisjoint(dependency.outputs) or trigger is None or not outputs or shows:
            continue
        box = graph.components.get(boxes[0])
        if box is None or not text_box(box) or trigger.id is None:
            continue
        way = msgspec.structs.replace(
            chat,
            box=box.id,
            box_type=box.type,
            multimodal=takes_files(box),
            trigger=trigger.id,
            event=trigger.event,
            output=outputs[0],
            output_type=_kind(graph, outputs[0]),
            edges=(dependency.id,),
            names=(dependency.name,),
        )
        yield Route(
            name="api",
            chat=way,
            before=_requests([dependency]),
            requests=_requests([dependency]),
            notes=(
                "it gives what the function says, not what the page makes of it",
                "no validator, no saved conversation, no retry, undo or options",
            ),
        )


def _kind(graph: EventGraph, number: int) -> str:
    component = graph.components.get(number)
    return "" if component is None else component.type


def _hidden(graph: EventGraph, number: int) -> bool:
    component = graph.components.get(number)
    return component is not None and not component.visible
