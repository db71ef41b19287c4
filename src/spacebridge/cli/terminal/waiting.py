"""One line on standard error while one waits: what for, and how long already."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from spacebridge.cli.terminal.clean import clean_line, fitted

if TYPE_CHECKING:
    from spacebridge.chat.events import Notice, Queued, Uploading
    from spacebridge.cli.terminal.streams import Output

__all__ = ["Waiting", "describe_queue"]

_PATIENCE = 0.4
_TICK = 0.12
_CLEAR = "\r\x1b[K"
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_WORTH_A_LINE = 2**20
_PLAIN_FRAMES = "|/-\\"


class Waiting:
    """Shows what is waited for: a line that is repainted on a terminal, else a line whenever the queue moves.

    Args:
        output: standard error.
        silent: show nothing.
    """

    def __init__(self, output: Output, *, silent: bool = False) -> None:
        self._output = output
        self._silent = silent
        self._text = ""
        self._begin = 0.0
        self._shown = False
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    def start(self, text: str) -> None:
        """Begin to wait, or wait for something else now."""
        self._text = text
        if self._silent or not self._output.moves:
            return
        if self._task is None:
            self._begin = time.monotonic()
            self._task = asyncio.create_task(self._animate())

    def queued(self, event: Queued) -> None:
        """The turn waits in the app's queue."""
        text = describe_queue(event)
        if event.rank:
            self._tell(text)
        else:
            self.start(text)

    def status(self, notice: Notice) -> None:
        """The Space is not there yet."""
        self._tell(clean_line(notice.text))

    def _tell(self, text: str) -> None:
        """Wait for something of which a line is written where nothing can be repainted."""
        self.start(text)
        if not self._silent and not self._output.moves and text != self._said:
            self._said = text
            with contextlib.suppress(OSError):
                self._output.write_now(f"{text}\n")

    def sending(self, event: Uploading) -> None:
        """A file is on its way to the app."""
        done = f"{event.sent / event.total:.0%} of {_size(event.total)}" if event.total else _size(event.sent)
        self.start(f"sending {event.name}: {done}")
        if not self._silent and not self._output.moves and event.sent == 0 and (event.total or 0) >= _WORTH_A_LINE:
            with contextlib.suppress(OSError):
                self._output.write_now(f"{self._output.safe(f'sending {event.name}, {_size(event.total or 0)}')}\n")

    def stop(self) -> None:
        """Wait no longer: the line goes away."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.hide()

    def hide(self) -> None:
        """Take the line away until it is painted again."""
        if self._shown:
            self._shown = False
            with contextlib.suppress(OSError):
                self._output.write_now(_CLEAR)

    async def _animate(self) -> None:
        frames = self._output.glyph(_FRAMES, _PLAIN_FRAMES)
        await asyncio.sleep(_PATIENCE)
        number = 0
        while True:
            columns = self._output.size[0]
            line = f"{frames[number % len(frames)]} {_elapsed(time.monotonic() - self._begin)} {clean_line(self._text)}"
            self._shown = True
            with contextlib.suppress(OSError):
                self._output.write_now(f"{_CLEAR}{self._output.dim(fitted(line, max(columns - 1, 1)))}")
            self._output.at_line_start = True
            number += 1
            await asyncio.sleep(_TICK)


def describe_queue(event: Queued) -> str:
    """A place in the queue, in words."""
    if not event.rank:
        return "next in the queue" if event.rank == 0 else "in the queue"
    ahead = f"in the queue, {event.rank} ahead"
    return f"{ahead}, about {_elapsed(event.eta)}" if event.eta else ahead


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size} bytes"


def _elapsed(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
