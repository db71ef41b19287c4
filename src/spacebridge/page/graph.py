"""The event graph of a page: what fires what, and what can still write a component."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from spacebridge.gradio.config import Component, Dependency, parse_components, parse_dependencies, parse_parents
from spacebridge.shape import as_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

__all__ = ["EventGraph", "Rendered", "way"]

# Containers in containers; no page has nearly as many.
_DEEPEST = 200


class EventGraph:
    """Dependencies, looked up by what fires them.

    Args:
        components: of the page; grows with ``render``.
        dependencies: of the page, by id.
        parents: which component holds which.
    """

    def __init__(
        self,
        components: dict[int, Component],
        dependencies: dict[int, Dependency],
        parents: dict[int, int] | None = None,
    ) -> None:
        self.components = dict(components)
        self.dependencies = dict(dependencies)
        self.parents = dict(parents or {})
        self._listeners: dict[tuple[int | None, str], list[Dependency]] = {}
        self._children: dict[int, list[Dependency]] = {}
        self._rendered: dict[int, set[int]] = {}
        """Dependencies that render, and the components that are theirs now."""
        self._events: dict[int, list[str]] = {}
        self._index()

    def _index(self) -> None:
        self._listeners.clear()
        self._children.clear()
        self._events.clear()
        for dependency in self.dependencies.values():
            for target in dependency.targets:
                if target.id is not None or target.event == "load":
                    self._listeners.setdefault((target.id, target.event), []).append(dependency)
                if target.id is not None:
                    self._events.setdefault(target.id, []).append(target.event)
            if dependency.trigger_after is not None:
                self._children.setdefault(dependency.trigger_after, []).append(dependency)

    def listeners(self, component: int, event: str) -> list[Dependency]:
        """What an event of a component fires, in the page's order."""
        return list(self._listeners.get((component, event), ()))

    def listeners_of(self, component: int) -> list[Dependency]:
        """What any event of a component fires."""
        return [d for event in self.events_of(component) for d in self.listeners(component, event)]

    def events_of(self, component: int) -> list[str]:
        """The events of a component that fire something."""
        return list(dict.fromkeys(self._events.get(component, ())))

    def events(self, event: str) -> Iterator[tuple[int, list[Dependency]]]:
        """Components that have an event of this name, and what it fires."""
        for (number, name), found in list(self._listeners.items()):
            if name == event and number is not None:
                yield number, list(found)

    def repeated(self) -> list[Dependency]:
        """What the server runs anew every so often once the page is open."""
        return [dependency for dependency in self.dependencies.values() if dependency.every is not None]

    def loads(self) -> list[tuple[int | None, Dependency]]:
        """What opening the page fires, each with its target. Before 6 some have none."""
        found = [
            (number, each) for (number, name), found in self._listeners.items() if name == "load" for each in found
        ]
        return list({dependency.id: (number, dependency) for number, dependency in found}.values())

    def children(self, dependency: int) -> list[Dependency]:
        """What follows a dependency by ``.then``, ``.success`` or ``.failure``."""
        return list(self._children.get(dependency, ()))

    def followers(self, dependency: Dependency) -> Iterator[Dependency]:
        """What a dependency may set off directly: its children, and listeners to changes of its outputs."""
        yield from self.children(dependency.id)
        for output in dependency.outputs:
            yield from self._listeners.get((output, "change"), ())

    def reachable(self, starts: Iterable[Dependency]) -> dict[int, int | None]:
        """All dependencies that may run because of these, each with the one that sets it off on a shortest way to it.

        They come in the order of the length of these ways; ``way`` gives the whole of one.
        """
        found: dict[int, int | None] = {start.id: None for start in starts}
        waiting = deque(found)
        while waiting:
            number = waiting.popleft()
            dependency = self.dependencies.get(number)
            if dependency is None:
                continue
            for follower in self.followers(dependency):
                if follower.id not in found:
                    found[follower.id] = number
                    waiting.append(follower.id)
        return found

    def chain(self, starts: Iterable[Dependency]) -> list[int]:
        """These dependencies and what follows them by ``.then`` and the like, whatever changes."""
        found: dict[int, None] = {}
        waiting = deque(starts)
        while waiting:
            dependency = waiting.popleft()
            if dependency.id not in found:
                found[dependency.id] = None
                waiting += self.children(dependency.id)
        return list(found)

    def around(self, component: int) -> list[int]:
        """What a component stands in, from the inside out."""
        found: dict[int, None] = {}
        number = self.parents.get(component)
        while number is not None and number not in found and number != component and len(found) < _DEEPEST:
            found[number] = None
            number = self.parents.get(number)
        return list(found)

    def writes(self, dependency: Dependency) -> set[int]:
        """The components that a dependency writes: its outputs, and what it renders anew."""
        return self._rendered.get(dependency.id, set[int]()).union(dependency.outputs)

    def read(self, components: Iterable[int]) -> bool:
        """Whether any dependency has one of the components as an input, or listens to its changes."""
        wanted = set(components)
        inputs = {number for dependency in self.dependencies.values() for number in dependency.inputs}
        return bool(wanted & inputs) or any((number, "change") in self._listeners for number in wanted)

    def leading_to(self, components: Iterable[int]) -> set[int]:
        """All dependencies that write one of the components, or may set off what does."""
        writers: dict[int, list[int]] = {}
        for dependency in self.dependencies.values():
            for output in dependency.outputs:
                writers.setdefault(output, []).append(dependency.id)
        wanted, watched = set(components), set[int]()
        found = {each.id for each in self.dependencies.values() if not wanted.isdisjoint(self.writes(each))}
        waiting = list(found)
        while waiting:
            dependency = self.dependencies[waiting.pop()]
            before = [] if dependency.trigger_after is None else [dependency.trigger_after]
            for target in dependency.targets:
                if target.event == "change" and target.id is not None and target.id not in watched:
                    watched.add(target.id)
                    before += writers.get(target.id, ())
            new = {number for number in before if number in self.dependencies} - found
            found |= new
            waiting += new
        return found

    def may_write(self, starts: Iterable[Dependency], components: Iterable[int]) -> bool:
        """Whether these, or anything they may set off, write one of the components."""
        wanted = set(components)
        return any(
            not wanted.isdisjoint(self.writes(self.dependencies[number]))
            for number in self.reachable(starts)
            if number in self.dependencies
        )

    def render(self, config: dict[str, Any], by: Dependency) -> Rendered:
        """Take a ``render_config``: its components and dependencies replace those of the same render before.

        Args:
            config: what to render.
            by: the dependency that renders.
        """
        oddities: list[str] = []
        render_id = config.get("render_id")
        components = parse_components(as_list(config.get("components")), oddities)
        gone = self._rendered.get(by.id, set[int]()) - components.keys()
        for number in gone:
            self.components.pop(number, None)
            self.parents.pop(number, None)
        self.components.update(components)
        for others in self._rendered.values():
            others.difference_update(components)
        self._rendered[by.id] = set(components)
        self.parents.update(parse_parents(config.get("layout")))
        dependencies = parse_dependencies(as_list(config.get("dependencies")), self.components, oddities)
        kept = {number: d for number, d in self.dependencies.items() if d.rendered_in != render_id or render_id is None}
        kept.update({dependency.id: dependency for dependency in dependencies})
        self.dependencies = kept
        self._index()
        return Rendered(components, dependencies, gone, oddities, by.outputs)


def way(reached: dict[int, int | None], number: int) -> tuple[int, ...]:
    """The way to a dependency among those that were reached, itself last."""
    found: list[int] = []
    at: int | None = number
    while at is not None:
        found.append(at)
        at = reached[at]
    return tuple(reversed(found))


class Rendered(NamedTuple):
    """What a render brought."""

    components: dict[int, Component]
    dependencies: list[Dependency]
    gone: set[int]
    """Components that were there before and are not any more."""
    oddities: list[str]
    """What made no sense."""
    holders: tuple[int, ...]
    """What it was drawn into."""
