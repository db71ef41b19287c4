"""A real Valkey or Redis server for the tests: nothing is saved, and it ends with the block."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from types import TracebackType
from typing import Self

from tests.real.process import free_port

NAMES = ("valkey-server", "redis-server")


class ValkeyServer:
    """A server of one's own on a free port. ``kill`` and ``start`` let it die and come back, empty."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        program = next((path for path in map(shutil.which, NAMES) if path), None)
        assert program, f"none of {', '.join(NAMES)} is installed; run `python3 scripts/programs.py`"
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(16).startswith(b"+PONG"):
                        return self
            except OSError:
                pass
            assert self._process.poll() is None, f"{program} ended with {self._process.returncode}"
            assert time.monotonic() < end, f"{program} did not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
