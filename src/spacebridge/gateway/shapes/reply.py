"""One answer on its way to a client, in the terms that all APIs share."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING, Literal

import msgspec

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.events import (
    AttachmentAdded,
    AttachmentRemoved,
    Finished,
    ReasoningDelta,
    ReasoningRewritten,
    Rewritten,
    TextDelta,
)
from spacebridge.gateway.shapes.channel import Channel
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.tools import calls_anywhere
from spacebridge.gateway.shapes.usage import weigh

if TYPE_CHECKING:
    from spacebridge.chat.events import Attachment, Event
    from spacebridge.gateway.shapes.request import Request
    from spacebridge.gateway.shapes.tools import Call

__all__ = ["Called", "Piece", "Reasoned", "Reply", "Spoken"]


class Spoken(msgspec.Struct, frozen=True):
    """More of the answer's text."""

    text: str


class Reasoned(msgspec.Struct, frozen=True):
    """More of the reasoning."""

    text: str


class Called(msgspec.Struct, frozen=True):
    """A call of a tool."""

    number: int
    """Of the answer's calls, counted from 0."""
    id: str
    name: str
    arguments: str
    """A JSON object, as text."""


Piece = Spoken | Reasoned | Called


class Reply:
    """Turns the events of a turn into pieces that are only ever appended.

    Where the request has the text held, it is given at the end, as the page finally shows it.

    Args:
        request: what the client wants.
        limited: whether ``max_tokens`` is kept here, by estimate, since the app has no setting for it.

    Attributes:
        calls: those that were given.
        rewritten: the whole final text, where the app changed what had been given; else None.
        reasoning_rewritten: the whole reasoning, where the app changed what had been given of it; else None.
        attachments: files that came with the answer.
        finished: whether ``finish`` was called.
    """

    def __init__(self, request: Request, *, limited: bool = True) -> None:
        self.calls: list[Called] = []
        self.rewritten: str | None = None
        self.reasoning_rewritten: str | None = None
        self.attachments: list[Attachment] = []
        self.finished = False
        self._request = request
        self._limited = limited
        self._held = request.held
        self._plain = not (self._held or request.stop or request.tools.offered or (limited and request.max_tokens))
        """Whether the text is passed on as it comes."""
        self._text = io.StringIO()
        self._reasoning = io.StringIO()
        self._append = AppendOnly()
        self._now = io.StringIO()
        self._channel = Channel(request, limited=limited)
        self._waiting: list[str | Call] = []
        """What is given at the end."""
        self._checked = False
        self._asked_again = False
        self._failure: Problem | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more is wanted: the turn can be left."""
        return self._channel.over

    @property
    def stop_sequence(self) -> str | None:
        """The stop sequence that ended the text."""
        return self._channel.stop_sequence

    @property
    def reason(self) -> Literal["stop", "length", "tool_calls"]:
        """Why the answer ended, in OpenAI's words."""
        if self._channel.cut:
            return "length"
        return "tool_calls" if self.calls else "stop"

    @property
    def text(self) -> str:
        """The text that was given."""
        return self._text.getvalue()

    @property
    def reasoning(self) -> str:
        """The reasoning that was given."""
        return self._reasoning.getvalue()

    def weight(self) -> tuple[int, int]:
        """The weight of the answer and of the reasoning, in hundredths of a token."""
        said = sum(weigh(call.name) + weigh(call.arguments) for call in self.calls)
        return weigh(self.text) + said, weigh(self.reasoning)

    def feed(self, event: Event) -> list[Piece]:
        """What to append because of an event; often nothing."""
        if isinstance(event, TextDelta) and (text := self.spoken(event)) is not None:
            return [Spoken(text)] if text else []
        if isinstance(event, TextDelta | Rewritten | Finished):
            if self._channel.over:
                return []
            if self._held:
                self._hold(event)
                return []
            return self._given(self._channel.feed(self._appended(event)))
        if isinstance(event, ReasoningDelta | ReasoningRewritten):
            return [] if self._channel.over else self._reasoned(event)
        if isinstance(event, AttachmentAdded):
            self.attachments.append(event.attachment)
        elif isinstance(event, AttachmentRemoved) and event.attachment in self.attachments:
            self.attachments.remove(event.attachment)
        return []

    def spoken(self, event: TextDelta) -> str | None:
        """The text to append because of more text, where it is passed on as it comes; else None, and it is not fed."""
        if not self._plain:
            return None
        text = self._append.feed(event)
        self._text.write(text)
        return text

    def repair(self) -> str | None:
        """What to say in one more turn, if the answer is not what was asked for; it is then forgotten.

        There is one such turn. None says that the answer can be finished, or has failed.
        """
        if self._checked:
            return None
        self._waiting.extend(self._channel.finish() if self._held else ())
        reminder, self._failure = self._check()
        if self._failure is None or self._asked_again:
            self._checked = True
            return None
        self._asked_again = True
        self._restart("")
        return reminder

    def finish(self) -> list[Piece]:
        """The turn has ended, or was left because nothing more is wanted.

        Raises:
            Problem: the answer is not what was asked for.
        """
        if self._held:
            self._asked_again = True  # whoever ends here does not ask again
            self.repair()
            if self._failure is not None:
                raise self._failure
            given = self._given(self._waiting)
        else:
            given = self._given(self._channel.finish()) if self.rewritten is None else []
        if not self.calls and self.attachments and not self.text.strip() and self.rewritten is None:
            given += self._given([_shown(self.attachments)])
        self.finished = True
        return given

    def _reasoned(self, event: ReasoningDelta | ReasoningRewritten) -> list[Piece]:
        if isinstance(event, ReasoningDelta):
            more = event.text
            if self.reasoning_rewritten is not None:
                self.reasoning_rewritten += more
                return []
        else:
            before = self.reasoning if self.reasoning_rewritten is None else self.reasoning_rewritten
            now = before[: event.keep] + event.replacement
            if not self._request.stream:  # nothing of it has gone yet
                self._reasoning = io.StringIO()
                self._reasoning.write(now)
                return []
            if not now.startswith(self.reasoning):
                self.reasoning_rewritten = now
                return []
            more, self.reasoning_rewritten = now[len(self.reasoning) :], None
        more = self._channel.within(more)
        self._reasoning.write(more)
        return [Reasoned(more)] if more else []

    def _appended(self, event: Event) -> str:
        try:
            return self._append.feed(event)
        except errors.AnswerRewritten as error:
            self.rewritten = error.text
            return ""

    def _hold(self, event: TextDelta | Rewritten | Finished) -> None:
        if isinstance(event, TextDelta):
            self._now.write(event.text)
            self._waiting.extend(self._channel.feed(event.text))
        elif isinstance(event, Rewritten):
            self._restart(self._now.getvalue()[: event.keep] + event.replacement)
        elif event.text != self._now.getvalue():
            self._restart(event.text)

    def _restart(self, text: str) -> None:
        """Take the answer anew, from its beginning."""
        self._now = io.StringIO()
        self._now.write(text)
        self._channel = Channel(self._request, limited=self._limited)
        self._channel.within(self.reasoning)
        self._waiting = self._channel.feed(text)

    def _check(self) -> tuple[str, Problem | None]:
        """Whether what waits is what was asked for: else what to say, and the error if that does not help."""
        request, text = self._request, "".join(piece for piece in self._waiting if isinstance(piece, str))
        if self._channel.cut or any(not isinstance(piece, str) for piece in self._waiting):
            return "", None
        if request.tools.demanded:
            self._waiting = [*calls_anywhere(text, request.tools.names)]
            if self._waiting:
                return "", None
            return request.tools.reminder(), Problem(
                "The model was asked twice to call a function, and did not.", status=502, code="no_tool_call"
            )
        if request.format is not None:
            found, wrong = request.format.taken_from(text)
            self._waiting = [found]
            if not wrong:
                return "", None
            return request.format.reminder(wrong), Problem(
                f"The model was asked twice for JSON, and its answer still can't be used:\n{wrong}",
                status=502,
                code="invalid_json_answer",
            )
        return "", None

    def _given(self, found: list[str | Call]) -> list[Piece]:
        """What was found, as pieces; of calls only the first where they may not be parallel."""
        pieces: list[Piece] = []
        for one in found:
            if isinstance(one, str):
                self._text.write(one)
                pieces.append(Spoken(one))
            elif self._request.tools.parallel or not self.calls:
                call = Called(len(self.calls), f"call_{secrets.token_hex(12)}", one.name, one.arguments)
                self.calls.append(call)
                pieces.append(call)
        return pieces


def _shown(attachments: list[Attachment]) -> str:
    """Files as Markdown: for an answer that is nothing but files."""
    lines: list[str] = []
    for one in attachments:
        mark = "!" if one.kind == "image" or (one.mime_type or "").startswith("image/") else ""
        name = (one.alt_text or one.name or one.kind).replace("[", "(").replace("]", ")")
        lines.append(f"{mark}[{name}](<{one.url}>)")
    return "\n\n".join(lines)
