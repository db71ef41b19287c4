"""A server that costs next to nothing: it replays one answer as bytes that were rendered before.

For measuring clients. What a Gradio app would compute for each token (post-processing, diffing, JSON) is done once, when
the server is made; while it serves, it copies bytes. Many sessions may be served at once, each at its own pace.
Run as a script it is a process of its own (``--port``, ``--tokens``, ``--pace``, ``--burst``, ``--kind``), so that the
client's CPU can be told from the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pathlib
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.doubles import wire
from tests.doubles.http import Exchange, HttpDouble

EVENT_ID = "0123456789abcdef0123456789abcdef"


class ReplayServer(HttpDouble):
    """Qwen-Agent's page or a ChatInterface whose model always says ``pieces``.

    ``pace`` is the time between two writes, ``burst`` how many tokens one write carries. ``pace=0`` writes as fast as
    the client reads.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        *,
        pace: float = 0.0,
        burst: int = 1,
        kind: str = "qwen",
        prompt: str = "Hello",
    ) -> None:
        super().__init__()
        self.pieces = list(pieces)
        self.text = "".join(pieces)
        self.pace = pace
        self.kind = kind
        self.streams = 0
        self._writes: list[bytes] = []
        self._render(prompt, burst)
        self._config = b""
        self._joined: dict[str, asyncio.Queue[int]] = {}

    def _render(self, prompt: str, burst: int) -> None:
        events = [wire.event(wire.estimation(EVENT_ID)) + wire.event(wire.starts(EVENT_ID))]
        for number, piece in enumerate(self.pieces):
            events.append(
                wire.event(wire.generating(EVENT_ID, self._full(prompt, piece) if number == 0 else self._diff(piece)))
            )
        end = wire.event(wire.completed(EVENT_ID, self._full(prompt, self.text))) + wire.event(wire.CLOSE)
        bodies = [events[0], *(b"".join(events[i : i + burst]) for i in range(1, len(events), burst)), end]
        self._writes = [b"%x\r\n%b\r\n" % (len(body), body) for body in bodies]
        self.stream = b"".join(bodies)
        """The whole body of the stream of events, for a client that only reads it."""

    def _full(self, prompt: str, text: str) -> list[object]:
        if self.kind == "qwen":
            return [[[wire.bubble(prompt, []), [wire.bubble(text), None, None]]], None, 0]
        messages = [("user", prompt), ("assistant", text)]
        return [None, [{"role": role, "metadata": None, "content": said, "options": None} for role, said in messages]]

    def _diff(self, piece: str) -> list[object]:
        if self.kind == "qwen":
            return [[["append", [0, 1, 0, "text"], piece]], [], []]
        return [[], [["append", [1, "content"], piece]]]

    async def start(self) -> None:
        await super().start()
        config = (wire.qwen_config if self.kind == "qwen" else wire.interface_config)(self.url)
        self._config = json.dumps(config).encode()

    async def handle(self, exchange: Exchange) -> None:
        path = exchange.request.path.removeprefix("/gradio_api")
        if path == "/queue/data":
            await self._data(exchange)
        elif path == "/queue/join":
            body = exchange.request.json()
            self._joined.setdefault(body["session_hash"], asyncio.Queue()).put_nowait(body["fn_index"])
            await exchange.reply(200, {"event_id": EVENT_ID})
        elif path == "/config":
            await exchange.reply(200, self._config, {"content-type": "application/json"})
        elif path.startswith(("/run/", "/api/")):
            await exchange.reply(200, wire.output(self._function(exchange.request.json()), False))
        elif path == "/cancel":
            await exchange.reply(200, {"success": True})
        else:
            await exchange.reply(404, {"detail": "Not Found"})

    def _function(self, body: wire.Json) -> list[object]:
        """The quick functions around the answer, as cheap as may be."""
        number, data = body["fn_index"], body["data"]
        if self.kind == "qwen":
            asked = wire.bubble(data[0]["text"], [])
            return [{"__type__": "update", "value": {"files": [], "text": ""}}, [*data[1], [asked, None]], None]
        return {0: ["", None], 1: [data[-1] or []]}.get(number, [None, None])

    async def _data(self, exchange: Exchange) -> None:
        waiting = self._joined.get(exchange.request.query.get("session_hash", ""))
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})
        if waiting is None:
            await exchange.send(wire.event(wire.unexpected()))
        elif await waiting.get() == 2:  # in both pages, the function that answers
            self.streams += 1
            await self._replay(exchange)
        else:
            done = wire.completed(EVENT_ID, [{"__type__": "update", "interactive": True}])
            await exchange.send(wire.event(done) + wire.event(wire.CLOSE))
        await exchange.end()

    async def _replay(self, exchange: Exchange) -> None:
        if not self.pace:
            for start in range(0, len(self._writes), 64):
                await exchange.raw(b"".join(self._writes[start : start + 64]))
            return
        loop = asyncio.get_running_loop()
        due = loop.time()
        for data in self._writes:
            await exchange.raw(data)
            due += self.pace
            await asyncio.sleep(max(0.0, due - loop.time()))


def words(count: int) -> list[str]:
    """So many tokens of ten characters."""
    return [f"tok{i:06d} " for i in range(count)]


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--burst", type=int, default=1)
    parser.add_argument("--kind", choices=["qwen", "interface"], default="qwen")
    given = parser.parse_args(argv)
    server = ReplayServer(words(given.tokens), pace=given.pace, burst=given.burst, kind=given.kind)
    server.port = given.port
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
