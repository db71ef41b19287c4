"""The embedded Space by way of the shell, with its real model."""

import re
import signal
import subprocess
import time

import pytest

from tests.cli.shell import COMMAND, environment, run, terminal

pytestmark = pytest.mark.model


def test_ask_the_embedded_space():
    done = run("ask", "-s", "local", "--set", "max_tokens=12", "--set", "temperature=0", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_ctrl_c_leaves_nothing_behind():
    with terminal("ask", "-s", "local", "--plain", "--set", "max_tokens=2000", "Count from 1 to 1000.") as shell:
        shell.wait_for("1", seconds=45)
        shell.type("\x03")
        assert shell.end() == 130
    assert "error" not in shell.text


def test_local_in_the_foreground():
    with subprocess.Popen(
        [*COMMAND, "local", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url), process.stderr.read()
        assert run("doctor", url).returncode == 0
        assert run("ask", "-s", url, "--set", "max_tokens=5", "Hello").returncode == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert f"spacebridge ask -s {url}" in process.stderr.read()
    time.sleep(0.2)
    assert run("ask", "-s", url, "Hello").returncode == 7


def test_a_model_that_is_missing():
    done = run("local", "--model", "no-such-model.gguf")
    assert done.returncode == 9
    assert "no-such-model.gguf" in done.stderr
