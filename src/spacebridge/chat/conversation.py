"""A conversation: one session on the server, one turn at a time."""

from __future__ import annotations

import base64
import itertools
import mimetypes
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.chat.components import button_says, filled
from spacebridge.chat.entrance import enter
from spacebridge.chat.files import FileValue
from spacebridge.chat.inlets import assign
from spacebridge.chat.offers import examples_of, offers_of
from spacebridge.chat.outgoing import as_upload
from spacebridge.chat.panel import Panel
from spacebridge.chat.readers import output_value, reader_for
from spacebridge.chat.restart import goes_on
from spacebridge.chat.resume import JsonConversation
from spacebridge.chat.rules import PROVISIONAL
from spacebridge.chat.tracker import AnswerTracker
from spacebridge.chat.turn import Beginning, Fire, Turn, TurnEnd
from spacebridge.gradio.trace import redact_url
from spacebridge.page.page import TYPING
from spacebridge.shape import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from spacebridge.chat.bubbles import Bubble
    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.events import Answer, Option
    from spacebridge.chat.host import Host
    from spacebridge.chat.layout import Layout
    from spacebridge.chat.outgoing import FileLike
    from spacebridge.chat.settings import Setting
    from spacebridge.gradio.upload import UploadFile
    from spacebridge.page.graph import EventGraph
    from spacebridge.page.page import Page

__all__ = ["Conversation"]

Settle = Literal["now", "end"]
State = Literal["clean", "partial", "lost"]

_VERSION = 1


class Conversation:
    """One session on the server. Made by ``Space.conversation``.

    Args:
        host: the Space.
        page: of this session.
        layout: where the chat is on it.
        find: finds it again on a page that has been rendered anew.
    """

    def __init__(self, host: Host, page: Page, layout: Layout, find: Callable[[EventGraph], Layout]) -> None:
        self._host = host
        self._page = page
        self._layout = layout
        self._find = find
        self._panel = Panel(page, host.hide)
        self._config = host.config
        """The app that holds the session."""
        self._begun = False
        """Whether anything was said, here or elsewhere."""
        self._turn: Turn | None = None
        self._numbers = itertools.count(1)
        self._said_system: str | None = None
        self._inside = False
        """Whether all has been done that the page wants before the first message."""
        self._failures: list[errors.SpacebridgeError] = []
        self.state: State = "clean"
        """``clean``; ``partial`` after an answer that was cut or left; ``lost`` where the app forgot the session."""

    @property
    def session_hash(self) -> str:
        """Keys the app's State on the server."""
        return self._page.session.session_hash

    @property
    def layout(self) -> Layout:
        """Where the chat is on the page."""
        return self._layout

    @property
    def settings(self) -> dict[str, Any]:
        """The app's settings as they are now, by name."""
        return self._panel.values(self._layout)

    @property
    def known_settings(self) -> tuple[Setting, ...]:
        """What can be set, with what is allowed now."""
        return self._panel.settings(self._layout)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Check settings as ``stream`` does.

        Raises:
            UnknownSetting, InvalidSetting: the app does not take this.
        """
        self._panel.check(self._layout, settings)

    def stream(
        self,
        prompt: str,
        *,
        files: Sequence[FileLike] = (),
        system: str | None = None,
        settings: Mapping[str, Any] | None = None,
        settle: Settle = "now",
    ) -> Turn:
        """Say something; the turn gives the events of the answer.

        Args:
            prompt: the message.
            files: paths, URLs, ``(name, content)`` pairs, streams or :class:`UploadFile`; see ``docs/files.md``. They
                go into the message box, or into what else feeds the chat; there they stay, as on the page.
            system: a system message: put into the app's own box for it where it has one, else before the prompt.
            settings: values of the app's settings by name or label; they stay for the turns after.
            settle: ``end`` gives the text once, whole, when it can't change any more.

        Raises:
            TurnInProgress: another turn of the conversation is under way.
            UnknownSetting, InvalidSetting, FileRefused, InvalidMessages: the app does not take this.
        """
        wanted = dict(settings or {})
        prompt = _well_formed(prompt)
        if system is not None:
            prompt = self._with_system(_well_formed(system), prompt, wanted)
        if not prompt.strip() and not files:
            raise errors.InvalidMessages("There is nothing to say: the prompt is empty.")
        self.check(wanted)
        uploads = [as_upload(file) for file in files]
        self._places(uploads)

        async def prepare(chat: Candidate) -> Fire:
            page = self._page
            await self._panel.set(self._layout, wanted)
            if not self._inside:
                await enter(page, chat, self._failures)
                self._inside = True
                chat = self._located()  # what was done may have rendered the page anew
            sent = await self._host.upload(uploads, turn.on_upload) if uploads else []
            places = self._places(uploads)
            for inlet in self._layout.inlets:
                if not inlet.box and (given := [sent[index] for index in places.get(inlet.component, ())]):
                    if inlet.wants_content(page.version):
                        given = [{"data": await self._content(file)} for file in given]
                    page.set_by_user(inlet.component, inlet.value(given, page.version))
                    page.fire(inlet.component, "upload")
            await page.settle()
            boxed = [] if chat.box is None else places.get(chat.box, [])
            await self._type(chat, prompt, [sent[index] for index in boxed])
            return Fire(chat.trigger, chat.event)

        turn = self._begin(prepare, prompt=lambda: prompt, settle=settle)
        return turn

    def retry(self, *, settings: Mapping[str, Any] | None = None, settle: Settle = "now") -> Turn:
        """Have the last answer made anew, where the app offers that. Arguments and errors as those of ``stream``.

        Raises:
            NotOffered: the app has no way to retry.
        """
        wanted = dict(settings or {})
        self.check(wanted)
        fire = self._offered("retry")

        async def prepare(chat: Candidate) -> Fire:
            await self._panel.set(self._layout, wanted)
            return await fire(chat)

        return self._begin(prepare, prompt=lambda: self._last_said()[1], settle=settle)

    @property
    def options(self) -> tuple[Option, ...]:
        """What the app offers to choose from now: options and suggestions in its last answer; before, its examples."""
        offers, examples = self._offers()
        return tuple(dict.fromkeys(option for _, option in offers or examples))

    def choose(self, option: str, *, settle: Settle = "now") -> Turn:
        """Say one of the ``options``, by its value or its label. Errors as those of ``stream``.

        An option or an example is chosen as on the page; a suggestion is said like any other message.

        Raises:
            NotOffered: the app takes no options, or offers none of this name.
        """
        graph, (offers, examples) = self._page.graph, self._offers()
        for bubble, offered in reversed(offers):
            if option not in (offered.value, offered.label):
                continue
            if bubble.kind == "suggestions":
                return self.stream(offered.value, settle=settle)
            chosen = self._offered("option_select", {"index": _index(bubble), "value": offered.value})
            return self._begin(chosen, prompt=partial(str, offered.value), settle=settle)
        for data, offered in examples:
            if option not in (offered.value, offered.label):
                continue
            if not graph.may_write(graph.listeners(self._output, "example_select"), [self._output]):
                return self.stream(offered.value, settle=settle)  # the page would only put it into the box
            chosen = self._offered("example_select", data)
            return self._begin(chosen, prompt=partial(str, offered.value), settle=settle)
        names = ", ".join(repr(each.value) for each in self.options) or "none"
        raise errors.NotOffered(f"The app does not offer {option!r}.", hint=f"Offered: {names}.")

    @property
    def _output(self) -> int:
        return self._layout.chat.output

    def _offers(self) -> tuple[list[tuple[Bubble, Option]], list[tuple[dict[str, Any], Option]]]:
        """What the chatbot's bubbles offer, and what it offers while it is empty."""
        values = self._page.values
        value = values.get(self._output)
        return offers_of(value), [] if value else examples_of(values.prop(self._output, "examples"))

    async def undo(self) -> None:
        """Take back the last message and its answer, where the app offers that.

        Raises:
            NotOffered: the app has no way to undo.
            SpacebridgeError: of other kinds, as ``stream`` raises them.
        """
        turn = self._begin(self._offered("undo"), prompt=lambda: "", settle="end", expects_answer=False)
        async with turn:
            async for _ in turn:
                pass

    def _begin(
        self,
        prepare: Callable[[Candidate], Awaitable[Fire]],
        *,
        prompt: Callable[[], str],
        settle: Settle,
        expects_answer: bool = True,
    ) -> Turn:
        """A turn that does something to the page, fires an event and follows the chatbot."""
        if self._turn is not None:
            raise errors.TurnInProgress("A turn of this conversation is under way.")
        if self.state == "lost":
            raise errors.SessionLost("The app has forgotten this conversation.")
        turn_id = f"{self.session_hash}-{next(self._numbers)}"

        async def begin() -> Beginning:
            page, host = self._page, self._host
            await page.load(host.timeouts.connect)
            chat = self._located()
            self._failures = turn.failed_before
            fire = await prepare(chat)
            self._begun = True
            chat = self._located()
            shown, asked = output_value(page, chat.output), prompt()
            tracker = AnswerTracker(
                shown,
                asked,
                rules=host.rules,
                tags=_reasoning_tags(page.values.prop(chat.output, "reasoning_tags")),
                provisional=PROVISIONAL.get(chat.output_type),
                emit=turn.emit,
                attachment=host.attachment,
                turn_id=turn_id,
                limit=host.limits.answer,
                at_end=settle == "end",
                may_be_empty=not expects_answer,
                read=reader_for(page.graph.components[chat.output], shown, asked),
            )
            elsewhere = {number: page.values.get(number) for number in chat.elsewhere}
            return Beginning(tracker, chat.output, fire, elsewhere)

        turn = Turn(
            turn_id,
            page=self._page,
            verify=self._catch_up,
            begin=begin,
            timeouts=self._host.timeouts,
            limits=self._host.limits,
            slot=self._host.slot(),
            ended=self._ended,
        )
        self._turn = turn
        return turn

    async def _catch_up(self) -> None:
        """Notice that the app was restarted, and go on with it where that can be.

        Raises:
            SessionLost: the app held what the conversation needs, or its page is another one now.
        """
        host, before = self._host, self._config
        await host.verify()
        now = self._config = host.config
        if now.app_id == before.app_id:
            return
        if not self._begun:
            self._layout = host.layout
            await self._page.reopen(now, host.session(self.session_hash))
            self._inside = False
        elif goes_on(before, now, self._layout.chat):
            told = "The app was restarted. The conversation goes on: all that its answers are made of is held here."
            self._page.listener.on_notice("warning", told)
        else:
            raise errors.SessionLost("The app was restarted since and has forgotten this conversation.")

    def _offered(self, event: str, data: object = None) -> Callable[[Candidate], Awaitable[Fire]]:
        """Fire an event of the chatbot, or click the button that stands for it.

        Raises:
            NotOffered: the page has neither.
        """
        graph, output = self._page.graph, self._layout.chat.output
        if graph.listeners(output, event):
            trigger = output
        else:
            buttons = [c for c in graph.components.values() if button_says(c, event) and graph.listeners(c.id, "click")]
            if not buttons:
                raise errors.NotOffered(
                    f"The app of {redact_url(self._host.address)} has nothing to {event.replace('_', ' ')}."
                )
            trigger, event = buttons[0].id, "click"

        async def prepare(chat: Candidate) -> Fire:  # noqa: ARG001 - of the form of all preparations
            if data is not None:
                return Fire(trigger, event, data)
            index, text = self._last_said()
            return Fire(trigger, event, {"index": index, "value": text})

        return prepare

    def _last_said(self) -> tuple[int | list[int], str]:
        """Where the user's last message is in the chatbot's value, and its text."""
        bubbles = parse_bubbles(self._page.values.get(self._layout.chat.output))
        said = [bubble for bubble in bubbles if bubble.role == "user" and bubble.path]
        if not said:
            raise errors.NotOffered("Nothing has been said yet in this conversation.")
        return _index(said[-1]), said[-1].text

    async def ask(
        self,
        prompt: str,
        *,
        files: Sequence[FileLike] = (),
        system: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Say something and wait for the whole answer. Arguments and errors as those of ``stream``."""
        async with self.stream(prompt, files=files, system=system, settings=settings) as turn:
            return await turn.answer()

    async def text(
        self,
        prompt: str,
        *,
        files: Sequence[FileLike] = (),
        system: str | None = None,
        settings: Mapping[str, Any] | None = None,
        settle: Settle = "now",
    ) -> AsyncGenerator[str]:
        """Say something; yield the answer as it grows, piece by piece.

        Raises:
            AnswerRewritten: at the end, if the app changed what had been given; it carries the whole text.
            Also what ``stream`` raises.
        """
        output = AppendOnly()
        async with self.stream(prompt, files=files, system=system, settings=settings, settle=settle) as turn:
            async for event in turn:
                if piece := output.feed(event):
                    yield piece

    def dump(self) -> JsonConversation:
        """What ``Space.conversation`` needs to resume this elsewhere. It can be written as JSON."""
        page = self._page
        initial = page.graph.components
        values: dict[str, Any] = {}
        for number, component in initial.items():
            value = page.values.get(number)
            if component.type != "state" and value != component.props.get("value"):
                values[str(number)] = value
        return JsonConversation(
            version=_VERSION,
            address=self._host.address,
            app_id=self._config.app_id,
            session_hash=self.session_hash,
            cookies=self._host.cookies(),
            values=values,
            state=self.state,
            loaded=page.loaded,
            inside=self._inside,
            system=self._said_system,
        )

    def restore(self, dumped: JsonConversation) -> None:
        """Take over what ``dump`` gave, or as much of it as there is.

        Raises:
            InvalidConversation: it is of another version, or makes no sense.
        """
        data = dumped.get_dict()
        if data.get("version", _VERSION) != _VERSION:
            raise errors.InvalidConversation(
                f"The conversation was dumped in format {data['version']}; this version reads {_VERSION}."
            )
        for key, value in as_object(data.get("values")).items():
            if not str(key).isdecimal():
                raise errors.InvalidConversation(f"The conversation has a value for {key!r}, which is no component.")
            self._page.values.set(int(key), value)
        self._begun = True
        # The session was begun elsewhere: its load events have run, and would throw away what it holds.
        self._page.loaded = bool(data.get("loaded", True))
        self._inside = bool(data.get("inside", self._page.loaded))
        state = data.get("state", "clean")
        self.state = state if state in ("clean", "partial", "lost") else "clean"
        said = data.get("system")
        self._said_system = said if isinstance(said, str) else None

    async def aclose(self) -> None:
        """Leave a turn that is under way, and let go of the session's connections."""
        if self._turn is not None:
            await self._turn.aclose()
        await self._page.aclose()

    async def _type(self, chat: Candidate, prompt: str, files: list[dict[str, Any]]) -> None:
        """Put a message into its box as a user does."""
        page = self._page
        if chat.box is None:
            return
        value = filled(page.graph.components[chat.box], prompt, files)
        page.values.set(chat.box, value)
        for event in TYPING:
            if (chat.box, event) != (chat.trigger, chat.event):  # that is what the turn fires
                page.fire(chat.box, event)
        await page.settle()

    def _located(self) -> Candidate:
        """The chat on the page as it is now: what was rendered anew has other ids."""
        chat, graph = self._layout.chat, self._page.graph
        known = {chat.box, chat.trigger, chat.output} <= graph.components.keys()
        if not known or not graph.dependencies.keys() >= set(chat.edges):
            self._layout = self._find(graph)
        return self._layout.chat

    def _ended(self, end: TurnEnd) -> None:
        self._turn = None
        if end == "lost":
            self.state = "lost"
        elif end == "finished":
            self.state = "clean"
            self._host.vouch()
        else:
            self.state = "partial"
            self._host.doubt()

    async def _content(self, file: dict[str, Any]) -> str:
        """The content of a file that was uploaded, as a ``data:`` address. It is read back, since a stream is gone."""
        sent = self._host.attachment(FileValue(str(file.get("name"))))
        kind = mimetypes.guess_type(sent.path)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(await sent.bytes()).decode()}"

    def _places(self, uploads: list[UploadFile]) -> dict[int, list[int]]:
        """Which files go into which components of the page as it is now."""
        return assign(self._layout.inlets, uploads, where=redact_url(self._host.address))

    def _with_system(self, system: str, prompt: str, wanted: dict[str, Any]) -> str:
        if any(setting.name == "system" for setting in self._layout.settings):
            wanted.setdefault("system", system)
            return prompt
        if system == self._said_system:
            return prompt
        self._said_system = system
        return f"{system}\n\n{prompt}"


def _index(bubble: Bubble) -> int | list[int]:
    """How Gradio names the place of a bubble in events: a number, or for pairs two."""
    path = [step for step in bubble.path or () if isinstance(step, int)]
    return (
        path[:2] if len(path) > 1 and bubble.path is not None and isinstance(bubble.path[1], int) else (path or [0])[0]
    )


def _well_formed(text: str) -> str:
    """Text that can be encoded: halves of surrogate pairs are joined, and lone ones replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _reasoning_tags(raw: object) -> tuple[str, ...]:
    """The tags of a chatbot's ``reasoning_tags``, a list of pairs of an opening and a closing one."""
    return tuple(tag for pair in as_list(raw) for tag in as_list(pair) if isinstance(tag, str) and tag)
