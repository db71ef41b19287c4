"""Bubbles out of a chatbot's value, of every shape that Gradio's and other chatbots have had.

The shape is told from the value itself: lists of pairs (``type="tuples"``, and modelscope's chatbots, whose sides can
be an object or a list of them), lists of messages (4.38 and later; since 6 their content is a list of blocks), and
what ``/chat`` returns: a string, a message, or a list of messages. Everything unknown is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from spacebridge.shape import as_list, as_number, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bubble", "FileValue", "is_thinking", "parse_bubbles"]

Path = tuple[int | str, ...]
# How far down a value is looked into. Chats are not nested deeper, and Python can't follow what is nested without end.
_DEEPEST = 40

Kind = Literal["text", "thought", "tool", "file", "options"]

# Components in a bubble whose value is no file.
_TEXT_COMPONENTS = frozenset({"html", "markdown", "textbox", "code"})

_THINKING = re.compile(
    r"think|thought|reason|reflect|ponder|\bcot\b|chain of thought|思考|思维|推理|深度|考え|思索|размышл|дума|рассужд|"
    r"pensa|razona|réfl|denk|überleg|생각|추론|🧠|💭|🤔",
    re.IGNORECASE,
)
_TOOLING = re.compile(
    r"\btools?\b|function|\bcall(s|ed|ing)?\b|using|used|execut|search|工具|调用|ツール|инструмент|herramienta|🛠|🔧|⚙|🔍|🌐",
    re.IGNORECASE,
)


class FileValue(msgspec.Struct, frozen=True):
    """A file in a bubble, as the app names it."""

    path: str
    url: str = ""
    name: str = ""
    mime_type: str | None = None
    size: int | None = None
    alt_text: str | None = None
    kind: str = "file"


class Bubble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one side said."""

    role: Literal["user", "assistant", "system"]
    kind: Kind = "text"
    text: str = ""
    path: Path | None = None
    """Where in the value the text is; None where it is put together."""
    title: str = ""
    id: str | None = None
    parent: str | None = None
    status: str | None = None
    duration: float | None = None
    file: FileValue | None = None
    options: tuple[str, ...] = ()


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
        if len(parts) == 2 and isinstance(parts[0], str) and _looks_like_path(parts[0]):  # 3.x: (path, alt text)
            yield from _file({"path": parts[0], "alt_text": parts[1]}, role)
            return
        for index, part in enumerate(parts if len(path) < _DEEPEST else ()):
            yield from _side(part, role, (*path, index))
    elif is_object(item):
        fields = as_object(item)
        if isinstance(fields.get("text"), str):
            yield Bubble(role=role, text=fields["text"], path=(*path, "text"))
        files = fields.get("files")
        for file in as_list(files):
            yield from _file(file, role)
        if "text" not in fields:
            yield from _file(fields, role)


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
        for file in as_list(block["content"]):
            yield from _file(file, base.role)
    elif block.get("component") in _TEXT_COMPONENTS and isinstance(block.get("value"), str):
        yield _replace(base, text=block["value"], path=(*path, "value"))
    else:
        yield from _file(block, base.role)


def _file(
    item: object, role: Literal["user", "assistant", "system"], kind: str = "file", depth: int = 0
) -> Iterator[Bubble]:
    """A file of any form: FileData, an object around it, a component that shows it, 3.x's dict, a path."""
    if isinstance(item, str):
        item = {"path": item}
    if not is_object(item) or depth > _DEEPEST:
        return
    fields = as_object(item)
    alt_text = _name(fields.get("alt_text"))
    if isinstance(fields.get("component"), str):
        kind = fields["component"]
    inner = fields.get("file", fields.get("value", fields))
    if is_list(inner):
        for part in as_list(inner):
            yield from _file(part, role, kind, depth + 1)
        return
    data = as_object(inner) if is_object(inner) else {"path": inner}
    for key in ("video", "image"):  # a gallery's entries and a video's value wrap the file once more
        if is_object(data.get(key)):
            data = as_object(data[key])
    path = data.get("path") or data.get("name")
    url = data.get("url")
    if not isinstance(path, str) and not isinstance(url, str):
        return
    where = path if isinstance(path, str) else ""
    yield Bubble(
        role=role,
        kind="file",
        file=FileValue(
            where,
            url=url if isinstance(url, str) else "",
            name=_name(data.get("orig_name")) or where.rsplit("/", 1)[-1],
            mime_type=_name(data.get("mime_type")),
            size=data["size"] if isinstance(data.get("size"), int) else None,
            alt_text=alt_text,
            kind=kind,
        ),
    )


def _step_kind(title: str) -> Kind:
    """A titled bubble is reasoning where its title says so, else a step."""
    return "thought" if is_thinking(title) else "tool"


def is_thinking(title: str) -> bool:
    """Whether a title speaks of thinking, and not of a tool."""
    return bool(_THINKING.search(title)) and not _TOOLING.search(title)


def _options(raw: object) -> tuple[str, ...]:
    found: list[str] = []
    for option in as_list(raw):
        if is_object(option):
            value = as_object(option).get("value")
            if isinstance(value, str):
                found.append(value)
    return tuple(found)


def _replace(base: Bubble, **changes: Any) -> Bubble:
    return msgspec.structs.replace(base, **changes)


def _name(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _looks_like_path(text: str) -> bool:
    return text.startswith(("/", "http://", "https://", "file=")) and "\n" not in text
