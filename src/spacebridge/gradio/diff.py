"""Values that grow by Gradio's diffs, without I/O.

From the second ``process_generating`` of an event on, each output is a list of operations on the value before
(``gradio/utils.py``, ``diff``): ``["append", path, text]``, ``["replace", path, value]``, ``["add", path, value]``,
``["delete", path, null]``.
"""

from __future__ import annotations

import io
from typing import Any, TypeGuard

from spacebridge.shape import as_list, is_list, is_object

__all__ = ["DiffError", "GrowingValue", "Operation", "difference", "is_operations"]

Operation = list[Any]


class DiffError(ValueError):
    """An operation does not fit the value it should be applied to."""


def is_operations(value: object) -> TypeGuard[list[Operation]]:
    """Whether a value has the form of at least one operation and nothing else."""
    return is_list(value) and bool(as_list(value)) and all(_is_operation(item) for item in as_list(value))


def _is_operation(item: object) -> bool:
    match item:
        case ["append" | "replace" | "add" | "delete", list(), _]:  # pyright: ignore[reportUnknownVariableType] - any JSON
            return True
        case _:
            return False


def difference(old: object, new: object) -> list[Operation]:
    """The operations that make a JSON value another one, as Gradio computes them.

    What stays the same is of the same type, too: ``1`` and ``true`` differ, though Python calls them equal. A text
    that begins with the old one is an ``append``. The operations hold parts of the new value, not copies.
    """
    operations: list[Operation] = []
    try:
        _compare(old, new, [], operations)
    except RecursionError:
        return [["replace", [], new]]
    return operations


def _compare(old: object, new: object, path: list[Any], operations: list[Operation]) -> None:
    if type(old) is not type(new):
        operations.append(["replace", path, new])
    elif isinstance(old, str) and isinstance(new, str):
        if old != new:
            grown = new.startswith(old)
            operations.append(["append", path, new[len(old) :]] if grown else ["replace", path, new])
    elif is_list(old) and is_list(new):
        for index, (one, other) in enumerate(zip(old, new, strict=False)):
            _compare(one, other, [*path, index], operations)
        operations += [["delete", [*path, index], None] for index in range(len(old) - 1, len(new) - 1, -1)]
        operations += [["add", [*path, index], new[index]] for index in range(len(old), len(new))]
    elif is_object(old) and is_object(new):
        operations += [["delete", [*path, name], None] for name in old if name not in new]
        for name, value in new.items():
            if name in old:
                _compare(old[name], value, [*path, name], operations)
            else:
                operations.append(["add", [*path, name], value])
    elif repr(old) != repr(new) if isinstance(old, float) else old != new:  # NaN; -0.0
        operations.append(["replace", path, new])


class GrowingValue:
    """A JSON value to which operations are applied.

    Text appended again and again at one place is kept aside until the value is asked for, so that a token costs the
    same at the end of a long answer as at its beginning.
    """

    __slots__ = ("_box", "_key", "_parent", "_path", "_tail")

    def __init__(self, value: object = None) -> None:
        self._box: list[Any] = [value]
        self._path: list[Any] | None = None
        self._parent: Any = None
        self._key: Any = None
        self._tail = io.StringIO()

    def get(self) -> Any:
        """The value as it is now. It changes in place with the next operations."""
        if self._path is not None:
            self._settle()
        return self._box[0]

    def set(self, value: object) -> None:
        """Replace the whole value."""
        self._path = None
        self._tail = io.StringIO()
        self._box[0] = value

    def apply(self, operations: list[Operation]) -> None:
        """Apply operations in order.

        Raises:
            DiffError: one does not fit; those before it are applied. Or they are no list.
        """
        if type(operations) is not list:
            raise DiffError("no diff where one was expected")
        for operation in operations:
            match operation:
                case ["append", path, str(text)] if path == self._path:
                    self._tail.write(text)
                    continue
                case _ if not _is_operation(operation):
                    raise DiffError(f"not an operation: {str(operation)[:80]}")
                case _:
                    name, path, value = operation
            if self._path is not None:
                self._settle()
            try:
                self._apply(name, path, value)
            except (LookupError, TypeError) as error:
                raise DiffError(f"{name} at {path} does not fit the value") from error

    def _apply(self, name: str, path: list[Any], value: Any) -> None:
        parent: Any = self._box
        key: Any = 0
        for step in path:
            parent = parent[key]
            key = step
        if name == "append":
            if isinstance(parent, str) or not isinstance(parent[key], str) or not isinstance(value, str):
                raise TypeError
            self._path, self._parent, self._key = path, parent, key
            self._tail.write(value)
        elif name == "replace":
            parent[key] = value
        elif is_list(parent):
            # Lists are compared place by place, so additions and deletions are at the end. The index of a deletion
            # can't be used: Gradio shifts those of nested lists twice.
            items = as_list(parent)
            if parent is self._box:
                raise LookupError
            if name == "add":
                items.append(value)
            else:
                items.pop()
        elif name == "add":
            parent[key] = value
        else:
            del parent[key]

    def _settle(self) -> None:
        self._parent[self._key] += self._tail.getvalue()
        self._path = self._parent = None
        self._tail = io.StringIO()
