"""A conversation: one session on the server, one turn at a time."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.chat.components import button_says, filled
from spacebridge.chat.entrance import enter
from spacebridge.chat.readers import output_value, reader_for
from spacebridge.chat.restart import goes_on
from spacebridge.chat.resume import JsonConversation
from spacebridge.chat.rules import PROVISIONAL
from spacebridge.chat.settings import check_settings
from spacebridge.chat.tracker import AnswerTracker
from spacebridge.chat.turn import Beginning, Fire, Turn, TurnEnd
from spacebridge.gradio.trace import redact_url
from spacebridge.gradio.upload import UploadFile
from spacebridge.page.page import TYPING
from spacebridge.shape import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from spacebridge.chat.bubbles import Bubble
    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.events import Answer
    from spacebridge.chat.host import Host
    from spacebridge.chat.layout import Layout
    from spacebridge.page.graph import EventGraph
    from spacebridge.page.page import Page

__all__ = ["Conversation", "FileLike"]

FileLike = str | Path | UploadFile | tuple[str, bytes]
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
            files: paths, ``(name, bytes)`` pairs or :class:`UploadFile`; only where the box takes files.
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
        check_settings(self._layout.settings, wanted)
        uploads = self._files(files)

        async def prepare(chat: Candidate) -> Fire:
            page = self._page
            await self._set(wanted)
            if not self._inside:
                await enter(page, chat, self._failures)
                self._inside = True
                chat = self._located()  # what was done may have rendered the page anew
            sent = await self._host.upload(uploads) if uploads else []
            await self._type(chat, prompt, sent)
            return Fire(chat.trigger, chat.event)

        return self._begin(prepare, prompt=lambda: prompt, settle=settle)

    def retry(self, *, settings: Mapping[str, Any] | None = None, settle: Settle = "now") -> Turn:
        """Have the last answer made anew, where the app offers that. Arguments and errors as those of ``stream``.

        Raises:
            NotOffered: the app has no way to retry.
        """
        wanted = dict(settings or {})
        check_settings(self._layout.settings, wanted)
        fire = self._offered("retry")

        async def prepare(chat: Candidate) -> Fire:
            await self._set(wanted)
            return await fire(chat)

        return self._begin(prepare, prompt=lambda: self._last_said()[1], settle=settle)

    def choose(self, option: str, *, settle: Settle = "now") -> Turn:
        """Answer with one of the options that the last bubble offers. Errors as those of ``stream``.

        Raises:
            NotOffered: the app takes no options, or offers none of this name.
        """
        bubbles = parse_bubbles(self._page.values.get(self._layout.chat.output))
        offered = [(bubble, name) for bubble in bubbles for name in bubble.options]
        found = [bubble for bubble, name in offered if name == option]
        if not found:
            names = ", ".join(dict.fromkeys(repr(name) for _, name in offered)) or "none"
            raise errors.NotOffered(f"The app does not offer {option!r}.", hint=f"Offered: {names}.")
        data = {"index": _index(found[-1]), "value": option}
        return self._begin(self._offered("option_select", data), prompt=lambda: option, settle=settle)

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
            index, text = self._last_said()
            return Fire(trigger, event, data or {"index": index, "value": text})

        return prepare

    async def _set(self, settings: Mapping[str, Any]) -> None:
        """Set the app's settings as a user does, and wait for what that fires."""
        page = self._page
        for component, value in check_settings(self._layout.settings, settings).items():
            if page.values.get(component) != value:
                page.set_by_user(component, value)
        await page.settle()

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

    def _with_system(self, system: str, prompt: str, wanted: dict[str, Any]) -> str:
        if any(setting.name == "system" for setting in self._layout.settings):
            wanted.setdefault("system", system)
            return prompt
        if system == self._said_system:
            return prompt
        self._said_system = system
        return f"{system}\n\n{prompt}"

    def _files(self, files: Sequence[FileLike]) -> list[UploadFile]:
        if files and not self._layout.chat.multimodal:
            raise errors.FileRefused(
                f"The chat of {redact_url(self._host.address)} takes no files.",
                hint="Its message box is for text only.",
            )
        found: list[UploadFile] = []
        for file in files:
            if isinstance(file, UploadFile):
                found.append(file)
            elif isinstance(file, tuple):
                found.append(UploadFile.from_bytes(file[1], file[0]))
            else:
                found.append(UploadFile.of(file))
        return found


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
