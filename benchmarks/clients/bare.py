"""A bare aiohttp loop: sends what the page of Qwen-Agent sends, and only reads what comes.

With ``"follow": true`` it also sends what the page does after the answer, which is one more function through the queue.
With ``"alone": true`` each answer has a session of its own, which begins with ``GET /config``.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator

import aiohttp

from benchmarks.clients.job import Ask, Job, Mark, serve


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    url = job["url"]

    def opened() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))

    async with opened() as shared:

        async def ask(_number: int, prompt: str, mark: Mark) -> dict[str, object]:
            if not job.get("alone"):
                return await converse(shared, prompt, mark)
            async with opened() as http:
                async with http.get(f"{url}/config") as response:
                    await response.read()
                return await converse(http, prompt, mark)

        async def converse(http: aiohttp.ClientSession, prompt: str, mark: Mark) -> dict[str, object]:
            session = uuid.uuid4().hex[:12]

            def payload(number: int, data: list[object]) -> dict[str, object]:
                return {
                    "data": data, "event_data": None, "fn_index": number, "trigger_id": 5, "session_hash": session,
                }  # fmt: skip

            async def post(path: str, body: dict[str, object]) -> None:
                async with http.post(f"{url}{path}", json=body) as response:
                    await response.read()

            async def read() -> tuple[int, int, float]:
                reads = size = 0
                begun = time.perf_counter()
                async with http.get(f"{url}/queue/data", params={"session_hash": session}) as response:
                    async for chunk in response.content.iter_any():
                        if b"process_generating" in chunk:
                            mark()
                        reads += 1
                        size += len(chunk)
                return reads, size, time.perf_counter() - begun

            said = {
                "id": None, "elem_id": None, "elem_classes": None, "name": None, "text": prompt, "flushing": None,
                "avatar": "", "files": [],
            }  # fmt: skip
            await post("/run/predict", payload(1, [{"files": [], "text": prompt}, [], []]))
            await post("/queue/join", payload(2, [[[said, None]], None, 0]))
            reads, size, seconds = await read()
            if job.get("follow"):
                await post("/queue/join", payload(3, []))
                await read()
            return {"text": None, "reads": reads, "bytes": size, "reading": seconds}

        yield ask


if __name__ == "__main__":
    serve(client)
