"""A conversation on a page whose functions follow a script."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spacebridge.chat.conversation import Conversation
from spacebridge.chat.events import Attachment
from spacebridge.chat.files import FileValue
from spacebridge.chat.layout import Layout, find_layout
from spacebridge.chat.past import Past
from spacebridge.chat.rules import TextRules
from spacebridge.gradio.config import Component, Config, Dependency
from spacebridge.gradio.upload import UploadFile
from spacebridge.options import Limits, Timeouts
from tests.page.documents import SIX, page_config
from tests.page.scripted import Script, ScriptedSession, page_on

__all__ = ["ScriptedHost", "conversation_on"]


class ScriptedHost:
    """What a conversation needs of its Space."""

    address = "http://host"
    rules = TextRules()

    def __init__(self, timeouts: Timeouts | None = None, limits: Limits | None = None) -> None:
        self.config = page_config([], [])
        self.restarted: Config | None = None
        """The app that answers from the next look on."""
        self.looks = 0
        """How often it was doubted when a turn began."""
        self.sessions: list[ScriptedSession] = []
        self._doubted = False
        self.timeouts = timeouts or Timeouts()
        self.limits = limits or Limits()
        self.uploads: list[str] = []
        self.hidden: list[str] = []
        self.make: Callable[..., Conversation] | None = None

    @property
    def layout(self) -> Layout:
        return find_layout(self.config)

    def session(self, session_hash: str) -> Any:
        return self.sessions.pop()

    async def verify(self) -> None:
        self.looks += self._doubted
        if self.restarted is not None:
            self.config, self.restarted = self.restarted, None

    def vouch(self) -> None:
        self._doubted = False

    def doubt(self) -> None:
        self._doubted = True

    async def upload(self, files: list[UploadFile], progress: Any = None) -> list[dict[str, Any]]:
        self.uploads += [file.name for file in files]
        return [{"path": f"/kept/{file.name}"} for file in files]

    def attachment(self, file: FileValue) -> Attachment:
        return Attachment(url=file.url, path=file.path)

    def slot(self) -> contextlib.AbstractAsyncContextManager[Any]:
        return contextlib.nullcontext()

    def cookies(self) -> dict[str, str]:
        return {"a": "1"}

    def hide(self, secret: str) -> None:
        self.hidden.append(secret)

    def another(self, past: Past, settings: Mapping[str, Any], *, route: str | None = None) -> Conversation:
        assert self.make is not None
        return self.make(past=past, settings=settings)


def conversation_on(
    components: Iterable[Component],
    dependencies: Iterable[Dependency],
    script: dict[int, Script],
    *,
    version: tuple[int, ...] = SIX,
    host: ScriptedHost | None = None,
    route: str = "auto",
    **more: Any,
) -> tuple[Conversation, ScriptedSession]:
    """A conversation of an app like this."""
    config = page_config(components, dependencies, version)
    host = host or ScriptedHost()
    host.config = config
    sessions: list[ScriptedSession] = []

    def find(graph: Any = None) -> Any:
        return find_layout(config, graph=graph, route=route)

    def make(**more: Any) -> Conversation:
        page, session, _ = page_on(config, script)
        sessions.append(session)
        return Conversation(host, page, find(), find, **more)

    host.make = make
    return make(**more), sessions[0]
