"""What the components of a page hold, and how outputs change it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from spacebridge.shape import as_object, is_object

if TYPE_CHECKING:
    from collections.abc import Collection

    from spacebridge.gradio.config import Component
    from spacebridge.gradio.diff import GrowingValue, Operation

__all__ = ["ComponentValues", "LiveValue", "is_update", "replaces"]


# What a component that holds null makes of it once it is on the page, and sends.
_EMPTY: dict[str, Any] = {"textbox": "", "code": "", "number": 0, "multimodaltextbox": {"text": "", "files": []}}
_EMPTY_BEFORE_6: dict[str, Any] = {"markdown": "", "html": ""}

_INTERACTIVE = {"dynamic": True, "static": False}


def is_update(value: object) -> bool:
    """Whether an output is a ``gr.update``: a dict of properties instead of a value."""
    return is_object(value) and as_object(value).get("__type__") == "update"


def replaces(operations: list[Operation]) -> bool:
    """Whether operations replace an output as a whole, or make an update of it, or of an update a value."""
    for _, path, _ in operations:  # noqa: SIM110 - for each token, and twice as quick as any()
        if not path or path[0] == "__type__":
            return True
    return False


class LiveValue:
    """A component's value, perhaps in the middle of growing. Asking for it costs; being told of changes does not."""

    __slots__ = ("growing", "in_update", "told")

    def __init__(self, value: object = None, *, growing: GrowingValue | None = None, in_update: bool = False) -> None:
        self.told: Any = value
        """The value as it was when it was last told of, though the output may have another by now.

        Containers change in place, so this is up to date but where the output has been replaced as a whole.
        """
        self.growing = growing
        """The output it comes from, if it comes from one."""
        self.in_update = in_update
        """Whether that output is a ``gr.update`` with the value in it."""
        if growing is not None:
            self.get()

    def get(self) -> Any:
        """The value as it is now."""
        if self.growing is None:
            return self.told
        output = self.growing.get()
        if is_update(output) is not self.in_update:  # it has just turned into the other, which is not this value
            return self.told
        if self.in_update:
            self.told = as_object(output).get("value", self.told)
            return self.told
        # The entries of an object may be taken away to make an update of it.
        self.told = dict(as_object(output)) if is_object(output) else output
        return output


class ComponentValues:
    """Values and other properties of all components.

    Args:
        components: as ``/config`` has them; their ``value`` properties are the initial values.
        unmounted: those that a browser does not make when it opens the page.
        version: of the app.
    """

    def __init__(
        self,
        components: dict[int, Component],
        unmounted: Collection[int] = (),
        version: tuple[int, ...] = (),
    ) -> None:
        self._values: dict[int, LiveValue] = {}
        self._props: dict[int, dict[str, Any]] = {}
        self._empty = {**_EMPTY, **_EMPTY_BEFORE_6} if version < (6,) else _EMPTY
        self.add(components, unmounted)

    def add(self, components: dict[int, Component], unmounted: Collection[int] = ()) -> None:
        """Add components, such as those of a ``gr.render``."""
        for number, component in components.items():
            self._props[number] = dict(component.props)
            value = component.props.get("value")
            if value is None and number not in unmounted:  # the browser's component makes something of it
                value = copy.copy(self._empty.get(component.type))
            self._values[number] = LiveValue(value)

    def live(self, number: int) -> LiveValue:
        """A component's value, as it will be told of when it changes."""
        return self._values.setdefault(number, LiveValue())

    def get(self, number: int) -> Any:
        """A component's value; None for one that does not exist."""
        live = self._values.get(number)
        return None if live is None else live.get()

    def told(self, number: int) -> Any:
        """A component's value before the output that is just being told of."""
        live = self._values.get(number)
        return None if live is None else live.told

    def set(self, number: int, value: object) -> None:
        """Give a component a value, as a user would."""
        self._values[number] = LiveValue(value)

    def prop(self, number: int, name: str) -> Any:
        """A property other than the value, as updates have left it."""
        return self._props.get(number, {}).get(name)

    def look(self, number: int, name: str) -> Any:
        """A property as it is now, be it the value or another."""
        return self.get(number) if name == "value" else self.prop(number, name)

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
            in_update: whether the output is a ``gr.update``.

        Returns:
            The component's value with the operations on it (None: it is new as a whole), or None if it did not change.
        """
        live = self._values.get(number)
        same = live is not None and live.growing is growing and live.in_update is in_update
        if not in_update:
            if live is None or not same or operations is None:
                live = self._values[number] = LiveValue(growing=growing)
                return live, None
            if isinstance(live.told, dict):
                live.get()
            return live, operations
        if operations is not None and same and all(_grows_inside(operation) for operation in operations):
            return cast("LiveValue", live), [[name, path[1:], value] for name, path, value in operations]
        return self._update(number, growing, operations)

    def _update(
        self, number: int, growing: GrowingValue, operations: list[Operation] | None
    ) -> tuple[LiveValue, None] | None:
        """Take a ``gr.update``: properties, and perhaps a value."""
        raw = as_object(growing.get())
        for name, prop in raw.items():
            if name == "mode" and prop in _INTERACTIVE:  # so 3 says it
                self._props.setdefault(number, {})["interactive"] = _INTERACTIVE[prop]
            elif name not in ("__type__", "value"):
                self._props.setdefault(number, {})[name] = prop
        live = self._values.get(number)
        if "value" not in raw:  # nothing said about it: it stays, and what the output does next is not its business
            if live is not None and live.growing is growing:
                self._values[number] = LiveValue(live.get())
            return None
        touched = operations is None or any(not path or path[0] == "value" for _, path, _ in operations)
        if not touched and live is not None and live.growing is growing:
            return None
        live = self._values[number] = LiveValue(raw["value"], growing=growing, in_update=True)
        return live, None


def _grows_inside(operation: Operation) -> bool:
    """Whether an operation on a ``gr.update`` appends somewhere inside its value."""
    name, path, _ = operation
    return name == "append" and len(path) > 1 and path[0] == "value"
