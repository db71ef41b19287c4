"""The event graph of a page: what fires what, and what can still write a component."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from spacebridge.gradio.config import Component, Dependency, parse_components, parse_dependencies
from spacebridge.shape import as_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

__all__ = ["EventGraph", "Rendered"]


class EventGraph:
    """Dependencies, looked up by what fires them.

    Args:
        components: of the page; grows with ``render``.
        dependencies: of the page, by id.
    """

    def __init__(self, components: dict[int, Component], dependencies: dict[int, Dependency]) -> None:
        self.components = dict(components)
        self.dependencies = dict(dependencies)
        self._listeners: dict[tuple[int | None, str], list[Dependency]] = {}
        self._children: dict[int, list[Dependency]] = {}
        self._rendered: dict[int, int] = {}
        """Components that were rendered while the page runs, and by which dependency."""
        self._index()

    def _index(self) -> None:
        self._listeners.clear()
        self._children.clear()
        for dependency in self.dependencies.values():
            for target in dependency.targets:
                if target.id is not None or target.event == "load":
                    self._listeners.setdefault((target.id, target.event), []).append(dependency)
            if dependency.trigger_after is not None:
                self._children.setdefault(dependency.trigger_after, []).append(dependency)

    def listeners(self, component: int, event: str) -> list[Dependency]:
        """What an event of a component fires, in the page's order."""
        return list(self._listeners.get((component, event), ()))

    def listeners_of(self, component: int) -> list[Dependency]:
        """What any event of a component fires."""
        return [d for (number, _), found in self._listeners.items() if number == component for d in found]

    def events(self, event: str) -> Iterator[tuple[int, list[Dependency]]]:
        """Components that have an event of this name, and what it fires."""
        for (number, name), found in list(self._listeners.items()):
            if name == event and number is not None:
                yield number, list(found)

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

    def reachable(self, starts: Iterable[Dependency]) -> dict[int, list[int]]:
        """All dependencies that may run because of these, each with the ids on a shortest way to it, itself last."""
        ways: dict[int, list[int]] = {}
        waiting: list[tuple[Dependency, list[int]]] = [(start, [start.id]) for start in starts]
        while waiting:
            layer, waiting = waiting, []
            for dependency, way in layer:
                if dependency.id in ways:
                    continue
                ways[dependency.id] = way
                waiting += [(follower, [*way, follower.id]) for follower in self.followers(dependency)]
        return ways

    def writes(self, dependency: Dependency) -> set[int]:
        """The components that a dependency writes: its outputs, and what it renders anew."""
        rendered = {number for number, by in self._rendered.items() if by == dependency.id}
        return rendered.union(dependency.outputs)

    def read(self, components: Iterable[int]) -> bool:
        """Whether any dependency has one of the components as an input, or listens to its changes."""
        wanted = set(components)
        inputs = {number for dependency in self.dependencies.values() for number in dependency.inputs}
        return bool(wanted & inputs) or any((number, "change") in self._listeners for number in wanted)

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
        gone = {number for number, owner in self._rendered.items() if owner == by.id} - components.keys()
        for number in gone:
            del self._rendered[number]
            self.components.pop(number, None)
        self.components.update(components)
        self._rendered.update(dict.fromkeys(components, by.id))
        dependencies = parse_dependencies(as_list(config.get("dependencies")), self.components, oddities)
        kept = {number: d for number, d in self.dependencies.items() if d.rendered_in != render_id or render_id is None}
        kept.update({dependency.id: dependency for dependency in dependencies})
        self.dependencies = kept
        self._index()
        return Rendered(components, dependencies, gone, oddities)


class Rendered(NamedTuple):
    """What a render brought."""

    components: dict[int, Component]
    dependencies: list[Dependency]
    gone: set[int]
    """Components that were there before and are not any more."""
    oddities: list[str]
    """What made no sense."""
