"""What happens in a turn, as events, and what it comes to, as an answer."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from spacebridge.chat.attachment import Attachment

__all__ = [
    "Answer",
    "Attachment",
    "AttachmentAdded",
    "AttachmentRemoved",
    "Event",
    "Finished",
    "Notice",
    "Offered",
    "Option",
    "Queued",
    "ReasoningDelta",
    "ReasoningRewritten",
    "Rewritten",
    "Started",
    "TextDelta",
    "Thought",
    "ToolStep",
    "Uploading",
]


class Event(msgspec.Struct, kw_only=True, tag_field="type"):
    """Base of all events of a turn."""

    turn_id: str = ""
    """The same for all events of a turn."""
    bubble: int | None = None
    """Which of the turn's answer bubbles it is about, counted from 0, where it is about one."""


class Queued(Event, tag="queued"):
    """The turn waits in the app's queue."""

    rank: int | None = None
    """How many are before it."""
    size: int | None = None
    """How many are in the queue."""
    eta: float | None = None
    """Seconds until its turn, as the app estimates."""


class Started(Event, tag="started"):
    """The app began to work."""


class Uploading(Event, tag="uploading"):
    """A file is on its way to the app; sent at its beginning, at its end, and now and then between."""

    name: str
    sent: int
    """Bytes."""
    total: int | None = None
    """Bytes, where that is known."""


class TextDelta(Event, tag="text"):
    """The answer grew by this text."""

    text: str


class ReasoningDelta(Event, tag="reasoning"):
    """The reasoning grew by this text."""

    text: str


class Thought(Event, tag="thought"):
    """What the app tells of a piece of reasoning that has a title; its text comes as ``ReasoningDelta``.

    Sent again when something of it changes.
    """

    id: str
    parent: str | None = None
    title: str = ""
    status: str | None = None
    """``pending`` or ``done``, where the app says so."""
    duration: float | None = None
    """Seconds, where the app says so."""
    log: str = ""
    """What the app shows beside the title."""


class ToolStep(Event, tag="tool"):
    """A step that the app shows as one: a tool that is called, a search. Sent again when it changes."""

    id: str
    parent: str | None = None
    title: str = ""
    text: str = ""
    status: str | None = None
    """``pending`` or ``done``, where the app says so."""
    duration: float | None = None
    """Seconds, where the app says so."""
    log: str = ""
    """What the app shows beside the title."""


class Rewritten(Event, tag="rewritten"):
    """The app changed what it had said: the answer so far is now ``text[:keep] + replacement``."""

    kind: Literal["layout", "content"]
    """``layout``: only white space of the old text changed."""
    keep: int
    """Characters of the old text that stay."""
    replacement: str


class ReasoningRewritten(Event, tag="reasoning_rewritten"):
    """The app changed its reasoning: the reasoning so far is now ``reasoning[:keep] + replacement``."""

    keep: int
    """Characters of the old reasoning that stay."""
    replacement: str


class AttachmentAdded(Event, tag="attachment"):
    """The answer has one more attachment."""

    attachment: Attachment


class AttachmentRemoved(Event, tag="attachment_removed"):
    """An attachment is no part of the answer any more, such as a preview of a picture."""

    attachment: Attachment


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the app offers as the next thing to say; ``Conversation.choose`` takes its value or label."""

    value: str
    label: str = ""
    """What the page shows for it, where that is something else."""


class Offered(Event, tag="offered"):
    """The app offers something to choose from."""

    options: tuple[Option, ...]


class Notice(Event, tag="notice"):
    """What the page tells besides the answer: ``gr.Info``, progress, or what could not be replayed."""

    level: str
    """``info``, ``warning``, ``success``, ``error`` or ``progress``."""
    title: str = ""
    text: str = ""


class Finished(Event, tag="finished"):
    """The answer is complete."""

    text: str
    """The whole answer, as the page finally shows it."""
    reasoning: str = ""
    layout_changed: bool = False
    """Whether a ``Rewritten`` of kind ``layout`` came."""
    options: tuple[Option, ...] = ()
    """What the app offers to choose from now."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn came to."""

    text: str
    reasoning: str = ""
    thoughts: tuple[Thought, ...] = ()
    steps: tuple[ToolStep, ...] = ()
    options: tuple[Option, ...] = ()
    """What the app offers to choose from now."""
    attachments: tuple[Attachment, ...] = ()
    notices: tuple[Notice, ...] = ()
    layout_changed: bool = False
    rewritten: bool = False
    """Whether the app changed what it had already said; ``text`` is right in any case."""

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return msgspec.to_builtins(self)
