"""`spacebridge ask` as programs and people use it, against a real Gradio app."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.chat_app import HOSTILE, MARKDOWN
from tests.cli.shell import CHAT_APP, COMMAND, environment, run, terminal
from tests.real.process import Pool

RULES = Path(__file__).parents[1] / "real" / "apps" / "rules"


def wait_for_log(servers: Pool, text: str, count: int = 1) -> None:
    """Wait until the app has said something so often."""
    end = time.monotonic() + 20
    while servers.log().count(text) < count:
        assert time.monotonic() < end, servers.log()[-2000:]
        time.sleep(0.05)


def test_an_answer_to_a_pipe(chat: str):
    done = run("ask", "-s", chat, "Hello", "there")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Echo: Hello there (0)\n", "")


def test_the_space_of_the_environment(chat: str):
    assert run("ask", "Hello", SPACEBRIDGE_SPACE=chat).stdout == "Echo: Hello (0)\n"


def test_standard_input(chat: str):
    assert run("ask", "-s", chat, "-", stdin="Hé\r\nllo\n").stdout == "Echo: Hé\nllo (0)\n"
    assert run("ask", "-s", chat, stdin="Hello").stdout == "Echo: Hello (0)\n"
    assert run("ask", "-s", chat, "Say", "this:", "-", stdin="Hello\n").stdout == "Echo: Say this:\n\nHello (0)\n"
    assert run("ask", "-s", chat, "-", stdin=b"\xff\xfe\x00").returncode == 2
    assert run("ask", "-s", chat, "-", stdin="").returncode == 2


def test_standard_input_that_nobody_closes_is_left_alone(chat: str):
    reading, writing = os.pipe()
    try:
        done = subprocess.run(
            [*COMMAND, "ask", "-s", chat, "Hello"], stdin=reading, capture_output=True, env=environment(), timeout=30,
            check=False,
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    assert done.stdout == b"Echo: Hello (0)\n"


def test_text_comes_as_it_grows(chat: str):
    with subprocess.Popen(
        [*COMMAND, "ask", "-s", chat, "slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        first = os.read(process.stdout.fileno(), 1000)
        assert first.startswith(b"tick ")
        assert len(first) < 500
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (130, b"")
        assert rest.endswith(b"\n")


def test_events_for_programs(chat: str):
    done = run("ask", "-s", chat, "--json", "Hello")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["type"] == "finished"
    assert (
        "".join(event["text"] for event in events if event["type"] == "text") == events[-1]["text"] == "Echo: Hello (0)"
    )
    assert len({event["turn_id"] for event in events}) == 1
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments, name, code",
    [
        (["-s", "{chat}", "fail"], "AppFailed", 8),
        (["-s", "{chat}", "empty"], "EmptyAnswer", 8),
        (["-s", "{chat}", "--set", "heat=1", "hi"], "UnknownSetting", 2),
        (["-s", "{chat}", "--chat", "nope", "hi"], "NoChatFound", 3),
        (["-s", "{chat}", "-f", str(CHAT_APP), "hi"], "FileRefused", 2),
        (["-s", "no such place", "hi"], "AddressError", 3),
        (["-s", "http://127.0.0.1:9", "hi"], "CannotConnect", 7),
        (["-s", "{chat}", "--timeout", "1", "slow"], "TimedOut", 6),
        (["-s", "local:no-such-model.gguf", "hi"], "MissingPart", 9),
    ],
)
def test_errors(chat: str, arguments: list[str], name: str, code: int):
    arguments = [argument.format(chat=chat) for argument in arguments]
    done = run("ask", *arguments)
    assert done.returncode == code
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert "Traceback" not in done.stderr
    told = run("ask", "--json", *arguments)
    last = json.loads(told.stdout.splitlines()[-1])
    assert (last["type"], last["error"], told.returncode) == ("error", name, code)
    assert last["message"] in done.stderr or name == "TimedOut"
    assert {"hint", "partial"} <= set(last)
    if name == "AppFailed":
        assert (done.stdout, last["partial"]) == ("partial\n", "partial")


def test_a_traceback_only_for_who_wants_it(chat: str):
    assert "Traceback" in run("--debug", "ask", "-s", chat, "fail").stderr
    assert "Traceback" in run("ask", "-s", chat, "fail", SPACEBRIDGE_DEBUG="1").stderr


def test_an_answer_that_was_taken_back(chat: str):
    done = run("ask", "-s", chat, "rewrite")
    assert done.returncode == 8
    assert done.stdout in ("# One\n\ntwo \n", "# One\n\ntwo\n")
    assert "--settle end" in done.stderr
    assert done.stderr.endswith("the whole answer:\nsomething else\n")
    done = run("ask", "-s", chat, "--settle", "end", "rewrite")
    assert (done.returncode, done.stdout) == (0, "something else\n")


def test_whoever_reads_goes_away(servers: Pool, chat: str):
    before = servers.log().count("STOPPED")
    with subprocess.Popen(
        [*COMMAND, "ask", "-s", chat, "slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        assert process.wait(20) == 141
        assert process.stderr.read() == b""
    wait_for_log(servers, "STOPPED", before + 1)


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="pipes have a fixed size here")
def test_ctrl_c_when_nobody_reads(servers: Pool, chat: str):
    before = servers.log().count("STOPPED")
    with subprocess.Popen(
        [*COMMAND, "ask", "-s", chat, "slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)  # of one page: full as soon as it is not empty
        select.select([process.stdout], [], [], 20)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    wait_for_log(servers, "STOPPED", before + 1)


def test_the_second_ctrl_c_ends_at_once(servers: Pool):
    app = servers.own(CHAT_APP)
    with terminal("ask", "-s", app.url, "slow") as shell:
        shell.wait_for("tick tick")
        os.killpg(app.pid, signal.SIGSTOP)  # it does not even take the cancel
        try:
            shell.type("\x03")
            time.sleep(0.5)
            assert shell.process.poll() is None
            shell.type("\x03")
            assert shell.end(3) == 130
        finally:
            os.killpg(app.pid, signal.SIGCONT)
    app.stop()


def test_a_full_disk(chat: str):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("wb") as disk:
        done = subprocess.run(
            [*COMMAND, "ask", "-s", chat, "Hello"], stdout=disk, stderr=subprocess.PIPE, env=environment(), timeout=30,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"error: No space left on device\n")


def test_a_trace(chat: str, tmp_path: Path):
    file = tmp_path / "wire.jsonl"
    assert run("ask", "-s", chat, "--trace", str(file), "Hello").returncode == 0
    assert json.loads(file.read_text().splitlines()[0])["url"] == f"{chat}/config"
    assert run("ask", "-s", chat, "--trace", str(tmp_path / "no" / "such"), "Hello").returncode != 0


def test_settings_files_and_login(servers: Pool, tmp_path: Path):
    settings = servers.get(RULES / "interface.py", "--form", "settings")
    done = run("ask", "-s", settings, "--set", "temperature=0.5", "--set", "Loud=true", "--system", "Be brief", "Hi")
    assert "settings=Be brief,0.5,512,True" in done.stdout
    multimodal = servers.get(RULES / "interface.py", "--form", "multimodal")
    file = tmp_path / "plan.txt"
    file.write_text("x")
    assert "files=plan.txt" in run("ask", "-s", multimodal, "-f", str(file), "Hi").stdout
    login = servers.get(RULES / "interface.py", "--form", "login")
    assert run("ask", "-s", login, "Hi").returncode == 4
    assert run("ask", "-s", login, "--auth", "ada:secret", "Hi").returncode == 0
    assert run("ask", "-s", login, "Hi", SPACEBRIDGE_AUTH="ada:secret").returncode == 0
    assert run("ask", "-s", login, "--auth", "ada:wrong", "Hi").returncode == 4


def test_a_password_is_asked_for_and_not_shown(servers: Pool):
    login = servers.get(RULES / "interface.py", "--form", "login")
    with terminal("ask", "-s", login, "--auth", "ada", "Hi") as shell:
        shell.wait_for("Password of ada")
        time.sleep(0.2)
        shell.type("secret\n")
        shell.wait_for("Echo: Hi")
        assert shell.end() == 0
        assert "secret" not in shell.raw


def test_reasoning_and_steps(servers: Pool):
    url = servers.get(RULES / "interface.py", "--form", "thoughts")
    done = run("ask", "-s", url, "Hi")
    assert done.stdout == "Echo: Hi | history=0\n"
    assert "Used tool weather" in done.stderr
    assert "I know." not in done.stderr
    done = run("ask", "-s", url, "--reasoning", "Hi")
    assert done.stdout == "Echo: Hi | history=0\n"
    assert "I look. I think. I know." in done.stderr
    with terminal("ask", "-s", url, "Hi") as shell:
        assert shell.end() == 0
        assert "(thought for" in shell.text
        assert "Used tool weather" in shell.text
    with terminal("ask", "-s", url, "--reasoning", "Hi") as shell:
        assert shell.end() == 0
        assert "I look. I think. I know.\n" in shell.text


def test_files_are_the_answer_if_there_is_no_text(chat: str):
    done = run("ask", "-s", chat, "picture")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{chat}/gradio_api/file=")
    assert done.stdout.endswith("plan.txt\n")


# On a terminal


def test_markdown_is_rendered(chat: str):
    with terminal("ask", "-s", chat, "markdown") as shell:
        assert shell.end() == 0
    for line in (
        "Bridges",
        "A bridge and code, see here (https://example.org/b), <b>html</b>.",
        " 1 first",
        "    return 1",
    ):
        assert f"\n{line}\n" in f"\n{shell.text}"
    assert "\x1b[" in shell.raw


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_dumb_terminal_gets_plain_text(chat: str, env: dict[str, str]):
    with terminal("ask", "-s", chat, "markdown", env=env) as shell:
        assert shell.end() == 0
    assert "\x1b" not in shell.raw
    assert shell.text == MARKDOWN


def test_no_colours(chat: str):
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?[349][0-7](?:;[0-9;]*)?m")
    with terminal("ask", "-s", chat, "markdown", env={"NO_COLOR": "1"}) as shell:
        assert shell.end() == 0
    assert not colour.search(shell.raw)
    with terminal("ask", "-s", chat, "markdown") as shell:
        assert shell.end() == 0
    assert colour.search(shell.raw)


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}])
def test_other_encodings(chat: str, env: dict[str, str]):
    with terminal("ask", "-s", chat, "é 日本", env=env) as shell:
        assert shell.end() == 0
    assert "Echo: " in shell.text
    done = run("ask", "-s", chat, "é", **env)
    assert done.returncode == 0


@pytest.mark.parametrize("form", ["--markdown", "--plain"])
def test_hostile_output(chat: str, form: str):
    with terminal("ask", "-s", chat, form, "hostile") as shell:
        assert shell.end() == 0
    for sequence in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e", "\x1b[31m"):
        assert sequence not in shell.raw
    assert "a␛[31mb" in shell.text
    assert "note: t␛[31m: n␛]0;owned␇" in shell.text
    with terminal("ask", "-s", chat, form, "fail") as shell:
        assert shell.end() == 8
    assert "no ␛[31mluck" in shell.text
    assert run("ask", "-s", chat, "hostile").stdout == HOSTILE


def test_a_long_answer_scrolls(chat: str):
    with terminal("ask", "-s", chat, "many", columns=40, rows=10) as shell:
        assert shell.end() == 0
    kept = shell.text
    for number in (0, 17, 500, 1169):
        assert f"line {number}\n" in kept


def test_a_narrow_terminal(chat: str):
    with terminal("ask", "-s", chat, "markdown", columns=6, rows=4) as shell:
        assert shell.end() == 0


def test_ctrl_c_stops_the_work_on_the_server(servers: Pool, chat: str):
    before = servers.log().count("STOPPED")
    with terminal("ask", "-s", chat, "slow") as shell:
        shell.wait_for("tick tick")
        began = time.monotonic()
        shell.type("\x03")
        assert shell.end() == 130
        assert time.monotonic() - began < 6
    assert "error" not in shell.text
    wait_for_log(servers, "STOPPED", before + 1)


def test_waiting_is_told(servers: Pool, chat: str):
    with terminal("ask", "-s", chat, "slow") as first:
        first.wait_for("tick tick")
        with terminal("ask", "-s", chat, "Hello") as second:
            second.wait_for("in the queue")
            waiting = run_in_background("ask", "-s", chat, "Hello")
            assert waiting.stderr is not None
            assert "in the queue, 1 ahead" in waiting.stderr.readline().decode()
            second.wait_for(" s ")
            first.type("\x03")
            assert first.end() == 130
            second.wait_for("Echo: Hello (0)")
            assert second.end() == 0
            assert waiting.wait(20) == 0
            assert waiting.stdout is not None
            waiting.stdout.close()
            waiting.stderr.close()


def run_in_background(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )
