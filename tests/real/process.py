"""Start a Python script in one of the environments and end it for certain.

The servers under test pin versions that exclude each other, so each lives in its own virtual environment under
``.venvs/<name>`` (or where ``SPACEBRIDGE_ENVIRONMENTS`` says) and runs as a process. A process started here listens on
a free loopback port, sends nothing to anyone, and does not outlive the test run, however that ends: a pipe ties its
whole process group to us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
CURRENT = "current"
"""The name of the environment that runs the tests; it has the newest gradio."""

_TIE = """
import os, runpy, signal, sys, threading
def follow():
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=follow, daemon=True).start()
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class MissingEnvironment(RuntimeError):
    """An environment that has not been made."""


def interpreter(environment: str) -> str:
    """The Python of an environment."""
    if environment == CURRENT:
        return sys.executable
    base = Path(os.environ.get("SPACEBRIDGE_ENVIRONMENTS") or ROOT / ".venvs")
    python = base / environment / "bin" / "python"
    if not python.exists():
        raise MissingEnvironment(f"no environment {environment!r} at {base}; run `make environments`")
    return str(python)


def available(environment: str) -> bool:
    """Whether an environment has been made."""
    try:
        interpreter(environment)
    except MissingEnvironment:
        return False
    return True


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def quiet_environment() -> dict[str, str]:
    """The variables a server gets: no telemetry, no proxy, nothing fetched, one thread per library."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("PYTEST", "COV_"))}
    return kept | {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "NO_PROXY": "*",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }


class Process:
    """A script that serves HTTP on ``url``. Its log is kept to the last ``log_lines`` lines."""

    def __init__(
        self,
        script: Path,
        *arguments: str,
        environment: str = CURRENT,
        ready: str = "/config",
        env: dict[str, str] | None = None,
        log_lines: int = 2000,
    ) -> None:
        self.script = script
        self.arguments = arguments
        self.environment = environment
        self.ready = ready
        self.port = 0
        self._env = env or {}
        self._files = ""
        self._log: deque[str] = deque(maxlen=log_lines)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return "".join(self._log)

    def start(self, port: int | None = None, timeout: float = 90.0) -> Self:
        """Start and wait until it answers. With ``port``, on that port: a restart that a client must notice."""
        self.port = port or free_port()
        command: Sequence[str] = [
            interpreter(self.environment), "-c", _TIE, str(self.script), "--port", str(self.port), *self.arguments,
        ]  # fmt: skip
        self._files = tempfile.mkdtemp(prefix="spacebridge-test-")  # what the app uploads and caches
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._files,
            env=quiet_environment() | {"GRADIO_TEMP_DIR": self._files} | self._env,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self._wait(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def _read_log(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            self._log.append(line.decode("utf-8", "replace"))

    def _wait(self, timeout: float) -> None:
        assert self._process is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + timeout
        while True:
            if (code := self._process.poll()) is not None:
                raise RuntimeError(f"{self.script.name} in {self.environment} ended with {code}:\n{self.log[-4000:]}")
            try:
                with opener.open(self.url + self.ready, timeout=5):
                    return
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 401:  # it answers: it asks for a login
                    return
            except OSError:
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"{self.script.name} in {self.environment} did not answer:\n{self.log[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and all it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # no grace: a server with open streams would wait for them
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        if self._reader is not None:
            self._reader.join()
        process.stdout.close()
        shutil.rmtree(self._files, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


@contextlib.asynccontextmanager
async def running(process: Process, port: int | None = None) -> AsyncIterator[Process]:
    """A process for the length of a block, without blocking the loop while it starts and ends."""
    await asyncio.to_thread(process.start, port)
    try:
        yield process
    finally:
        await asyncio.to_thread(process.stop)


class Pool:
    """Servers started when first asked for and shared until the pool is closed: one per (script, arguments, place)."""

    def __init__(self) -> None:
        self._running: dict[tuple[object, ...], Process] = {}
        self._lock = threading.Lock()

    def get(self, script: Path, *arguments: str, environment: str = CURRENT, env: dict[str, str] | None = None) -> Process:
        key = (script, arguments, environment, tuple(sorted((env or {}).items())))
        with self._lock:
            if key not in self._running:
                self._running[key] = Process(script, *arguments, environment=environment, env=env).start()
            return self._running[key]

    async def use(self, script: Path, *arguments: str, environment: str = CURRENT, env: dict[str, str] | None = None) -> Process:
        """The same from a coroutine."""
        return await asyncio.to_thread(self.get, script, *arguments, environment=environment, env=env)

    def close(self) -> None:
        with self._lock:
            for process in self._running.values():
                process.stop()
            self._running.clear()
