"""The front door: a Space, connected, and the conversations on it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import uuid
import weakref
from math import inf
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import msgspec

from spacebridge import errors
from spacebridge.chat.attachment import Attachment
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.events import Notice
from spacebridge.chat.layout import find_layout
from spacebridge.chat.parameters import are_nameless, parameter_names
from spacebridge.chat.past import Past
from spacebridge.chat.resume import JsonConversation
from spacebridge.chat.route import ROUTES
from spacebridge.chat.rules import TextRules
from spacebridge.gradio.app import App
from spacebridge.gradio.fetch import Fetcher
from spacebridge.gradio.http import HttpClient
from spacebridge.gradio.trace import Trace, redact_url
from spacebridge.log import logger
from spacebridge.options import Limits, Timeouts
from spacebridge.page.graph import EventGraph
from spacebridge.page.page import Page
from spacebridge.shape import as_object, is_object
from spacebridge.spaces.catalogue import Row, row_for
from spacebridge.spaces.resolve import Place, Way, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from spacebridge.chat.files import FileValue
    from spacebridge.chat.layout import Layout
    from spacebridge.gradio.config import Config
    from spacebridge.gradio.fetch import Download
    from spacebridge.gradio.session import Session
    from spacebridge.gradio.upload import Progress, UploadFile
    from spacebridge.spaces.hub import HubSpace
    from spacebridge.spaces.record import SpaceRecord

__all__ = ["Space", "as_dumped", "generate_session_hash"]

# For so long after it was heard, an app is taken to be the one that it was: none starts anew in less.
_FRESH = 2.0


def generate_session_hash() -> str:
    """A new session hash: the first 12 hexadecimal digits of a random UUID."""
    return uuid.uuid4().hex[:12]


class Space:
    """A Gradio app in which a person can chat.

    ::

        async with Space("http://127.0.0.1:7860") as space:
            print(await space.conversation().ask("Hello"))

    Args:
        address: a URL, ``host:port``, a name of the catalogue, ``local`` for the embedded Space, or a Space on Hugging
            Face: ``owner/name``, the URL of its page, or its own.
        token: Hugging Face token; sent to Hugging Face's hosts only. By default the one found on this machine (see
            :func:`spacebridge.spaces.tokens.find_token`) is used for Spaces there; False uses none.
        auth: user and password of the app's own login.
        proxy: URL of an HTTP or SOCKS proxy.
        timeouts: time limits.
        limits: other limits.
        headers: sent to the app's own host with every request.
        chat: which chat, if the app has several: its number in ``layout.candidates``, or what its tab,
            chatbot, box, button or event is called.
        route: ``page``: by the page's own events, as a browser; ``api``: by the endpoint that some apps have beside
            them, which takes fewer requests and tells less; ``auto``: by the page, where its way can be gone.
        trace: path of a file to which the wire is recorded, secrets removed.
        row: what is known of this Space; found by itself where it is in the catalogue.
        on_status: told what is waited for while a Space is reached that sleeps or is built, and that an app was
            restarted.
        on_broken_line: called with lines of an event stream that are no JSON.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | Literal[False] | None = None,
        auth: tuple[str, str] | None = None,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        headers: Mapping[str, str] | None = None,
        chat: int | str | None = None,
        route: Literal["auto", "page", "api"] = "auto",
        trace: str | Path | IO[bytes] | None = None,
        row: Row | None = None,
        on_status: Callable[[Notice], None] | None = None,
        on_broken_line: Callable[[bytes], None] | None = None,
    ) -> None:
        self.address = address
        self.timeouts = timeouts or Timeouts()
        self.limits = limits or Limits()
        self._token: str | Literal[False] | None = token
        self._auth = auth
        self._proxy = proxy
        self._headers = dict(headers or {})
        self._chat = chat
        self._route = route
        self._trace = trace
        self._row = row
        self._on_status = on_status
        self._on_broken_line = on_broken_line
        self._cookies: dict[str, str] = {}
        self._stack: contextlib.AsyncExitStack | None = None
        self._place: Place | None = None
        self._app: App | None = None
        self._verifying = asyncio.Lock()
        self._known_until = -inf
        self._layout: Layout | None = None
        self._graph: EventGraph | None = None
        self._parameters: dict[int, str] = {}
        """Names that the app's functions have for components, if they were needed."""
        self._slots: asyncio.Semaphore | None = None
        # Whoever has many conversations one after the other need not keep them all.
        self._conversations: weakref.WeakSet[Conversation] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"Space({redact_url(self.address)!r})"

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def connect(self) -> None:
        """Reach the app and read its configuration. ``async with`` does it by itself.

        Raises:
            AddressError, CannotConnect, NotGradio, LoginRequired, …: see :mod:`spacebridge.errors`.
        """
        if self._app is not None:
            return
        stack = contextlib.AsyncExitStack()
        try:
            trace: Trace | None = None
            if self._trace is not None:
                trace = self._opened_trace(self._trace)
                stack.callback(trace.close)
            way = Way(
                token=self._token,
                proxy=self._proxy,
                timeouts=self.timeouts,
                limits=self.limits,
                trace=trace,
                tell=self._tell,
            )
            place = self._place = await stack.enter_async_context(resolve(self.address, way))
            hub = place.hub
            token = hub.token.text if hub is not None and hub.token is not None else self._token
            http = HttpClient(
                place.url,
                headers={**self._shown_to(hub), **self._headers},
                secrets=tuple(secret for secret in (token, *(self._auth or ())) if secret),
                proxy=self._proxy,
                timeouts=self.timeouts,
                limits=self.limits,
                trace=trace,
                cookies=self._cookies,
            )
            await stack.enter_async_context(http)
            self._app = await self._reach(http)
        except BaseException:
            await stack.aclose()
            raise
        self._row = self._row or row_for(place.url, self._app.config)
        self.vouch()
        self._slots = asyncio.Semaphore(self.limits.turns) if self.limits.turns is not None else None
        self._stack = stack
        try:
            await self._look()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Leave all turns and close all connections."""
        conversations = list(self._conversations)
        self._conversations.clear()
        try:
            await asyncio.gather(*(conversation.aclose() for conversation in conversations))
        finally:
            stack, self._stack, self._app, self._place = self._stack, None, None, None
            if stack is not None:
                await stack.aclose()

    @property
    def config(self) -> Config:
        """What the app tells about itself."""
        return self._connected().config

    @property
    def url(self) -> str:
        """Where the app is served."""
        return self._connected().http.base

    @property
    def app_id(self) -> str:
        """Which run of the app answers; it changes when the app restarts."""
        return self.config.app_id

    @property
    def record(self) -> SpaceRecord | None:
        """What Hugging Face says about the Space, if it is there and was asked."""
        hub = self._place.hub if self._place is not None else None
        return hub.record if hub is not None else None

    @property
    def row(self) -> Row | None:
        """What is known of this Space besides what it tells itself."""
        return self._row

    @property
    def rules(self) -> TextRules:
        """How the Space decorates its answers."""
        return self._row.rules if self._row else TextRules()

    @property
    def layout(self) -> Layout:
        """Where the chat is on the page, what else was found, and why.

        Raises:
            NoChatFound: there is none.
        """
        if self._layout is None:
            self._layout = self._find()
        return self._layout

    @property
    def graph(self) -> EventGraph:
        """What is on the page and what fires what, with what it draws when it is opened, if the chat is there."""
        if self._graph is None:
            config = self.config
            self._graph = EventGraph(config.components, config.dependencies, config.parents)
        return self._graph

    def conversation(
        self,
        resume: JsonConversation | Mapping[str, Any] | None = None,
        *,
        history: Iterable[Mapping[str, Any]] | None = None,
    ) -> Conversation:
        """Begin a conversation, or go on with one that was dumped.

        Args:
            resume: what ``Conversation.dump`` gave, or anything with a ``session_hash``.
            history: messages that were said before: dicts with ``role``, ``content`` and, where the app takes files,
                ``files``. ``Conversation.history_mode`` says how the app gets to know them.

        Raises:
            InvalidConversation: it can't be resumed.
            InvalidMessages, FileRefused: the history makes no sense, or the app takes no files.
            SessionLost: the app restarted since, and has forgotten it.
            NoChatFound: the app has no chat.
        """
        if history is not None:
            if resume is not None:
                raise errors.InvalidMessages("What is resumed has its history already.", hint="Give one of the two.")
            past = Past.of(history)
            if past.has_files and not self.layout.chat.multimodal:
                raise errors.FileRefused(f"The chat of {redact_url(self.address)} takes no files with its messages.")
            return self.another(past, {})
        app = self._connected()
        dumped = as_dumped(resume)
        session_hash = generate_session_hash() if dumped is None else dumped.session_hash
        if dumped is not None:
            app_id = str(dumped.get_dict().get("app_id") or "")
            if app_id and app.config.app_id and app_id != app.config.app_id:
                raise errors.SessionLost(
                    f"The app at {self.url} was restarted since and has forgotten this conversation."
                )
            app.http.use_cookies(as_object(dumped.get_dict().get("cookies")))
        conversation = self._begin(session_hash, route=self._route_of(dumped))
        if dumped is not None:
            conversation.restore(dumped)
        return conversation

    def another(self, past: Past, settings: Mapping[str, Any], *, route: str | None = None) -> Conversation:
        """A conversation with a past, and with settings for its first turn."""
        return self._begin(generate_session_hash(), route=route, past=past, settings=settings)

    def _begin(self, session_hash: str, *, route: str | None = None, **more: Any) -> Conversation:
        layout = self.layout if route in (None, self.layout.route) else self._find(self._graph, route=route)
        find = functools.partial(self._find, route=layout.route)
        conversation = Conversation(self, Page(self.config, self.session(session_hash)), layout, find, **more)
        self._conversations.add(conversation)
        return conversation

    @staticmethod
    def _route_of(dumped: JsonConversation | None) -> str | None:
        """The way into the chat that a conversation has gone; a session is not changed from one to the other."""
        route = None if dumped is None else dumped.get_dict().get("route")
        return route if route in ROUTES else None

    def session(self, session_hash: str) -> Session:
        """A session of the app as it is now."""
        query = self._row.query if self._row else ""
        return self._connected().session(session_hash, query=query, on_broken=self._on_broken_line)

    async def verify(self) -> None:
        """See whether the app that answers is still the one that was read; if it was restarted, read it anew.

        A short request is made for it, but none within 2 s of the last sign of life.

        Raises:
            ConnectionLost, ServerRefused, …: the app can't be reached.
        """
        async with self._verifying:
            if asyncio.get_running_loop().time() < self._known_until:
                return
            app, hub = self._connected(), self._place.hub if self._place is not None else None
            try:
                same = await app.is_same()
            except errors.ConnectionLost:
                if hub is None:
                    raise
                same = False  # perhaps it went to sleep
            if not same:
                await self._read_anew(app)
            self.vouch()

    def vouch(self) -> None:
        """The app has just been heard, and was the one that was read."""
        self._known_until = asyncio.get_running_loop().time() + _FRESH

    def doubt(self) -> None:
        """Something failed: before the next turn the app is looked at."""
        self._known_until = -inf

    async def upload(self, files: list[UploadFile], progress: Progress | None = None) -> list[dict[str, Any]]:
        """Send files to the app; Gradio's ``FileData`` for each."""
        return await self._connected().upload(files, progress)

    def attachment(self, file: FileValue) -> Attachment:
        """A file of an answer, and where it can be fetched."""
        app = self._connected()
        url = app.file_url(file.path, file.url) if file.path or file.url else ""
        return Attachment(**msgspec.structs.asdict(msgspec.structs.replace(file, url=url))).bound(Fetcher(app.http))

    def download(
        self, file: Attachment, *, part: str | None = None
    ) -> contextlib.AbstractAsyncContextManager[Download]:
        """Fetch a file of an answer to pass it on: more is known of it than when it is read.

        Args:
            file: one that has an address; see ``attachment``.
            part: the only one that is wanted, as in HTTP's ``Range``; the whole may come all the same.
        """
        return Fetcher(self._connected().http).open(file.url, part=part)

    def slot(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """A place among the turns that may run at once."""
        return self._slots or contextlib.nullcontext()

    def cookies(self) -> dict[str, str]:
        """Cookies that the app has set."""
        return self._connected().http.cookies()

    def hide(self, secret: str) -> None:
        """Keep a text out of traces and errors."""
        self._connected().http.hide(secret)

    def use_cookies(self, cookies: Mapping[str, str]) -> None:
        """Send cookies of an earlier session; before ``connect``."""
        self._cookies |= {str(name): str(value) for name, value in as_object(cookies).items()}

    @staticmethod
    def _opened_trace(target: str | Path | IO[bytes]) -> Trace:
        try:
            return Trace(target)
        except OSError as error:
            raise errors.FileRefused(f"The trace can't be written to {target}: {error.strerror or error}.") from error

    async def _look(self) -> None:
        """Find the chat, and what is needed to name its settings."""
        self._parameters = {}
        await self._look_for_chat()
        if self._layout is not None and are_nameless(self._layout.settings):
            self._parameters = parameter_names(await self._connected().info(), self.graph)
            self._layout = self._find(self.graph)

    async def _look_for_chat(self) -> None:
        """Find the chat, on a page that is opened for it if the configuration does not show one.

        A page may render its chat only when it is opened.
        """
        app = self._connected()
        with contextlib.suppress(errors.NoChatFound):
            self._layout = self._find()
        if self._layout is not None and (self._layout.chat.chatbot or not _draws_at_first(app.config)):
            return
        if not any(target.event == "load" for d in app.config.dependencies.values() for target in d.targets):
            return
        page = Page(app.config, app.session(generate_session_hash()))
        try:
            await page.load(self.timeouts.connect)
            with contextlib.suppress(errors.NoChatFound):
                self._layout, self._graph = self._find(page.graph), page.graph
            await page.session.drain()
        finally:
            await page.aclose()

    def _find(self, graph: EventGraph | None = None, *, route: str | None = None) -> Layout:
        return find_layout(
            self.config, chat=self._chat, graph=graph, route=route or self._route, parameters=self._parameters
        )

    def _shown_to(self, hub: HubSpace | None) -> dict[str, str]:
        """The headers that show the token to the Space, unless the caller has his own of this name."""
        own = {name.lower() for name in self._headers}
        return {} if hub is None else {name: value for name, value in hub.headers.items() if name.lower() not in own}

    async def _reach(self, http: HttpClient) -> App:
        async def connect() -> App:
            return await App.connect(http, auth=self._auth)

        hub = self._place.hub if self._place is not None else None
        return await connect() if hub is None else await hub.reach(connect)

    async def _read_anew(self, app: App) -> None:
        """Read the configuration again, and if another app answers, find its chat."""
        now = await self._reach(app.http)
        if now.config.app_id == app.config.app_id:
            return
        self._app, self._layout, self._graph = now, None, None
        self._row = self._row or row_for(now.http.base, now.config)
        await self._look()
        self._tell(Notice(level="warning", text=f"The app at {redact_url(self.url)} was restarted."))

    def _tell(self, notice: Notice) -> None:
        logger.info("%s", notice.text)
        if self._on_status is not None:
            self._on_status(notice)

    def _connected(self) -> App:
        if self._app is None:
            raise errors.ConnectionLost(
                f"The Space {redact_url(self.address)!r} is not connected.", hint="Use `async with Space(…) as space:`."
            )
        return self._app


def _draws_at_first(config: Config) -> bool:
    """Whether a page draws something when it is opened, of which its configuration tells nothing."""
    return any(d.renders and any(target.event == "load" for target in d.targets) for d in config.dependencies.values())


def as_dumped(resume: object) -> JsonConversation | None:
    """Anything that a caller kept of a conversation, as one of ours.

    Raises:
        InvalidConversation: it has no session hash.
    """
    if resume is None:
        return None
    if isinstance(resume, JsonConversation):
        dumped = resume
    elif is_object(resume):
        dumped = JsonConversation(**as_object(resume))
    else:
        fields: dict[str, Any] = getattr(resume, "__dict__", {})
        dumped = JsonConversation(**{k: v for k, v in fields.items() if not k.startswith("_")})
    session_hash = dumped.get_dict().get("session_hash")
    if not isinstance(session_hash, str) or not session_hash:
        raise errors.InvalidConversation(
            "This conversation has no session_hash.", hint="Pass the object that an earlier call gave."
        )
    return dumped
