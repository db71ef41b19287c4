"""A trace that was recorded can be replayed: the same library says the same again, with no app behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from spacebridge import Space
from tests.doubles.trace_server import TraceServer
from tests.real.apps import NEW, OLD, SSE, SSE_V1, WS

pytestmark = pytest.mark.servers

# Session hashes are made anew, and the root is the address of the real app.
VARYING = {"session_hash", "root"}


@pytest.mark.parametrize(
    "name, environment",
    [
        *((name, environment) for name in ("interface", "echo") for environment in (WS, SSE, SSE_V1, OLD, NEW)),
        *((name, environment) for name in ("change_state", "timer") for environment in (OLD, NEW)),
    ],
)
async def test_a_recorded_turn(
    rule_app: Callable[[str, str], str], tmp_path: Path, name: str, environment: str
) -> None:
    file = tmp_path / "turn.jsonl"
    async with Space(await asyncio.to_thread(rule_app, name, environment), trace=file) as space:
        conversation = space.conversation()
        said = [(await conversation.ask(prompt)).text for prompt in ("Hello", "[[emoji]]")]
    async with TraceServer(file) as server:
        async with Space(server.url) as space:
            conversation = space.conversation()
            assert [(await conversation.ask(prompt)).text for prompt in ("Hello", "[[emoji]]")] == said
        if name != "timer":  # how often it ticks is not always the same
            # After a silence, as on a busy machine, the app is asked which it is; that depends on the clock.
            assert not [each for each in server.untold if not each.path.endswith("/app_id")]
        if name == "echo":  # elsewhere several requests are under way at once
            for recorded, body in server.told:
                if isinstance(recorded.body, dict):
                    assert {k: v for k, v in body.items() if k not in VARYING} == {
                        k: v for k, v in recorded.body.items() if k not in VARYING
                    }


async def test_secrets_are_not_recorded(rule_app: Callable[[str, str], str], tmp_path: Path) -> None:
    file = tmp_path / "turn.jsonl"
    url = await asyncio.to_thread(rule_app, "interface_login", NEW)
    async with Space(url, auth=("ada", "secret"), token="hf_" + "t" * 30, trace=file) as space:
        await space.conversation().ask("Hello")
    recorded = file.read_text("utf-8")
    assert "/login" in recorded
    assert "secret" not in recorded
    assert "hf_t" not in recorded
    assert "access-token" not in recorded
