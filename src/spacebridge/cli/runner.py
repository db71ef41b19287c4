"""Runs a command's coroutine: Ctrl-C and other signals, errors as one line, exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

import typer

from spacebridge.cli.exits import BROKEN_PIPE, exit_code, hint_for
from spacebridge.cli.terminal.streams import Output, stderr
from spacebridge.errors import NoChatFound, SpacebridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType

__all__ = ["DEBUG", "Interrupts", "debugging", "report", "run"]

DEBUG = "SPACEBRIDGE_DEBUG"
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupts:
    """What a signal cancels: the command, or for a while only a part of it.

    The first signal cancels, and what is cancelled takes leave of the server, within its bounds. The second ends the
    program at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, command: asyncio.Task[int]) -> None:
        self._loop = loop
        self._command = command
        self._part: asyncio.Task[Any] | None = None
        self._part_hit = False
        self.signal: int | None = None
        """The signal that ended the command."""
        self.at_exit: list[Callable[[], None]] = []
        """Called before the program ends at once, to set the terminal right."""

    def hit(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler
        """Take a signal."""
        if self._part is not None and number == signal.SIGINT and not self._part_hit:
            self._part_hit = True
            self._loop.call_soon_threadsafe(self._part.cancel)
        elif self.signal is None and not self._part_hit:
            self.signal = number
            self._loop.call_soon_threadsafe(self._command.cancel)
        else:
            for action in self.at_exit:
                with contextlib.suppress(Exception):
                    action()
            os._exit(128 + number)

    async def only(self, part: Coroutine[Any, Any, int]) -> int | None:
        """Await a part of the command, which Ctrl-C cancels alone; None if it did."""
        self._part_hit = False
        self._part = task = asyncio.ensure_future(part)
        try:
            return await task
        except asyncio.CancelledError:
            if not self._part_hit or self.signal is not None:
                task.cancel()
                await asyncio.wait({task})
                raise
            return None
        finally:
            self._part, self._part_hit = None, False


def run(command: Callable[[Interrupts], Coroutine[Any, Any, int]]) -> None:
    """Run a command to its end.

    Raises:
        typer.Exit: with the exit code.
    """
    raise typer.Exit(_run(command))


def _run(command: Callable[[Interrupts], Coroutine[Any, Any, int]]) -> int:
    interrupts: Interrupts | None = None

    async def begin() -> int:
        nonlocal interrupts
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in one
        interrupts = Interrupts(loop, task)
        for name in _SIGNALS:
            signal.signal(getattr(signal, name), interrupts.hit)
        return await command(interrupts)

    if debugging():
        handler = logging.StreamHandler()
        handler.setFormatter(_Harmless(logging.BASIC_FORMAT))
        logging.basicConfig(level=logging.INFO, handlers=[handler])
        logging.getLogger("spacebridge").setLevel(logging.DEBUG)
    try:
        return asyncio.run(begin(), debug=False)
    except asyncio.CancelledError:
        ended_by = interrupts.signal if interrupts is not None else None
        return 128 + (ended_by or signal.SIGINT)
    except BrokenPipeError:
        _let_go_of_stdout()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the outermost place
        return report(error)


class _Harmless(logging.Formatter):
    """Writes what others said so that a terminal does not obey it."""

    def format(self, record: logging.LogRecord) -> str:
        return stderr().safe(super().format(record))


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def report(error: BaseException, output: Output | None = None) -> int:
    """Say on standard error what went wrong; return the exit code."""
    out = output or stderr()
    lines = [("" if out.at_line_start else "\n") + f"error: {_message(error)}"]
    if isinstance(error, SpacebridgeError):
        lines += _details(error)
    if debugging():
        lines += traceback.format_exception(error)
    with contextlib.suppress(OSError):
        out.write_now("\n".join(out.safe(line).rstrip("\n") for line in lines) + "\n")
    return exit_code(error)


def _message(error: BaseException) -> str:
    if isinstance(error, SpacebridgeError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    hint = "" if debugging() else f" ({DEBUG}=1 in the environment shows where.)"
    return f"this should not happen: {type(error).__name__}: {error}{hint}"


def _details(error: SpacebridgeError) -> list[str]:
    lines: list[str] = []
    if isinstance(error, NoChatFound):
        lines += [f"  - {line}" for line in error.looked_at]
    wait: object = getattr(error, "retry_after", None)
    hint = hint_for(error)
    if isinstance(wait, int | float) and f"{wait:g}" not in hint:
        hint = f"Wait {wait:g} s. {hint}".rstrip()
    if hint:
        lines.append(f"hint: {hint}")
    return lines


def _let_go_of_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes at its end."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
