"""Many streams of chat completions at once, read as cheaply as may be; tells what came and how old it was, as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time

TOKEN = re.compile(rb"(\d{16}) ")


class Stream(asyncio.Protocol):
    """One request and its reply. The reply's framing is left alone: a token has no part of it inside."""

    def __init__(self, request: bytes, ended: asyncio.Future[None]) -> None:
        self.ages: list[int] = []
        self.first = 0.0
        self.done = False
        self.status = b""
        self._request = request
        self._ended = ended
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._begun = time.perf_counter()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns() // 1000
        if not self.status:
            self.status = data[:15]
        data = self._rest + data
        end = 0
        for found in TOKEN.finditer(data):
            self.ages.append(now - int(found[1]))
            end = found.end()
        if self.ages and not self.first:
            self.first = time.perf_counter() - self._begun
        # What is not done with may be the beginning of a token, or of the end.
        self._rest = data[max(end, len(data) - 16) :]
        if b"[DONE]" in data:
            self.done = True
            self._transport.close()
        elif b"error" in data and b'data: {"error' in data:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of the form of protocols
        if not self._ended.done():
            self._ended.set_result(None)


async def ask(given: argparse.Namespace, number: int) -> Stream:
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": f"Hello {number}"}]})
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer unused\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    stream = Stream((head + body).encode(), ended)
    await asyncio.sleep(given.spread * number / given.streams)
    await loop.create_connection(lambda: stream, "127.0.0.1", given.port)
    await ended
    return stream


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--spread", type=float, default=0.0, help="seconds over which the streams begin")
    parser.add_argument("--in-turn", action="store_true", help="one after another")
    given = parser.parse_args()
    begun = time.perf_counter()
    if given.in_turn:
        streams = [await ask(argparse.Namespace(**{**vars(given), "spread": 0}), n) for n in range(given.streams)]
    else:
        streams = await asyncio.gather(*(ask(given, number) for number in range(given.streams)))
    ages = sorted(age for stream in streams for age in stream.ages)
    whole = sum(stream.done and len(stream.ages) == given.tokens for stream in streams)
    told = {
        "seconds": time.perf_counter() - begun,
        "whole": whole,
        "tokens": len(ages),
        "first": sorted(stream.first for stream in streams),
        "p50": ages[len(ages) // 2] / 1e6 if ages else None,
        "p99": ages[len(ages) * 99 // 100] / 1e6 if ages else None,
        "statuses": sorted({stream.status.decode("latin-1") for stream in streams}),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
