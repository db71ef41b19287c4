"""Starts and stops the embedded Space's process. Imports neither Gradio nor the model."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spacebridge.errors import SpaceUnavailable
from spacebridge.local.parts import require_modules
from spacebridge.local.weights import find_weights

# How long the process may take to end by itself. It gives itself less; then it is killed.
_GRACE_SECONDS = 5.0

_LOG_LINES = 200
_LOG_LINE_CHARACTERS = 2000
_LOG_LINES_IN_ERRORS = 20


# `-m spacebridge.local`, but of this very package, wherever it was imported from.
_BOOT = "import sys; sys.path.append(sys.argv.pop(1));from spacebridge.local.serve import main; sys.exit(main())"
_SOURCE = Path(__file__).parents[2]


class EmbeddedSpace:
    """A Gradio app with a small model, in a process of its own.

    An async context manager: starts the process, waits until it answers, stops it. Should its
    owner be killed, the process notices and ends by itself.
    """

    def __init__(
        self,
        *,
        model: str | os.PathLike[str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        startup_timeout: float = 120.0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Describe the Space; nothing is started yet.

        Args:
            model: path of a GGUF file; without it, the one named by the environment variable
                `SPACEBRIDGE_MODEL`, then the installed weights.
            host: address to listen on; the default is reachable from this machine only.
            port: port to listen on; 0 takes a free one.
            startup_timeout: seconds until the Space must answer.
            log: called with every line that the process logs.
        """
        self._model = model
        self._host = host
        self._port = port
        self._startup_timeout = startup_timeout
        self._log = log
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._url: str | None = None
        self._scratch: str | None = None

    @property
    def url(self) -> str:
        """The running Space's base URL, without a trailing slash.

        Raises:
            RuntimeError: it is not running.
        """
        if self._url is None:
            message = "The embedded Space is not running: enter it, or await start()."
            raise RuntimeError(message)
        return self._url

    @property
    def pid(self) -> int | None:
        """The process's id; `None` before it was started."""
        return None if self._process is None else self._process.pid

    @property
    def log_tail(self) -> str:
        """The last lines that the process logged."""
        return "\n".join(self._lines)

    async def start(self) -> str:
        """Start the process and wait until it answers; once in an object's life.

        Returns:
            The base URL.

        Raises:
            MissingPart: the extra or the weights are not installed, or there is no such file.
            SpaceUnavailable: the process could not start, died, or did not answer in time.
            RuntimeError: it was started before.
        """
        if self._process is not None or self._stopping is not None:
            message = "An EmbeddedSpace starts once: make another."
            raise RuntimeError(message)
        require_modules()
        weights = find_weights(self._model)
        try:
            async with asyncio.timeout(self._startup_timeout):
                self._url = await self._launch(weights)
        except TimeoutError:
            await self.aclose()
            message = f"The embedded Space did not answer within {self._startup_timeout:g} s."
            raise _unavailable(self.log_tail, message, "Give it more time, or a smaller model.") from None
        except BaseException:
            await self.aclose()
            raise
        return self._url

    async def wait(self) -> int:
        """Wait until the process ends, for whatever reason.

        Returns:
            Its exit code; the negative number of a signal that killed it.

        Raises:
            RuntimeError: it was never started.
        """
        if self._process is None:
            message = "The embedded Space was never started."
            raise RuntimeError(message)
        return await self._process.wait()

    async def aclose(self) -> None:
        """Stop the process; it is killed when it takes more than 5 s. May be called again."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        # Whoever waits may be cancelled; the process is stopped nevertheless.
        await asyncio.shield(self._stopping)

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        await self.aclose()

    async def _launch(self, weights: Path) -> str:
        # -P: a file named gradio.py in the directory we happen to be in is not Gradio.
        command = [sys.executable, "-P", "-W", "ignore", "-c", _BOOT, str(_SOURCE)]
        options = [f"--model={weights}", f"--host={self._host}", f"--port={self._port}", "--owned"]
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for the owner, who may first want to take leave.
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101  asked for above
        assert process.stderr is not None  # noqa: S101
        self._following = asyncio.create_task(self._follow(process.stderr))
        line = await process.stdout.readline()
        if not line:
            await self._following
            message = f"The embedded Space {_fate(await process.wait())} before it answered."
            raise _unavailable(self.log_tail, message, _advice(process.returncode))
        status: dict[str, Any] = json.loads(line)
        if not status["ready"]:
            await self._following  # until the process has ended, for the whole log
            raise _unavailable(self.log_tail, status["message"], status["hint"])
        self._scratch = status["scratch"]
        return status["url"]

    async def _follow(self, stream: asyncio.StreamReader) -> None:
        """Keep the end of what the process logs; read always, or it would block."""
        rest = b""
        while data := await stream.read(2**16):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-_LOG_LINE_CHARACTERS:]
            for line in lines:
                self._note(line)
        if rest:
            self._note(rest)

    def _note(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()[:_LOG_LINE_CHARACTERS]
        self._lines.append(text)
        if self._log is not None:
            self._log(text)

    async def _stop(self) -> None:
        self._url = None
        process = self._process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()  # which it takes as a sign to end
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._following is not None:
            await self._following
        if self._scratch is not None:  # gone already, unless the process was killed
            shutil.rmtree(self._scratch, ignore_errors=True)


async def run_forever(
    *,
    announce: Callable[[str], None],
    model: str | os.PathLike[str] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    startup_timeout: float = 120.0,
    log: Callable[[str], None] | None = None,
) -> None:
    """Run the Space until cancelled, which is what Ctrl-C does under `asyncio.run`.

    Args:
        announce: called with the base URL, once, when the Space answers.
        model: as for `EmbeddedSpace`.
        host: as for `EmbeddedSpace`.
        port: as for `EmbeddedSpace`.
        startup_timeout: as for `EmbeddedSpace`.
        log: as for `EmbeddedSpace`.

    Raises:
        MissingPart: the extra or the weights are not installed, or there is no such file.
        SpaceUnavailable: the process could not start, or ended by itself.
    """
    space = EmbeddedSpace(model=model, host=host, port=port, startup_timeout=startup_timeout, log=log)
    async with space:
        announce(space.url)
        message = f"The embedded Space {_fate(await space.wait())}."
        raise _unavailable(space.log_tail, message, "Start it again.")


def _unavailable(log: str, message: str, hint: str) -> SpaceUnavailable:
    tail = log.splitlines()[-_LOG_LINES_IN_ERRORS:]
    if tail:
        message = "\n    ".join([f"{message} The end of its log:", *tail])
    return SpaceUnavailable(message, hint=hint)


def _fate(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _advice(code: int | None) -> str:
    if code == -getattr(signal, "SIGILL", 0):
        return "This processor lacks AVX2, which the model's runtime needs."
    if code == -getattr(signal, "SIGKILL", 0):
        return "Perhaps the memory was used up: try a smaller model."
    return "`python -m spacebridge.local` shows what goes wrong."
