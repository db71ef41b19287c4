"""A really started gateway, and what the tests ask of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import openai

from tests.real.process import Process, running

SCRIPT = Path(__file__).parent / "serve.py"


class Served:
    """A gateway in a process of its own."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @property
    def url(self) -> str:
        return self.process.url

    def client(self, key: str = "unused", **options: Any) -> openai.AsyncOpenAI:
        """The real client; it does not try again by itself."""
        return openai.AsyncOpenAI(
            base_url=f"{self.url}/v1", api_key=key, **{"max_retries": 0, "timeout": 50, **options}
        )

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric over all series with these labels."""
        total = 0.0
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/metrics") as reply:
            for line in (await reply.text()).splitlines():
                if line.startswith((f"{name}{{", f"{name} ")):
                    series, _, value = line.rpartition(" ")
                    if all(f'{label}="{wanted}"' in series for label, wanted in labels.items()):
                        total += float(value)
        return total


def serving(*arguments: str, env: dict[str, str] | None = None, store: str | None = "memory:") -> Process:
    """A gateway that is not started yet."""
    kept = ["--store", store] if store is not None else []
    return Process(SCRIPT, *kept, *arguments, ready="/health", env={"PYTHONWARNINGS": "error", **(env or {})})


@contextlib.contextmanager
def gateway(*arguments: str, env: dict[str, str] | None = None, store: str | None = "memory:") -> Iterator[Served]:
    """A gateway for the length of a block."""
    with serving(*arguments, env=env, store=store) as process:
        yield Served(process)


@contextlib.asynccontextmanager
async def gateway_running(
    *arguments: str, env: dict[str, str] | None = None, store: str | None = "memory:"
) -> AsyncIterator[Served]:
    """The same without blocking the loop, in which a double may live."""
    async with running(serving(*arguments, env=env, store=store)) as process:
        yield Served(process)


def events_of(text: str) -> list[Any]:
    """The data of server-sent events, read without our own code; the last is DONE where the stream says so."""
    found: list[Any] = []
    for block in text.split("\n\n"):
        data = [line.removeprefix("data: ") for line in block.split("\n") if line.startswith("data: ")]
        if data:
            found.append("DONE" if data == ["[DONE]"] else json.loads("\n".join(data)))
    return found


def text_of(chunks: list[Any]) -> str:
    """The text of the chunks of a chat completion."""
    return "".join(
        choice["delta"].get("content") or ""
        for chunk in chunks
        if chunk != "DONE"
        for choice in chunk.get("choices", [])
    )
