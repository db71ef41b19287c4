"""A server that costs next to nothing and repeats the whole chat with each token, as Gradio 3.50 to 4.16 does.

For measuring clients, like ``replay_server``: all that is sent was rendered before. The page is a Blocks chat in the
middle of a conversation of many turns; ``kind`` is the generation: ``ws`` (3.50), ``sse`` (4.0 to 4.8) or ``sse_v1``
(4.9 to 4.16). Run as a script it is a process of its own (``--port``, ``--kind``, ``--turns``, ``--tokens``, ``--pace``,
``--cursor``).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import pathlib
import struct
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.doubles import wire
from tests.doubles.http import Exchange, HttpDouble
from tests.doubles.replay_server import EVENT_ID

VERSIONS = {"ws": "3.50.2", "sse": "4.8.0", "sse_v1": "4.16.0"}
PROMPT = "Go on"
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x81, 0x88


_ANSWER = """**Turn {}**: it says that all of it goes by,
and that it stays where it is – été comme hiver.

- The river says the same of the bridge, and it has the better view of it all, being below.
- Neither of them is wrong, and neither of the two listens to the other.
"""


def history(turns: int) -> list[list[str | None]]:
    """So many turns of some 390 bytes of JSON, with characters and line ends that JSON escapes."""
    question = "{}. What does the bridge say to the river below it? Say it in “a few words”, please."
    return [[question.format(turn), _ANSWER.format(turn)] for turn in range(turns)]


def pieces(count: int) -> list[str]:
    """So many tokens of five characters; now and then one that JSON escapes."""
    return ["and\n\n" if i % 50 == 49 else f"t{i % 1000:03d} " for i in range(count)]


class FullValueServer(HttpDouble):
    """A chat whose model always says ``said``.

    ``pace`` is the time between two tokens, 0: as fast as they are read. ``cursor`` stands behind the text until it is
    whole.
    """

    def __init__(self, kind: str, said: Sequence[str], *, turns: int = 50, pace: float = 0.0, cursor: str = "") -> None:
        super().__init__()
        self.kind = kind
        self.text = "".join(said)
        self.pace = pace
        self.cursor = cursor
        self.before = history(turns)
        self.messages = self._render(said)
        """Each message as JSON, for a test or a client that has them from elsewhere."""
        frame = _websocket_frame if kind == "ws" else _chunk
        self._writes = [frame(message) for message in self.messages]
        self._config = b""
        self._joined = asyncio.Event()

    def _render(self, said: Sequence[str]) -> list[bytes]:
        event: wire.Json = {"event_id": EVENT_ID} if self.kind == "sse_v1" else {}
        text = ""
        rendered = [json.dumps({"msg": "process_starts", **event})]
        for number, piece in enumerate(said):
            text += piece
            shown = text if number == len(said) - 1 else text + self.cursor
            output = {
                "data": [[*self.before, [PROMPT, shown]], None],
                "is_generating": True,
                "duration": 0.0021332366943359375 + number / 1e7,
                "average_duration": 0.0037798285484313965 + number / 1e7,
            }
            rendered.append(json.dumps({"msg": "process_generating", **event, "output": output, "success": True}))
        rendered.append(rendered[-1].replace("process_generating", "process_completed", 1))
        return [message.encode() for message in rendered]

    async def start(self) -> None:
        await super().start()
        more: wire.Json = {} if self.kind == "ws" else {"protocol": self.kind}
        components = [
            wire.component(1, "chatbot", value=self.before, label="Chatbot"),
            wire.component(2, "textbox", value="", label="Message", interactive=True),
            wire.component(3, "state"),
        ]
        dependencies = [
            wire.dependency(0, "user", [[2, "submit"]], [2, 1], [2, 1], queue=False),
            wire.dependency(1, "bot", [[None, "then"]], [1, 3], [1, 3], **wire.STREAMS, **wire.after(0)),
        ]
        config = wire.config(VERSIONS[self.kind], components, dependencies, self.url)
        del config["protocol"]
        config.pop("api_prefix", None)
        self._config = json.dumps({**config, **more}).encode()

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        match request.method, request.path:
            case "GET", "/config":
                await exchange.reply(200, self._config, {"content-type": "application/json"})
            case "POST", "/run/predict":
                said, chat = request.json()["data"]
                await exchange.reply(200, wire.output(["", [*chat, [said, None]]], False))
            case "GET", "/queue/join" if self.kind == "ws":
                await self._websocket(exchange)
            case "GET", "/queue/join":
                await self._stream(exchange, {"msg": "send_data", "event_id": EVENT_ID})
            case "POST", "/queue/join":
                self._joined.set()
                await exchange.reply(200, {"event_id": EVENT_ID})
            case "POST", "/queue/data":
                self._joined.set()
                await exchange.reply(200, b"null", {"content-type": "application/json"})
            case "GET", "/queue/data":
                await self._stream(exchange, None)
            case _:
                await exchange.reply(404, {"detail": "Not Found"})

    async def _stream(self, exchange: Exchange, first: wire.Json | None) -> None:
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})
        if first is not None:
            await exchange.raw(_chunk(json.dumps(first).encode()))
        await self._joined.wait()
        self._joined.clear()
        await self._replay(exchange)
        await exchange.end()

    async def _websocket(self, exchange: Exchange) -> None:
        key = exchange.request.headers["sec-websocket-key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + _ACCEPT).digest()).decode()
        await exchange.raw(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept.encode()
        )
        for asked in ("send_hash", "send_data"):
            await exchange.raw(_websocket_frame(json.dumps({"msg": asked}).encode()))
            await _read_websocket_frame(exchange)
        await self._replay(exchange)
        await exchange.raw(bytes([_CLOSE, 2]) + struct.pack(">H", 1000))
        await _read_websocket_frame(exchange)
        exchange.finish()

    async def _replay(self, exchange: Exchange) -> None:
        if not self.pace:
            for start in range(0, len(self._writes), 16):
                await exchange.raw(b"".join(self._writes[start : start + 16]))
            return
        loop = asyncio.get_running_loop()
        due = loop.time()
        for data in self._writes:
            await exchange.raw(data)
            due += self.pace
            await asyncio.sleep(max(0.0, due - loop.time()))


def _chunk(message: bytes) -> bytes:
    event = b"data: %b\n\n" % message
    return b"%x\r\n%b\r\n" % (len(event), event)


def _websocket_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([_TEXT, size]) + payload
    if size < 2**16:
        return struct.pack(">BBH", _TEXT, 126, size) + payload
    return struct.pack(">BBQ", _TEXT, 127, size) + payload


async def _read_websocket_frame(exchange: Exchange) -> None:
    """Read one frame of the client's, whatever is in it."""
    _, size = await exchange.reader.readexactly(2)
    size &= 0x7F
    if size >= 126:
        size = int.from_bytes(await exchange.reader.readexactly(2 if size == 126 else 8), "big")
    await exchange.reader.readexactly(4 + size)


async def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=list(VERSIONS), default="sse_v1")
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--cursor", default="")
    given = parser.parse_args(argv)
    said = pieces(given.tokens)
    server = FullValueServer(given.kind, said, turns=given.turns, pace=given.pace, cursor=given.cursor)
    server.port = given.port
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
