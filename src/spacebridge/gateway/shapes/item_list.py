"""Lists of what is kept, as OpenAI's API tells them in parts (``GET /v1/responses/ID/input_items``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacebridge.gateway.shapes.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["page"]

_USUAL = 20
_MOST = 100


def page(items: Sequence[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """A part of a list, as OpenAI's API cuts it.

    Args:
        items: in the order in which they were said.
        query: ``limit`` (1 to 100, else 20), ``order`` (``asc``, else ``desc``), ``after`` (an identifier).

    Raises:
        Problem: 400; one of these is wrong. 404; there is no item to begin behind.
    """
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise _wrong("order", "it must be 'asc' or 'desc'")
    limit = query.get("limit", str(_USUAL))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MOST):
        raise _wrong("limit", f"it must be a whole number from 1 to {_MOST}")
    ordered = [*items] if order == "asc" else [*reversed(items)]
    if (after := query.get("after")) is not None:
        places = [number for number, item in enumerate(ordered) if item["id"] == after]
        if not places:
            raise Problem(f"Item with id '{after}' not found.", status=404, code="item_not_found", param="after")
        ordered = ordered[places[0] + 1 :]
    shown = ordered[: int(limit)]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(ordered) > len(shown),
    }


def _wrong(param: str, reason: str) -> Problem:
    return Problem(f"Invalid value for '{param}': {reason}.", code="invalid_value", param=param)
