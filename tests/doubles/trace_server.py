"""A server that answers as a recorded trace says: a bug report that is a file, made into a test.

The file is what ``--trace FILE`` or ``Space(trace=…)`` wrote. Requests are told apart by method and path, and answered in
the order in which they were recorded; a stream gives its frames at once, a websocket until it asks for something. A
configuration that is read once more is the last one again.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.doubles.http import Exchange, HttpDouble
from tests.doubles.websocket import Socket


@dataclass(slots=True)
class Recorded:
    """One recorded request and what came back."""

    method: str
    path: str
    body: Any = None
    status: int = 0
    reply: Any = None
    frames: list[Any] = field(default_factory=list)
    stream: bool = False

    @property
    def opens_stream(self) -> bool:
        """Whether it asks for messages that come by and by."""
        return self.method == "GET" and self.path.endswith(("/queue/data", "/queue/join"))


def read_trace(file: Path) -> list[Recorded]:
    """The exchanges of a trace, in the order of their requests."""
    exchanges: list[Recorded] = []
    unanswered: deque[Recorded] = deque()
    stream: Recorded | None = None
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if "method" in entry:
            recorded = Recorded(entry["method"], urlsplit(entry["url"]).path, entry["body"])
            exchanges.append(recorded)
            unanswered.append(recorded)
        elif "status" in entry:
            kind = entry["headers"].get("content-type", "")
            streams = entry["status"] == 101 or kind.startswith("text/event-stream")
            recorded = next(each for each in unanswered if each.opens_stream == streams)
            unanswered.remove(recorded)
            recorded.status, recorded.reply, recorded.stream = entry["status"], entry["body"], streams
            stream = recorded if streams else stream
        elif "data" in entry and stream is not None and entry["dir"] == "<":
            stream.frames.append(entry["data"])
    return exchanges


class TraceServer(HttpDouble):
    """Replays a trace. ``told`` has the recorded requests that were asked again, with what was sent this time."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._left: dict[tuple[str, str], deque[Recorded]] = defaultdict(deque)
        self.told: list[tuple[Recorded, Any]] = []
        for recorded in read_trace(file):
            self._left[recorded.method, recorded.path].append(recorded)

    @property
    def untold(self) -> list[Recorded]:
        """What was recorded and not asked for."""
        asked = {id(recorded) for recorded, _ in self.told}
        return [recorded for left in self._left.values() for recorded in left if id(recorded) not in asked]

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        left = self._left[request.method, request.path]
        if not left:
            await exchange.reply(404, {"detail": "not in the trace"})
            return
        recorded = left[0] if request.path == "/config" and len(left) == 1 else left.popleft()
        self.told.append((recorded, request.json() if request.body.startswith(b"{") else request.body))
        if not recorded.stream:
            await exchange.reply(recorded.status, recorded.reply)
            return
        if recorded.status == 101:
            await self._by_websocket(Socket(exchange), recorded.frames)
            return
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})
        for frame in recorded.frames:
            text = frame if isinstance(frame, str) else json.dumps(frame)
            await exchange.send(b"data: %b\n\n" % text.encode())
        await exchange.end()

    @staticmethod
    async def _by_websocket(socket: Socket, frames: list[Any]) -> None:
        try:
            await socket.accept()
            for frame in frames:
                await socket.send(frame)
                if frame["msg"] in ("send_hash", "send_data"):
                    await socket.receive()
            await socket.close()
        finally:
            socket.end()
