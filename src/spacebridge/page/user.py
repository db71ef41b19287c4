"""What a user's hand on a component fires, by the type of component.

Watched in Chromium on the pages of 4.44, 5.23, 5.50 and 6.31: a slider that is let go fires ``release`` besides
``change`` and ``input``; what is picked fires ``select`` with its place among the choices; a text that is typed and
left fires ``blur``, and ``submit`` only where Enter was pressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacebridge.shape import as_list, is_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacebridge.page.page import Page

__all__ = ["TYPING", "change_by_user", "events_of_change"]

TYPING = ("input", "change")
"""The events of a text box in which a user types, in the order in which they are fired."""

_CHANGED = ("change", "input")
_EVENTS: dict[str, tuple[str, ...]] = {
    "slider": (*_CHANGED, "release"),
    "number": (*_CHANGED, "blur"),
    "checkbox": ("select", *_CHANGED),
    "checkboxgroup": ("select", *_CHANGED),
    "radio": ("select", *_CHANGED),
    "dropdown": ("select", *_CHANGED, "blur"),
    "textbox": (*_CHANGED, "blur"),
    "textarea": (*_CHANGED, "blur"),
    "code": (*_CHANGED, "blur"),
}
_ENTERED = frozenset({"textbox", "textarea", "number"})


def events_of_change(kind: str, *, enter: bool = False) -> tuple[str, ...]:
    """The events of a change of a component by hand.

    Args:
        kind: the component's type.
        enter: whether Enter is pressed in it before it is left.
    """
    events = _EVENTS.get(kind, _CHANGED)
    return (*events[:-1], "submit", events[-1]) if enter and kind in _ENTERED else events


def change_by_user(page: Page, component: int, value: object, *, enter: bool = False) -> bool:
    """Change a component as a user does, and leave it.

    Args:
        page: with the component on it.
        component: its id.
        value: its new value.
        enter: whether Enter is pressed in it.

    Returns:
        Whether this set anything going; ``Page.settle`` waits for it.
    """
    known = page.graph.components.get(component)
    kind = "" if known is None else known.type
    before = page.values.get(component)
    page.values.set(component, value)
    fired = False
    for event in events_of_change(kind, enter=enter):
        if not page.graph.listeners(component, event):
            continue
        fired = True
        if event != "select":
            page.fire(component, event)
            continue
        for data in _picked(kind, page.values.prop(component, "choices"), before, value):
            page.fire(component, event, data)
    return fired


def _picked(kind: str, choices: object, before: object, now: object) -> Iterator[dict[str, Any]]:
    """What was picked, as Gradio tells it: one event for each choice that came or went."""
    if kind == "checkbox":
        yield {"index": 0, "value": now, "selected": now}
        return
    values = [as_list(choice)[-1] if is_list(choice) else choice for choice in as_list(choices)]
    if is_list(now):
        came = [(item, True) for item in as_list(now) if item not in as_list(before)]
        went = [(item, False) for item in as_list(before) if item not in as_list(now)]
        picked = [*came, *went]
    else:
        picked = [(now, True)]
    for value, selected in picked:
        yield {"index": values.index(value) if value in values else None, "value": value, "selected": selected}
