"""What was said before a conversation begins here, and how the app gets to know it.

The forms are those that a page holds itself, and sends back: before 6 pairs, or messages with a text as content where
``type="messages"``; since 6 messages whose content is a list of blocks, without which the app fails. Seen on 4.44,
5.23, 5.50 and 6.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from spacebridge import errors
from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.shape import as_list, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spacebridge.chat.outgoing import FileLike
    from spacebridge.gradio.config import Component

__all__ = [
    "Form",
    "Said",
    "form_of",
    "read_history",
    "said_in",
    "shown",
    "transcript",
    "until",
    "well_formed",
]

Form = Literal["pairs", "objects", "messages", "blocks"]
"""How a chatbot holds its history: see :func:`shown`."""


class Said(NamedTuple):
    """One message."""

    role: Literal["user", "assistant"]
    text: str
    files: tuple[FileLike, ...] = ()


def read_history(history: Iterable[Any]) -> tuple[str | None, tuple[Said, ...]]:
    """Given messages, and the system message among them.

    Args:
        history: dicts with ``role`` (``user``, ``assistant``; ``system`` or ``developer``) and ``content``: a text, or
            a list of ``{"type": "text", "text": …}``. With ``files``, where the app takes some.

    Raises:
        InvalidMessages: they are none.
    """
    if isinstance(history, str | bytes) or is_object(history):
        raise _invalid("The history must be a list of messages.")
    system: list[str] = []
    found: list[Said] = []
    for message in history:
        if not is_object(message):
            raise _invalid(f"A message of the history must be a dict, not {type(message).__name__}.")
        fields = as_object(message)
        role, text = fields.get("role"), well_formed(_text(fields.get("content")))
        files = cast("Sequence[FileLike]", fields.get("files") or ())
        match role:
            case "system" | "developer":
                system.append(text)
            case "user" | "assistant":
                found.append(Said(role, text, tuple(files)))
            case _:
                raise _invalid(f"A message of the history has the role {role!r}.")
    return "\n\n".join(filter(None, system)) or None, tuple(found)


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for part in as_list(content):
        text = part if isinstance(part, str) else as_object(part).get("text")
        if not isinstance(text, str):
            raise _invalid("A part of a message of the history is no text.", hint='Files go into "files".')
        texts.append(text)
    if not is_list(content):
        raise _invalid(f"The content of a message of the history is {type(content).__name__}, no text.")
    return "\n".join(texts)


def _invalid(message: str, *, hint: str = 'Example: {"role": "user", "content": "Hello"}') -> errors.InvalidMessages:
    return errors.InvalidMessages(message, hint=hint)


def well_formed(text: str) -> str:
    """Text that can be encoded: halves of surrogate pairs are joined, and lone ones replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


# The forms


def form_of(component: Component, version: tuple[int, ...]) -> Form | None:
    """How a component holds a history; None for chatbots whose form is not known."""
    kind = component.type
    if kind in ("modelscopechatbot", "modelscopelegacychatbot"):
        return "objects"
    if kind != "chatbot":
        return None
    if version >= (6,):
        return "blocks"
    return "messages" if component.props.get("type") == "messages" else "pairs"


def shown(form: Form, said: Iterable[tuple[Said, list[dict[str, Any]]]]) -> list[Any]:
    """A history as a component holds it.

    Args:
        form: ``pairs`` of texts, ``objects`` (pairs of objects with text and files), ``messages`` with a text each, or
            messages of ``blocks``.
        said: messages, each with its files as the app names them.
    """
    value: list[Any] = []
    for message, files in said:
        match form:
            case "pairs":
                _add_pair(value, message, files)
            case "objects":
                side = {"text": message.text, "files": [{"file": file, "alt_text": None} for file in files]}
                _put(value, message.role, side)
            case "messages":
                content = [{"file": file, "alt_text": None} for file in files]
                contents = [*content, *([message.text] if message.text or not files else [])]
                value += [{"role": message.role, "content": content} for content in contents]
            case "blocks":
                blocks: list[dict[str, Any]] = [{"type": "file", "file": file, "alt_text": None} for file in files]
                if message.text or not files:
                    blocks.append({"type": "text", "text": message.text})
                value.append({"role": message.role, "content": blocks})
    return value


def _add_pair(value: list[Any], message: Said, files: list[dict[str, Any]]) -> None:
    for file in files:
        _put(value, message.role, {"file": file, "alt_text": None})
    if message.text or not files:
        _put(value, message.role, message.text)


def _put(value: list[Any], role: str, side: object) -> None:
    """One more side of a pair: an answer goes beside the question that waits for it."""
    if role == "user":
        value.append([side, None])
    elif value and value[-1][1] is None:
        value[-1][1] = side
    else:
        value.append([None, side])


def transcript(said: Iterable[tuple[str, str]], prompt: str | None = None) -> str:
    """Messages, each with the name of who said it, as one text that asks for the next answer.

    Args:
        said: roles and texts.
        prompt: what the user says now.
    """
    lines = [f"{role.capitalize()}: {text}" for role, text in said if text.strip()]
    if prompt is not None:
        lines.append(f"User: {prompt}")
    return "\n".join([*lines, "Assistant:"]) if lines else ""


# What a chatbot shows


def said_in(value: object) -> tuple[Said, ...]:
    """The messages that a chatbot shows, without files, thoughts and steps."""
    found: list[Said] = []
    for bubble in parse_bubbles(value):
        if bubble.kind != "text" or bubble.role == "system" or not bubble.text:
            continue
        if found and found[-1].role == bubble.role == "assistant":
            found[-1] = Said("assistant", f"{found[-1].text}\n\n{bubble.text}")
        else:
            found.append(Said(bubble.role, bubble.text))
    return tuple(found)


def until(value: object, turns: int) -> list[Any] | None:
    """A chatbot's value up to the end of so many turns; None if it shows fewer."""
    items = as_list(value)
    begun, waiting = 0, False
    for index, item in enumerate(items):
        user, bot = _sides(item)
        if user and not waiting:
            if begun == turns:
                return items[:index]
            begun += 1
        waiting = not bot if user or bot else waiting
    return items if begun == turns else None


def _sides(item: object) -> tuple[bool, bool]:
    """Whether an item of a chatbot's value holds something of the user, and of the bot."""
    if is_object(item):
        role = as_object(item).get("role")
        return role == "user", role == "assistant"
    pair = as_list(item)
    return (pair[0] is not None, pair[1] is not None) if len(pair) == 2 else (False, False)
