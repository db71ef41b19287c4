"""A conversation: what one can say and do in it."""

from __future__ import annotations

import base64
import mimetypes
from typing import TYPE_CHECKING, Any

from spacebridge import errors
from spacebridge.chat.actions import Actions
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.entrance import enter, write
from spacebridge.chat.files import FileValue
from spacebridge.chat.history import well_formed
from spacebridge.chat.inlets import assign
from spacebridge.chat.outgoing import as_upload
from spacebridge.chat.talk import Talk
from spacebridge.chat.turn import Fire
from spacebridge.gradio.trace import redact_url
from spacebridge.page.user import change_by_user

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.events import Answer, Option
    from spacebridge.chat.host import Host
    from spacebridge.chat.memory import HistoryMode
    from spacebridge.chat.outgoing import FileLike
    from spacebridge.chat.settings import Setting
    from spacebridge.chat.talk import Settle
    from spacebridge.chat.turn import Turn
    from spacebridge.gradio.upload import UploadFile
    from spacebridge.page.page import Page

__all__ = ["Conversation"]


class Conversation(Talk):
    """One session on the server. Made by ``Space.conversation``; for its arguments see :class:`Talk`."""

    def __init__(self, host: Host, page: Page, *where: Any, **more: Any) -> None:
        super().__init__(host, page, *where, **more)
        self._actions = Actions(page, redact_url(host.address))

    @property
    def settings(self) -> dict[str, Any]:
        """The app's settings as they are now, by name."""
        return {**self._panel.values(self._layout), **self._to_set}

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

    @property
    def history_mode(self) -> HistoryMode | None:
        """How the app knows, or will be told, what the conversation began with; None if that is nothing.

        ``chatbot``: it reads the chatbot's value, which is carried from here. ``event``: an event of the app put the
        chatbot's value into its State. ``value``: it reads another value that is carried from here. ``prompt``: it was
        said with the first message, as text.
        """
        return self._past.planned(self._page, self._layout.chat)

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
        prompt = full = well_formed(prompt)
        before = self._system(None if system is None else well_formed(system), wanted)
        if not prompt.strip() and not files and not before:
            raise errors.InvalidMessages("There is nothing to say: the prompt is empty.")
        self.check(wanted)
        uploads = [as_upload(file) for file in files]
        self._places(uploads)

        async def prepare(chat: Candidate) -> Fire:
            nonlocal full
            sent: list[dict[str, Any]] = []
            wanting = self._wanted_first(uploads)

            async def put_first() -> None:
                sent.extend(await self._host.upload(uploads, turn.on_upload))
                await self._put(self._located(), sent, wanting, press=False)

            earlier = await self._ready(wanted, put_first if wanting else None)
            chat = self._located()  # what was done may have rendered the page anew
            if uploads and not sent:
                sent.extend(await self._host.upload(uploads, turn.on_upload))
            left = {place: each for place, each in self._places(uploads).items() if place not in wanting}
            boxed = await self._put(chat, sent, left)
            full = self._past.with_past(prompt, before)
            await write(self._page, chat, full, [*earlier, *boxed], typed=self._layout.route != "api")
            return Fire(chat.trigger, chat.event)

        turn = self._begin(
            prepare,
            prompt=lambda: full,
            settle=settle,
            done=lambda answer: self._past.turned(full if before else prompt, answer.text),
        )
        return turn

    def retry(self, *, settings: Mapping[str, Any] | None = None, settle: Settle = "now") -> Turn:
        """Have the last answer made anew, where the app offers that. Arguments and errors as those of ``stream``.

        Raises:
            NotOffered: the app has no way to retry.
        """
        self._actions.fire(self._layout, "retry")
        return self._do(
            "retry",
            lambda: self._actions.again(self._layout, "retry"),
            settings=settings,
            settle=settle,
            done=lambda answer: self._past.again(answer.text),
        )

    @property
    def options(self) -> tuple[Option, ...]:
        """What the app offers to choose from now: options and suggestions in its last answer; before, its examples."""
        return self._actions.options(self._layout)

    def choose(self, option: str, *, settle: Settle = "now") -> Turn:
        """Say one of the ``options``, by its value or its label. Errors as those of ``stream``.

        An option or an example is chosen as on the page; a suggestion is said like any other message.

        Raises:
            NotOffered: the app takes no options, or offers none of this name.
        """
        said, fire = self._actions.choice(self._layout, option)
        if fire is None:
            return self.stream(said, settle=settle)
        return self._do(
            "choose",
            lambda: fire,
            prompt=said,
            settle=settle,
            done=lambda answer: self._past.turned(said, answer.text),
        )

    def edit(self, prompt: str, *, turn: int | None = None, settle: Settle = "now") -> Turn:
        """Say an earlier message in another way, where the app offers that. What came after it is forgotten.

        Args:
            prompt: what is said instead.
            turn: which message, counted from 1; the last one if None.
            settle: as that of ``stream``.

        Raises:
            NotOffered: the app's messages can't be edited; ``branch`` may serve instead.
        """
        self._actions.fire(self._layout, "edit")
        prompt = well_formed(prompt)
        gone, kept = 0, list[Any]()

        def fire() -> Fire:
            nonlocal gone, kept
            found, gone, kept = self._actions.edit(self._layout, prompt, turn)
            return found

        def done(answer: Answer) -> None:
            self._past.back(gone)
            self._past.turned(prompt, answer.text)

        return self._do("edit", fire, prompt=prompt, before=lambda: kept, settle=settle, done=done)

    async def undo(self) -> None:
        """Take back the last message and its answer, where the app offers that.

        Raises:
            NotOffered: the app has no way to undo.
            SpacebridgeError: of other kinds, as ``stream`` raises them.
        """
        self._actions.fire(self._layout, "undo")
        turn = self._do(
            "undo",
            lambda: self._actions.again(self._layout, "undo"),
            prompt="",
            settle="end",
            expects_answer=False,
            done=lambda _: self._past.back(1),
        )
        async with turn:
            async for _ in turn:
                pass

    def branch(self, after: int | None = None) -> Conversation:
        """Another conversation, in a session of its own, that goes on after so many turns of this one.

        Settings are taken along. What was said is told to the app as ``history_mode`` of the new one says.

        Args:
            after: how many messages of the user, each with its answer, are kept, those included with which the
                conversation began; all if None.

        Raises:
            TurnInProgress: a turn is under way.
            NotOffered: there were not so many, or it is not known what was said: the conversation was resumed by a
                session hash alone.
        """
        if self._turn is not None:
            raise errors.TurnInProgress("A turn of this conversation is under way.")
        past = self._past.branch(self._page, self._layout.chat, after)
        now = self.settings
        changed = {each.name: now[each.name] for each in self._layout.settings if now[each.name] != each.value}
        return self._host.another(past, changed, route=self._layout.route)

    def _do(
        self,
        what: str,
        fire: Callable[[], Fire],
        *,
        prompt: str | None = None,
        before: Callable[[], Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        settle: Settle,
        expects_answer: bool = True,
        done: Callable[[Answer], None],
    ) -> Turn:
        """A turn by an event about what was said.

        Args:
            what: what it does, for messages.
            fire: which, once the page is ready.
            prompt: what is said with it; what was said last if None.
            before: what of the chatbot's value is no answer; all that is there if None.
            settings: as those of ``stream``.
            settle: as that of ``stream``.
            expects_answer: whether no answer is an error.
            done: is told the answer, if the turn ends well.
        """
        wanted = dict(settings or {})
        self.check(wanted)

        async def prepare(chat: Candidate) -> Fire:
            await self._ready(wanted)
            found = fire()
            if not self._past.knows(self._page, chat, found.component, found.event):
                raise errors.NotOffered(
                    f"The app knows what was said earlier, but not enough of it to {what}.",
                    hint="Branch after fewer turns, and say it again.",
                )
            return found

        def said() -> str:
            return self._actions.last_said(self._layout)[1] if prompt is None else prompt

        return self._begin(prepare, prompt=said, before=before, settle=settle, expects_answer=expects_answer, done=done)

    async def _ready(
        self, wanted: Mapping[str, Any], before: Callable[[], Awaitable[None]] | None = None
    ) -> list[dict[str, Any]]:
        """Set what is to be set, pass the page's gates, and have the app know what was said before.

        Args:
            wanted: what is to be set.
            before: what the gates need besides.

        Returns:
            Files that go with the next message.
        """
        if wanted := {**self._to_set, **wanted}:
            asked = self._past.asked(self._page, self._located())
            await self._panel.set(self._layout, wanted)
            self._to_set = {}
            if self._past.asked(self._page, self._located()) < asked:
                self._past.cleared(self._page)
        if before is not None:
            await before()
        if not self._inside and self._layout.route == "page":
            await enter(self._page, self._located(), self._failures, self._layout.inlets)
        self._inside = True
        return await self._past.tell(self._page, self._located(), self._host)

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

    def _system(self, system: str | None, wanted: dict[str, Any]) -> str | None:
        """What is said before the prompt because the app has no box for it; else it is among what is to be set."""
        if system is None and self._said_system is None:
            system = self._past.system
        if system is None:
            return None
        if any(setting.name == "system" for setting in self._layout.settings):
            wanted.setdefault("system", system)
            self._said_system = system
            return None
        said, self._said_system = self._said_system, system
        return None if said == system else system

    def _wanted_first(self, uploads: list[UploadFile]) -> dict[int, list[int]]:
        """Those of the places of files with which the page is to be opened, as ``_places`` gives them."""
        if self._inside or not uploads or self._layout.route != "page":
            return {}
        gates = {gate.component for gate in self._layout.gates}
        wanted = {inlet.component for inlet in self._layout.inlets if inlet.button in gates}
        return {place: files for place, files in self._places(uploads).items() if place in wanted}

    async def _put(
        self, chat: Candidate, sent: list[dict[str, Any]], places: dict[int, list[int]], *, press: bool = True
    ) -> list[dict[str, Any]]:
        """Put files where they go beside the message box, as a user does.

        Args:
            chat: the way to chat.
            sent: all files of the turn.
            places: which go where.
            press: whether what works on them is pressed.

        Returns:
            Those that go into the box.

        Raises:
            FileRefused: the page takes none any more.
        """
        page = self._page
        for inlet in self._layout.inlets:
            if not inlet.box and (given := [sent[index] for index in places.get(inlet.component, ())]):
                if any(page.values.prop(one, "interactive") is False for one in (inlet.component, inlet.button) if one):
                    raise errors.FileRefused(f"The page takes no more files at {inlet.describe()}.")
                if inlet.wants_content(page.version):
                    given = [{"data": await self._content(file)} for file in given]
                change_by_user(page, inlet.component, inlet.value(given, page.version))
                page.fire(inlet.component, "upload")
                if inlet.button is not None and press:
                    await page.settle()
                    page.fire(inlet.button, "click")
        await page.settle()
        return [] if chat.box is None else [sent[index] for index in places.get(chat.box, [])]

    async def _content(self, file: dict[str, Any]) -> str:
        """The content of a file that was uploaded, as a ``data:`` address. It is read back, since a stream is gone."""
        sent = self._host.attachment(FileValue(str(file.get("name"))))
        kind = mimetypes.guess_type(sent.path)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(await sent.bytes()).decode()}"

    def _places(self, uploads: list[UploadFile]) -> dict[int, list[int]]:
        """Which files go into which components of the page as it is now."""
        return assign(self._layout.inlets, uploads, where=redact_url(self._host.address))
