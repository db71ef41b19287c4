"""A bare aiohttp loop for every generation: sends the one event that streams the answer, and only reads what comes.

It calls ``/chat`` of a ``gr.ChatInterface`` (``/streamed`` in 6), else the function of a box's submit, which reads the
box and the chatbot.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from benchmarks.clients.job import Ask, Job, Mark, serve

TEXT = b"process_generating"


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), read_bufsize=1 << 22) as http:
        async with http.get(f"{job['url']}/config") as response:
            config = await response.json()
        loop = Loop(http, job["url"], config)

        async def ask(_number: int, prompt: str, mark: Mark) -> dict[str, object]:
            return {"text": None, "requests": await loop.turn(prompt, mark)}

        yield ask


class Loop:
    """One session with an app."""

    def __init__(self, http: aiohttp.ClientSession, url: str, config: dict[str, Any]) -> None:
        self._http = http
        self._base = url + config.get("api_prefix", "")
        self._protocol = config.get("protocol", "ws")
        listed = list(enumerate(config["dependencies"]))
        named = [entry for entry in listed if entry[1]["api_name"] in ("chat", "streamed")]
        # In 3.50 functions have no names of their own.
        submits = [entry for entry in listed if any(target[1] == "submit" for target in entry[1]["targets"])]
        number, found = (named or submits)[0]
        self._function = found.get("id", number)
        # /chat has States beside the message; the chatbot is given without what was said before.
        self._beside = [None] * (len(found["inputs"]) - 1) if named else [[]]
        self._session = uuid.uuid4().hex[:12]

    async def turn(self, prompt: str, mark: Mark) -> int:
        """Have the prompt answered; how many requests that took."""
        body = {
            "data": [prompt, *self._beside],
            "fn_index": self._function,
            "session_hash": self._session,
            "event_data": None,
            "trigger_id": None,
        }
        if self._protocol == "ws":
            await self._by_websocket(body, mark)
            return 1
        params = {"session_hash": self._session}
        if self._protocol == "sse":
            await self._by_stream("/queue/join", params | {"fn_index": str(self._function)}, mark, body)
        else:
            await self._post("/queue/join", body)
            await self._by_stream("/queue/data", params, mark)
        return 2

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self._http.post(self._base + path, json=body) as response:
            await response.read()

    async def _by_websocket(self, body: dict[str, Any], mark: Mark) -> None:
        async with self._http.ws_connect(f"{self._base}/queue/join", max_msg_size=0) as socket:
            async for message in socket:
                if '"send_hash"' in message.data:
                    await socket.send_json({"fn_index": self._function, "session_hash": self._session})
                elif '"send_data"' in message.data:
                    await socket.send_json(body)
                elif TEXT.decode() in message.data:
                    mark()

    async def _by_stream(
        self, path: str, params: dict[str, str], mark: Mark, body: dict[str, Any] | None = None
    ) -> None:
        async with self._http.get(self._base + path, params=params) as response:
            async for chunk in response.content.iter_any():
                if body is not None and b'"send_data"' in chunk:
                    line = next(each for each in chunk.splitlines() if b'"send_data"' in each)
                    event = json.loads(line.removeprefix(b"data: "))["event_id"]
                    await self._post("/queue/data", body | {"event_id": event})
                if TEXT in chunk:
                    mark()


if __name__ == "__main__":
    serve(client)
