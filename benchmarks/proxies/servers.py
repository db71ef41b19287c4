"""The same answer, replayed by a Gradio app or by an OpenAI server; every token tells when it was sent.

A token is 16 digits and a blank: microseconds of the clock that all processes of a machine share. Everything else was
rendered before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.doubles import wire
from tests.doubles.http import Exchange
from tests.doubles.replay_server import EVENT_ID, ReplayServer

STAMP = "0000000000000000"
TOKEN = f"{STAMP} "
_STAMP = re.compile(STAMP.encode())


def now() -> bytes:
    return b"%016d" % (time.monotonic_ns() // 1000)


class GradioServer(ReplayServer):
    """A ChatInterface of Gradio 5 and 6."""

    def _render(self, prompt: str, burst: int) -> None:
        super()._render(prompt, burst)
        # Before the answer comes, it is accepted; at its end the whole is sent again, with the times as they were.
        self._beginning, *self._bursts = self._writes[:-1]
        self._end = wire.event(wire.completed(EVENT_ID, self._full(prompt, self.text))) + wire.event(wire.CLOSE)
        self._burst = burst

    async def _replay(self, exchange: Exchange) -> None:
        await exchange.raw(self._beginning)
        sent: list[bytes] = []
        async for stamp, body in paced(self._bursts, self.pace):
            sent += [stamp] * min(self._burst, len(self.pieces) - len(sent))
            await exchange.raw(body)
        stamps = iter(sent)
        await exchange.send(_STAMP.sub(lambda _: next(stamps), self._end))


class OpenAIServer(ReplayServer):
    """Chat completions, streamed."""

    def _render(self, prompt: str, burst: int) -> None:  # noqa: ARG002 - it is not told again
        chunks = [chunk({"content": piece}) for piece in self.pieces]
        joined = (b"".join(chunks[at : at + burst]) for at in range(0, len(chunks), burst))
        self._bursts = [b"%x\r\n%b\r\n" % (len(body), body) for body in joined]

    async def handle(self, exchange: Exchange) -> None:
        if exchange.request.path != "/v1/chat/completions":
            await exchange.reply(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})
            return
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})
        await exchange.send(chunk({"role": "assistant", "content": ""}))
        async for _, body in paced(self._bursts, self.pace):
            await exchange.raw(body)
        await exchange.send(chunk({}, "stop") + b"data: [DONE]\n\n")
        await exchange.end()


async def paced(bodies, pace: float):
    """Each body in its time, and the time that stands in it."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for body in bodies:
        due += pace
        await asyncio.sleep(max(0.0, due - loop.time()))
        stamp = now()
        yield stamp, body.replace(STAMP.encode(), stamp)


def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    told = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(told, separators=(",", ":")).encode() + b"\n\n"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=["gradio", "openai"], required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--burst", type=int, default=1)
    given = parser.parse_args()
    pieces = [TOKEN] * given.tokens
    if given.kind == "gradio":
        server: ReplayServer = GradioServer(pieces, pace=given.pace, burst=given.burst, kind="interface")
    else:
        server = OpenAIServer(pieces, pace=given.pace, burst=given.burst)
    server.port = given.port
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
