"""The provider class as ``provider=`` of the newest g4f's own client, in an environment of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.real.answers import ANSWERS
from tests.real.model_server import ModelServer
from tests.real.process import ROOT, interpreter

pytestmark = pytest.mark.servers

PROGRAM = r"""
import asyncio, json, sys
from g4f.client import AsyncClient, Client
from g4f.providers.response import JsonConversation
from spacebridge import Qwen_Qwen_2_5M


class Copy(Qwen_Qwen_2_5M):
    url = sys.argv[1]


async def main():
    found = {}
    client = AsyncClient(provider=Copy)
    messages = [{"role": "user", "content": "Say it. [[emoji]]"}]
    whole = await client.chat.completions.create(messages, model="qwen-2.5-1m", provider=Copy)
    found["whole"] = whole.choices[0].message.content
    found["provider"] = whole.provider
    pieces, kept = [], None
    chunks = client.chat.completions.create(messages, model="", provider=Copy, stream=True, return_conversation=True)
    async for chunk in chunks:
        pieces.append(chunk.choices[0].delta.content or "")
        kept = getattr(chunk, "conversation", None) or kept
    found["pieces"] = pieces
    found["kept"] = isinstance(kept, JsonConversation) and bool(kept.session_hash)
    again = [*messages, {"role": "user", "content": "And again. [[single]]"}]
    second = await client.chat.completions.create(again, model="", provider=Copy, conversation=kept)
    found["second"] = second.choices[0].message.content
    limited = await client.chat.completions.create(messages, model="", provider=Copy, timeout=30, stream_timeout=20)
    found["limited"] = limited.choices[0].message.content
    found["unknown"] = ""
    try:
        await client.chat.completions.create(messages, model="gpt-0", provider=Copy)
    except Exception as error:
        found["unknown"] = str(error)
    found["params"] = Copy.params
    return found


found = asyncio.run(main())
messages = [{"role": "user", "content": "[[plain]]"}]
found["sync"] = Client(provider=Copy).chat.completions.create(messages, model="", provider=Copy).choices[0].message.content
print(json.dumps(found))
"""


async def test_its_client_takes_our_class(qwen_agent: Callable[..., str], model: ModelServer) -> None:
    url = await asyncio.to_thread(qwen_agent)
    done = await asyncio.to_thread(
        subprocess.run,
        [interpreter("g4f"), "-c", PROGRAM, url],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    emoji = "".join(ANSWERS["emoji"])
    assert found["whole"] == emoji
    assert found["provider"] == "Copy"
    assert "".join(found["pieces"]) == emoji
    assert len([piece for piece in found["pieces"] if piece]) > 1
    assert found["kept"] is True
    assert found["second"] == "Yes."
    assert found["limited"] == emoji
    assert "qwen-2.5-1m" in found["unknown"]
    assert "proxy" in found["params"]
    assert found["sync"] == "".join(ANSWERS["plain"])
    second = next(asked for asked in model.asked if asked.prompt == "And again. [[single]]")
    assert [role for role in second.roles if role != "system"] == ["user", "assistant", "user"]
