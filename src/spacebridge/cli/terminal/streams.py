"""The standard streams, and what a terminal behind them can do."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, TextIO

from spacebridge.cli.terminal.clean import clean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Output", "stderr", "stdin_is_terminal", "stdout"]

# A write of so much to a pipe that poll() calls writable does not block (POSIX: PIPE_BUF, at least 512).
_PIECE = getattr(select, "PIPE_BUF", 512)


class Output:
    """Standard output or standard error, unbuffered.

    Attributes:
        is_terminal: whether a person sees it directly.
        moves: whether the cursor can be moved: a terminal, and not a dumb one.
        colours: whether colours are wanted: see https://no-color.org.
        unicode: whether characters beyond ASCII can be shown.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._fd: int | None = None
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self._fd = stream.fileno() if stream is not None else None
        self.encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
        self.is_terminal = self._fd is not None and os.isatty(self._fd)
        self.moves = self.is_terminal and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
        self.colours = self.moves and not os.environ.get("NO_COLOR")
        ascii_only = os.environ.get("LC_ALL") in ("C", "POSIX")
        self.unicode = self.encoding.replace("-", "") == "utf8" and not ascii_only
        self._may_block = self._fd is not None and _may_block(self._fd)
        self.at_line_start = True
        """Whether the last that was written ended a line."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal; 80 and 24 where there is none."""
        columns, lines = 0, 0
        with contextlib.suppress(OSError):
            columns, lines = os.get_terminal_size(self._fd if self._fd is not None else 1)
        return columns or 80, lines or 24

    def safe(self, text: str) -> str:
        """Text of others as it may be written here: harmless on a terminal, else as it is."""
        return clean(text) if self.is_terminal else text

    def glyph(self, unicode: str, plain: str) -> str:
        """A character, or what stands for it where it can't be shown."""
        return unicode if self.unicode else plain

    def dim(self, text: str) -> str:
        """The text, less bright where that can be."""
        return f"\x1b[2m{text}\x1b[0m" if self.moves else text

    def write_now(self, text: str) -> None:
        """Write, however long it takes.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        data = memoryview(self._encode(text))
        while data:
            data = data[self._write_some(data) :]

    async def write(self, text: str) -> None:
        """Write; where the reader is slow, others run meanwhile.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        await self.write_bytes(self._encode(text))

    async def write_bytes(self, data: bytes) -> None:
        """The same, of bytes."""
        rest = memoryview(data)
        while rest:
            if self._may_block and self._fd is not None:
                await _until_writable(self._fd)
            rest = rest[self._write_some(rest[:_PIECE]) :]

    def _encode(self, text: str) -> bytes:
        if text:
            self.at_line_start = text.endswith("\n")
        return text.encode(self.encoding, "replace")

    def _write_some(self, data: memoryview) -> int:
        if self._fd is None:
            if self._stream is None:  # closed by whoever started us
                raise BrokenPipeError
            self._stream.write(bytes(data).decode(self.encoding, "replace"))
            return len(data)
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # somebody else made it so
            select.select([], [self._fd], [])
            return 0


def _may_block(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def _until_writable(fd: int) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    if poll.poll(0):
        return
    import asyncio

    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    done: Callable[[], None] = lambda: None if ready.done() else ready.set_result(None)  # noqa: E731
    loop.add_writer(fd, done)
    try:
        await ready
    finally:
        loop.remove_writer(fd)


def stdout() -> Output:
    """Standard output."""
    return Output(sys.stdout)


def stderr() -> Output:
    """Standard error."""
    return Output(sys.stderr)


def stdin_is_terminal() -> bool:
    """Whether a person types what comes in."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()  # pyright: ignore[reportUnnecessaryComparison]
    except ValueError:  # closed
        return False
