"""Runs the shell as users do: piped, or on a terminal of its own."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
CHAT_APP = Path(__file__).parent / "chat_app.py"
COMMAND = [sys.executable, "-m", "spacebridge"]

# A process gets the terminal as its controlling one, so that Ctrl-C typed there becomes a signal.
_TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])")


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPACEBRIDGE", "NO_COLOR", "LC_", "HF_"))}
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return kept | {"PYTHONPATH": str(SOURCE), "TERM": "xterm-256color", "LANG": "C.UTF-8"} | more


def run(*arguments: str, stdin: str | bytes | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command with pipes, to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=environment(**env),
        timeout=50,
        check=False,
    )
    output, errors = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, output, errors)


class Terminal:
    """A command on a terminal: what it writes, and a keyboard."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24, **env: str) -> None:
        self._master, slave = pty.openpty()
        with contextlib.suppress(ImportError):
            import fcntl
            import termios

            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE, *COMMAND, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(**env),
            start_new_session=True,
        )
        os.close(slave)
        self.raw = ""
        self._bytes = b""

    @property
    def text(self) -> str:
        """All that was written, without escape sequences."""
        return _ESCAPES.sub("", self.raw).replace("\r", "")

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str, seconds: float = 20.0, after: int = 0) -> int:
        """Read until some text was written; the place behind it."""
        end = time.monotonic() + seconds
        while text not in self.text[after:]:
            if not self._read(max(0.0, end - time.monotonic())):
                raise AssertionError(f"{text!r} did not come, but {self.text[after:]!r}")
        return self.text.index(text, after) + len(text)

    def end(self, seconds: float = 20.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while self._read(max(0.0, end - time.monotonic())):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # all who had it open are gone
            return False
        self._bytes += data
        self.raw = self._bytes.decode("utf-8", "replace")
        return bool(data)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@contextlib.contextmanager
def terminal(
    *arguments: str, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """A command on a terminal, for the length of a block."""
    made = Terminal(*arguments, columns=columns, rows=rows, **(env or {}))
    try:
        yield made
    finally:
        made.close()
