"""Spaces as models of the ``llm`` command line, without a gateway: ``llm -m space/local "Hello"``.

``llm`` finds this module by the package's entry point; nothing else imports it. It offers the embedded Space, those of
the catalogue, and those that ``llm spaces add`` has named.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click
import llm
from llm.parts import Message, StreamEvent, TextPart
from pydantic import Field, field_validator

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.events import ReasoningDelta
from spacebridge.chat.resume import JsonConversation
from spacebridge.portal import Portal
from spacebridge.shape import as_object, is_object
from spacebridge.spaces.catalogue import CATALOGUE
from spacebridge.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from spacebridge.chat.conversation import Conversation

__all__ = ["AsyncSpaceModel", "SpaceModel", "register_commands", "register_models"]

_PREFIX = "space/"
_KEPT = "spacebridge"
"""What resumes a conversation is kept under this name with the text of its last answer."""
_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")


class Options(llm.Options):
    """What can be set with ``-o``, where the app has a setting for it."""

    temperature: float | None = Field(default=None, description="Randomness of the answer")
    top_p: float | None = Field(default=None, description="Share of the likeliest words to choose from")
    max_tokens: int | None = Field(default=None, description="Longest answer, in tokens")
    seed: int | None = Field(default=None, description="Seed of the randomness")
    settings: dict[str, Any] | None = Field(
        default=None, description='The app\'s own settings as JSON: \'{"Style": "terse"}\''
    )

    @field_validator("settings", mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        """The settings; on a command line they are text."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"the settings are no JSON: {error}") from None

    def given(self) -> dict[str, Any]:
        """Those that were given, by the names that the library knows."""
        named = {name: getattr(self, name) for name in _PARAMETERS}
        return {name: value for name, value in named.items() if value is not None} | (self.settings or {})


class _Spoken:
    """What both kinds of model have in common."""

    can_stream = True
    attachment_types = frozenset(mimetypes.types_map.values())
    Options = Options

    def __init__(self, name: str, address: str) -> None:
        self.model_id = f"{_PREFIX}{name}"
        self.address = address

    def __str__(self) -> str:
        return f"Space: {self.model_id} ({self.address})"

    async def _answer(self, prompt: llm.Prompt) -> AsyncGenerator[StreamEvent]:
        """The answer as it grows, and with its end what resumes the conversation."""
        files = [(_name(attachment), attachment.content_bytes() or b"") for attachment in prompt.attachments]
        settings = Options.model_validate(prompt.options.model_dump()).given()
        async with Space(self.address) as space:
            talk, text, system = _resumed(space, prompt)
            output = AppendOnly()
            async with talk.stream(text, files=files, system=system, settings=settings) as turn:
                async for event in turn:
                    if isinstance(event, ReasoningDelta):
                        yield StreamEvent(type="reasoning", chunk=event.text)
                    elif piece := output.feed(event):
                        yield StreamEvent(type="text", chunk=piece)
            yield StreamEvent(type="text", chunk="", provider_metadata={_KEPT: talk.dump().get_dict()})


class SpaceModel(_Spoken, llm.Model):
    """A Space, for callers that wait."""

    def execute(
        self, prompt: llm.Prompt, stream: bool, response: llm.Response, conversation: llm.Conversation | None
    ) -> Iterator[StreamEvent]:
        """The answer, piece by piece."""
        with Portal() as portal:
            yield from portal.iterate(self._answer(prompt))


class AsyncSpaceModel(_Spoken, llm.AsyncModel):
    """A Space, for callers that await."""

    async def execute(
        self, prompt: llm.Prompt, stream: bool, response: llm.AsyncResponse, conversation: llm.AsyncConversation | None
    ) -> AsyncGenerator[StreamEvent]:
        """The answer, piece by piece."""
        async for event in self._answer(prompt):
            yield event


def _resumed(space: Space, prompt: llm.Prompt) -> tuple[Conversation, str, str | None]:
    """The conversation that goes on, what is said in it, and the system message.

    Where the app has forgotten it, or it was another model's, a new one is told what was said.
    """
    said = prompt.messages
    ends = [number for number, message in enumerate(said) if message.role == "assistant"]
    if not ends:
        return space.conversation(), prompt.prompt, prompt.system or None
    texts = [part for part in said[ends[-1]].parts if isinstance(part, TextPart)]
    for part in texts:
        kept = as_object((part.provider_metadata or {}).get(_KEPT))
        if kept.get("address") == space.address and kept.get("state") == "clean":
            try:
                return space.conversation(JsonConversation.from_dict(kept)), prompt.prompt, prompt.system or None
            except (errors.SessionLost, errors.InvalidConversation):
                break
    history = [
        {"role": message.role, "content": _text(message)}
        for message in said[: ends[-1] + 1]
        if message.role in ("system", "user", "assistant")
    ]
    return space.conversation(history=history), prompt.prompt, prompt.system or None


def _text(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def _name(attachment: llm.Attachment) -> str:
    named = PurePath(attachment.path or (attachment.url or "").partition("?")[0]).name
    return named or f"attachment{mimetypes.guess_extension(attachment.resolve_type() or '') or ''}"


# The Spaces


def _file() -> Path:
    return llm.user_dir() / "spaces.json"


def _named() -> dict[str, str]:
    """The Spaces that the user has named, with their addresses."""
    try:
        found: object = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{_file()} can't be read: {error}") from None
    if not is_object(found):
        raise click.ClickException(f"{_file()} holds no names and addresses.")
    return {name: str(address) for name, address in found.items()}


def _known() -> dict[str, str]:
    """All Spaces, the user's own names before others."""
    return {"local": "local", **{row.name: row.name for row in CATALOGUE.values()}, **_named()}


def _keep(named: dict[str, str]) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(json.dumps(named, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@llm.hookimpl
def register_models(register: Callable[..., None]) -> None:
    """Called by ``llm``: offer the models."""
    for name, address in _known().items():
        register(SpaceModel(name, address), AsyncSpaceModel(name, address))


@llm.hookimpl
def register_commands(cli: click.Group) -> None:
    """Called by ``llm``: offer the command ``llm spaces``."""

    @cli.group()
    def spaces() -> None:
        """Name Spaces, to ask them as models."""

    @spaces.command("list")
    def listed() -> None:
        """List the Spaces that can be asked."""
        for name, address in _known().items():
            click.echo(f"{_PREFIX}{name}\t{address}")

    @spaces.command()
    @click.argument("name")
    @click.argument("address")
    def add(name: str, address: str) -> None:
        """Name a Space: llm spaces add mine http://127.0.0.1:7860."""
        _keep({**_named(), name: address})
        click.echo(f'llm -m {_PREFIX}{name} "Hello"')

    @spaces.command()
    @click.argument("name")
    def remove(name: str) -> None:
        """Forget a name."""
        named = _named()
        if name not in named:
            raise click.ClickException(f"No Space of yours is named {name!r}.")
        del named[name]
        _keep(named)
