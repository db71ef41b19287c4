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

Llm = Callable[..., str]


@pytest.fixture
def llm(tmp_path: Path) -> Llm:
    """``llm("-m", "space/mine", "Hello")``: what the command says."""
    program = Path(interpreter("friends")).with_name("llm")

    def asked(*words: str, fails: bool = False) -> str:
        done = run(program, *words, home=tmp_path)
        assert bool(done.returncode) == fails, done.stderr[-3000:]
        return done.stderr if fails else done.stdout

    (tmp_path / "llm").mkdir()
    return asked


def test_over_the_gateway(llm: Llm, served: Served, tmp_path: Path):
    # A JSON file is YAML, too.
    entry = {"model_id": "echo", "model_name": "echo", "api_base": f"{served.url}/v1", "api_key_name": "gateway"}
    (tmp_path / "llm" / "extra-openai-models.yaml").write_text(json.dumps([entry]))
    llm("keys", "set", "gateway", "--value", "unused")
    assert llm("-m", "echo", "Hello") == "Echo: Hello | history=0\n"
    # llm tells all that was said; the gateway knows it again.
    assert llm("-c", "And more").startswith("Echo: And more | history=4")


@pytest.mark.timeout(180)
def test_spaces_are_models_without_a_gateway(llm: Llm, servers: Pool):
    app = APPS["interface_thoughts"]
    url = servers.get(app.script, *app.arguments)
    assert llm("spaces", "add", "mine", url) == 'llm -m space/mine "Hello"\n'
    assert {f"space/mine\t{url}", "space/local\tlocal"} <= set(llm("spaces", "list").splitlines())
    assert llm("-m", "space/mine", "Hello") == "Echo: Hello | history=0\n"
    assert llm("-c", "And more").startswith("Echo: And more | history=4")
    (logged,) = json.loads(llm("logs", "-n", "1", "--json"))
    assert logged["reasoning"] == "I look. I think. I know."
    assert llm("-c", "--async", "--no-stream", "Once more").startswith("Echo: Once more | history=8")
    assert "has no setting 'temperature'" in llm("-m", "space/mine", "-o", "temperature", "1", "x", fails=True)
    assert "are no JSON" in llm("-m", "space/mine", "-o", "settings", "x", "x", fails=True)
    llm("spaces", "remove", "mine")
    assert "No Space of yours" in llm("spaces", "remove", "mine", fails=True)


def test_settings_files_and_a_system_message(llm: Llm, servers: Pool, tmp_path: Path):
    settings, multimodal = APPS["interface_settings"], APPS["interface_multimodal"]
    named = {
        "set": servers.get(settings.script, *settings.arguments),
        "files": servers.get(multimodal.script, *multimodal.arguments),
    }
    (tmp_path / "llm" / "spaces.json").write_text(json.dumps(named))
    said = llm("-m", "space/set", "-s", "Be brief", "-o", "temperature", "1.5", "-o", "settings", '{"Loud": true}', "x")
    assert "settings=Be brief,1.5,512,True" in said
    note = tmp_path / "note.txt"
    note.write_text("some text")
    assert "files=note.txt" in llm("-m", "space/files", "--at", str(note), "text/plain", "Look")


def test_a_conversation_of_another_app_is_told_anew(llm: Llm, servers: Pool, tmp_path: Path):
    spaces = tmp_path / "llm" / "spaces.json"
    for name in ("interface", "interface_thoughts"):
        app = APPS[name]
        spaces.write_text(json.dumps({"mine": servers.get(app.script, *app.arguments)}))
        if name == "interface":
            llm("-m", "space/mine", "Hello")
    assert llm("-c", "And more").startswith("Echo: And more | history=2 last=Echo: Hello")
