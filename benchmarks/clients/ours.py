"""spacebridge. ``"way"``: ``text`` and ``events`` of a Conversation, its ``answer``, or the class ``provider``.

``counted`` is ``text`` with the number of requests, told from a trace, which itself takes a little time.
"""

from __future__ import annotations

import contextlib
import io
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

from benchmarks.clients.job import Ask, Job, Mark, serve
from spacebridge import Conversation, Limits, Space, TextDelta

_REQUEST = b'"dir":">","method":'
Way = Callable[[Conversation, str, Mark], Awaitable[dict[str, object]]]


async def text(conversation: Conversation, prompt: str, mark: Mark) -> dict[str, object]:
    pieces: list[str] = []
    async for piece in conversation.text(prompt):
        mark()
        pieces.append(piece)
    return {"text": "".join(pieces)}


async def events(conversation: Conversation, prompt: str, mark: Mark) -> dict[str, object]:
    async with conversation.stream(prompt) as turn:
        async for event in turn:
            if type(event) is TextDelta:
                mark()
        return {"text": turn.result().text}


async def answer(conversation: Conversation, prompt: str, _mark: Mark) -> dict[str, object]:
    return {"text": (await conversation.ask(prompt)).text}


async def flow(conversation: Conversation, prompt: str, mark: Mark) -> dict[str, object]:
    """The text, thrown away as it comes, and the most memory that was in use, all of it the library's."""
    tracemalloc.start()
    async for _ in conversation.text(prompt):
        mark()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"text": None, "memory": most}


WAYS: dict[str, Way] = {"text": text, "events": events, "answer": answer, "flow": flow, "counted": text}


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    if job["way"] == "provider":
        async with provider(job) as provided:
            yield provided
        return
    way = WAYS[job["way"]]
    wire = io.BytesIO() if job["way"] == "counted" else None
    async with Space(job["url"], limits=Limits(turns=None), trace=wire, route=job.get("route", "auto")) as space:
        conversations: dict[int, Conversation] = {}

        async def ask(number: int, prompt: str, mark: Mark) -> dict[str, object]:
            if number not in conversations:
                conversations[number] = space.conversation()
            if wire is None:
                return await way(conversations[number], prompt, mark)
            before = wire.getvalue().count(_REQUEST)
            told = await way(conversations[number], prompt, mark)
            return {**told, "requests": wire.getvalue().count(_REQUEST) - before}

        yield ask


@contextlib.asynccontextmanager
async def provider(job: Job) -> AsyncIterator[Ask]:
    """The class for the Qwen Space, a conversation of its own for each prompt."""
    from spacebridge.providers import Qwen_Qwen_2_5M

    async def ask(_number: int, prompt: str, mark: Mark) -> dict[str, object]:
        pieces: list[str] = []
        messages = [{"role": "user", "content": prompt}]
        model = Qwen_Qwen_2_5M.default_model
        more = {"url": job["url"], "settle": job.get("settle", "now"), "limits": Limits(turns=None)}
        async for piece in Qwen_Qwen_2_5M.create_async_generator(model, messages, **more):
            if isinstance(piece, str):
                mark()
                pieces.append(piece)
        return {"text": "".join(pieces)}

    yield ask


if __name__ == "__main__":
    serve(client)
