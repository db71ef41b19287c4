"""A model that says exactly what a test wants: an OpenAI-compatible chat server with a script.

Real chat apps under test are put in front of it. Which script a request gets is decided by, in this order: the queue
(``enqueue``), a key ``[[name]]`` in the last user message (a script that the test registered with ``on``, an entry of
``ANSWERS``, or ``[[words=200 pace=0.01]]``), and else an echo that tells how much the model was shown.
Every request is kept, with how far its answer came and whether the client went away in the middle.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.doubles.http import Exchange, HttpDouble
from tests.real.answers import ANSWERS

KEY = re.compile(r"\[\[([^\[\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class Script:
    """What the model does for one request."""

    pieces: Sequence[str] = ()
    """The pieces of text, one chunk of the stream each."""
    pace: float = 0.0
    """Seconds before each piece."""
    then: Literal["finish", "error", "cut", "reset", "silence"] = "finish"
    """What follows the pieces: a proper end, an error object in the stream, a connection that is cut (with FIN or with
    RST), or nothing at all until ``release`` or the client leaves."""
    at: int | None = None
    """Before which piece ``then`` strikes; None: after the last."""
    status: int = 200
    """Anything else answers with this status and ``body`` instead of a stream."""
    body: str = '{"error": {"message": "the model is broken", "type": "server_error", "code": "broken"}}'
    reasoning: Sequence[str] = ()
    """Pieces sent before the answer as ``reasoning_content``."""
    finish_reason: str = "stop"

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(slots=True)
class Asked:
    """One request to the model, and what became of it."""

    messages: list[dict[str, Any]]
    params: dict[str, Any]
    headers: dict[str, str]
    started: float = field(default_factory=time.monotonic)
    sent: int = 0
    """Pieces written so far."""
    outcome: Literal["running", "finished", "failed", "cut", "gone"] = "running"
    """``gone``: the client went away before the end; that is how a cancel arrives here."""
    ended: float | None = None

    @property
    def prompt(self) -> str:
        """The text of the last user message."""
        return next((flat(m["content"]) for m in reversed(self.messages) if m.get("role") == "user"), "")

    @property
    def roles(self) -> list[str]:
        return [str(m.get("role")) for m in self.messages]


def flat(content: Any) -> str:
    """The text of a message's content, be it a string or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") if isinstance(part, dict) else str(part) for part in content)
    return content or ""


Answer = Script | Callable[[Asked], Script]


def echo(asked: Asked) -> Script:
    """The default answer: how many messages (system messages not counted) the model was shown, and the last one."""
    count = sum(role != "system" for role in asked.roles)
    return Script(re.findall(r"\S+\s*|\s+", f"Echo {count}: {asked.prompt}"))


def counted(options: Mapping[str, str]) -> Script:
    """``[[words=200 pace=0.01]]``: so many numbered words."""
    return Script([f"w{i} " for i in range(int(options["words"]) - 1)] + ["end."], pace=float(options.get("pace", 0)))


class ModelServer(HttpDouble):
    """The server; ``with`` gives it a thread of its own, so that one server can serve a whole test run."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._queue: deque[Answer] = deque()
        self._keyed: dict[str, list[Answer]] = {}
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._released: asyncio.Event | None = None

    @property
    def base_url(self) -> str:
        """What an OpenAI client wants as its base URL."""
        return f"{self.url}/v1"

    async def start(self) -> None:
        self._released = asyncio.Event()
        await super().start()

    # -- for the test --------------------------------------------------------------------------------------------------

    def enqueue(self, *answers: Answer) -> None:
        """Answer the next requests so, whatever they say."""
        with self._lock:
            self._queue.extend(answers)

    def on(self, key: str, *answers: Answer) -> str:
        """Answer prompts with ``[[key]]`` so: the first time the first, …, the last for ever. Returns ``[[key]]``."""
        with self._lock:
            self._keyed[key] = list(answers)
            self._used[key] = 0
        return f"[[{key}]]"

    def reset_script(self) -> None:
        """Forget scripts and requests and end every silence; for use between tests."""
        self.release()
        with self._lock:
            self._queue.clear()
            self._keyed.clear()
            self._used.clear()
            self.asked = []

    def release(self) -> None:
        """End every silence that lasts now; the answers then end properly."""

        def turn() -> None:
            assert self._released is not None
            self._released.set()
            self._released = asyncio.Event()

        self.on_loop(turn)

    def about(self, text: str) -> list[Asked]:
        """The requests so far whose last user message has this text in it."""
        return [a for a in self.asked if text in a.prompt]

    # -- serving -------------------------------------------------------------------------------------------------------

    def choose(self, asked: Asked) -> Script:
        with self._lock:
            answer: Answer | None = self._queue.popleft() if self._queue else None
            keys = [] if answer else KEY.findall(asked.prompt)
            for key in reversed(keys):
                if key in self._keyed:
                    answers = self._keyed[key]
                    answer = answers[min(self._used[key], len(answers) - 1)]
                    self._used[key] += 1
                elif key in ANSWERS:
                    answer = Script(ANSWERS[key])
                elif key.startswith("words="):
                    answer = counted(dict(part.split("=", 1) for part in key.split()))
                else:
                    continue
                break
        if answer is None:
            answer = echo
        return answer if isinstance(answer, Script) else answer(asked)

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path == "/v1/models":
            await exchange.reply(
                200, {"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "tests"}]}
            )
        elif request.path == "/v1/chat/completions" and request.method == "POST":
            await self._complete(exchange)
        else:
            await exchange.reply(404, {"error": {"message": f"no {request.path} here", "type": "not_found"}})

    async def _complete(self, exchange: Exchange) -> None:
        body = exchange.request.json()
        params = {k: v for k, v in body.items() if k != "messages"}
        asked = Asked(body["messages"], params, exchange.request.headers)
        self.asked.append(asked)
        script = self.choose(asked)
        try:
            if script.status != 200:
                asked.outcome = "failed"
                await exchange.reply(script.status, script.body, {"content-type": "application/json"})
            elif params.get("stream"):
                await self._stream(exchange, asked, script)
            else:
                await self._whole(exchange, asked, script)
        except (ConnectionError, asyncio.CancelledError):
            asked.outcome = "gone"
            raise
        finally:
            asked.ended = time.monotonic()

    async def _stream(self, exchange: Exchange, asked: Asked, script: Script) -> None:
        released = self._released
        assert released is not None
        stop = len(script.pieces) if script.at is None else script.at
        await exchange.head(200, {"content-type": "text/event-stream"})
        await exchange.send(chunk(asked, {"role": "assistant", "content": ""}))
        for piece in script.reasoning:
            await self._pause(exchange, script.pace)
            await exchange.send(chunk(asked, {"reasoning_content": piece}))
        for piece in script.pieces[:stop]:
            await self._pause(exchange, script.pace)
            await exchange.send(chunk(asked, {"content": piece}))
            asked.sent += 1
        if script.then == "silence":
            await self._silence(exchange, released)
        elif script.then == "error":
            asked.outcome = "failed"
            await exchange.send(b"data: " + script.body.replace("\n", " ").encode() + b"\n\n")
            await exchange.end()
            return
        elif script.then != "finish":
            asked.outcome = "cut"
            await asyncio.sleep(0.03)  # a reset overtakes what the client has not read yet
            (exchange.reset if script.then == "reset" else exchange.finish)()
            return
        await exchange.send(chunk(asked, {}, script.finish_reason))
        await exchange.send(b"data: [DONE]\n\n")
        await exchange.end()
        asked.outcome = "finished"

    async def _whole(self, exchange: Exchange, asked: Asked, script: Script) -> None:
        await self._pause(exchange, script.pace * len(script.pieces))
        if script.then == "silence":
            assert self._released is not None
            await self._silence(exchange, self._released)
        elif script.then != "finish":
            asked.outcome = "cut"
            await asyncio.sleep(0.03)  # a reset overtakes what the client has not read yet
            (exchange.reset if script.then == "reset" else exchange.finish)()
            return
        message: dict[str, Any] = {"role": "assistant", "content": script.text}
        if script.reasoning:
            message["reasoning_content"] = "".join(script.reasoning)
        choice = {"index": 0, "message": message, "finish_reason": script.finish_reason}
        await exchange.reply(200, envelope(asked, "chat.completion", choice))
        asked.sent, asked.outcome = len(script.pieces), "finished"

    async def _pause(self, exchange: Exchange, seconds: float) -> None:
        if seconds > 0:
            try:
                await asyncio.wait_for(exchange.gone.wait(), seconds)
            except TimeoutError:
                return
            raise ConnectionResetError("the client has gone")
        await asyncio.sleep(0)

    async def _silence(self, exchange: Exchange, released: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(released.wait()), asyncio.ensure_future(exchange.gone.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if exchange.gone.is_set():
            raise ConnectionResetError("the client has gone")


def envelope(asked: Asked, kind: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    model = asked.params.get("model", "scripted")
    body: dict[str, Any] = {"id": "chatcmpl-1", "object": kind, "created": 0, "model": model, "choices": [choice]}
    if kind == "chat.completion":
        body["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return body


def chunk(asked: Asked, delta: Mapping[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + json.dumps(envelope(asked, "chat.completion.chunk", choice)).encode() + b"\n\n"
