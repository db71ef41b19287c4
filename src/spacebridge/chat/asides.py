"""What an app wrote beside the chat, where it gave no answer: ``Please set your key first`` in the message box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.chat.components import name_of
from spacebridge.gradio.html import html_to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spacebridge.page.graph import EventGraph

__all__ = ["asides"]

_SHOWN = frozenset({"textbox", "textarea", "markdown", "html", "label"})
_MOST = 3
_LONGEST = 300


def asides(graph: EventGraph, values: Mapping[int, object], prompt: str) -> str:
    """What was written beside the chat, in a sentence; empty where nothing was.

    Args:
        graph: of the page.
        values: what was written, by component.
        prompt: what was asked; an app that puts it back into its box says nothing by that.
    """
    found: list[str] = []
    for number, value in values.items():
        component = graph.components.get(number)
        if component is None or component.type not in _SHOWN or not component.visible or not isinstance(value, str):
            continue
        text = " ".join((html_to_text(value) if component.type == "html" else value).split())
        if text and text != " ".join(prompt.split()):
            found.append(f"{text[:_LONGEST]!r} into {name_of(component)}")
    return f"The app wrote {', '.join(found[:_MOST])}." if found else ""
