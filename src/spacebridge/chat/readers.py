"""What an output says, where it is no chatbot of a known form: the bubbles of Gradio's are read by ``bubbles``.

A component of somebody else's may hold any JSON. Lists of objects that name who speaks are read as messages, whatever
their keys are called. Of anything else the answer is the text that grows: a leaf of the value that was not there before
the turn and is not the question. Until one has grown nothing is given, for a first look can't tell it from a date.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, Protocol

from spacebridge.chat.bubbles import Bubble, parse_bubbles
from spacebridge.chat.components import PLAIN_ANSWERS, is_chatbot
from spacebridge.chat.transcripts import is_question, said_in_html, said_since
from spacebridge.gradio.html import html_to_text
from spacebridge.shape import as_list, as_object, as_text, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacebridge.gradio.config import Component
    from spacebridge.page.page import Page

__all__ = ["LeafReader", "Reader", "drawn_value", "output_value", "plain_reader", "reader_for"]

Path = tuple[int | str, ...]

_TEXTS = ("content", "text", "message", "value", "body", "msg", "markdown", "html", "answer")
_SPEAKERS = ("role", "from", "sender", "author", "speaker", "user", "name", "who", "type", "side")
_FLAGS = ("is_user", "isUser", "from_user", "fromUser", "user", "human")
_USERS = re.compile(r"^(user|human|me|you|client|customer|guest|visitor|question|prompt|input|用户|人)", re.IGNORECASE)
# What is new in a value, too, and no answer: names, numbers, dates, addresses.
_NO_ANSWER = re.compile(
    r"[0-9a-fA-F-]{4,}|[\d\W]+|\d{4}-\d\d-\d\d\S*( \S+)?|(https?://|/|data:)\S+|user|assistant|bot|human|system"
)
_DEEPEST = 12
_MOST_LEAVES = 20_000


class Reader(Protocol):
    """Reads the value of an output."""

    def __call__(self, value: object, *, final: bool, first: int = 0) -> list[Bubble]:
        """The bubbles of a value.

        Args:
            value: what the output shows.
            final: whether it will not change any more.
            first: the items of a list before this one may be left out.
        """
        ...


def plain_reader(value: object, *, final: bool, first: int = 0) -> list[Bubble]:  # noqa: ARG001 - of the form of all readers
    """Read a chatbot of Gradio's."""
    return parse_bubbles(value, first)


def reader_for(output: Component, before: object, prompt: str) -> Reader:
    """What reads an output in one turn.

    Args:
        output: the component.
        before: its value before the turn.
        prompt: what is asked.
    """
    if output.type == "html":
        return HtmlReader(before, prompt)
    return plain_reader if output.type == "chatbot" else LeafReader(before, prompt, trusting=is_chatbot(output))


class HtmlReader:
    """Reads what ``gr.HTML`` shows: a transcript, or an answer; of either what is to be read.

    Args:
        before: the value before the turn.
        prompt: what is asked.
    """

    def __init__(self, before: object, prompt: str) -> None:
        self._before = as_text(before)
        self._prompt = prompt

    def __call__(self, value: object, *, final: bool, first: int = 0) -> list[Bubble]:  # noqa: ARG002 - of the form of all readers
        """The bubbles of a value."""
        source = as_text(value)
        said = said_in_html(source, self._before, self._prompt, final=final)
        text = html_to_text(source) if said is None else said
        return [Bubble(role="assistant", text=text)] if text else []


class LeafReader:
    """Reads a value of any form.

    Args:
        before: the value before the turn.
        prompt: what is asked.
        trusting: whether the value is taken for a chatbot's if it can be read as one at all.
    """

    def __init__(self, before: object, prompt: str, *, trusting: bool = False) -> None:
        self._before = dict(_leaves(before))
        self._prompt = prompt.strip()
        self._trusting = trusting
        self._last: dict[Path, str] = {}
        self._grown: set[Path] = set()

    def __call__(self, value: object, *, final: bool, first: int = 0) -> list[Bubble]:  # noqa: ARG002 - of the form of all readers
        """The bubbles of a value."""
        if isinstance(value, str) and not self._trusting:
            return self._text(value, final=final)
        bubbles = parse_bubbles(value)
        if any(bubble.role == "user" for bubble in bubbles) or (bubbles and self._trusting):
            return bubbles
        return list(_records(value, self._prompt)) or self._leaf(value, final=final)

    def _text(self, value: str, *, final: bool) -> list[Bubble]:
        said = said_since(value, self._prompt, final=final)
        if said is None:
            return parse_bubbles(value)
        text = said.rstrip()
        # Blanks at the end show only when more follows, so that an append alone does not go on with the text.
        return [Bubble(role="assistant", text=text, path=() if text == said else None)] if text else []

    def _leaf(self, value: object, *, final: bool) -> list[Bubble]:
        new = {
            path: text
            for path, text in _leaves(value)
            if text.strip() and text != self._before.get(path) and not is_question(text, self._prompt)
        }
        for path, text in new.items():
            last = self._last.get(path)
            if last is not None and len(text) > len(last) and text.startswith(last):
                self._grown.add(path)
        self._last = new
        found = self._grown & new.keys()
        if not found and (final or len(new) == 1):
            found = {path for path, text in new.items() if not _NO_ANSWER.fullmatch(text.strip())}
        if not found:
            return []
        path = max(found, key=lambda each: len(new[each]))
        return [Bubble(role="assistant", text=new[path], path=path)]


def _leaves(value: object) -> Iterator[tuple[Path, str]]:
    """All texts in a value, each with the way to it."""
    waiting: list[tuple[Path, object]] = [((), value)]
    seen = 0
    while waiting and seen < _MOST_LEAVES:
        path, item = waiting.pop()
        seen += 1
        if isinstance(item, str):
            yield path, item
        elif len(path) < _DEEPEST:
            waiting += [((*path, key), inner) for key, inner in as_object(item).items()]
            waiting += [((*path, index), inner) for index, inner in enumerate(as_list(item))]


def _records(value: object, prompt: str) -> Iterator[Bubble]:
    """The messages of a list of objects that name who speaks, wherever in the value it is."""
    waiting: list[tuple[Path, object]] = [((), value)]
    while waiting:
        path, item = waiting.pop(0)
        if is_list(item):
            found = [_record(as_object(each), (*path, index), prompt) for index, each in enumerate(as_list(item))]
            bubbles = [bubble for bubble in found if bubble is not None]
            if any(bubble.role == "user" for bubble in bubbles):
                yield from bubbles
                return
        elif is_object(item) and len(path) < _DEEPEST:
            waiting += [((*path, key), inner) for key, inner in as_object(item).items()]


def _record(entry: dict[str, Any], path: Path, prompt: str) -> Bubble | None:
    key = next((key for key in _TEXTS if isinstance(entry.get(key), str)), None)
    if key is None:
        return None
    text = as_text(entry[key])
    role: Literal["user", "assistant"] | None = None
    for flag in _FLAGS:
        if isinstance(entry.get(flag), bool):
            role = "user" if entry[flag] else "assistant"
    speaker = next((entry[name] for name in _SPEAKERS if name != key and isinstance(entry.get(name), str)), None)
    if role is None and speaker is not None:
        role = "user" if _USERS.match(speaker) or text.strip() == prompt else "assistant"
    return None if role is None else Bubble(role=role, text=text, path=(*path, key))


def output_value(page: Page, output: int, parts: Iterable[int] = ()) -> object:
    """What an output shows now: its value, what is drawn into it, or the texts of its parts."""
    if parts:
        return [page.values.get(number) or "" for number in parts]
    component = page.graph.components.get(output)
    if component is not None and component.type == "column":
        return drawn_value(page, output)
    return page.values.get(output)


def drawn_value(page: Page, holder: int) -> object:
    """What ``gr.render`` has drawn into a column: a chatbot's value, else the texts, from top to bottom."""
    graph = page.graph
    inside = [component for component in graph.components.values() if holder in graph.around(component.id)]
    for component in inside:
        if is_chatbot(component):
            return page.values.get(component.id)
    texts = [page.values.get(component.id) for component in inside if component.type in PLAIN_ANSWERS]
    return [text for text in texts if isinstance(text, str)]
