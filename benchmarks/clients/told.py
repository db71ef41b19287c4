"""gradio_client, told by hand what to call: ``"calls"`` is one line for each step of a turn.

``/enter: text chat -> - chat`` calls ``/enter`` with the prompt and the chatbot's value so far, and takes the second
output as the chatbot's value. ``message`` is the prompt with no files, ``answer`` a text that is the answer, ``-`` is
thrown away, anything else a Python literal. Of several names (``/a|/b``) the one that the app has is called.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from typing import Any

import gradio_client
from tests.real.readers import answers

from benchmarks.clients.job import Ask, Job, Mark, serve

SECONDS = 30
SLOTS = ("text", "chat", "message", "answer")


def call(app: gradio_client.Client, line: str, slots: dict[str, Any]) -> None:
    """Make one call."""
    names, _, rest = line.partition(": ")
    given, _, taken = rest.partition("->")
    known = {endpoint.api_name for endpoint in app.endpoints.values()}
    name = next((each for each in names.split("|") if each in known), names)
    words = shlex.shlex(given, posix=False)
    words.whitespace_split = True
    values = [slots[word] if word in SLOTS else ast.literal_eval(word) for word in words]
    outputs = app.submit(*values, api_name=name).result(timeout=SECONDS)
    wanted = taken.split()
    if len(wanted) == 1 and not isinstance(outputs, tuple):
        outputs = (outputs,)
    slots |= {slot: value for slot, value in zip(wanted, outputs or (), strict=False) if slot in SLOTS}


@contextlib.asynccontextmanager
async def client(job: Job) -> AsyncIterator[Ask]:
    made: list[gradio_client.Client] = []
    slots: dict[str, Any] = {"chat": []}

    def turn(prompt: str) -> str:
        if not made:
            made.append(gradio_client.Client(job["url"], verbose=False, download_files=False, analytics_enabled=False))
        slots.update(text=prompt, message={"text": prompt, "files": []}, answer=None)
        for line in job["calls"]:
            call(made[0], line, slots)
        said = slots["answer"]
        return said if isinstance(said, str) else answers(slots["chat"])[-1]

    async def ask(_number: int, prompt: str, _mark: Mark) -> dict[str, object]:
        return {"text": await asyncio.to_thread(turn, prompt)}

    yield ask
    for app in made:
        app.close()


if __name__ == "__main__":
    serve(client)
