"""Bubbles out of a chatbot's value, of every shape that Gradio's and other chatbots have had.

The shape is told from the value itself: lists of pairs (``type="tuples"``, and modelscope's chatbots, whose sides can
be an object or a list of them), lists of messages (4.38 and later; since 6 their content is a list of blocks), and
what ``/chat`` returns: a string, a message, or a list of messages. Everything unknown is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from spacebridge.chat.events import Option
from spacebridge.chat.files import FileValue, files_of, is_path
from spacebridge.gradio.html import html_to_text
from spacebridge.shape import as_list, as_number, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bubble", "is_thinking", "is_tooling", "parse_bubbles"]

Path = tuple[int | str, ...]
# How far down a value is looked into. Chats are not nested deeper, and Python can't follow what is nested without end.
_DEEPEST = 40

Kind = Literal["text", "thought", "tool", "file", "options", "suggestions"]
Role = Literal["user", "assistant", "system"]

# Components in a bubble whose value is text.
_TEXT_COMPONENTS = frozenset({"markdown", "textbox", "code"})

_THINKING = re.compile(
    r"think|thought|reason|reflect|ponder|\bcot\b|chain of thought|思考|思维|推理|深度|考え|思索|размышл|дума|рассужд|"
    r"pensa|razona|réfl|denk|überleg|생각|추론|🧠|💭|🤔",
    re.IGNORECASE,
)
_TOOLING = re.compile(
    r"\btools?\b|function|\bcall(s|ed|ing)?\b|using|used|execut|(?<!re)search|工具|调用|ツール|инструмент|herramienta|🛠|🔧|⚙|🔍|🌐",
    re.IGNORECASE,
)


class Bubble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one side said."""

    role: Role
    kind: Kind = "text"
    text: str = ""
    path: Path | None = None
    """Where in the value the text is; None where it is put together."""
    title: str = ""
    id: str | None = None
    parent: str | None = None
    status: str | None = None
    duration: float | None = None
    log: str = ""
    file: FileValue | None = None
    options: tuple[Option, ...] = ()


def parse_bubbles(value: object, first: int = 0) -> list[Bubble]:
    """The bubbles of a value, in the order in which the page shows them; of a list from the item ``first`` on."""
    return list(_parse(value, first))


def _parse(value: object, first: int) -> Iterator[Bubble]:
    if isinstance(value, str):  # what /chat returns
        yield Bubble(role="assistant", text=value, path=())
    elif is_object(value):
        yield from _message(as_object(value), ())
    elif is_list(value):
        for index, item in enumerate(as_list(value)[first:], first):
            if is_object(item):
                yield from _message(as_object(item), (index,))
            elif is_list(item) and len(as_list(item)) == 2:
                user, bot = as_list(item)
                yield from _side(user, "user", (index, 0))
                yield from _side(bot, "assistant", (index, 1))
            elif isinstance(item, str):
                yield Bubble(role="assistant", text=item, path=(index,))


def _side(item: object, role: Literal["user", "assistant"], path: Path) -> Iterator[Bubble]:
    """One side of a pair: a text, a file, modelscope's object, or a list of these, one slot for each bot."""
    if isinstance(item, str):
        yield Bubble(role=role, text=item, path=path)
    elif is_list(item):
        parts = as_list(item)
        if len(parts) == 2 and isinstance(parts[0], str) and is_path(parts[0]):  # 3.x: (path, alt text)
            yield from _file({"path": parts[0], "alt_text": parts[1]}, role)
            return
        for index, part in enumerate(parts if len(path) < _DEEPEST else ()):
            yield from _side(part, role, (*path, index))
    elif is_object(item):
        fields = as_object(item)
        if isinstance(fields.get("text"), str):
            yield Bubble(role=role, text=fields["text"], path=(*path, "text"))
        yield from _file(fields.get("files"), role)
        if "text" not in fields:
            yield from _block(fields, Bubble(role=role), path)


def _message(message: dict[str, Any], path: Path) -> Iterator[Bubble]:
    role = message.get("role")
    if role not in ("user", "assistant", "system"):
        if "role" in message or "content" not in message:
            return  # modelscope's dividers, and what is no message at all
        role = "assistant"
    raw = message.get("metadata")
    metadata = as_object(raw)
    base = Bubble(role=role)
    title = metadata.get("title")
    if isinstance(title, str) and title:
        base = Bubble(
            role=role,
            kind=_step_kind(title),
            title=title,
            id=_name(metadata.get("id")),
            parent=_name(metadata.get("parent_id")),
            status=_name(metadata.get("status")),
            duration=as_number(metadata.get("duration")),
            log=_name(metadata.get("log")) or "",
        )
    yield from _content(message.get("content"), base, (*path, "content"))
    options = _options(message.get("options"))
    if options:
        yield _replace(base, kind="options", options=options)


def _content(content: object, base: Bubble, path: Path) -> Iterator[Bubble]:
    if isinstance(content, str):
        yield _replace(base, text=content, path=path)
    elif is_list(content):
        for index, block in enumerate(as_list(content) if len(path) < _DEEPEST else ()):
            yield from _content(block, base, (*path, index))
    elif is_object(content):
        yield from _block(as_object(content), base, path)


def _block(block: dict[str, Any], base: Bubble, path: Path) -> Iterator[Bubble]:
    kind = block.get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        yield _replace(base, text=block["text"], path=(*path, "text"))
    elif kind == "text" and isinstance(block.get("content"), str):  # modelscope's pro chatbot
        yield _replace(base, text=block["content"], path=(*path, "content"))
    elif kind == "tool" and isinstance(block.get("content"), str):
        raw = block.get("options")
        options = as_object(raw)
        title = _name(options.get("title")) or ""
        yield _replace(
            base,
            kind=_step_kind(title) if title else "tool",
            text=block["content"],
            path=(*path, "content"),
            title=title,
            status=_name(options.get("status")),
        )
    elif kind == "file" and is_list(block.get("content")):
        yield from _file(block["content"], base.role)
    elif kind == "suggestion":
        if options := _suggestions(block.get("content")):
            yield _replace(base, kind="suggestions", options=options)
    elif block.get("component") in _TEXT_COMPONENTS and isinstance(block.get("value"), str):
        yield _replace(base, text=block["value"], path=(*path, "value"))
    elif block.get("component") == "html" and isinstance(block.get("value"), str):
        yield _replace(base, text=html_to_text(block["value"]))
        yield from _file(block, base.role)
    else:
        yield from _file(block, base.role)


def _file(item: object, role: Role) -> Iterator[Bubble]:
    for file in files_of(item):
        yield Bubble(role=role, kind="file", file=file)


def _step_kind(title: str) -> Kind:
    """A titled bubble is reasoning where its title says so, else a step."""
    return "thought" if is_thinking(title) else "tool"


def is_thinking(title: str) -> bool:
    """Whether a title speaks of thinking, and not of a tool."""
    return bool(_THINKING.search(title)) and not _TOOLING.search(title)


def is_tooling(title: str) -> bool:
    """Whether a title speaks of a tool in words: a sign such as a lens stands before names of agents, too."""
    return _TOOLING.search(title.strip("🔍🌐 ")) is not None


def _options(raw: object) -> tuple[Option, ...]:
    found: list[Option] = []
    for option in as_list(raw):
        fields = as_object(option) if is_object(option) else {}
        if isinstance(fields.get("value"), str):
            found.append(Option(value=fields["value"], label=_name(fields.get("label")) or ""))
    return tuple(found)


def _suggestions(raw: object, depth: int = 0) -> tuple[Option, ...]:
    """Prompts of modelscope: what is said is the description, where there is one; they may stand in groups."""
    found: list[Option] = []
    for item in as_list(raw):
        fields = as_object(item) if is_object(item) else {"label": item}
        label, said = _name(fields.get("label")) or "", _name(fields.get("description")) or ""
        children: object = fields.get("children")
        if is_list(children) and depth < _DEEPEST:
            found += _suggestions(as_list(children), depth + 1)
        elif (label or said) and fields.get("disabled") is not True:
            found.append(Option(value=said or label, label=label))
    return tuple(found)


def _replace(base: Bubble, **changes: Any) -> Bubble:
    return msgspec.structs.replace(base, **changes)


def _name(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)
