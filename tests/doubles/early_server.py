"""The scripted app as gradio 3.50, 4.8, 4.16 and 4.19 would serve it: the same page, other ways of queueing.

``events`` may give, besides messages, numbers (pauses), bytes (frames as they are; for ``ws`` whole websocket frames) and
``HANG``: from there on nothing more is said.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from tests.doubles import wire
from tests.doubles.fault_server import Action, FaultServer, Session
from tests.doubles.http import Exchange, Request
from tests.doubles.websocket import PING, Socket, frame

VERSIONS = {"ws": "3.50.2", "sse": "4.8.0", "sse_v1": "4.16.0", "sse_v2": "4.19.2"}
HANG: Any = {"msg": "hang"}
Say = Callable[[Any], Awaitable[None]]


class EarlyServer(FaultServer):
    """The app of Qwen-Agent's page behind an early protocol."""

    def __init__(self, protocol: str, **options: Any) -> None:
        super().__init__("qwen", **options)
        self.protocol = protocol
        self.full = False
        """Whether the queue takes nothing more."""
        self.resets: list[dict[str, Any]] = []
        self.left: list[int | None] = []
        """The codes with which clients have closed websockets."""
        self.sockets = 0
        """Websockets that are open."""
        self.begun: list[str] = []
        """Ids of the events that have been given their inputs, in order."""
        self._inputs: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def start(self) -> None:
        await super().start()
        self.config |= {"version": VERSIONS[self.protocol], "protocol": self.protocol}
        if self.protocol == "ws":
            del self.config["protocol"]

    async def healthy(self, exchange: Exchange) -> None:
        request = exchange.request
        signed_in = not self.login or "session=let-in" in request.headers.get("cookie", "")
        what = (request.method, request.path)
        if not signed_in and what == ("GET", "/queue/join") and self.protocol == "ws":
            await exchange.reply(403, "")
        elif not signed_in:
            await super().healthy(exchange)
        elif request.path == "/reset":
            self.resets.append(request.json())
            await exchange.reply(200, {"success": self._reset(request)})
        elif what == ("GET", "/queue/join") and request.headers.get("upgrade") == "websocket":
            await self._by_websocket(Socket(exchange))
        elif what == ("GET", "/queue/join") and self.protocol == "sse":
            await self._by_stream(exchange)
        elif what == ("POST", "/queue/data") and self.protocol == "sse":
            body = request.json()
            self._inputs[body["event_id"]].set_result(body)
            await exchange.reply(200, None)
        elif request.path == "/cancel":
            await exchange.reply(404, {"detail": "Not Found"})
        else:
            await super().healthy(exchange)

    def messages(self, session: Session, event_id: str, body: dict[str, Any]) -> list[wire.Json]:
        return super().messages(session, event_id, {**body, "simple_format": self.protocol != "sse_v2"})

    def _reset(self, request: Request) -> bool:
        event_id = request.json().get("event_id")
        running = [self.session(name) for name, event in self.running.items() if event == event_id]
        for session in running:
            session.cancelled.add(event_id)
        return bool(running)

    # -- a websocket for each event ------------------------------------------------------------------------------------

    async def _by_websocket(self, socket: Socket) -> None:
        self.sockets += 1
        try:
            await socket.accept()
            await socket.send({"msg": "send_hash"})
            name = (await socket.receive())["session_hash"]
            if self.full:
                await socket.send({"msg": "queue_full"})
            else:
                await self._say_on(socket, name)
            await socket.close()
        finally:
            self.sockets -= 1
            self.left.append(socket.close_code)
            socket.end()

    async def _say_on(self, socket: Socket, name: str) -> None:
        event_id = uuid.uuid4().hex

        async def say(message: Any) -> None:
            if isinstance(message, dict):
                message = {name: value for name, value in message.items() if name != "event_id"}
            await socket.send(message)

        async def inputs() -> dict[str, Any]:
            await say({"msg": "send_data"})
            return await socket.receive()

        await self._say(say, inputs, name, event_id, socket.exchange, socket.left)

    # -- a stream for each event ---------------------------------------------------------------------------------------

    async def _by_stream(self, exchange: Exchange) -> None:
        name, event_id = exchange.request.query["session_hash"], uuid.uuid4().hex
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})

        async def say(message: Any) -> None:
            if isinstance(message, dict) and message["msg"] != "send_data":
                message = {name: value for name, value in message.items() if name != "event_id"}
            await exchange.send(message if isinstance(message, bytes) else wire.event(message))

        async def inputs() -> dict[str, Any]:
            self._inputs[event_id] = asyncio.get_running_loop().create_future()
            await say({"msg": "send_data", "event_id": event_id})
            gone = asyncio.ensure_future(exchange.gone.wait())
            await asyncio.wait({gone, self._inputs[event_id]}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not self._inputs[event_id].done():
                raise ConnectionResetError("the client has gone")
            return self._inputs[event_id].result()

        if self.full:
            await say({"msg": "queue_full"})
        else:
            self.streaming.add(name)
            try:
                await self._say(say, inputs, name, event_id, exchange, exchange.gone)
            finally:
                self.streaming.discard(name)
        await exchange.end()

    # -- one stream for the session ------------------------------------------------------------------------------------

    async def _serve_events(self, exchange: Exchange, session: Session, name: str) -> None:
        dead = False
        while session.pending:
            event_id, body = session.pending.pop(0)

            async def say(message: Any) -> None:
                await exchange.send(message if isinstance(message, bytes) else wire.event(message))

            async def inputs(body: dict[str, Any] = body) -> dict[str, Any]:
                return body

            dead = await self._say(say, inputs, name, event_id, exchange, exchange.gone) or dead
            while dead and not session.pending:  # it waits for ever for the end of what was reset
                if exchange.gone.is_set():
                    raise ConnectionResetError("the client has gone")
                await asyncio.sleep(0.01)
        await exchange.end()

    # -- what all have in common ---------------------------------------------------------------------------------------

    async def _say(
        self,
        say: Say,
        inputs: Callable[[], Awaitable[dict[str, Any]]],
        name: str,
        event_id: str,
        exchange: Exchange,
        left: asyncio.Event,
    ) -> bool:
        """Say all of an event; whether it was reset instead."""
        session = self.session(name)
        for message in self.prologue(event_id):
            if message["msg"] == "estimation":
                await say(message)
        if self.prologue(event_id)[-1:] == [HANG]:
            await left.wait()
            raise ConnectionResetError("the client has gone")
        body = await inputs()
        self.running[name] = event_id
        self.begun.append(event_id)
        for message in self.messages(session, event_id, body):
            if isinstance(message, int | float):
                await asyncio.sleep(message)
                continue
            if message is HANG:
                await left.wait()
                raise ConnectionResetError("the client has gone")
            if isinstance(message, dict) and message["msg"] == "estimation":
                continue
            if isinstance(message, dict) and message["msg"] == "process_generating":
                await self._pause(left)
            if event_id in session.cancelled:
                return True
            await say(message)
        return False

    async def _pause(self, left: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(left.wait(), self.pace)
        except TimeoutError:
            return
        if self.pace:
            raise ConnectionResetError("the client has gone")


class _Limited(Exchange):
    """An exchange that is cut after so many bytes of its body; what went out before is kept."""

    def __init__(self, other: Exchange, limit: int, end: str) -> None:
        super().__init__(other.request, other.reader, other.writer, other.owner)
        self.body = b""
        self._limit = limit
        self._end = end
        self._begun = False

    async def raw(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            await super().raw(data)
            return
        room = self._limit - len(self.body)
        self.body += data[:room]
        await super().raw(data[:room])
        if len(data) >= room:
            if self._end == "rst":
                await asyncio.sleep(0.03)  # a reset overtakes what the client has not read yet
                self.reset()
            raise ConnectionResetError("cut")


def cut(limit: int, end: Literal["fin", "rst"], sent: list[bytes]) -> Action:
    """Let the healthy app answer, but cut the connection after so many bytes that follow the head."""

    async def action(exchange: Exchange) -> None:
        server = exchange.owner
        assert isinstance(server, FaultServer)
        limited = _Limited(exchange, limit, end)
        exchange.keep_alive = False
        try:
            await server.healthy(limited)
        finally:
            sent.append(limited.body)

    return action


def ping(payload: bytes = b"") -> bytes:
    """A websocket ping."""
    return frame(payload, PING)
