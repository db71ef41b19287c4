"""gradio_client, driven by the names that the app gives its functions; one Client for each conversation.

The Clients are made, each on a thread, before the clock starts; reaching an app is measured elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio_client

from benchmarks.clients.job import Ask, Job, Mark, serve


def last(value: Any) -> str:
    """The text of the last answer in Qwen-Agent's chatbot."""
    bots = value[-1][1]
    slots = bots if isinstance(bots, list) else [bots]
    return next(slot["text"] for slot in slots if slot is not None)


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(len(job["prompts"]))

    def make(_number: int) -> gradio_client.Client:
        return gradio_client.Client(job["url"], verbose=False, download_files=False, analytics_enabled=False)

    made = await asyncio.gather(*(loop.run_in_executor(pool, make, n) for n in range(len(job["prompts"]))))

    def converse(number: int, prompt: str, mark: Mark) -> str:
        app = made[number]
        _, chatbot = app.predict({"text": prompt, "files": []}, [], api_name="/add_text")[:2]
        run = app.submit(chatbot, *job.get("more", ()), api_name="/agent_run")
        for _ in run:
            mark()
        outputs = run.result()
        app.predict(api_name="/flushed")
        return last(outputs[0] if isinstance(outputs, tuple) else outputs)

    async def ask(number: int, prompt: str, mark: Mark) -> dict[str, object]:
        return {"text": await loop.run_in_executor(pool, converse, number, prompt, mark)}

    yield ask
    for app in made:
        app.close()
    pool.shutdown()


if __name__ == "__main__":
    serve(client)
