"""A bare aiohttp loop over a stream that repeats the whole chat with each token: it only reads what comes.

With ``"decode": true`` it also decodes each message with msgspec and compares the outputs with those before.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator

import aiohttp
import msgspec

from benchmarks.clients.job import Ask, Job, Mark, serve


class Comparing:
    """Takes messages, decodes them and finds what the answer has more than before."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: object = None
        self._pieces: list[str] = []
        self._text = ""

    def chunk(self, data: bytes) -> None:
        """Take a piece of a stream of events."""
        self._rest += data
        *frames, self._rest = self._rest.split(b"\n\n")
        for frame in frames:
            self.message(bytes(frame).removeprefix(b"data: "))

    def message(self, data: str | bytes) -> None:
        message = msgspec.json.decode(data)
        if message["msg"] == "process_generating" and (outputs := message["output"]["data"]) != self._data:
            self._data, text = outputs, outputs[0][-1][1]
            self._pieces.append(text[len(self._text) :])
            self._text = text

    @property
    def text(self) -> str:
        return "".join(self._pieces)


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    url, kind = job["url"], job["kind"]

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:

        async def ask(_number: int, prompt: str, mark: Mark) -> dict[str, object]:
            session = uuid.uuid4().hex[:12]
            comparing = Comparing() if job.get("decode") else None
            async with http.post(f"{url}/run/predict", json={"data": [prompt, []], "fn_index": 0}) as response:
                await response.read()
            read = websocket if kind == "ws" else stream
            reads, size = await read(session, comparing, mark)
            return {"text": comparing and comparing.text, "reads": reads, "bytes": size}

        async def websocket(session: str, comparing: Comparing | None, mark: Mark) -> tuple[int, int]:
            reads = size = 0
            async with http.ws_connect(f"{url}/queue/join", max_msg_size=0) as socket:
                await socket.receive()
                await socket.send_json({"fn_index": 1, "session_hash": session})
                await socket.receive()
                await socket.send_json({"data": [[], None], "fn_index": 1, "session_hash": session})
                async for message in socket:
                    mark()
                    reads += 1
                    size += len(message.data)
                    if comparing is not None:
                        comparing.message(message.data)
            return reads, size

        async def stream(session: str, comparing: Comparing | None, mark: Mark) -> tuple[int, int]:
            reads = size = 0
            async with http.post(f"{url}/queue/join", json={"data": [[], None], "session_hash": session}) as response:
                await response.read()
            async with http.get(f"{url}/queue/data", params={"session_hash": session}) as response:
                async for chunk in response.content.iter_any():
                    mark()
                    reads += 1
                    size += len(chunk)
                    if comparing is not None:
                        comparing.chunk(chunk)
            return reads, size

        yield ask


if __name__ == "__main__":
    serve(client)
