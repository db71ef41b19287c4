"""What the program loads before it does anything."""

import json
import subprocess
import sys

import pytest

from tests.cli.shell import environment, run

HEAVY = ["aiohttp", "asyncio", "gradio", "gradio_client", "huggingface_hub", "markdown_it", "msgspec", "prompt_toolkit"]
HEAVY += ["pygments", "rich", "ssl", "xllamacpp"]

PROGRAM = """
import json, sys
sys.argv = ["spacebridge", *sys.argv[1:]]
from spacebridge.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
print(json.dumps([code or 0, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["version"], [], ["chat", "--help"], ["ask", "--help"], ["ask", "--set", "x", "hi"], ["doctor", "-h"]],
)  # fmt: skip
def test_nothing_heavy_is_loaded(arguments: list[str]):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=30, check=False)
    _, modules = json.loads(done.stderr.splitlines()[-1])
    assert not set(HEAVY) & set(modules)


@pytest.mark.parametrize("command", ["ask", "chat", "inspect", "doctor"])
def test_asking_loads_neither_gradio_nor_what_terminals_need(command: str):
    program = PROGRAM.replace("code or 0", "0")
    arguments = [command] + (["hi"] if command == "ask" else [])
    arguments += ["-s", "http://127.0.0.1:9"] if command in ("ask", "chat") else ["http://127.0.0.1:9"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=environment(), timeout=30,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    _, modules = json.loads(done.stderr.splitlines()[-1])
    assert not {"gradio", "huggingface_hub", "markdown_it", "prompt_toolkit", "rich", "xllamacpp"} & set(modules)


def test_help_teaches():
    shown = run("--help").stdout
    for word in (
        "Examples:",
        "spacebridge ask",
        "Exit codes:",
        "130",
        "SPACEBRIDGE_SPACE",
        "doctor",
        "chat",
        "inspect",
        "local",
    ):
        assert word in shown
    for command in ("ask", "chat", "inspect", "local", "doctor"):
        assert "Examples:" in run(command, "--help").stdout


@pytest.mark.parametrize("command", [(), ("ask",), ("chat",), ("serve",), ("inspect",), ("config", "check")])
def test_help_fits_a_terminal(command: tuple[str, ...]):
    shown = run(*command, "--help", COLUMNS="80").stdout
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_versions():
    from spacebridge import __version__

    assert run("version").stdout == run("--version").stdout == f"spacebridge {__version__}\n"


def test_wrong_usage():
    assert run().returncode == 2
    assert run("nope").returncode == 2
    assert run("ask").returncode == 2
    assert run("ask", "hi", "--set", "x").returncode == 2
    assert run("ask", "hi", "-f", "there-is-no-such-file").returncode == 2
    done = run("ask", "hi", "--auth", "ada")
    assert done.returncode == 2
    assert "SPACEBRIDGE_AUTH" in done.stderr
