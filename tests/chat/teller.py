"""Shows a tracker what a chatbot shows, step by step, and holds the events to what they promise."""

from __future__ import annotations

import copy
from typing import Any

from spacebridge.chat.events import (
    Attachment,
    AttachmentAdded,
    Event,
    Finished,
    ReasoningDelta,
    Rewritten,
    TextDelta,
    ToolStep,
)
from spacebridge.chat.rules import TextRules
from spacebridge.chat.tracker import AnswerTracker
from spacebridge.gradio.diff import GrowingValue, Operation
from spacebridge.page.values import LiveValue

__all__ = ["Reader", "Teller"]


def bare(text: str) -> str:
    """A text without white space."""
    return "".join(text.split())


class Reader:
    """Reads events as a caller does, and checks each against the text so far."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.text = ""
        self.reasoning = ""
        self.finished: Finished | None = None

    def take(self, event: Event) -> None:
        assert self.finished is None, "nothing comes after the end"
        self.events.append(event)
        match event:
            case TextDelta():
                assert event.text, "a delta says something"
                self.text += event.text
            case ReasoningDelta():
                assert event.text, "a delta says something"
                self.reasoning += event.text
            case Rewritten():
                now = self.text[: event.keep] + event.replacement
                assert 0 <= event.keep <= len(self.text)
                assert not self.text.startswith(now) or len(now) < len(self.text)
                same = bare(now).startswith(bare(self.text))
                assert event.kind == ("layout" if same else "content")
                assert not now.startswith(self.text), "what only goes on is a delta"
                self.text = now
            case Finished():
                self.finished = event
                assert self.text == event.text
            case _:
                pass

    def of(self, kind: type[Any] | tuple[type[Any], ...]) -> list[Any]:
        """The events of one kind, or of some."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def deltas(self) -> list[str]:
        return [event.text for event in self.of(TextDelta)]

    @property
    def rewrites(self) -> list[tuple[str, int, str]]:
        return [(event.kind, event.keep, event.replacement) for event in self.of(Rewritten)]


class Teller:
    """A chatbot that shows things to a tracker.

    Args:
        before: what it showed before the turn.
        prompt: what the user said.
        options: of the tracker.
    """

    def __init__(self, before: Any = None, prompt: str = "hi", **options: Any) -> None:
        self.reader = Reader()
        self.growing = GrowingValue()
        self.live = LiveValue(growing=self.growing)
        rules = options.pop("rules", None) or TextRules()
        self.tracker = AnswerTracker(
            copy.deepcopy(before),
            prompt,
            rules=rules,
            emit=self.reader.take,
            attachment=lambda file: Attachment(
                url=file.url or f"at:{file.path}", path=file.path, name=file.name, kind=file.kind, raw=file.raw
            ),
            **options,
        )

    def show(self, *values: Any) -> Teller:
        """Show whole values, one after another."""
        for value in values:
            self.growing.set(copy.deepcopy(value))
            self.tracker.update(self.live, None)
        return self

    def grow(self, *operations: Operation) -> Teller:
        """Change what is shown by operations."""
        self.growing.apply(copy.deepcopy(list(operations)))
        self.tracker.update(self.live, list(operations))
        return self

    def look(self) -> Teller:
        """Show again what has been shown, as a whole."""
        self.tracker.update(self.live, None)
        return self

    def finish(self) -> Finished:
        """End the turn."""
        finished = self.tracker.finish()
        self.reader.take(finished)
        return finished

    @property
    def text(self) -> str:
        assert self.reader.text == self.tracker.text
        return self.reader.text

    @property
    def reasoning(self) -> str:
        return self.tracker.reasoning

    @property
    def steps(self) -> list[ToolStep]:
        return self.reader.of(ToolStep)

    @property
    def files(self) -> list[str]:
        return [event.attachment.path for event in self.reader.of(AttachmentAdded)]
