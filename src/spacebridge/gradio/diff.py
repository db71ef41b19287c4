"""Values that grow by Gradio's diffs, without I/O.

From the second ``process_generating`` of an event on, each output is a list of operations on the value before
(``gradio/utils.py``, ``diff``): ``["append", path, text]``, ``["replace", path, value]``, ``["add", path, value]``,
``["delete", path, null]``.
"""

from __future__ import annotations

import io
from typing import Any, TypeGuard

from spacebridge.shape import as_list, is_list

__all__ = ["DiffError", "GrowingValue", "Operation", "is_operations"]

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
            DiffError: one does not fit; those before it are applied.
        """
        for operation in operations:
            if not _is_operation(operation):
                raise DiffError(f"not an operation: {str(operation)[:80]}")
            name, path, value = operation
            if name == "append" and path == self._path and isinstance(value, str):
                self._tail.write(value)
                continue
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
