"""The answer as plain text: to a pipe exactly as it is, to a terminal without what a terminal would obey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.chat.append import AppendOnly
from spacebridge.chat.events import (
    AttachmentAdded,
    AttachmentRemoved,
    Finished,
    Notice,
    Queued,
    ReasoningDelta,
    ReasoningRewritten,
    ToolStep,
    Uploading,
)
from spacebridge.cli.show.presenter import Steps, attachment_line, notice_line, options_line
from spacebridge.errors import AnswerRewritten

if TYPE_CHECKING:
    from spacebridge.chat.events import Attachment, Event, Option
    from spacebridge.cli.terminal.streams import Output
    from spacebridge.cli.terminal.waiting import Waiting

__all__ = ["PlainText"]


class PlainText:
    """Writes the answer to standard output as it grows, and everything else to standard error.

    Args:
        output: standard output.
        errors: standard error.
        waiting: the line that is shown until there is something to show.
        reasoning: write the reasoning, too.
    """

    def __init__(self, output: Output, errors: Output, waiting: Waiting, *, reasoning: bool) -> None:
        self._output = output
        self._errors = errors
        self._waiting = waiting
        self._reasoning = reasoning
        self._append = AppendOnly()
        self._attachments: list[Attachment] = []
        self._options: tuple[Option, ...] = ()
        self._steps = Steps()
        self._wrote = False

    async def feed(self, event: Event) -> None:
        """Write what an event adds."""
        if isinstance(event, Queued):
            self._waiting.queued(event)
        elif isinstance(event, Uploading):
            self._waiting.sending(event)
        elif isinstance(event, Notice):
            if event.level == "progress":
                self._waiting.start(f"{event.title} {event.text}")
            else:
                self._aside(notice_line(event, self._errors))
        elif isinstance(event, ReasoningDelta):
            await self._think(event.text)
        elif isinstance(event, ReasoningRewritten):
            await self._think(f"\n(it thinks better of it:)\n{event.replacement}")
        elif isinstance(event, ToolStep):
            if line := self._steps.line(event, self._errors):
                self._aside(line)
            elif not self._wrote:
                self._waiting.start(event.title)
        elif isinstance(event, AttachmentAdded):
            self._attachments.append(event.attachment)
        elif isinstance(event, AttachmentRemoved):
            self._attachments.remove(event.attachment)
        else:
            await self._text(event)

    async def close(self, error: BaseException | None) -> None:
        """End the line, and name the files of the answer."""
        self._waiting.stop()
        if isinstance(error, BrokenPipeError):
            return
        if self._wrote and not self._output.at_line_start:
            await self._output.write("\n")
        for line in self._steps.rest(self._errors):
            self._aside(line)
        for attachment in self._attachments:
            if self._wrote or error is not None:
                self._aside(attachment_line(attachment, self._errors))
            else:  # the files are the answer
                await self._output.write(f"{self._output.safe(attachment.url or attachment.name)}\n")
        if self._options:
            self._aside(options_line(self._options, self._errors))

    async def _think(self, text: str) -> None:
        if self._reasoning:
            self._waiting.stop()
            await self._errors.write(self._errors.dim(self._errors.safe(text)))
            self._errors.at_line_start = text.endswith("\n")
        else:
            self._waiting.start("the model is thinking")

    async def _text(self, event: Event) -> None:
        if isinstance(event, Finished):
            self._options = event.options
        try:
            piece = self._append.feed(event)
        except AnswerRewritten as error:
            if not self._output.is_terminal:
                raise
            await self._output.write("\n" * (not self._output.at_line_start))
            whole = self._output.safe(error.text)
            await self._output.write(f"--- the app changed its answer; this is the whole of it: ---\n{whole}")
            return
        if piece:
            self._waiting.stop()
            if not self._errors.at_line_start:
                self._aside("")
            self._wrote = True
            await self._output.write(self._output.safe(piece))
        elif isinstance(event, Finished):
            self._waiting.stop()

    def _aside(self, line: str) -> None:
        """A line on standard error."""
        self._waiting.hide()
        same_screen = self._output.is_terminal and self._errors.is_terminal
        broken = not self._errors.at_line_start or (same_screen and not self._output.at_line_start)
        end = "\n" if line or broken else ""
        begin = "\n" if line and broken else ""
        self._errors.write_now(f"{begin}{self._errors.dim(line) if line else ''}{end}")
        self._errors.at_line_start = True
        if same_screen:
            self._output.at_line_start = True
