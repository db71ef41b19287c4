"""What the components of a page hold, and how outputs change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacebridge.shape import as_object, is_object

if TYPE_CHECKING:
    from spacebridge.gradio.config import Component
    from spacebridge.gradio.diff import GrowingValue, Operation

__all__ = ["ComponentValues", "LiveValue", "is_update"]


def is_update(value: object) -> bool:
    """Whether an output is a ``gr.update``: a dict of properties instead of a value."""
    return is_object(value) and as_object(value).get("__type__") == "update"


class LiveValue:
    """A component's value, perhaps in the middle of growing. Asking for it costs; being told of changes does not."""

    __slots__ = ("_in_update", "_value", "growing")

    def __init__(self, value: object = None, *, growing: GrowingValue | None = None, in_update: bool = False) -> None:
        self._value = value
        self.growing = growing
        """The output it comes from, if it comes from one."""
        self._in_update = in_update

    def get(self) -> Any:
        """The value as it is now."""
        if self.growing is None:
            return self._value
        value = self.growing.get()
        return as_object(value).get("value") if self._in_update else value


class ComponentValues:
    """Values and other properties of all components.

    Args:
        components: as ``/config`` has them; their ``value`` properties are the initial values.
    """

    def __init__(self, components: dict[int, Component]) -> None:
        self._values: dict[int, LiveValue] = {}
        self._props: dict[int, dict[str, Any]] = {}
        self.add(components)

    def add(self, components: dict[int, Component]) -> None:
        """Add components, such as those of a ``gr.render``; one that is there keeps its value if it has a key."""
        for number, component in components.items():
            self._props[number] = dict(component.props)
            self._values[number] = LiveValue(component.props.get("value"))

    def get(self, number: int) -> Any:
        """A component's value; None for one that does not exist."""
        live = self._values.get(number)
        return None if live is None else live.get()

    def set(self, number: int, value: object) -> None:
        """Give a component a value, as a user would."""
        self._values[number] = LiveValue(value)

    def prop(self, number: int, name: str) -> Any:
        """A property other than the value, as updates have left it."""
        return self._props.get(number, {}).get(name)

    def props(self, number: int) -> dict[str, Any]:
        """All properties, the current value among them."""
        return {**self._props.get(number, {}), "value": self.get(number)}

    def apply(
        self, number: int, growing: GrowingValue, operations: list[Operation] | None, *, in_update: bool
    ) -> tuple[LiveValue, list[Operation] | None] | None:
        """Take an output for a component.

        Args:
            number: the component.
            growing: the raw output.
            operations: what changed of it, or None if all.
            in_update: whether the output was a ``gr.update`` before the operations.

        Returns:
            The component's value with the operations on it (None: it is new as a whole), or None if it did not change.
        """
        if operations is not None and not in_update:
            live = self._values.get(number)
            if live is None or live.growing is not growing:  # another event wrote in between
                live = self._values[number] = LiveValue(growing=growing)
                return live, None
            return live, operations
        raw = growing.get()
        if not is_update(raw):
            live = self._values[number] = LiveValue(growing=growing)
            return live, operations
        for name, prop in raw.items():
            if name not in ("__type__", "value"):
                self._props.setdefault(number, {})[name] = prop
        if "value" not in raw:
            return None
        if operations is None:
            live = self._values[number] = LiveValue(growing=growing, in_update=True)
            return live, None
        inner = [[name, path[1:], value] for name, path, value in operations if path and path[0] == "value"]
        whole = any(not path for _, path, _ in operations)
        if not inner and not whole:
            return None
        live = self._values[number] = LiveValue(growing=growing, in_update=True)
        return live, None if whole or any(not path for _, path, _ in inner) else inner
