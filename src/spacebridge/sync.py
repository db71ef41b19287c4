"""The synchronous twin: the same names, without ``await``. It works inside a running event loop, too.

::

    from spacebridge.sync import Space

    with Space("http://127.0.0.1:7860") as space:
        for text in space.conversation().text("Hello"):
            print(text, end="", flush=True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from spacebridge.portal import Portal
from spacebridge.spaces.space import Space as AsyncSpace

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from spacebridge.chat.attachment import Attachment
    from spacebridge.chat.conversation import Conversation as AsyncConversation
    from spacebridge.chat.events import Answer, Event, Option
    from spacebridge.chat.layout import Layout
    from spacebridge.chat.resume import JsonConversation
    from spacebridge.chat.settings import Setting
    from spacebridge.chat.turn import Turn as AsyncTurn
    from spacebridge.gradio.config import Config
    from spacebridge.spaces.record import SpaceRecord

__all__ = ["Conversation", "Space", "Turn"]


class Turn:
    """One turn, iterated without ``await``; see :class:`spacebridge.Turn`."""

    def __init__(self, portal: Portal, turn: AsyncTurn) -> None:
        self._portal = portal
        self._turn = turn
        self._events: Generator[Event] | None = None

    def __enter__(self) -> Self:
        self._portal.call(self._turn.__aenter__())
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        if self._events is None:
            self._events = self._portal.iterate(aiter(self._turn))
        return self._events

    @property
    def turn_id(self) -> str:
        """Named in all events."""
        return self._turn.turn_id

    def answer(self) -> Answer:
        """Wait for the end; return what the turn came to."""
        return self._portal.call(self._turn.answer())

    def close(self) -> None:
        """Leave the turn: stop the work on the server."""
        if self._events is not None:
            self._events.close()
        self._portal.call(self._turn.aclose())


class Conversation:
    """One session on the server; see :class:`spacebridge.Conversation` for arguments and errors."""

    def __init__(self, portal: Portal, conversation: AsyncConversation) -> None:
        self._portal = portal
        self._conversation = conversation

    @property
    def state(self) -> str:
        """``clean``, ``partial`` or ``lost``."""
        return self._conversation.state

    @property
    def session_hash(self) -> str:
        """Keys the app's State on the server."""
        return self._conversation.session_hash

    @property
    def layout(self) -> Layout:
        """Where the chat is on the page."""
        return self._conversation.layout

    @property
    def settings(self) -> dict[str, Any]:
        """The app's settings as they are now, by name."""
        return self._conversation.settings

    @property
    def known_settings(self) -> tuple[Setting, ...]:
        """What can be set, with what is allowed now."""
        return self._conversation.known_settings

    def check(self, settings: Mapping[str, Any]) -> None:
        """Check settings as ``stream`` does."""
        self._conversation.check(settings)

    @property
    def history_mode(self) -> str | None:
        """How the app knows what the conversation began with."""
        return self._conversation.history_mode

    def stream(self, prompt: str, **options: Any) -> Turn:
        """Say something; the turn gives the events of the answer."""

        async def begin() -> AsyncTurn:
            return self._conversation.stream(prompt, **options)

        return Turn(self._portal, self._portal.call(begin()))

    @property
    def options(self) -> tuple[Option, ...]:
        """What the app offers to choose from now."""
        return self._conversation.options

    def retry(self, **options: Any) -> Turn:
        """Have the last answer made anew, where the app offers that."""

        async def begin() -> AsyncTurn:
            return self._conversation.retry(**options)

        return Turn(self._portal, self._portal.call(begin()))

    def choose(self, option: str, **options: Any) -> Turn:
        """Answer with one of the options that the last bubble offers."""

        async def begin() -> AsyncTurn:
            return self._conversation.choose(option, **options)

        return Turn(self._portal, self._portal.call(begin()))

    def edit(self, prompt: str, **options: Any) -> Turn:
        """Say an earlier message in another way, where the app offers that."""

        async def begin() -> AsyncTurn:
            return self._conversation.edit(prompt, **options)

        return Turn(self._portal, self._portal.call(begin()))

    def branch(self, after: int | None = None) -> Conversation:
        """Another conversation that goes on after so many turns of this one."""

        async def begin() -> AsyncConversation:
            return self._conversation.branch(after)

        return Conversation(self._portal, self._portal.call(begin()))

    def undo(self) -> None:
        """Take back the last message and its answer, where the app offers that."""
        self._portal.call(self._conversation.undo())

    def ask(self, prompt: str, **options: Any) -> Answer:
        """Say something and wait for the whole answer."""
        return self._portal.call(self._conversation.ask(prompt, **options))

    def text(self, prompt: str, **options: Any) -> Generator[str]:
        """Say something; yield the answer as it grows, piece by piece."""
        yield from self._portal.iterate(self._conversation.text(prompt, **options))

    def dump(self) -> JsonConversation:
        """What ``Space.conversation`` needs to resume this elsewhere."""
        return self._conversation.dump()

    def close(self) -> None:
        """Leave a turn that is under way, and let go of the session's connections."""
        self._portal.call(self._conversation.aclose())


class Space:
    """A Gradio app in which a person can chat; see :class:`spacebridge.Space` for arguments and errors."""

    def __init__(self, address: str, **options: Any) -> None:
        self._portal = Portal()
        self._space = AsyncSpace(address, **options)

    def __enter__(self) -> Self:
        self._portal.start()
        try:
            self._portal.call(self._space.connect())
        except BaseException:
            self._portal.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._space)

    @property
    def layout(self) -> Layout:
        """Where the chat is on the page, what else was found, and why."""
        return self._space.layout

    @property
    def config(self) -> Config:
        """What the app tells about itself."""
        return self._space.config

    @property
    def record(self) -> SpaceRecord | None:
        """What Hugging Face says about the Space, if it is there and was asked."""
        return self._space.record

    @property
    def url(self) -> str:
        """Where the app is served."""
        return self._space.url

    def conversation(
        self,
        resume: JsonConversation | Mapping[str, Any] | None = None,
        *,
        history: Iterable[Mapping[str, Any]] | None = None,
    ) -> Conversation:
        """Begin a conversation, with earlier messages if there are some, or go on with one that was dumped."""

        async def begin() -> AsyncConversation:
            return self._space.conversation(resume, history=history)

        return Conversation(self._portal, self._portal.call(begin()))

    def save(self, attachment: Attachment, target: str | Path) -> Path:
        """Write a file of an answer to disk; see :meth:`spacebridge.Attachment.save`."""
        return self._portal.call(attachment.save(target))

    def read(self, attachment: Attachment) -> bytes:
        """The content of a file of an answer."""
        return self._portal.call(attachment.bytes())

    def close(self) -> None:
        """Leave all turns and close all connections."""
        self._portal.call(self._space.aclose())
        self._portal.close()
