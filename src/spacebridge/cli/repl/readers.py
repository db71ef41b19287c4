"""Where the lines of a chat come from: a person at a terminal, or a pipe or file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

__all__ = ["Lines", "Reader", "Terminal", "history_file"]

_LONGEST_LINE = 2**26


class Reader(Protocol):
    """Gives one message after another."""

    async def read(self) -> str:
        """The next message.

        Raises:
            EOFError: there are no more.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        ...


class Terminal:
    """Messages typed by a person: with history, and over several lines.

    Enter sends; Alt-Enter, or Enter behind a backslash, begins a new line; pasted text keeps its lines.

    Args:
        commands: words to be completed at the beginning.
    """

    def __init__(self, commands: Sequence[str]) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter

        self._session: PromptSession[str] = PromptSession(
            message="> ",
            multiline=True,
            prompt_continuation="  ",
            history=_history(),
            key_bindings=_keys(),
            completer=WordCompleter(list(commands), sentence=True),
            complete_while_typing=False,
            enable_open_in_editor=True,
        )

    async def read(self) -> str:
        """What is typed next."""
        return await self._session.prompt_async()


class Lines:
    """Messages from a pipe or file, one a line; a backslash at the end of a line goes on with the next."""

    def __init__(self) -> None:
        self._stream: asyncio.StreamReader | None = None
        self._lines: list[bytes] | None = None

    async def read(self) -> str:
        """The next line that is not empty."""
        message = ""
        while True:
            line = await self._next()
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.endswith("\\") and line:
                message += text[:-1] + "\n"
                continue
            message += text
            if not line and not message:
                raise EOFError
            if message.strip():
                return message
            message = ""

    async def _next(self) -> bytes:
        if self._stream is None and self._lines is None:
            await self._open()
        if self._stream is not None:
            return await self._stream.readline()
        return self._lines.pop(0) if self._lines else b""

    async def _open(self) -> None:
        if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it was closed by whoever started us
            self._lines = []
            return
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            self._lines = sys.stdin.buffer.readlines()  # a file: it does not keep us waiting
            return
        self._stream = stream = asyncio.StreamReader(limit=_LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), sys.stdin.buffer
        )


def history_file() -> Path:
    """Where what was typed is kept: in the user's folder for state (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "spacebridge" / "chat_history"


def _history() -> History:
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    with contextlib.suppress(OSError, RuntimeError):
        path = history_file()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))  # for its owner's eyes only
        return FileHistory(str(path))
    return InMemoryHistory()


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    bind: Callable[..., Callable[[Callable[[KeyPressEvent], None]], object]] = keys.add

    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    bind("enter")(enter)
    bind("escape", "enter")(new_line)
    return keys
