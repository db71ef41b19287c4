"""Clients as processes, and what they measured as tables."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.real.process import CURRENT, ROOT, interpreter, quiet_environment

PATHS = os.pathsep.join([str(ROOT / "src"), str(ROOT)])


def environment() -> dict[str, str]:
    """The variables of a client: no proxy, no telemetry, and this checkout before what is installed."""
    return quiet_environment() | {"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": ""}


class ClientProcess:
    """One client of ``benchmarks.clients``, in a process of its own that does one job after another."""

    def __init__(self, name: str, *, environment: str = CURRENT) -> None:
        self.name = name
        self._python = interpreter(environment)
        self._process: subprocess.Popen[str] | None = None
        self._errors = ""
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._python, "-m", f"benchmarks.clients.{self.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, reader = self._running(), self._reader
        assert process.stdin is not None
        assert reader is not None
        process.stdin.close()
        if error is not None:
            process.kill()
        process.wait()
        reader.join()
        process.__exit__(kind, error, trace)

    def run(self, url: str, prompts: Sequence[Sequence[str]], **more: Any) -> dict[str, Any]:
        """Do a job; see ``benchmarks.clients.job``."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"url": url, "prompts": prompts, **more}) + "\n")
        process.stdin.flush()
        reply = process.stdout.readline()
        if not reply:
            code = process.wait()
            raise RuntimeError(f"the client {self.name} ended with {code}:\n{self._errors}")
        return json.loads(reply)

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def _read_errors(self) -> None:
        """Keep the last of what the client complains of; a client that is not read would stand still."""
        stream = self._running().stderr
        assert stream is not None
        for line in stream:
            self._errors = (self._errors + line)[-2000:]


def middle(numbers: Iterable[float]) -> float:
    """The median."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass
class Table:
    """Rows of text under headings, the first column to the left and the others to the right."""

    title: str
    headings: Sequence[str]

    def __post_init__(self) -> None:
        self._rows: list[Sequence[str]] = []

    def row(self, *cells: str) -> None:
        self._rows.append(cells)

    def show(self) -> None:
        lines = [self.headings, *self._rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.headings))]
        print(f"\n### {self.title}\n")
        for number, line in enumerate(lines):
            cells = [
                cell.rjust(width) if n else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            print(f"| {' | '.join(cells)} |")
            if number == 0:
                print(f"|{'|'.join('-' * (width + 1) + (':' if n else '-') for n, width in enumerate(widths))}|")
        print(flush=True)


def goal(what: str, *, met: bool) -> None:
    """Say whether a goal was met."""
    print(f"Goal {'met' if met else 'NOT MET'}: {what}", flush=True)


def ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1e3:.1f} ms"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"


def ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}"
