"""Start a Python script in one of the environments and end it for certain.

The servers under test pin versions that exclude each other, so each lives in its own virtual environment under
``.venvs/<name>`` (or where ``SPACEBRIDGE_ENVIRONMENTS`` says) and runs as a process. A process started here listens on
a free loopback port, sends nothing to anyone, and does not outlive the test run, however that ends: a pipe ties its
whole process group to us.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
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
HOST = Path(__file__).parent / "apps" / "host.py"
CURRENT = "current"
"""The name of the environment that runs the tests; it has the newest gradio."""

_TIE = """
import os, queue, runpy, shutil, signal, sys, threading
files = os.getcwd()
commands = queue.SimpleQueue()
def follow():
    while data := os.read(0, 65536):
        commands.put(data)
    shutil.rmtree(files, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=follow, daemon=True).start()
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
runpy.run_path(sys.argv[0], run_name="__main__", init_globals={"COMMANDS": commands})
"""


_KEPT = 6
"""Apps of one environment that stay."""


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
    kept = {
        k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("PYTEST", "COV_"))
    }
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
        ready: str | None = "/config",
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
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._log.append(line.decode("utf-8", "replace"))

    def _wait(self, timeout: float) -> None:
        if self.ready is not None:
            self.wait_for(f"{self.url}{self.ready}", timeout)

    def wait_for(self, url: str, timeout: float = 90.0, failure: str | None = None) -> None:
        """Wait until a URL answers; raise with the log where the process ends, or its log has ``failure``, instead."""
        assert self._process is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + timeout
        while True:
            if (code := self._process.poll()) is not None:
                raise RuntimeError(f"{self.script.name} in {self.environment} ended with {code}:\n{self.log[-4000:]}")
            try:
                with opener.open(url, timeout=5):
                    return
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 401:  # it answers: it asks for a login
                    return
            except OSError:
                pass
            if failure is not None and failure in self.log:
                raise RuntimeError(f"{self.script.name} in {self.environment} said {failure}:\n{self.log[-4000:]}")
            if time.monotonic() > end:
                raise TimeoutError(f"{self.script.name} in {self.environment} did not answer:\n{self.log[-4000:]}")
            time.sleep(0.05)

    def wait_for_log(self, text: str, timeout: float = 20.0) -> str:
        """Wait until the log has a text; what a process writes arrives after what it answers. The log."""
        end = time.monotonic() + timeout
        while text not in self.log:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.script.name} did not say {text!r}:\n{self.log[-4000:]}")
            time.sleep(0.02)
        return self.log

    def host(self, script: Path, *arguments: str) -> str:
        """Have a host process serve one more app; its URL."""
        port = free_port()
        self._tell(str(script), port, *arguments)
        url = f"http://127.0.0.1:{port}"
        self.wait_for(f"{url}/config", failure=f"FAILED {port}\n")
        return url

    def retire(self, url: str) -> None:
        """Have a host process close an app."""
        self._tell(None, int(url.rpartition(":")[2]))

    def _tell(self, script: str | None, port: int, *arguments: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([script, port, arguments]).encode() + b"\n")
        self._process.stdin.flush()

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
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        if self._reader is not None:
            self._reader.join()
        process.stdout.close()
        shutil.rmtree(self._files, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
    """Apps started when first asked for and shared until the pool is closed.

    All apps of one environment live in one process, for what takes long is importing gradio. Only the last few that
    were asked for stay: each looks into its queue all the time, in Gradio 6 a thousand times a second. ``own`` gives
    an app a process to itself (which can then be killed, or measured).
    """

    def __init__(self) -> None:
        self._hosts: dict[str, Process] = {}
        self._apps: dict[tuple[Path, tuple[str, ...], str], str] = {}
        self._own: list[Process] = []
        self._lock = threading.Lock()

    def get(self, script: Path, *arguments: str, environment: str = CURRENT) -> str:
        """The URL of the script's app with these arguments; it is started where it does not run yet."""
        key = (script, arguments, environment)
        with self._lock:
            if environment not in self._hosts:
                self._hosts[environment] = Process(HOST, environment=environment, ready=None).start()
            host = self._hosts[environment]
            url = self._apps.pop(key, None) or host.host(script, *arguments)
            self._apps[key] = url  # as the last one
            older = [other for other in self._apps if other[2] == environment][:-_KEPT]
            for other in older:
                host.retire(self._apps.pop(other))
            return url

    async def use(self, script: Path, *arguments: str, environment: str = CURRENT) -> str:
        """The same from a coroutine, without blocking its loop."""
        return await asyncio.to_thread(self.get, script, *arguments, environment=environment)

    def own(
        self, script: Path, *arguments: str, environment: str = CURRENT, env: dict[str, str] | None = None
    ) -> Process:
        """A process that is not shared; it ends with the pool at the latest."""
        process = Process(script, *arguments, environment=environment, env=env).start()
        with self._lock:
            self._own.append(process)
        return process

    def log(self, environment: str = CURRENT) -> str:
        """What the shared process of an environment has said of late."""
        return self._hosts[environment].log if environment in self._hosts else ""

    def close(self) -> None:
        with self._lock:
            for process in [*self._hosts.values(), *self._own]:
                process.stop()
            self._hosts.clear()
            self._apps.clear()
            self._own.clear()
