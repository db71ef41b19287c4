"""What apps say never takes over the terminal, whatever shows it; what goes to a pipe is as they said it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.chat_app import HOSTILE, LINE
from tests.cli.shell import run, terminal
from tests.real.apps import APPS
from tests.real.process import Pool

OBEYED = ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e", "\x1b[31m", "\x1bP", "\x1b_")


def harmless(raw: str) -> bool:
    return not any(sequence in raw for sequence in OBEYED)


@pytest.fixture
def kinds(servers: Pool) -> str:
    """An app whose answers have steps, files and texts that are hostile."""
    return servers.get(APPS["kinds"].script, *APPS["kinds"].arguments)


@pytest.mark.parametrize("form", ["--plain", "--markdown", "--json"])
@pytest.mark.parametrize("prompt", ["hostile", "hostile-rewrite", "hostile-fail"])
def test_answers_rewrites_and_errors(chat: str, form: str, prompt: str):
    with terminal("ask", "-s", chat, form, prompt) as shell:
        assert (
            shell.end() == (8 if prompt == "hostile-fail" or (form, prompt) == ("--json", "hostile-rewrite") else 0)
            or form == "--json"
        )
        assert harmless(shell.raw)
        assert ("code" if prompt != "hostile-fail" else "luck") in shell.text


@pytest.mark.parametrize("form", ["--plain", "--markdown", "--json"])
def test_titles_names_and_notices(kinds: str, form: str):
    with terminal("ask", "-s", kinds, form, "--reasoning", "hostile", columns=500) as shell:
        assert shell.end() == 0
        assert harmless(shell.raw)
        for part in ("owned", "gnp"):
            assert part in shell.text


@pytest.mark.parametrize("command", [("inspect",), ("inspect", "--json"), ("doctor", "--json"), ("doctor",)])
def test_what_an_app_calls_itself(chat: str, command: tuple[str, ...]):
    with terminal(*command, chat, columns=200) as shell:
        assert shell.end() == 0
        assert harmless(shell.raw)


def test_a_chat_with_it(chat: str):
    with terminal("chat", "-s", chat, "--plain") as shell:
        place = shell.wait_for("Ctrl-D ends.")
        shell.type("hostile-fail\r")
        shell.wait_for("luck", after=place)
        shell.type("\x04")
        shell.end()
        # prompt_toolkit moves the cursor itself; of the app nothing may be obeyed.
        assert "owned\x07" not in shell.raw
        assert "\u202e" not in shell.raw


def test_what_is_logged(chat: str):
    with terminal("ask", "-s", chat, "--plain", "hostile-fail", env={"SPACEBRIDGE_DEBUG": "1"}) as shell:
        assert shell.end() == 8
        assert "Traceback" in shell.text
        assert harmless(shell.raw)


@pytest.mark.parametrize("form", ["--plain", "--markdown"])
def test_a_line_of_a_megabyte(chat: str, form: str):
    with terminal("ask", "-s", chat, form, "hostile-long") as shell:
        assert shell.end(seconds=50) == 0
        assert harmless(shell.raw)
        assert shell.text.count("w") >= 190 * 5000


def test_a_pipe_gets_what_was_said(chat: str, kinds: str):
    assert run("ask", "-s", chat, "hostile").stdout == HOSTILE
    assert run("ask", "-s", chat, "hostile-long").stdout == LINE * 5000 + "\n"
    lines = [json.loads(line) for line in run("ask", "-s", kinds, "--json", "hostile").stdout.splitlines()]
    assert lines[-1]["text"] == "a\x1b[31mb\x9bc\u202ed"
    [step] = [line for line in lines if line["type"] == "tool"]
    assert step["title"] == "tool \x1b]0;owned\x07 \u202egnp"


def test_html_of_an_error_is_text(chat: str):
    done = run("ask", "-s", chat, "hostile-fail")
    assert "<b>" not in done.stderr
    assert "luck" in done.stderr
    assert "see (https://x.example/" in done.stderr


def test_json_on_a_terminal_means_the_same(chat: str):
    with terminal("ask", "-s", chat, "--json", "hostile", columns=5000) as shell:
        assert shell.end() == 0
        lines = [json.loads(line) for line in shell.raw.replace("\r", "").splitlines() if line.startswith("{")]
    assert lines[-1]["text"] == HOSTILE.rstrip("\n")


def test_names_of_files_that_are_sent(servers: Pool, tmp_path: Path):
    url = servers.get(APPS["inlets_box"].script, *APPS["inlets_box"].arguments)
    path = tmp_path / "a\x1b]0;owned\x07\u202egnp.txt"
    path.write_bytes(b"x" * 3_000_000)
    with terminal("ask", "-s", url, "--plain", "-f", str(path), "Look") as shell:
        assert shell.end() == 0, shell.text
        assert harmless(shell.raw)
    done = run("ask", "-s", url, "-f", str(path), "Look")
    assert "3.0 MB" in done.stderr
    assert ":3000000:" in done.stdout
