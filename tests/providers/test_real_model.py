"""Once with nothing scripted: our class, the real Qwen-Agent app, and a real model that says what it likes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spacebridge.providers import JsonConversation, Qwen_Qwen_2_5M
from tests.real.apps import HERE, QWEN_AGENT, QWEN_AGENT_ENVIRONMENT
from tests.real.process import ROOT, Pool, Process, running
from tests.real.readers import answers

pytestmark = [pytest.mark.servers, pytest.mark.model, pytest.mark.timeout(150)]

SMALL_MODEL: Path = HERE / "small_model.py"


def last_value(trace: Path) -> str:
    """The answer in the last raw value of the chatbot that went over the wire."""
    frames = [json.loads(line).get("data") for line in trace.read_text("utf-8").splitlines()]
    ends = [frame for frame in frames if isinstance(frame, dict) and frame.get("msg") == "process_completed"]
    values = [end["output"]["data"][0] for end in ends if end["output"].get("data")]
    return "\n\n".join(answers(next(value for value in reversed(values) if isinstance(value, list))))


async def test_a_real_model_behind_the_real_app(servers: Pool, tmp_path: Path) -> None:
    small = Process(SMALL_MODEL, ready="/v1/models", env={"PYTHONPATH": str(ROOT / "src")})
    async with running(small) as model:
        server = ("--model-server", f"{model.url}/v1")
        url = await servers.use(QWEN_AGENT, *server, environment=QWEN_AGENT_ENVIRONMENT)
        kept: JsonConversation | None = None
        for number, prompt in enumerate(["Name three colours.", "Write a nested list of two animals with two facts."]):
            trace = tmp_path / f"{number}.jsonl"
            pieces: list[str] = []
            async for item in Qwen_Qwen_2_5M.create_async_generator(
                "",
                [{"role": "user", "content": prompt}],
                return_conversation=True,
                conversation=kept,
                url=url,
                trace=trace,
            ):
                if isinstance(item, JsonConversation):
                    kept = item
                else:
                    pieces.append(item)
            said = "".join(pieces)
            assert said.strip()
            assert "".join(said.split()) == "".join(last_value(trace).split())
            # Qwen-Agent asks with a seed of chance, so "Three." is an answer, too; a word is at least one token.
            assert len(pieces) >= min(4, len(said.split()))
