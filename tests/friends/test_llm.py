"""The command line ``llm``: over the gateway, and with Spaces as its own models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.friends.conftest import run
from tests.gateway.served import Served
from tests.real.apps import APPS
from tests.real.process import Pool, interpreter

pytestmark = pytest.mark.servers

Said = list[tuple[str, str]]
Llm = Callable[..., Said]

# One process for several commands: each would import for seconds.
PROGRAM = """
import json, sys
from click.testing import CliRunner
from llm.cli import cli
done = [CliRunner().invoke(cli, words) for words in json.load(sys.stdin)]
print(json.dumps([[one.stdout, one.stderr, one.exit_code] for one in done]))
"""


@pytest.fixture
def llm(tmp_path: Path) -> Llm:
    """Run commands of ``llm``; what each says on both streams. Those after ``!`` fail."""

    def asked(*commands: tuple[str, ...]) -> Said:
        words = [command[1:] if command[0] == "!" else command for command in commands]
        done = run(interpreter("friends"), "-c", PROGRAM, home=tmp_path, text=json.dumps(words))
        assert done.returncode == 0, done.stderr[-3000:]
        said: Said = []
        for command, (out, error, code) in zip(commands, json.loads(done.stdout), strict=True):
            assert bool(code) == (command[0] == "!"), (command, out, error)
            said.append((out, error))
        return said

    (tmp_path / "llm").mkdir()
    return asked


def address(servers: Pool, name: str) -> str:
    app = APPS[name]
    return servers.get(app.script, *app.arguments)


def test_over_the_gateway(llm: Llm, served: Served, tmp_path: Path):
    # A JSON file is YAML, too.
    entry = {"model_id": "echo", "model_name": "echo", "api_base": f"{served.url}/v1", "api_key_name": "gateway"}
    (tmp_path / "llm" / "extra-openai-models.yaml").write_text(json.dumps([entry]))
    _, first, second = llm(("keys", "set", "gateway", "--value", "unused"), ("-m", "echo", "Hello"), ("-c", "And more"))
    assert first[0] == "Echo: Hello | history=0\n"
    # llm tells all that was said; the gateway knows it again.
    assert second[0].startswith("Echo: And more | history=4")


def test_spaces_are_models_without_a_gateway(llm: Llm, servers: Pool):
    url = address(servers, "interface_thoughts")
    added, listed, first, second, third, logs, setting, wrong, _, unknown = llm(
        ("spaces", "add", "mine", url),
        ("spaces", "list"),
        ("-m", "space/mine", "Hello"),
        ("-c", "And more"),
        ("-c", "--async", "--no-stream", "Once more"),
        ("logs", "-n", "1", "--json"),
        ("!", "-m", "space/mine", "-o", "temperature", "1", "x"),
        ("!", "-m", "space/mine", "-o", "settings", "x", "x"),
        ("spaces", "remove", "mine"),
        ("!", "spaces", "remove", "mine"),
    )
    assert added[0] == 'llm -m space/mine "Hello"\n'
    assert {f"space/mine\t{url}", "space/local\tlocal"} <= set(listed[0].splitlines())
    assert first[0] == "Echo: Hello | history=0\n"
    assert "I look. I think. I know." in first[1]
    assert second[0].startswith("Echo: And more | history=4")
    assert third[0].startswith("Echo: Once more | history=8")
    (logged,) = json.loads(logs[0])
    assert logged["reasoning"] == "I look. I think. I know."
    assert "has no setting 'temperature'" in setting[1]
    assert "are no JSON" in wrong[1]
    assert "No Space of yours" in unknown[1]


def test_settings_files_and_a_system_message(llm: Llm, servers: Pool, tmp_path: Path):
    named = {"set": address(servers, "interface_settings"), "files": address(servers, "interface_multimodal")}
    (tmp_path / "llm" / "spaces.json").write_text(json.dumps(named))
    note = tmp_path / "note.txt"
    note.write_text("some text")
    loud = ("-o", "temperature", "1.5", "-o", "settings", '{"Loud": true}')
    said, looked = llm(
        ("-m", "space/set", "-s", "Be brief", *loud, "x"),
        ("-m", "space/files", "--at", str(note), "text/plain", "Look"),
    )
    assert "settings=Be brief,1.5,512,True" in said[0]
    assert "files=note.txt" in looked[0]


def test_a_conversation_of_another_app_is_told_anew(llm: Llm, servers: Pool):
    _, _, _, said = llm(
        ("spaces", "add", "mine", address(servers, "interface")),
        ("-m", "space/mine", "Hello"),
        ("spaces", "add", "mine", address(servers, "interface_thoughts")),
        ("-c", "And more"),
    )
    assert said[0].startswith("Echo: And more | history=2 last=Echo: Hello")
