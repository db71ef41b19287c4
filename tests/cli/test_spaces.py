"""`spacebridge spaces`, and Spaces on Hugging Face in the other commands. A double plays the Hub, a real app the Space."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacebridge.spaces.catalogue import CATALOGUE
from tests.cli.shell import run, terminal
from tests.cli.test_ask import RULES
from tests.doubles.hub import READ, EdgeDouble, Hosted, HubDouble
from tests.real.process import Pool


class Hub:
    """The Hub and the proxy of Spaces, and the environment that leads there."""

    def __init__(self, hub: HubDouble, edge: EdgeDouble, home: Path) -> None:
        self.hub = hub
        self.edge = edge
        self.env = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home)}

    def add(self, name: str, app: str, at: str | None = None, **options: Any) -> Hosted:
        space = Hosted(name, [app], host=at or self.edge.url, **options)
        self.hub.spaces[name] = space
        self.edge.spaces.append(space)
        return space


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with HubDouble() as hub, EdgeDouble() as edge:
        yield Hub(hub, edge, tmp_path)


def test_the_list():
    done = run("spaces")
    assert done.returncode == 0
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["name", "address", "verified", "about"]
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert "\x1b" not in done.stdout


def test_the_list_for_programs():
    rows = json.loads(run("spaces", "--json").stdout)
    assert [row["name"] for row in rows] == list(CATALOGUE)
    assert set(rows[0]) == {"name", "address", "title", "models", "verified", "notes"}


@pytest.mark.parametrize("columns", [48, 90, 120])
def test_the_list_on_a_terminal(columns: int):
    with terminal("spaces", columns=columns, rows=200) as shell:
        assert shell.end() == 0
    assert max(len(line) for line in shell.text.splitlines()) <= columns
    for row in CATALOGUE.values():
        assert row.name in shell.text
        assert row.address in shell.text
        assert shell.text.count("never") >= len(CATALOGUE)


def test_whether_they_can_be_reached(hub: Hub, chat: str, servers: Pool):
    hub.add("Qwen/Qwen3-Demo", chat)
    hub.add("Qwen/Qwen2.5", servers.get(RULES / "button_only.py"), f"http://localhost:{hub.edge.port}")
    sleeper = hub.add("Qwen/QwQ-32B-Demo", chat, stages=["SLEEPING"])
    hub.add("Qwen/Qwen2.5-Max-Demo", chat, stages=["PAUSED"])
    hub.add("Qwen/Qwen2.5-Coder-demo", chat, stages=["RUNTIME_ERROR"], error="Out of \x1b[31mmemory")
    hub.add("Qwen/QwQ-32B-preview", chat, gated=True)
    hub.add("zai-org/GLM-4.5-Space", chat, sdk="static")
    hub.add("amd/gpt-oss-120b-chatbot", chat, stages=["BUILDING"])
    hub.add("LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct-Demo", chat, "http://127.0.0.1:9")
    done = run("spaces", "--check", "--json", "--timeout", "5", **hub.env)
    assert done.returncode == 0
    seen = {row["name"]: row["check"] for row in json.loads(done.stdout)}
    assert {name: check["state"] for name, check in seen.items() if check["state"] != "not found"} == {
        "qwen-3-demo": "reachable",
        "qwen-2.5-demo": "no chat",
        "qwq-32b-demo": "asleep",
        "qwen-2.5-max-demo": "stopped",
        "qwen-2.5-coder-demo": "stopped",
        "qwq-32b-preview": "refused",
        "glm-4.5": "no chat",
        "gpt-oss-120b": "starting",
        "exaone-3.5-7.8b-instruct": "offline",
    }
    assert seen["qwen-3-demo"]["said"].startswith("gradio 6.")
    assert "memory" in seen["qwen-2.5-coder-demo"]["said"]
    # Politely: one look at each, and nobody was woken or asked anything.
    assert sleeper.visits == 0
    assert len(hub.hub.requests) == len(CATALOGUE)
    assert [request.path for request in hub.edge.requests] == ["/config"] * 2
    shown = run("spaces", "--check", "--timeout", "5", **hub.env).stdout
    assert "reachable" in shown
    assert "asleep" in shown


def test_no_network_at_all():
    done = run("spaces", "--check", "--json", HF_ENDPOINT="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert done.returncode == 7
    assert {row["check"]["state"] for row in json.loads(done.stdout)} == {"offline"}


# The other commands


def test_asking_by_name(hub: Hub, chat: str):
    hub.add("owner/name", chat)
    done = run("ask", "-s", "owner/name", "Hello", **hub.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Echo: Hello (0)\n", "")


def test_waking_is_told(hub: Hub, chat: str):
    hub.add("owner/name", chat, stages=["SLEEPING", "APP_STARTING", "RUNNING"])
    done = run("ask", "-s", "https://huggingface.co/spaces/owner/name", "Hello", **hub.env)
    assert (done.returncode, done.stdout) == (0, "Echo: Hello (0)\n")
    assert done.stderr == "The Space owner/name is asleep and is being woken.\nThe Space owner/name is starting.\n"
    hub.hub.spaces["owner/name"].stages = ["SLEEPING", "RUNNING"]
    with terminal("chat", "-s", "owner/name", columns=120, env=hub.env) as shell:
        shell.wait_for("is asleep and is being woken")
        shell.wait_for("Ctrl-D ends.")
        shell.type("\x04")
        assert shell.end() == 0


def test_what_does_not_run(hub: Hub, chat: str):
    hub.add("owner/name", chat, stages=["RUNTIME_ERROR"], error="Exit code: 1")
    done = run("ask", "-s", "owner/name", "Hello", **hub.env)
    assert done.returncode == 7
    assert "error: The Space owner/name failed (RUNTIME_ERROR): Exit code: 1." in done.stderr
    assert (
        "hint: Only its owner can mend it. Its log: https://huggingface.co/spaces/owner/name?logs=container"
        in done.stderr
    )
    assert run("inspect", "-h").returncode == 0
    hub.add("other/name", chat, stages=["SLEEPING"])
    late = run("inspect", "--timeout", "1", "other/name", **hub.env)
    assert late.returncode == 7
    assert "did not wake within 1 s" in late.stderr


def test_inspecting_by_name(hub: Hub, chat: str):
    hub.add("owner/name", chat)
    found = json.loads(run("inspect", "--json", "owner/name", **hub.env).stdout)
    assert found["hub"] == {
        "id": "owner/name", "stage": "RUNNING", "sdk": "gradio", "hardware": "zero-a10g", "private": False
    }  # fmt: skip
    assert "owner/name (public, gradio, zero-a10g), RUNNING" in run("inspect", "owner/name", **hub.env).stdout
    assert json.loads(run("inspect", "--json", chat).stdout)["hub"] is None


def steps(done: str) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["state"], check["said"]) for check in json.loads(done)["space"]}


def test_the_doctor_knows_hugging_face(hub: Hub, chat: str, tmp_path: Path):
    hub.add("owner/name", chat, stages=["SLEEPING", "RUNNING"])
    done = run("doctor", "--json", "owner/name", HF_TOKEN=READ, SPACE_ID="me/mine", **hub.env)
    assert done.returncode == 0
    assert READ not in done.stdout + done.stderr
    here = {check["name"]: check["said"] for check in json.loads(done.stdout)["here"]}
    assert here["token"] == "from HF_TOKEN in the environment"
    assert here["Hub"] == f"{hub.hub.url} (HF_ENDPOINT)"
    assert "me/mine" in here["inside"]
    found = steps(done.stdout)
    assert list(found) == ["address", "Space", "stage", "name", "TCP", "HTTP", "Gradio", "login", "protocol", "chat"]
    assert found["Space"] == ("ok", "owner/name (public, gradio, zero-a10g)")
    assert found["stage"] == ("ok", "SLEEPING (a visit wakes it)")

    (tmp_path / "token").write_text(READ)
    done = run("doctor", **hub.env)
    assert f"from the login cached in {tmp_path / 'token'}" in done.stdout
    assert READ not in done.stdout
    (tmp_path / "token").unlink()
    assert "none found: public Spaces only" in run("doctor", **hub.env).stdout


def test_the_doctor_says_why_a_space_does_not_run(hub: Hub, chat: str):
    hub.add("owner/name", chat, stages=["PAUSED"])
    done = run("doctor", "--json", "owner/name", **hub.env)
    assert done.returncode == 1
    found = steps(done.stdout)
    assert list(found) == ["address", "Space", "stage"]
    assert found["stage"] == ("failed", "The Space owner/name was paused by its owner.")
    found = steps(run("doctor", "--json", "nobody/nothing", **hub.env).stdout)
    assert found["Space"][0] == "failed"
    assert list(found) == ["address", "Space"]


def test_the_doctor_of_a_url_without_a_hub():
    """The Hub is not needed for it; here nothing else can be reached either."""
    done = run("doctor", "--json", "https://owner-name.hf.space", HF_ENDPOINT="http://127.0.0.1:9")
    found = steps(done.stdout)
    assert found["Space"][0] == "missing"
    assert found["name"][0] == "failed"
