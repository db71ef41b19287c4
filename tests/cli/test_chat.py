"""`spacebridge chat`: typed at a terminal, and piped."""

import json
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from spacebridge.cli.repl.transcript import Exchange, Transcript, load, save
from spacebridge.errors import InvalidConversation
from tests.cli.shell import COMMAND, environment, run, terminal
from tests.cli.test_ask import RULES, wait_for_log
from tests.real.process import Pool


@pytest.fixture
def state(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}


def test_a_conversation_is_remembered(chat: str, state: dict[str, str]):
    with terminal("chat", "-s", chat, env=state) as shell:
        place = shell.wait_for("Ctrl-D ends.")
        assert "Talking with Shell ␛]0;t␇ at" in shell.text
        shell.type("one\r")
        place = shell.wait_for("Echo: one (0)", after=place)
        shell.type("two\r")
        place = shell.wait_for("Echo: two (2)", after=place)
        shell.type("/new\r")
        place = shell.wait_for("A new conversation.", after=place)
        shell.type("three\r")
        shell.wait_for("Echo: three (0)", after=place)
        shell.type("\x04")
        assert shell.end() == 0
    history = Path(state["XDG_STATE_HOME"]) / "spacebridge" / "chat_history"
    assert "+three" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_several_lines(chat: str, state: dict[str, str]):
    with terminal("chat", "-s", chat, "--plain", env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type("one\\\r")
        shell.type("two\x1b\r")
        shell.type("three\r")
        place = shell.wait_for("Echo: one\ntwo\nthree (0)")
        time.sleep(0.3)
        shell.type("\x1b[200~pasted\nlines\x1b[201~\r")
        shell.wait_for("Echo: pasted\nlines (2)", after=place)
        shell.type("//etc\r")
        shell.wait_for("Echo: /etc (4)", after=place)
        shell.type("/quit\r")
        assert shell.end() == 0


def test_ctrl_c_stops_the_answer_only(servers: Pool, chat: str, state: dict[str, str]):
    before = servers.log().count("STOPPED")
    with terminal("chat", "-s", chat, env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type("slow\r")
        shell.wait_for("tick tick")
        shell.type("\x03")
        place = shell.wait_for("(stopped)")
        wait_for_log(servers, "STOPPED", before + 1)
        time.sleep(0.3)
        shell.type("half typed\x03")
        time.sleep(0.3)
        shell.type("after\r")
        shell.wait_for("Echo: after (", after=place)
        shell.type("\x04")
        assert shell.end() == 0


def test_errors_do_not_end_it(chat: str, state: dict[str, str], servers: Pool):
    with terminal("chat", "-s", chat, env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type("fail\r")
        place = shell.wait_for("error: ")
        time.sleep(0.3)
        shell.type("/nope\r")
        place = shell.wait_for("/nope is no command", after=place)
        shell.type("/set heat=1\r")
        place = shell.wait_for("has no setting 'heat'", after=place)
        shell.type("/retry\r")
        place = shell.wait_for("error: ", after=place)
        time.sleep(0.3)
        shell.type("on\r")
        shell.wait_for("Echo: on", after=place)
        shell.type("\x04")
        assert shell.end() == 0
    with terminal("chat", "-s", "http://127.0.0.1:9", env=state) as shell:
        place = shell.wait_for("hint: ")
        time.sleep(0.5)
        shell.type("hello\r")
        shell.wait_for("hint: ", after=place)
        shell.type("\x04")
        assert shell.end() == 0


def test_an_app_that_restarts(state: dict[str, str], servers: Pool):
    app = servers.own(RULES / "echo.py")
    with terminal("chat", "-s", app.url, env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type("one\r")
        shell.wait_for("Echo: one")
        app.stop()
        time.sleep(0.3)
        shell.type("two\r")
        place = shell.wait_for("error: ")
        app.start(app.port)
        time.sleep(0.3)
        shell.type("/new\r")
        place = shell.wait_for("A new conversation.", after=place)
        shell.type("three\r")
        shell.wait_for("Echo: three", after=place)
        shell.type("\x04")
        assert shell.end() == 0


@pytest.mark.parametrize("name", ["chat.md", "chat.json"])
def test_save_and_load(chat: str, state: dict[str, str], tmp_path: Path, name: str):
    file = tmp_path / name
    with terminal("chat", "-s", chat, env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type("one --> two\r")
        shell.wait_for("Echo: one --> two (0)")
        time.sleep(0.3)
        shell.type(f"/save {file}\r")
        shell.wait_for("Saved to")
        shell.type("\x04")
        assert shell.end() == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with terminal("chat", "-s", chat, env=state) as shell:
        shell.wait_for("Ctrl-D ends.")
        shell.type(f"/load {file}\r")
        shell.wait_for("1 turns until now.")
        shell.type("three\r")
        shell.wait_for("Echo: three (2)")
        time.sleep(0.3)
        shell.type(f"/save {tmp_path / 'other'}\r")
        shell.wait_for("Saved to")
        shell.type("\x04")
        assert shell.end() == 0
    assert [turn.prompt for turn in load(tmp_path / "other").turns] == ["one --> two", "three"]
    if name.endswith(".md"):
        text = file.read_text()
        assert "## You\n\none --> two\n\n## Answer\n\nEcho: one --> two (0)" in text
        assert text.count("-->") == 3


def test_what_is_saved_is_not_written_over(tmp_path: Path):
    file = tmp_path / "chat.md"
    save(
        Transcript(address="x", turns=[Exchange(prompt="a <!-- spacebridge: {} -->", answer="\x1b[31m")]),
        file,
        over=False,
    )
    with pytest.raises(FileExistsError):
        save(Transcript(address="y"), file, over=False)
    assert load(file).turns[0].answer == "\x1b[31m"
    assert "\x1b" not in file.read_text()
    save(Transcript(address="y"), file, over=True)
    assert load(file).address == "y"


@pytest.mark.parametrize(
    "text", ["", "# nothing", "{", '{"address": 1}', '{"address": "x", "format": 9}', "<!-- spacebridge: x -->"]
)
def test_files_that_hold_no_conversation(tmp_path: Path, text: str):
    file = tmp_path / "chat.md"
    file.write_text(text)
    with pytest.raises(InvalidConversation):
        load(file)


def test_files_are_sent(servers: Pool, chat: str, state: dict[str, str], tmp_path: Path):
    multimodal = servers.get(RULES / "interface.py", "--form", "multimodal")
    (tmp_path / "plan.txt").write_text("x")
    lines = f"/file {tmp_path / 'plan.txt'}\nfirst\nsecond\n/file nope\n/file {tmp_path / 'plan.txt'}\n/file -\nthird\n"
    done = run("chat", "-s", multimodal, stdin=lines, **state)
    answers = done.stdout.split("\n\n")
    assert ["plan.txt" in answer for answer in answers] == [True, False, False]
    assert "There is no file nope" in done.stderr
    assert done.returncode == 2
    assert "takes no files" in run("chat", "-s", chat, stdin=f"/file {tmp_path / 'plan.txt'}\n").stderr


def test_settings(servers: Pool):
    url = servers.get(RULES / "interface.py", "--form", "settings")
    lines = "/set temperature=0.5\n/system Be brief\nHi\n/settings\n/set temperature=9\n/set nope\n/system -\n"
    done = run("chat", "-s", url, stdin=lines)
    assert "settings=Be brief,0.5,512,False" in done.stdout
    assert "temperature" in done.stderr
    assert "0.5: 0 to 2" in done.stderr
    assert "can't be 9" in done.stderr
    assert "No system message." in done.stderr


def test_lines_of_a_pipe(chat: str, tmp_path: Path):
    done = run("chat", "-s", chat, stdin="one\n\ntwo\\\nlines\n/help\nthree")
    assert done.stdout == "Echo: one (0)\n\nEcho: two\nlines (2)\n\nEcho: three (4)\n"
    assert "/save FILE" in done.stderr
    assert done.returncode == 0
    assert run("chat", "-s", chat, stdin="fail\none\n").returncode == 8
    assert run("chat", "-s", chat).stdout == ""
    lines = tmp_path / "lines"
    lines.write_text("one\ntwo\n")
    with lines.open() as file:
        found = subprocess.run(
            [*COMMAND, "chat", "-s", chat, "--json"],
            stdin=file,
            capture_output=True,
            env=environment(),
            timeout=30,
            check=False,
        )
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [event["text"] for event in events if event["type"] == "finished"] == ["Echo: one (0)", "Echo: two (2)"]


def test_a_pipe_that_stays_open_can_be_interrupted(chat: str):
    with subprocess.Popen(
        [*COMMAND, "chat", "-s", chat],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Echo: one (0)\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_a_pipe_is_interrupted_in_mid_answer(servers: Pool, chat: str):
    before = servers.log().count("STOPPED")
    with subprocess.Popen(
        [*COMMAND, "chat", "-s", chat],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"slow\nnext\n")
        process.stdin.flush()
        assert process.stdout.read(9) == b"tick tick"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert b"next" not in process.stdout.read()
    wait_for_log(servers, "STOPPED", before + 1)


def test_retry_makes_the_last_answer_anew(chat: str, state: dict[str, str], tmp_path: Path):
    with terminal("chat", "-s", chat, env=state) as shell:
        place = shell.wait_for("Ctrl-D ends.")
        shell.type("/retry\r")
        place = shell.wait_for("nothing to say again", after=place)
        shell.type("one\r")
        place = shell.wait_for("Echo: one (0)", after=place)
        shell.type("two\r")
        place = shell.wait_for("Echo: two (2)", after=place)
        shell.type("/retry\r")
        place = shell.wait_for("Echo: two (2)", after=place)
        shell.type(f"/save {tmp_path / 'talk.json'}\r")
        shell.wait_for("Saved to", after=place)
        shell.type("\x04")
        assert shell.end() == 0
    saved = load(tmp_path / "talk.json")
    assert [(turn.prompt, turn.answer) for turn in saved.turns] == [("one", "Echo: one (0)"), ("two", "Echo: two (2)")]


def test_retry_says_it_again_where_the_app_cannot(servers: Pool, state: dict[str, str]):
    with terminal("chat", "-s", servers.get(RULES / "echo.py"), env=state) as shell:
        place = shell.wait_for("Ctrl-D ends.")
        shell.type("one\r")
        place = shell.wait_for("Echo: one | history=1", after=place)
        shell.type("/retry\r")
        place = shell.wait_for("is said again", after=place)
        shell.wait_for("Echo: one | history=3", after=place)
        shell.type("\x04")
        assert shell.end() == 0
