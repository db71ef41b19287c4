"""Clients as processes, and what they measured as tables."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
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
        self._errors = tempfile.TemporaryFile("w+")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._python, "-m", f"benchmarks.clients.{self.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def run(self, url: str, prompts: Sequence[Sequence[str]], **more: Any) -> dict[str, Any]:
        """Do a job; see ``benchmarks.clients.job``."""
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        job = {"url": url, "prompts": prompts, **more}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        reply = self._process.stdout.readline()
        if not reply:
            code = self._process.wait()
            self._errors.seek(0)
            raise RuntimeError(f"the client {self.name} ended with {code}:\n{self._errors.read()[-2000:]}")
        return json.loads(reply)


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
