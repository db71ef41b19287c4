"""What a client's process is told and what it tells, as lines of JSON; needs nothing but the standard library.

A job is ``{"url": …, "prompts": [[…], …], "at_once": 1, …}``: each entry is a conversation, and its prompts are asked
one after another. The reply has, of each prompt, the text and the seconds until its beginning and its end, and of the
whole job the CPU seconds of this process, all threads together. What ``client`` does before it gives its function
(reaching the app, say) is not counted.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

Job = dict[str, Any]
Mark = Callable[[], None]
"""To be called when text comes; the first call counts."""
Ask = Callable[[int, str, Mark], Awaitable[dict[str, Any]]]
"""Asks a prompt in the conversation of this number; ``{"text": …}``, and what else is of interest."""
Client = Callable[[Job], AbstractAsyncContextManager[Ask]]


async def _asked(ask: Ask, number: int, prompt: str) -> dict[str, Any]:
    begun = time.perf_counter()
    first: list[float] = []

    def mark() -> None:
        if not first:
            first.append(time.perf_counter() - begun)

    try:
        told = await ask(number, prompt, mark)
    except Exception as error:  # noqa: BLE001 - part of the result
        told = {"text": None, "error": f"{type(error).__name__}: {error}"[:300]}
    return {**told, "first": first[0] if first else None, "seconds": time.perf_counter() - begun}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _run(client: Client, job: Job) -> dict[str, Any]:
    turns = asyncio.Semaphore(job.get("at_once", 1))

    async def converse(ask: Ask, number: int, prompts: list[str]) -> list[dict[str, Any]]:
        async with turns:
            return [await _asked(ask, number, prompt) for prompt in prompts]

    async with client(job) as ask:
        before = _cpu()
        told = await asyncio.gather(*(converse(ask, *each) for each in enumerate(job["prompts"])))
        cpu = _cpu() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"answers": [answer for answers in told for answer in answers], "cpu": cpu, "peak": peak}


def serve(client: Client) -> None:
    """Do the jobs that come on standard input until it ends."""
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_run(client, json.loads(line)))), flush=True)
