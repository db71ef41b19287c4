"""The shell: ``spacebridge ask``, ``chat``, ``inspect``, ``local``, ``doctor``, ``version``.

::

    commands/   the commands, one a file: what they take, and what they do with it
    options.py  options that several commands share
    runner.py   runs a command's coroutine: signals, errors, exit codes
    exits.py    errors and their exit codes, one table
    show/       events of a turn as text, rendered Markdown, or JSON lines
    terminal/   standard streams, characters that a terminal would obey, the waiting line, the live area

Commands import what they need when they run: ``--help`` loads neither aiohttp nor rich nor Gradio.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> None:
    """Run the program; it ends with the exit code."""
    signal.signal(signal.SIGINT, _interrupted)
    from spacebridge.cli.app import app

    app(prog_name="spacebridge")


def _interrupted(*_: object) -> NoReturn:
    """Ctrl-C before a command takes it over."""
    sys.exit(130)
