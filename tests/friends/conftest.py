"""A gateway for the friends, and a way to run them in their environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.served import Served, gateway
from tests.real.apps import APPS
from tests.real.process import ROOT, Pool, interpreter, quiet_environment

ASSISTANT = ROOT / "tests" / "gateway" / "assistant_app.py"


@pytest.fixture(scope="package")
def served(servers: Pool) -> Iterator[Served]:
    """Two models: ``echo`` says what it was told, ``assistant`` calls a tool and writes JSON."""
    echo = APPS["interface_thoughts"]
    models = {"echo": servers.get(echo.script, *echo.arguments), "assistant": servers.get(ASSISTANT)}
    flags = [part for name, url in models.items() for part in ("--model", f"{name}={url}")]
    with gateway(*flags) as running:
        yield running


def run(*command: str | Path, home: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """A program of the friends' environment, to its end."""
    env = quiet_environment() | {
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(home),
        "LLM_USER_PATH": str(home / "llm"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LANGSMITH_TRACING": "false",
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=55, check=False, env=env, input=text, cwd=home
    )


@pytest.fixture
def ask(served: Served, tmp_path: Path) -> Callable[[str], Any]:
    """Run a program with the gateway's address as its argument; what it prints last, as JSON."""

    def asked(program: str) -> Any:
        done = run(interpreter("friends"), "-c", program, f"{served.url}/v1", home=tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return asked
