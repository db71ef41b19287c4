"""A Gradio app that fails when and how a test says.

Left alone it is a small healthy app: Qwen-Agent's page (``kind="qwen"``) or a ChatInterface (``kind="interface"``),
whose model says ``answer``. ``on`` puts something else in the place of the nth matching request: any action below, or a
coroutine of the test's own that is given the ``Exchange``.

    async with FaultServer() as server:
        server.on("POST", "/queue/join", respond(503, {"detail": "Queue is full."}), nth=2)
        server.on("GET", "/queue/data", tampered(cut_after(300)))
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.doubles import wire
from tests.doubles.http import Exchange, HttpDouble

Action = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class Rule:
    method: str
    path: str
    action: Action
    nth: int | None
    """Only the nth such request, counted from 1 when the rule was made; None: all."""
    count: int = 0


@dataclass(slots=True)
class Session:
    """What the app holds for one session hash."""

    history: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    saved: str = ""
    pending: list[tuple[str, Any]] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    joined: bool = False


class FaultServer(HttpDouble):
    """The app. ``answer``, ``pace`` and ``prologue`` may be changed at any time; they hold for the turns that follow."""

    def __init__(self, kind: str = "qwen", *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.kind = kind
        self.answer: Sequence[str] | Callable[[str, Session], Sequence[str]] = ["Hello", " there", "."]
        self.pace = 0.0
        """Seconds before each piece."""
        self.heartbeat: float | None = None
        """Send heartbeats this often while nothing else is sent."""
        self.prologue: Callable[[str], list[wire.Json]] = lambda event_id: [
            wire.estimation(event_id),
            wire.starts(event_id),
        ]
        """The messages before the answer."""
        self.events: Callable[[str, Sequence[Any], list[str]], list[wire.Json]] | None = None
        """Instead of the answer: from (event_id, input data, pieces) the messages of the event, its end included."""
        self.login: tuple[str, str] | None = None
        self.config: dict[str, Any] = {}
        self.sessions: dict[str, Session] = {}
        self.running: dict[str, str] = {}
        """Session hash → id of the event that runs, or ran last."""
        self.cancels: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.streaming: set[str] = set()
        """Sessions to which a healthy stream is open."""
        self._rules: list[Rule] = []

    @property
    def prefix(self) -> str:
        return "/gradio_api" if self.kind == "interface" else ""

    async def start(self) -> None:
        await super().start()
        self.config = (wire.qwen_config if self.kind == "qwen" else wire.interface_config)(self.url)

    # -- the script ----------------------------------------------------------------------------------------------------

    def on(self, method: str, path: str, action: Action, *, nth: int | None = None) -> None:
        """Do this for requests whose path (without /gradio_api) begins so; the rule made last goes first."""
        self._rules.insert(0, Rule(method, path, action, nth))

    def clear(self) -> None:
        """Be healthy again."""
        self._rules.clear()

    def restart(self) -> None:
        """Forget all sessions and take another app_id, as an app does that was restarted."""
        self.sessions.clear()
        self.config["app_id"] += 1

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        bare = request.path.removeprefix("/gradio_api")
        chosen: Action | None = None
        for rule in self._rules:
            if rule.method in ("*", request.method) and bare.startswith(rule.path):
                rule.count += 1
                if chosen is None and rule.nth in (None, rule.count):
                    chosen = rule.action
        await (chosen or self.healthy)(exchange)

    # -- the healthy app -----------------------------------------------------------------------------------------------

    async def healthy(self, exchange: Exchange) -> None:
        """Answer as the app does when it is well."""
        request = exchange.request
        if self.login and request.path != "/login" and "session=let-in" not in request.headers.get("cookie", ""):
            await exchange.reply(401, {"detail": "Not authenticated"})
            return
        if request.path == "/config":
            await exchange.reply(200, self.config, {"set-cookie": "sticky=replica-1; Path=/"})
        elif request.path == "/login":
            await self._log_in(exchange)
        elif not request.path.startswith(self.prefix):
            await exchange.reply(404, {"detail": "Not Found"})
        else:
            path = request.path.removeprefix(self.prefix)
            if path.startswith(("/run/", "/api/")):
                await self._run(exchange)
            elif path == "/queue/join":
                await self._join(exchange)
            elif path == "/queue/data":
                await self._data(exchange)
            elif path == "/app_id":
                await exchange.reply(200, {"app_id": self.config["app_id"]})
            elif path == "/cancel":
                body = request.json()
                self.cancels.append(body)
                self.session(body["session_hash"]).cancelled.add(body["event_id"])
                await exchange.reply(200, {"success": True})
            elif path.startswith("/upload"):
                self.uploads.append(request.body)
                count = request.body.count(b'name="files"')
                await exchange.reply(200, [f"/tmp/gradio/{len(self.uploads)}-{i}" for i in range(count)])
            else:
                await exchange.reply(404, {"detail": "Not Found"})

    def session(self, name: str) -> Session:
        return self.sessions.setdefault(name, Session())

    async def _log_in(self, exchange: Exchange) -> None:
        user, password = self.login or ("", "")
        if f"username={user}&password={password}".encode() == exchange.request.body:
            await exchange.reply(200, {"success": True}, {"set-cookie": "session=let-in; Path=/; HttpOnly"})
        else:
            await exchange.reply(400, {"detail": "Incorrect credentials."})

    async def _run(self, exchange: Exchange) -> None:
        body = exchange.request.json()
        data = self.function(body["fn_index"], body["data"], self.session(body.get("session_hash") or ""))
        await exchange.reply(200, wire.output(data, False))

    async def _join(self, exchange: Exchange) -> None:
        body = exchange.request.json()
        event_id = uuid.uuid4().hex
        session = self.session(body["session_hash"])
        session.joined = True
        session.pending.append((event_id, body))
        await exchange.reply(200, {"event_id": event_id})

    async def _data(self, exchange: Exchange) -> None:
        name = exchange.request.query.get("session_hash", "")
        await exchange.head(200, {"content-type": "text/event-stream; charset=utf-8"})
        session = self.sessions.get(name)
        if session is None or not session.joined:
            await exchange.send(wire.event(wire.unexpected()))
            await exchange.end()
            return
        self.streaming.add(name)
        try:
            await self._serve_events(exchange, session, name)
        finally:
            self.streaming.discard(name)

    async def _serve_events(self, exchange: Exchange, session: Session, name: str) -> None:
        while not session.pending:  # a known session may be listened to before it joins again
            if exchange.gone.is_set():
                return
            await asyncio.sleep(0.002)
        while session.pending:
            event_id, body = session.pending.pop(0)
            self.running[name] = event_id
            await self._play(exchange, session, event_id, body)
        await exchange.send(wire.event(wire.CLOSE))
        await exchange.end()

    async def _play(self, exchange: Exchange, session: Session, event_id: str, body: dict[str, Any]) -> None:
        for message in self.messages(session, event_id, body):
            if message["msg"] == "process_generating":
                await self._wait(exchange, lambda: event_id in session.cancelled)
            if event_id in session.cancelled:
                await exchange.send(wire.event(wire.cancelled(event_id)))
                return
            await exchange.send(wire.event(message))

    async def _wait(self, exchange: Exchange, over: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end, beat = loop.time() + self.pace, loop.time()
        while (now := loop.time()) < end and not over():
            try:
                await asyncio.wait_for(exchange.gone.wait(), min(0.01, end - now))
            except TimeoutError:
                if self.heartbeat is not None and now - beat >= self.heartbeat:
                    beat = now
                    await exchange.send(wire.event(wire.HEARTBEAT))
            else:
                raise ConnectionResetError("the client has gone")

    def messages(self, session: Session, event_id: str, body: dict[str, Any]) -> list[wire.Json]:
        """All messages of an event."""
        function, data = body["fn_index"], body["data"]
        prologue = self.prologue(event_id)
        names = {d["id"]: d["api_name"] for d in self.config["dependencies"]}
        if names[function] not in ("agent_run", "_submit_fn", "chat"):
            return [*prologue, wire.completed(event_id, self.function(function, data, session))]
        if names[function] == "agent_run" and not data[0]:  # the step before it has failed
            return [*prologue, wire.failed(event_id)]
        said = data[0] if names[function] == "chat" else session.saved
        pieces = list(self.answer(said, session) if callable(self.answer) else self.answer)
        if self.events is not None:
            return [*prologue, *self.events(event_id, data, pieces)]
        plain = bool(body.get("simple_format"))
        steps = self.steps(names[function], data, pieces, session)
        shown: list[wire.Json] = []
        for number, (full, diff) in enumerate(steps):
            shown.append(wire.generating(event_id, full if number == 0 or plain else diff))
        session.history += [said, "".join(pieces)]
        return [*prologue, *shown, wire.completed(event_id, steps[-1][0] if steps else data)]

    def steps(
        self, name: str, data: Sequence[Any], pieces: list[str], session: Session
    ) -> list[tuple[list[Any], list[Any]]]:
        """(full values, diffs) of each step of an answer."""
        steps: list[tuple[list[Any], list[Any]]] = []
        text = ""
        before = list(session.messages)
        for piece in pieces:
            text += piece
            if name == "agent_run":
                selected = data[2] or 0
                bots: list[Any] = [None, None, None]
                bots[selected] = wire.bubble(text)
                pairs = [*data[0][:-1], [data[0][-1][0], bots]]
                path = [len(pairs) - 1, 1, selected, "text"]
                steps.append(([pairs, None, data[2]], [[["append", path, piece]], [], []]))
            elif name == "_submit_fn":
                session.messages = [*before, message("user", session.saved), message("assistant", text)]
                path = [len(session.messages) - 1, "content"]
                steps.append(([None, session.messages], [[], [["append", path, piece]]]))
            else:
                steps.append(([text, None], [[["append", [], piece]], []]))
        return steps

    def function(self, number: int, data: Sequence[Any], session: Session) -> list[Any]:
        """The functions that do not stream."""
        name = next(d["api_name"] for d in self.config["dependencies"] if d["id"] == number)
        if name == "add_text":
            session.saved = data[0]["text"]
            asked = wire.bubble(data[0]["text"], data[0]["files"])
            cleared = {"interactive": False, "value": {"files": [], "text": ""}, "__type__": "update"}
            return [cleared, [*data[1], [asked, None]], None]
        if name == "flushed":
            return [{"interactive": True, "__type__": "update"}]
        if name == "_clear_and_save_textbox":
            session.saved = data[0]
            return [{"value": "", "__type__": "update"}, None]
        if name == "_append_message_to_history":
            return [[*(data[1] or []), message("user", session.saved)]]
        if name == "lambda":
            session.messages = data[0]
            return [None, None]
        return [None] * len(self.config["dependencies"][number]["outputs"])


def message(role: str, text: str) -> wire.Json:
    return {"role": role, "metadata": None, "content": text, "options": None}


# -- actions: what may happen in the place of a healthy answer ---------------------------------------------------------


def respond(status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> Action:
    """A whole answer: JSON unless ``body`` is text (sent as HTML) or bytes."""
    return lambda exchange: exchange.reply(status, body, headers)


def html(status: int = 502, title: str = "Bad Gateway") -> Action:
    """The page of a proxy or an edge, where JSON was expected."""
    return respond(
        status, f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    )


def redirect(target: str, status: int = 302) -> Action:
    return respond(status, "", {"location": target})


def hang() -> Action:
    """Answer nothing until the client leaves."""

    async def action(exchange: Exchange) -> None:
        await exchange.gone.wait()
        exchange.keep_alive = False

    return action


def delayed(seconds: float, action: Action) -> Action:
    """Wait first."""

    async def later(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await action(exchange)

    return later


def dropped(how: Literal["rst", "fin"] = "rst") -> Action:
    """Close the connection without an answer."""

    async def action(exchange: Exchange) -> None:
        (exchange.reset if how == "rst" else exchange.finish)()

    return action


def raw(*pieces: bytes | float, end: Literal["keep", "fin", "rst", "hang"] = "fin") -> Action:
    """Bytes as they are, headers and all; a number between them is a pause in seconds."""

    async def action(exchange: Exchange) -> None:
        for piece in pieces:
            if isinstance(piece, bytes):
                await exchange.raw(piece)
            else:
                await asyncio.sleep(piece)
        await _finish(exchange, end)

    return action


def stream(
    *pieces: bytes | float | wire.Json, end: Literal["keep", "fin", "rst", "hang"] = "keep", status: int = 200
) -> Action:
    """A stream of events with these pieces of body, one chunk each: bytes, messages, or pauses."""

    async def action(exchange: Exchange) -> None:
        await exchange.head(status, {"content-type": "text/event-stream; charset=utf-8"})
        for piece in pieces:
            if isinstance(piece, int | float):
                await asyncio.sleep(piece)
            else:
                await exchange.send(wire.event(piece) if isinstance(piece, dict) else piece)
        if end == "keep":
            await exchange.end()
        else:
            await _finish(exchange, end)

    return action


def endless(body: bytes, pause: float = 0.0) -> Action:
    """A stream that repeats these bytes until the client leaves."""

    async def action(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "text/event-stream"})
        while not exchange.gone.is_set():
            await exchange.send(body)
            await asyncio.sleep(pause)

    return action


BROKEN_CHUNK = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nnot a size\r\n"
)


def broken_chunks() -> Action:
    """A chunked body whose chunk has no size."""
    return raw(BROKEN_CHUNK)


def short_body(status: int = 200) -> Action:
    """A body that ends before the length its header promised."""
    return raw(
        b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n" % status + b'{"event'
    )


def tampered(
    change: Callable[[bytes], Sequence[bytes | float]], end: Literal["keep", "fin", "rst", "hang"] = "fin"
) -> Action:
    """Let the healthy app answer, but hand its whole reply (headers and all) to ``change`` and send what that returns."""

    async def action(exchange: Exchange) -> None:
        server = exchange.owner
        assert isinstance(server, FaultServer)
        with exchange.captured() as capture:
            await server.healthy(exchange)
        await raw(*change(bytes(capture)), end=end)(exchange)

    return action


def cut_after(count: int) -> Callable[[bytes], Sequence[bytes]]:
    """For ``tampered``: the first so many bytes of the body, then the end."""

    def change(reply: bytes) -> Sequence[bytes]:
        head = reply.index(b"\r\n\r\n") + 4
        return [reply[: head + count]]

    return change


def split_at(*places: int) -> Callable[[bytes], Sequence[bytes | float]]:
    """For ``tampered`` with ``end="keep"``: the reply in several writes, parted at these places of the body."""

    def change(reply: bytes) -> Sequence[bytes | float]:
        head = reply.index(b"\r\n\r\n") + 4
        cuts = [0, *(head + place for place in places), len(reply)]
        pieces: list[bytes | float] = []
        for start, end in itertools.pairwise(cuts):
            pieces += [reply[start:end], 0.002]
        return pieces

    return change


async def _finish(exchange: Exchange, end: str) -> None:
    if end == "hang":
        await exchange.gone.wait()
        exchange.keep_alive = False
    elif end == "rst":
        await asyncio.sleep(0.03)  # a reset overtakes what the client has not read yet
        exchange.reset()
    elif end == "fin":
        exchange.finish()


def certificate(directory: Any, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A self-signed certificate, made now: (context of the server, context of a client that trusts it).

    It is for 127.0.0.1 and for the names.
    """
    import subprocess

    key, cert = f"{directory}/key.pem", f"{directory}/cert.pem"
    hosts = ",".join(["IP:127.0.0.1", "DNS:localhost", *(f"DNS:{name}" for name in names)])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", f"subjectAltName={hosts}", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=cert)


def pretty(data: bytes) -> Any:
    """For a test that fails: the messages in the bytes of a stream."""
    return [json.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]
