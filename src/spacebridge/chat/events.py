"""What happens in a turn, as events, and what it comes to, as an answer."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Answer",
    "Attachment",
    "AttachmentAdded",
    "Event",
    "Finished",
    "Notice",
    "Queued",
    "ReasoningDelta",
    "Rewritten",
    "Started",
    "TextDelta",
    "ToolStep",
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


class TextDelta(Event, tag="text"):
    """The answer grew by this text."""

    text: str


class ReasoningDelta(Event, tag="reasoning"):
    """The reasoning grew by this text."""

    text: str


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


class Rewritten(Event, tag="rewritten"):
    """The app changed what it had said: the answer so far is now ``text[:keep] + replacement``."""

    kind: Literal["layout", "content"]
    """``layout``: only white space of the old text changed."""
    keep: int
    """Characters of the old text that stay."""
    replacement: str


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file, image, audio or the like in an answer."""

    url: str
    """Where the app serves it; for a private app it needs the same credentials as the app."""
    path: str = ""
    """Its path on the server."""
    name: str = ""
    mime_type: str | None = None
    size: int | None = None
    alt_text: str | None = None
    kind: str = "file"
    """``file``, or the component that shows it: ``image``, ``audio``, ``plot``, …."""


class AttachmentAdded(Event, tag="attachment"):
    """The answer has one more attachment."""

    attachment: Attachment


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


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn came to."""

    text: str
    reasoning: str = ""
    steps: tuple[ToolStep, ...] = ()
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
