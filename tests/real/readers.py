"""Independent readers: what does the page finally show? Nothing here uses, or looks like, the library under test.

``RawReader`` plays the requests of the page with aiohttp and asks the server for full values instead of diffs, so there
is nothing to parse. ``tests.real.chromium`` has the other reader: the page itself in a browser.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

NO_LIMIT = aiohttp.ClientTimeout(total=60)


@dataclass(slots=True)
class Reading:
    """What a turn left on the page."""

    chatbot: Any = None
    """The chatbot's last raw value."""
    steps: list[Any] = field(default_factory=list)
    """Every raw value of the chatbot on the way, the last one too."""
    values: dict[int, Any] = field(default_factory=dict)
    """The last value of every component, by id."""
    errors: list[Any] = field(default_factory=list)
    """The ``output`` of every event that failed."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Every message of the stream."""
    requests: list[tuple[str, Any]] = field(default_factory=list)
    """(path, body) of every request that the turn made, in order."""
    visible: str = ""
    """The visible text of the page (Chromium only)."""

    @property
    def answers(self) -> list[str]:
        """The texts of the bubbles after the last user's, plainly."""
        return answers(self.chatbot)

    @property
    def answer(self) -> str:
        """The bubbles' texts as one, a blank line between them."""
        return "\n\n".join(self.answers)


class RawReader:
    """One session with an app.

    ``turn(text)`` fires the submit (or the click that is named) and what follows it by ``.then``; ``fire`` runs one
    function. Neither knows of change events: a test that needs those uses the browser.
    """

    def __init__(self, url: str, *, session_hash: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.session_hash = session_hash or uuid.uuid4().hex[:11]
        self.config: dict[str, Any] = {}
        self.values: dict[int, Any] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=NO_LIMIT, read_bufsize=1 << 24)
        async with self._session.get(f"{self.url}/config") as response:
            self.config = await response.json()
        for component in self.config["components"]:
            self.values[component["id"]] = copy.deepcopy(component["props"].get("value"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    # -- looking at the app --------------------------------------------------------------------------------------------

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        return [{"id": i, **d} for i, d in enumerate(self.config["dependencies"])]

    def function(self, name: str) -> dict[str, Any]:
        """The function with this api_name."""
        return next(d for d in self.dependencies if d["api_name"] == name)

    def component(self, kind: str, nth: int = 0) -> int:
        """The id of the nth component whose type ends so (``chatbot`` also finds ``modelscopechatbot``)."""
        return [c["id"] for c in self.config["components"] if c["type"].endswith(kind)][nth]

    def labelled(self, label: str) -> int:
        """The id of the component with this label or, for a button, this text."""
        return next(
            c["id"]
            for c in self.config["components"]
            if c["props"].get("label") == label or (c["type"] == "button" and c["props"].get("value") == label)
        )

    async def upload(self, name: str, data: bytes, kind: str = "text/plain") -> dict[str, Any]:
        """Upload a file; the value to put among ``files``."""
        assert self._session is not None
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("files", data, filename=name, content_type=kind)
        async with self._session.post(f"{self.url}{self.config.get('api_prefix', '')}/upload", data=form) as response:
            (path,) = await response.json()
        if self.config["version"].startswith("3"):
            return {"name": path, "orig_name": name, "size": len(data), "data": None, "is_file": True}
        return {
            "path": path,
            "orig_name": name,
            "size": len(data),
            "mime_type": kind,
            "meta": {"_type": "gradio.FileData"},
        }

    # -- running it ----------------------------------------------------------------------------------------------------

    async def turn(
        self, text: Any, *, box: int | None = None, trigger: tuple[int, str] | None = None, chatbot: int | None = None
    ) -> Reading:
        """Type, fire and follow: the chatbot's values are in the reading. ``text`` may be any value for the box."""
        if trigger is None:
            submits = [t for d in self.dependencies for t in d["targets"] if t[1] == "submit"]
            trigger = (submits[0][0], "submit")
        box = int(trigger[0]) if box is None else box
        kind = next(c["type"] for c in self.config["components"] if c["id"] == box)
        self.values[box] = {"text": text, "files": []} if "multimodal" in kind and isinstance(text, str) else text
        reading = Reading()
        shown = self.component("chatbot") if chatbot is None else chatbot
        for dependency in self.dependencies:
            if list(trigger) in [list(t) for t in dependency["targets"]]:
                await self._follow(dependency, trigger[0], reading, shown)
        reading.chatbot = self.values[shown]
        reading.values = dict(self.values)
        return reading

    async def _follow(self, dependency: dict[str, Any], trigger: int, reading: Reading, shown: int) -> None:
        good = True
        if dependency["backend_fn"]:
            good = await self.fire(dependency, trigger, reading, shown)
        for following in self.dependencies:
            if following.get("trigger_after") == dependency["id"] and (
                good or not following.get("trigger_only_on_success")
            ):
                await self._follow(following, trigger, reading, shown)

    async def fire(self, dependency: dict[str, Any], trigger: int | None, reading: Reading, shown: int) -> bool:
        """Run one function with the present values and set what it puts out; False where it failed."""
        data = [None if self._is_state(i) else self.values.get(i) for i in dependency["inputs"]]
        body = {
            "data": data,
            "fn_index": dependency["id"],
            "session_hash": self.session_hash,
            "event_data": None,
            "trigger_id": trigger,
            "simple_format": True,
        }
        outputs: list[list[Any]] = []
        if dependency["queue"] is False and not dependency["types"]["generator"]:
            status, result = await self._post("/run/predict", body, reading)
            if status != 200:
                reading.errors.append(result)
                return False
            outputs.append(result["data"])
        elif (protocol := self.config.get("protocol", "ws")) == "ws":
            outputs = await self._by_websocket(body, reading)
        elif protocol == "sse":
            outputs = await self._by_stream(body, reading)
        else:
            status, joined = await self._post("/queue/join", body, reading)
            if status != 200:
                reading.errors.append(joined)
                return False
            outputs = await self._by_session_stream(reading)
            if protocol in ("sse_v2", "sse_v2.1"):  # which can't be asked for full values: the last are
                outputs = outputs[-1:]
        for step in outputs:
            for component, value in zip(dependency["outputs"], step, strict=False):
                if not self._is_state(component):
                    self._put(component, value)
            if shown in dependency["outputs"]:
                reading.steps.append(copy.deepcopy(self.values[shown]))
        failed = reading.messages and reading.messages[-1].get("success") is False and dependency["queue"] is not False
        return not failed

    async def _post(self, path: str, body: dict[str, Any], reading: Reading) -> tuple[int, Any]:
        assert self._session is not None
        reading.requests.append((path, body))
        async with self._session.post(self.url + self.config.get("api_prefix", "") + path, json=body) as response:
            text = await response.text()
            try:
                return response.status, json.loads(text)
            except json.JSONDecodeError:
                return response.status, text

    async def _by_session_stream(self, reading: Reading) -> list[list[Any]]:
        """From 4.9 on: the outputs of the one event of the session, one list for each step."""
        outputs: list[list[Any]] = []
        params = {"session_hash": self.session_hash}
        async for message in self._events(f"{self.config.get('api_prefix', '')}/queue/data", params):
            self._note(message, reading, outputs)
        return outputs

    async def _by_stream(self, body: dict[str, Any], reading: Reading) -> list[list[Any]]:
        """4.0 to 4.8: the stream of one event; it says when it wants the data."""
        outputs: list[list[Any]] = []
        params = {"fn_index": str(body["fn_index"]), "session_hash": self.session_hash}
        async for message in self._events("/queue/join", params):
            if message["msg"] == "send_data":
                await self._post("/queue/data", body | {"event_id": message["event_id"]}, reading)
            else:
                self._note(message, reading, outputs)
        return outputs

    async def _by_websocket(self, body: dict[str, Any], reading: Reading) -> list[list[Any]]:
        """3.x: a websocket for the event; it says when it wants the session, and the data."""
        assert self._session is not None
        outputs: list[list[Any]] = []
        reading.requests.append(("/queue/join", body))
        async with self._session.ws_connect(f"{self.url}/queue/join", max_msg_size=0) as socket:
            async for frame in socket:
                message = json.loads(frame.data)
                if message["msg"] == "send_hash":
                    await socket.send_json({"fn_index": body["fn_index"], "session_hash": self.session_hash})
                elif message["msg"] == "send_data":
                    await socket.send_json(body)
                else:
                    self._note(message, reading, outputs)
        return outputs

    async def _events(self, path: str, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        """The messages of an event stream."""
        assert self._session is not None
        async with self._session.get(self.url + path, params=params) as response:
            pending = b""
            async for piece in response.content.iter_any():
                pending += piece
                *events, pending = pending.split(b"\n\n")
                for event in events:
                    yield json.loads(event.removeprefix(b"data: "))

    @staticmethod
    def _note(message: dict[str, Any], reading: Reading, outputs: list[list[Any]]) -> None:
        if message["msg"] in ("heartbeat", "close_stream"):
            return
        reading.messages.append(message)
        if message["msg"] in ("unexpected_error", "queue_full") or not message.get("success", True):
            reading.errors.append(message.get("output", message))
        elif "data" in message.get("output", {}):
            outputs.append(message["output"]["data"])

    def _is_state(self, component: int) -> bool:
        return any(c["id"] == component and c["type"] == "state" for c in self.config["components"])

    def _put(self, component: int, value: Any) -> None:
        if isinstance(value, dict) and value.get("__type__") == "update":
            if "value" in value:
                self.values[component] = value["value"]
        else:
            self.values[component] = value


def plain(content: Any) -> list[str]:
    """The texts in a bubble's content, in order, whatever its form."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    if isinstance(content, list):
        return [text for part in content for text in plain(part)]
    if "role" in content:
        return plain(content["content"])
    return [content["text"]] if isinstance(content.get("text"), str) else []


def answers(value: Any) -> list[str]:
    """The texts after the last user's bubble, of a chatbot's raw value: pairs, Qwen-Agent's pairs, or messages."""
    if not value:
        return []
    if isinstance(value[0], list):
        last = max((i for i, pair in enumerate(value) if pair[0] is not None), default=0)
        return [text for pair in value[last:] for text in plain(pair[1])]
    last = max((i for i, message in enumerate(value) if message["role"] == "user"), default=-1)
    return [
        text for message in value[last + 1 :] if message["role"] == "assistant" for text in plain(message["content"])
    ]


async def raw_turn(url: str, text: Any, **how: Any) -> Reading:
    """One turn in a session of its own."""
    async with RawReader(url) as reader:
        return await reader.turn(text, **how)
