"""Which components a person chats with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spacebridge.shape import as_object, as_text, is_object

if TYPE_CHECKING:
    from spacebridge.gradio.config import Component

__all__ = [
    "BUTTONS",
    "PLAIN_ANSWERS",
    "PLAIN_BOXES",
    "button_says",
    "filled",
    "is_chatbot",
    "is_unknown",
    "name_of",
    "says",
    "takes_files",
    "text_box",
    "words_of",
]

PLAIN_BOXES = frozenset({"textbox", "textarea", "code"})
PLAIN_ANSWERS = frozenset({"markdown", "textbox", "textarea", "html", "json", "label", "code", "highlightedtext"})
BUTTONS = frozenset({"button", "duplicatebutton", "uploadbutton", "downloadbutton", "clearbutton"})

# Every component and layout that Gradio has had from 3.50 to 6.31 (their ``get_block_name``). Whatever has another name
# was made by somebody else.
_GRADIOS = BUTTONS | set(
    re.findall(
        r"\w+",
        """accordion annotatedimage audio blocks box browserstate button carousel chatbot chatinterface checkbox
        checkboxgroup code colorpicker column dataframe dataset datetime deeplinkbutton dialogue draggable dropdown
        fallback file fileexplorer form gallery group highlightedtext html image image3d imageeditor imageslider
        interface interpretation json label loginbutton logoutbutton markdown model3d multimodaltextbox nativeplot
        navbar number paramviewer plot radio row series sidebar simpledropdown simpleimage simpletextbox sketchbox
        slider state statustracker tabbedinterface tabitem tabs textarea textbox timer timeseries variable video
        walkthrough walkthroughstep workflow workflowcanvas""",
    )
)
_CHATS = re.compile(r"chat|messag|convers|dialog|bubble|talk|thread")
_BOXES = re.compile(r"input(?!number)|textarea|sender|composer|prompt")
# Properties that chatbots have, and hardly anything else. Source: ``gradio/components/chatbot.py``.
_CHATBOTS_PROPS = {
    "avatar_images",
    "bubble_full_width",
    "feedback_options",
    "group_consecutive_messages",
    "likeable",
} | {
    "like_user_message",
    "reasoning_tags",
    "render_markdown",
    "show_copy_all_button",
}


def is_unknown(component: Component) -> bool:
    """Whether a component is not one of Gradio's own."""
    return component.type not in _GRADIOS


def is_chatbot(component: Component) -> bool:
    """Whether a component shows a chat: Gradio's own, and others by their name or what can be set of them."""
    if "chatbot" in component.type:
        return True
    if not is_unknown(component) or "button" in component.type:
        return False
    by_name = "value" in component.props and bool(_CHATS.search(component.type)) and not text_box(component)
    return by_name or _has_chatbots_props(component)


def _has_chatbots_props(component: Component) -> bool:
    return len(_CHATBOTS_PROPS & component.props.keys()) >= 2


def text_box(component: Component) -> bool:
    """Whether a user can write a message into a component."""
    if component.type in PLAIN_BOXES:
        return True
    if not is_unknown(component):
        return component.type == "multimodaltextbox"
    if "button" in component.type or "chatbot" in component.type:
        return False
    if takes_files(component):
        return True
    value = component.props.get("value")
    holds_text = value is None or isinstance(value, str) or isinstance(as_object(value).get("text"), str)
    written = "placeholder" in component.props or bool(_BOXES.search(component.type))
    return holds_text and written and not _has_chatbots_props(component)


def takes_files(component: Component) -> bool:
    """Whether a box takes text and files: ``{"text": …, "files": […]}``."""
    kind = component.type
    if kind == "multimodaltextbox" or ("multimodal" in kind and "input" in kind):
        return True
    value = component.props.get("value")
    return is_object(value) and {"text", "files"} <= as_object(value).keys()


def filled(component: Component, prompt: str, files: list[dict[str, Any]]) -> Any:
    """The value of a box in which a user has written a message."""
    value = component.props.get("value")
    if takes_files(component):
        return {**as_object(value), "text": prompt, "files": files}
    if is_object(value):
        return {**as_object(value), "text": prompt}
    return prompt


def says(component: Component) -> str:
    """What a component is called on the page: a button by what it says, anything else by its label."""
    value = component.props.get("value")
    own = value if component.type.endswith("button") and isinstance(value, str) else ""
    return own or component.label


def name_of(component: Component) -> str:
    """A component for a person: its type, id, and what it is called."""
    called = says(component)
    return f"{component.type} {component.id}" + (f" {called!r}" if called else "")


def words_of(component: Component) -> str:
    """All the words by which its author tells what a component is for."""
    props = component.props
    return " ".join(
        filter(None, (says(component), *(as_text(props.get(key)) for key in ("placeholder", "info", "elem_id"))))
    )


_WORDS = {
    "retry": re.compile(r"retry|regenerate|try again|重试|重新生成|повтор", re.IGNORECASE),
    "undo": re.compile(r"undo|撤销|отмен", re.IGNORECASE),
}


def button_says(component: Component, event: str) -> bool:
    """Whether a component is a button that stands for an event of a chatbot."""
    words = _WORDS.get(event)
    value = component.props.get("value")
    return words is not None and component.type in BUTTONS and isinstance(value, str) and bool(words.search(value))
