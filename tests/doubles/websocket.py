"""The server's side of a websocket, frame by frame, so that a test can send what no server library would (RFC 6455)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
from typing import Any

from tests.doubles.http import Exchange, render_head

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = TEXT, *, final: bool = True, reserved: int = 0) -> bytes:
    """A frame as a server sends it, unmasked."""
    first = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    size = len(payload)
    if size < 126:
        return first + bytes([size]) + payload
    if size < 1 << 16:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


def whole_frames(data: bytes) -> list[bytes]:
    """The payloads of the text frames that are whole in what a server sent."""
    found, place = [], 0
    while place + 2 <= len(data):
        opcode, size, start = data[place] & 15, data[place + 1], place + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
        if start + size > len(data):
            break
        if opcode == TEXT:
            found.append(data[start : start + size])
        place = start + size
    return found


class Socket:
    """A websocket that has been asked for."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.left = asyncio.Event()
        """Set when the client has closed it, in whatever way."""
        self.close_code: int | None = None
        self._reading: asyncio.Task[None] | None = None
        self._received: asyncio.Queue[Any] = asyncio.Queue()

    async def accept(self, key: str | None = None) -> None:
        """Agree, with the right answer to the client's key unless another is given; read from now on."""
        asked = self.exchange.request.headers["sec-websocket-key"].encode()
        answer = key or base64.b64encode(hashlib.sha1(asked + _KEY).digest()).decode()
        await self.exchange.raw(
            render_head(101, {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": answer})
        )
        self.exchange.keep_alive = False
        self._reading = asyncio.create_task(self._read())

    async def send(self, message: Any) -> None:
        """Send JSON, or a frame as it is."""
        data = message if isinstance(message, bytes) else frame(json.dumps(message, ensure_ascii=False).encode())
        if self.left.is_set():
            raise ConnectionResetError("the client has closed the websocket")
        await self.exchange.raw(data)

    async def receive(self) -> Any:
        """The next message of the client, decoded."""
        message = await self._received.get()
        if message is None:
            raise ConnectionResetError("the client has closed the websocket")
        return message

    async def close(self, code: int = 1000) -> None:
        """Say goodbye and wait for the client's."""
        await self.exchange.raw(frame(code.to_bytes(2, "big"), CLOSE))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.left.wait(), 2)

    def end(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        reader = self.exchange.reader
        try:
            while True:
                first, second = await reader.readexactly(2)
                size = second & 127
                if size >= 126:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                mask = await reader.readexactly(4)
                masked = await reader.readexactly(size)
                payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))
                if first & 15 == CLOSE:
                    self.close_code = int.from_bytes(payload[:2], "big")
                    if not self.left.is_set():
                        self.left.set()
                        await self.exchange.raw(frame(payload, CLOSE))
                    return
                if first & 15 == TEXT:
                    self._received.put_nowait(json.loads(payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.left.set()
            self._received.put_nowait(None)
