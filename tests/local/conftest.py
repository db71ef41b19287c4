"""A running embedded Space, and a client of its wire that shares no code with ours."""

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from spacebridge.local import EmbeddedSpace

SYSTEM = "You are a helpful AI assistant."


class Wire:
    """Raw HTTP against the queue of the Space's `/chat` endpoint."""

    def __init__(self, http: aiohttp.ClientSession, config: dict[str, Any]) -> None:
        self.http = http
        self.config = config
        chats = [d for d in config["dependencies"] if d["api_name"] == "chat"]
        self.fn_index = chats[0]["id"]

    async def join(self, text: str, *, max_tokens: int = 40, session: str | None = None) -> tuple[str, str]:
        """Ask, in a new session by default; return the session and the event."""
        session = session or uuid.uuid4().hex
        body = {
            "data": [text, None, SYSTEM, 0.2, 0.9, max_tokens],
            "fn_index": self.fn_index,
            "session_hash": session,
        }
        async with self.http.post("/gradio_api/queue/join", json=body) as reply:
            reply.raise_for_status()
            return session, (await reply.json())["event_id"]

    async def messages(self, session: str) -> AsyncIterator[dict[str, Any]]:
        """The server's messages, to the end of the stream."""
        url = f"/gradio_api/queue/data?session_hash={session}"
        async with self.http.get(url) as reply:
            async for line in reply.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[len(b"data: ") :])

    async def cancel(self, session: str, event: str) -> None:
        body = {"session_hash": session, "fn_index": self.fn_index, "event_id": event}
        async with self.http.post("/gradio_api/cancel", json=body) as reply:
            assert await reply.json() == {"success": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space() -> AsyncIterator[EmbeddedSpace]:
    async with EmbeddedSpace() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(space: EmbeddedSpace) -> AsyncIterator[Wire]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(space.url, timeout=timeout) as http:
        async with http.get("/config") as reply:
            config = await reply.json()
        yield Wire(http, config)


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory of processes started by the test, empty at first."""
    path = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("TMPDIR", str(path))
    return path
