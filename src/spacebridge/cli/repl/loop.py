"""The loop of `spacebridge chat`: read, ask or obey, show, again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge.cli.exits import OK
from spacebridge.cli.options import is_address, parse_value
from spacebridge.cli.repl.transcript import Exchange, Transcript, load, save
from spacebridge.cli.runner import report
from spacebridge.cli.talk import Heard, say
from spacebridge.cli.terminal.clean import clean_line
from spacebridge.cli.terminal.keyboard import quiet_keyboard
from spacebridge.errors import FileRefused, InvalidConversation, InvalidSetting, NotOffered, SpacebridgeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spacebridge.chat.conversation import Conversation
    from spacebridge.chat.events import Attachment
    from spacebridge.chat.turn import Turn
    from spacebridge.cli.options import SpaceOptions
    from spacebridge.cli.repl.readers import Reader
    from spacebridge.cli.runner import Interrupts
    from spacebridge.cli.talk import Display
    from spacebridge.spaces.space import Space

__all__ = ["COMMANDS", "Repl"]

COMMANDS = {
    "/new": "begin a new conversation",
    "/file PATH": "send a file with the next message (- takes them back)",
    "/choose OPTION": "choose what the app offers, by number or text; alone: list it",
    "/download FOLDER": "save the files of the last answer (- for here)",
    "/set NAME=VALUE": "set one of the app's settings",
    "/settings": "list them",
    "/system TEXT": "set the system message (- takes it back)",
    "/retry": "have the last answer made anew",
    "/save FILE": "save the conversation: .json, else Markdown (/save! replaces a file)",
    "/load FILE": "go on with a saved one",
    "/help": "show this",
    "/quit": "end (also Ctrl-D)",
}
_KEYS = (
    "Alt-Enter, or a backslash at the end of a line, begins a new line. Ctrl-C stops an answer. "
    "A message that begins with / is written with two: //."
)


class _Quit(Exception):
    """The user wants to end."""


class Repl:
    """One chat, over one connection after another.

    Args:
        options: which Space, and how to reach it.
        display: how turns are shown.
        reader: where messages come from.
        interrupts: lets Ctrl-C stop an answer only.
        greeting: say what there is, and ask.
        settings: of the app, for all turns.
        files: for the first message.
    """

    def __init__(
        self,
        options: SpaceOptions,
        display: Display,
        reader: Reader,
        interrupts: Interrupts,
        *,
        greeting: bool,
        system: str | None,
        settings: dict[str, Any],
        files: list[str],
    ) -> None:
        self._options = options
        self._display = display
        self._reader = reader
        self._interrupts = interrupts
        self._greeting = greeting
        self._system = system
        self._settings = settings
        self._files = files
        self._space: Space | None = None
        self._conversation: Conversation | None = None
        self._turns: list[Exchange] = []
        self._last: tuple[str, list[str]] | None = None
        self._answered = False
        self._attachments: tuple[Attachment, ...] = ()
        """Of the last answer."""
        self._own_file: Path | None = None
        """What may be written over: it was saved or loaded here."""

    async def run(self) -> int:
        """Chat to the end; the exit code is that of the last error, for a person always 0."""
        # All the time, so that what is typed ahead reaches the next prompt.
        with quiet_keyboard(self._interrupts.at_exit) if self._greeting else contextlib.nullcontext():
            return await self._run()

    async def _run(self) -> int:
        code = OK
        try:
            if self._greeting:
                await self._part(self._greet())
            while True:
                try:
                    message = await self._reader.read()
                except KeyboardInterrupt:  # at the prompt: what was typed is dropped
                    continue
                except EOFError:
                    break
                try:
                    code = await self._part(self._handle(message)) or code
                except _Quit:
                    break
        finally:
            await self._disconnect()
        return OK if self._greeting else code

    async def _part(self, work: Awaitable[None]) -> int:
        """Do something that Ctrl-C and errors end, and nothing else with it."""

        async def guarded() -> int:
            try:
                await work
            except (BrokenPipeError, _Quit):
                raise
            except Exception as error:  # noqa: BLE001 - told to the user, who goes on
                return report(error, self._display.errors)
            return OK

        # Of messages that come through a pipe nobody stops one to go on with the next.
        code = await (self._interrupts.only(guarded()) if self._greeting else guarded())
        self._display.waiting.stop()
        if code is None:
            self._tell("(stopped)")
        return code or OK

    async def _greet(self) -> None:
        space = (await self._connected())[0]
        title = clean_line(space.config.title) or "the app"
        way = " by its API" if space.layout.route == "api" else ""
        self._tell(
            f"Talking with {title} at {clean_line(space.url)}{way}. /help shows what else there is; Ctrl-D ends."
        )

    # The connection

    async def _connected(self) -> tuple[Space, Conversation]:
        if self._space is None:
            self._display.prepare()
            await self._connect()
        assert self._space is not None  # noqa: S101 - or connecting raised
        if self._conversation is None:
            self._conversation = self._space.conversation()
        return self._space, self._conversation

    async def _connect(self, cookies: dict[str, str] | None = None) -> None:
        local = self._options.address.partition(":")[0] == "local"
        where = clean_line(self._options.address)
        self._display.waiting.start("starting the embedded Space" if local else f"connecting to {where}")
        space = self._options.space(on_status=self._display.waiting.status)
        space.use_cookies(cookies or {})
        try:
            await space.connect()
        finally:
            self._display.waiting.stop()
        self._space = space

    async def _disconnect(self) -> None:
        space, self._space, self._conversation = self._space, None, None
        if space is not None:
            await space.aclose()

    # Messages and commands

    async def _handle(self, message: str) -> None:
        text = message.strip()
        if not text:
            return
        if not text.startswith("/") or text.startswith("//"):
            await self._say(message[message.index("/") + 1 :] if text.startswith("//") else message)
            return
        name, _, argument = text.partition(" ")
        commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "/new": self._new,
            "/file": self._file,
            "/choose": self._choose,
            "/download": self._download,
            "/set": self._set,
            "/settings": self._list_settings,
            "/system": self._set_system,
            "/retry": self._retry,
            "/save": self._save,
            "/save!": self._save_over,
            "/load": self._load,
            "/help": self._help,
            "/?": self._help,
            "/quit": self._quit,
            "/exit": self._quit,
        }
        command = commands.get(name)
        if command is None:
            self._tell(f"{clean_line(name)} is no command; /help shows them. A message is begun with //.")
            return
        await command(argument.strip())

    async def _say(self, prompt: str, files: list[str] | None = None) -> None:
        if files is None:
            files, self._files = self._files, []
        self._last = prompt, files
        _, conversation = await self._connected()
        self._turns.append(Exchange(prompt=prompt, files=[Path(file).name for file in files]))
        await self._hear(
            lambda: conversation.stream(
                prompt, files=files, system=self._system, settings=self._settings, settle=self._display.settle
            )
        )

    async def _hear(self, begin: Callable[[], Turn]) -> None:
        """Have the turn of the last exchange."""
        exchange, heard, typed = self._turns[-1], Heard(), self._greeting
        self._attachments = ()
        try:
            if not typed and self._display.form == "plain" and self._answered:
                await self._display.output.write("\n")
            self._answered = True
            answer = await say(self._display, begin, heard=heard)
            if typed:
                self._display.errors.write_now("\n")
        except SpacebridgeError as error:
            exchange.answer, exchange.error = str(getattr(error, "text", "") or error.partial), error.message
            raise
        except BaseException:
            exchange.answer, exchange.error = heard.text, "stopped"
            raise
        exchange.answer, exchange.reasoning = answer.text, answer.reasoning
        self._attachments = answer.attachments
        exchange.attachments = [attachment.url or attachment.name for attachment in answer.attachments]

    async def _retry(self, _: str) -> None:
        if self._last is None:
            self._tell("There is nothing to say again.")
            return
        last = self._turns[-1]
        if last.error not in ("", "stopped"):  # what failed is often not in the app's memory: there is nothing to redo
            await self._say(*self._last)
            return
        conversation = (await self._connected())[1]
        try:
            turn = conversation.retry(settings=self._settings, settle=self._display.settle)
        except NotOffered:
            self._tell("The app has no way to make an answer anew: the message is said again.")
            await self._say(*self._last)
            return
        self._turns[-1] = Exchange(prompt=last.prompt, files=last.files)
        await self._hear(lambda: turn)

    async def _choose(self, argument: str) -> None:
        from spacebridge.cli.show.presenter import options_line

        conversation = (await self._connected())[1]
        options = conversation.options
        if not options or not argument:
            self._tell(options_line(options, self._display.errors) if options else "The app offers nothing to choose.")
            return
        number = int(argument) if argument.isascii() and argument.isdecimal() else 0
        if 0 < number <= len(options) and not any(argument in (each.value, each.label) for each in options):
            argument = options[number - 1].value
        turn = conversation.choose(argument, settle=self._display.settle)
        self._last = argument, []
        self._turns.append(Exchange(prompt=argument))
        await self._hear(lambda: turn)

    async def _download(self, argument: str) -> None:
        from spacebridge.cli.download import download

        if not argument:
            self._tell("Say where: /download FOLDER")
        elif not self._attachments:
            self._tell("The last answer has no files.")
        else:
            await download(self._attachments, _path("." if argument == "-" else argument), self._display.errors)

    async def _new(self, _: str) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            await conversation.aclose()
        self._turns, self._own_file, self._last = [], None, None
        self._tell("A new conversation.")

    async def _file(self, argument: str) -> None:
        if argument == "-":
            self._files = []
        elif argument:
            file = argument if is_address(argument) else str(_existing(argument))
            space, _ = await self._connected()
            if not space.layout.inlets:
                raise FileRefused("This chat takes no files: its message box is for text only.")
            self._files.append(file)
        names = ", ".join(self._files)
        self._tell(f"With the next message: {names}" if names else "No files with the next message.")

    async def _set(self, argument: str) -> None:
        name, equals, value = argument.partition("=")
        if not equals or not name.strip():
            raise InvalidSetting("That is not NAME=VALUE, such as /set temperature=0.2.", hint="/settings lists them.")
        conversation = (await self._connected())[1]
        wanted = {name.strip(): parse_value(value.strip())}
        conversation.check(wanted)
        self._settings |= wanted

    async def _list_settings(self, _: str) -> None:
        from spacebridge.chat.settings import setting_named
        from spacebridge.cli.terminal.sheet import Sheet

        settings = (await self._connected())[1].known_settings
        if not settings:
            self._tell("The app has no settings.")
            return
        wanted = {
            known.name: value for name, value in self._settings.items() if (known := setting_named(settings, name))
        }
        page = Sheet(self._display.errors)
        for setting in settings:
            value = wanted.get(setting.name, setting.value)
            shown = "hidden" if setting.secret and value else repr(value)
            page.field(setting.name, f"{shown}: {setting.allowed()} ({setting.label})", column=22)
        self._display.errors.write_now(page.text())

    async def _set_system(self, argument: str) -> None:
        if argument:
            self._system = None if argument == "-" else argument
        self._tell(f"System message: {clean_line(self._system)}" if self._system else "No system message.")

    # Files

    async def _save(self, argument: str) -> None:
        self._write(argument, over=False)

    async def _save_over(self, argument: str) -> None:
        self._write(argument, over=True)

    def _write(self, argument: str, *, over: bool) -> None:
        if not argument:
            self._tell("Say where: /save FILE")
            return
        path = _path(argument)
        space, conversation = self._space, self._conversation
        transcript = Transcript(
            address=self._options.address,
            url=space.url if space is not None else "",
            title=space.config.title if space is not None else "",
            system=self._system,
            settings=self._settings,
            turns=self._turns,
            conversation=conversation.dump().get_dict() if conversation is not None else None,
        )
        try:
            save(transcript, path, over=over or path.absolute() == self._own_file)
        except FileExistsError:
            self._tell(f"{path} is there already; /save! {path} replaces it.")
            return
        self._own_file = path.absolute()
        self._tell(f"Saved to {path}. It can resume the conversation: keep it to yourself.")

    async def _load(self, argument: str) -> None:
        if not argument:
            self._tell("Say which: /load FILE")
            return
        path = _path(argument)
        transcript = load(path)
        if transcript.conversation is None:
            raise InvalidConversation(f"{path} was saved before anything was said.")
        if transcript.address != self._options.address:
            raise InvalidConversation(
                f"{path} is a conversation with {transcript.address}.",
                hint=f"Begin with `spacebridge chat -s {transcript.address}`.",
            )
        space, _ = await self._connected()
        cookies = msgspec.convert(transcript.conversation.get("cookies") or {}, dict[str, str])
        if cookies and cookies != space.cookies() and self._options.address.partition(":")[0] != "local":
            await self._disconnect()
            await self._connect(cookies)
        assert self._space is not None  # noqa: S101 - just connected
        resumed = self._space.conversation(transcript.conversation)
        conversation, self._conversation = self._conversation, resumed
        if conversation is not None:
            await conversation.aclose()
        self._turns, self._own_file = transcript.turns, path.absolute()
        self._last = (self._turns[-1].prompt, []) if self._turns else None
        self._settings, self._system = transcript.settings, transcript.system
        self._tell(f"Going on with {path}: {len(self._turns)} turns until now.")

    # Small things

    async def _help(self, _: str) -> None:
        from spacebridge.cli.terminal.sheet import Sheet

        page = Sheet(self._display.errors)
        for name, does in COMMANDS.items():
            page.field(name, does, column=18)
        page.line(_KEYS)
        self._display.errors.write_now(page.text())

    async def _quit(self, _: str) -> None:
        raise _Quit

    def _tell(self, text: str) -> None:
        """A line of ours, on standard error."""
        errors = self._display.errors
        with contextlib.suppress(OSError):
            errors.write_now(f"{errors.dim(errors.safe(text))}\n")


def _path(argument: str) -> Path:
    return Path(argument.strip("'\"")).expanduser()


def _existing(argument: str) -> Path:
    path = _path(argument)
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.")
    return path
