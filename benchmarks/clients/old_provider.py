"""The class for this Space that g4f had up to 0.6.4; runs in an environment with that release."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from g4f.Provider.hf_space.Qwen_Qwen_2_5M import Qwen_Qwen_2_5M  # pyright: ignore[reportMissingImports] - of its own environment

from benchmarks.clients.job import Ask, Job, Mark, serve


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    url = job["url"]

    class Here(Qwen_Qwen_2_5M):
        pass

    Here.url, Here.api_endpoint = url, f"{url}/run/predict?__theme=light"

    async def ask(_number: int, prompt: str, mark: Mark) -> dict[str, object]:
        pieces: list[str] = []
        messages = [{"role": "user", "content": prompt}]
        async for piece in Here.create_async_generator(Here.default_model, messages, return_conversation=False):
            if isinstance(piece, str):
                mark()
                pieces.append(piece)
        return {"text": "".join(pieces)}

    yield ask


if __name__ == "__main__":
    serve(client)
