"""What an app offers to say next: options and suggestions of its bubbles, and a chatbot's examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.chat.events import Option
from spacebridge.shape import as_list, as_object, as_text

if TYPE_CHECKING:
    from spacebridge.chat.bubbles import Bubble

__all__ = ["examples_of", "offers_of"]


def offers_of(value: object) -> list[tuple[Bubble, Option]]:
    """What the bubbles of a chatbot's value offer, each with its bubble."""
    return [(bubble, option) for bubble in parse_bubbles(value) for option in bubble.options]


def examples_of(raw: object) -> list[tuple[dict[str, Any], Option]]:
    """What a chatbot offers while it is empty (``gr.Chatbot(examples=…)``), each with what choosing it sends."""
    found: list[tuple[dict[str, Any], Option]] = []
    for index, item in enumerate(as_list(raw)):
        example = as_object(item)
        text, shown = as_text(example.get("text")), as_text(example.get("display_text"))
        if text or shown:
            value = {"text": text, "files": as_list(example.get("files")), **example}
            found.append(({"index": index, "value": value}, Option(value=text or shown, label=shown)))
    return found
