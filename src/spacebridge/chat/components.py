"""Which components a person chats with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spacebridge.shape import as_object, is_object

if TYPE_CHECKING:
    from spacebridge.gradio.config import Component

__all__ = ["BUTTONS", "PLAIN_BOXES", "button_says", "is_chatbot", "takes_files", "text_box"]

PLAIN_BOXES = frozenset({"textbox", "textarea", "code"})
BUTTONS = frozenset({"button", "duplicatebutton", "uploadbutton", "downloadbutton", "clearbutton"})


def is_chatbot(component: Component) -> bool:
    """Whether a component shows a chat: Gradio's own, and others by their name."""
    return "chatbot" in component.type


def text_box(component: Component) -> bool:
    """Whether a user can write a message into a component."""
    if component.type in PLAIN_BOXES:
        return True
    if component.type in BUTTONS or is_chatbot(component):
        return False
    return takes_files(component)


def takes_files(component: Component) -> bool:
    """Whether a box takes text and files: ``{"text": …, "files": […]}``."""
    kind = component.type
    if kind == "multimodaltextbox" or ("multimodal" in kind and "input" in kind):
        return True
    value = component.props.get("value")
    return is_object(value) and {"text", "files"} <= as_object(value).keys()


_WORDS = {
    "retry": re.compile(r"retry|regenerate|try again|重试|重新生成|повтор", re.IGNORECASE),
    "undo": re.compile(r"undo|撤销|отмен", re.IGNORECASE),
}


def button_says(component: Component, event: str) -> bool:
    """Whether a component is a button that stands for an event of a chatbot."""
    words = _WORDS.get(event)
    value = component.props.get("value")
    return words is not None and component.type in BUTTONS and isinstance(value, str) and bool(words.search(value))
