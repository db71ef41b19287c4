"""The answer as rendered Markdown on a terminal, as it grows."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from spacebridge.chat.events import (
    AttachmentAdded,
    AttachmentRemoved,
    Finished,
    Notice,
    Queued,
    ReasoningDelta,
    ReasoningRewritten,
    Rewritten,
    TextDelta,
    Thought,
    ToolStep,
    Uploading,
)
from spacebridge.cli.show.blocks import Cutter
from spacebridge.cli.show.presenter import Steps, attachment_line, notice_line, options_line
from spacebridge.cli.terminal.live import LiveArea

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.chat.events import Attachment, Event, Option
    from spacebridge.cli.show.blocks import Block
    from spacebridge.cli.show.markup import Line, Painter
    from spacebridge.cli.terminal.streams import Output
    from spacebridge.cli.terminal.waiting import Waiting

__all__ = ["Rendered"]

_PAUSE = 0.06
_SHARE = 4
"""Of the time, at most one part in so many is spent on painting."""
_CODE_LINES = 12


class Rendered:
    """Renders what is complete once, for good, and what still grows again and again in the lowest lines.

    Args:
        output: standard output, a terminal.
        errors: standard error.
        waiting: the line that is shown until there is something to show.
        painter: renders Markdown.
        reasoning: show the reasoning, too; else only how long it took.
    """

    def __init__(self, output: Output, errors: Output, waiting: Waiting, painter: Painter, *, reasoning: bool) -> None:
        self._output = output
        self._errors = errors
        self._waiting = waiting
        self._painter = painter
        self._reasoning = reasoning
        self._live = LiveArea(output)
        self._cutter = Cutter()
        self._before = ""
        """The answer up to the last cut."""
        self._rest = ""
        self._stuck = False
        self._code: list[Block] = []
        """The open code so far,"""
        self._painted = 0
        """and how many lines of it stay."""
        self._first = True
        self._thought = ""
        self._thinking_since: float | None = None
        self._took: float | None = None
        """How long the reasoning took, as the app says."""
        self._attachments: list[Attachment] = []
        self._options: tuple[Option, ...] = ()
        self._steps = Steps()
        self._later: asyncio.TimerHandle | None = None
        self._next_paint = 0.0

    async def feed(self, event: Event) -> None:
        """Show an event; several that come at once are painted together."""
        if isinstance(event, TextDelta):
            self._end_thought()
            self._rest += event.text
            self._paint_soon()
        elif isinstance(event, Rewritten):
            self._rewrite((self._before + self._rest)[: event.keep] + event.replacement, kind=event.kind)
            self._paint_soon()
        elif isinstance(event, Finished):
            self._options = event.options
            self._finish(event.text)
        elif isinstance(event, ReasoningDelta):
            self._think(event.text)
        elif isinstance(event, ReasoningRewritten):
            self._think(f"\n(it thinks better of it:)\n{event.replacement}")
        else:
            self._around(event)

    def _around(self, event: Event) -> None:
        """Show what is not of the answer."""
        if isinstance(event, AttachmentAdded):
            self._attachments.append(event.attachment)
        elif isinstance(event, AttachmentRemoved):
            self._attachments.remove(event.attachment)
        elif isinstance(event, Queued):
            self._waiting.queued(event)
        elif isinstance(event, Uploading):
            self._waiting.sending(event)
        elif isinstance(event, Thought):
            self._took = event.duration
        elif isinstance(event, Notice):
            if event.level != "progress":
                self._aside(notice_line(event, self._errors))
            elif not self._begun():
                self._waiting.start(f"{event.title} {event.text}")
        elif isinstance(event, ToolStep):
            self._end_thought()
            if line := self._steps.line(event, self._output):
                self._stay(line)
            elif not self._begun():
                self._waiting.start(event.title)

    async def close(self, error: BaseException | None) -> None:
        """Leave on the screen what was said, and name the files of the answer."""
        self._waiting.stop()
        self._end_thought()
        if self._later is not None:
            self._later.cancel()
        if isinstance(error, BrokenPipeError):
            return
        self._paint(final=True)
        for line in self._steps.rest(self._output):
            self._stay(line)
        for attachment in self._attachments:
            self._stay(attachment_line(attachment, self._output))
        if self._options:
            self._stay(options_line(self._options, self._output))

    # The answer

    def _begun(self) -> bool:
        return bool(self._before or self._rest)

    def _rewrite(self, text: str, *, kind: str) -> None:
        if text.startswith(self._before):
            self._rest, self._stuck = text[len(self._before) :], False
            return
        place = _aligned(self._before, text) if kind == "layout" else None
        if place is None:  # what stays on the screen is wrong: wait for the end
            self._stuck = True
            place = len(text)
        self._before, self._rest = text[:place], text[place:]

    def _finish(self, text: str) -> None:
        if text != self._before + self._rest:
            self._rewrite(text, kind="layout")
        if self._stuck:
            self._live.clear()
            self._aside("the app changed its answer; this is the whole of it:")
            self._cutter, self._before, self._rest, self._stuck = Cutter(), "", text, False
            self._code, self._first = [], True
        self._paint(final=True)

    def _paint_soon(self) -> None:
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(
                max(0.0, self._next_paint - time.monotonic()), self._paint
            )

    def _paint(self, *, final: bool = False) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._stuck:
            self._live.update(self._painter.plain("(the app is changing its answer …)", "dim"))
            return
        began = time.monotonic()
        blocks, taken = self._cutter.cut(self._rest, final=final)
        self._before += self._rest[:taken]
        self._rest = self._rest[taken:]
        above = self._settled(blocks, final=final)
        growing = [] if final else self._growing()
        if above or growing:
            self._waiting.stop()
        self._live.update(growing, above=above)
        now = time.monotonic()
        self._next_paint = now + max(_PAUSE, _SHARE * (now - began))

    def _settled(self, blocks: Sequence[Block], *, final: bool) -> list[Line]:
        """Lines that stay. Those of open code are kept back until there are some, for highlighting costs time."""
        lines: list[Line] = []
        for block in blocks:
            if block.kind == "code":
                self._code.append(block)
                continue
            lines += self._settled_code()
            self._code, self._painted = [], 0
            lines += self._rendered(block)
        many = len(self._code) - self._painted >= max(_CODE_LINES, self._output.size[1] // 2)
        return lines + (self._settled_code() if final or many else [])

    def _settled_code(self) -> list[Line]:
        before, new = self._code[: self._painted], self._code[self._painted :]
        self._painted = len(self._code)
        return self._painter.code(new, before=before, fold=False)

    def _growing(self) -> list[Line]:
        first = self._first
        lines = self._painter.code(self._code[self._painted :], fold=True)
        code: list[Block] = []
        for block in [*self._cutter.preview(self._rest), None]:
            if block is not None and block.kind == "code":
                code.append(block)
                continue
            lines += self._painter.code(code, fold=True)
            code = []
            if block is not None:
                lines += self._rendered(block)
        self._first = first
        return lines

    def _rendered(self, block: Block) -> list[Line]:
        empty = [] if self._first or not block.gap else self._painter.plain(" ")
        self._first = False
        if block.kind == "text":
            return empty + self._painter.markdown(block.source)
        return [*empty, self._painter.fence(block)]

    # What is not the answer

    def _think(self, text: str) -> None:
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
        self._thought += text
        if not self._reasoning:
            if not self._begun():
                self._waiting.start(f"thinking: {self._thought[-80:].lstrip()}")
            return
        *lines, self._thought = self._thought.split("\n")
        self._waiting.stop()
        above = [made for line in lines for made in self._painter.plain(line or " ", "dim italic")]
        self._live.update(self._painter.plain(self._thought, "dim italic") if self._thought else [], above=above)
        self._first = False

    def _end_thought(self) -> None:
        since, thought = self._thinking_since, self._thought
        if since is None:
            return
        took = time.monotonic() - since if self._took is None else self._took
        self._thinking_since, self._thought, self._took = None, "", None
        if self._reasoning:
            self._live.update([], above=self._painter.plain(thought, "dim italic") if thought else [])
        else:
            self._stay(f"(thought for {took:.0f} s; --reasoning shows what)")

    def _stay(self, line: str) -> None:
        """Put a line above those that still change."""
        self._waiting.stop()
        self._first = False
        self._live.update(self._growing(), above=self._painter.plain(line, "dim"))

    def _aside(self, line: str) -> None:
        """A line on standard error, which is mostly the same screen."""
        self._waiting.hide()
        if self._errors.is_terminal:
            self._live.clear()
        self._errors.write_now(f"{self._errors.dim(line)}\n")
        self._errors.at_line_start = True
        if self._begun():
            self._live.update(self._growing())


def _aligned(shown: str, text: str) -> int | None:
    """The place in a text up to which it equals what is shown, white space aside; None if it does not."""
    place = 0
    for char in shown:
        if char.isspace():
            continue
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text) or text[place] != char:
            return None
        place += 1
    end = place
    while end < len(text) and text[end].isspace():
        end += 1
    # What was shown ended with a line: the next piece begins one.
    return end if shown.endswith("\n") else place
