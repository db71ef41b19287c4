"""What the encoders of all APIs have in common."""

from __future__ import annotations

import abc
import secrets
import time
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spacebridge.chat.events import (
    AttachmentAdded,
    AttachmentRemoved,
    Notice,
    Offered,
    Queued,
    Started,
    ToolStep,
    Uploading,
)
from spacebridge.gateway.shapes.reply import Reply
from spacebridge.gateway.shapes.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.chat.events import Event
    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.shapes.reply import Piece
    from spacebridge.gateway.shapes.request import Request
    from spacebridge.gateway.shapes.transcript import Said

__all__ = ["Encoder"]

_TOLD = (Queued, Started, Uploading, ToolStep, Notice, AttachmentAdded, AttachmentRemoved, Offered)
"""Events that are no text, for clients that asked for them."""


class Encoder(abc.ABC):
    """Turns the events of turns into a reply. The package's docstring tells how to use it.

    Args:
        request: what is replied to.
        limited: whether ``max_tokens`` is kept here, by estimate, since the app has no setting for it.
        identifier: of the reply; made up, if not given.
        created: seconds since 1970; now, if not given.
    """

    done: ClassVar[bytes] = b""
    """The last bytes of a stream that ended well."""
    prefix: ClassVar[str]
    """How identifiers of replies begin."""

    def __init__(
        self, request: Request, *, limited: bool = True, identifier: str = "", created: float | None = None
    ) -> None:
        self.identifier = identifier or f"{self.prefix}{secrets.token_hex(12)}"
        self._request = request
        self._created = int(time.time() if created is None else created)
        self._replies = [Reply(request, limited=limited) for _ in range(request.choices)]
        self._telling = request.extension.events
        self._unfinished = set(range(request.choices))

    def begin(self) -> list[dict[str, Any]]:
        """The first events, before any of a turn."""
        return self._begin() if self._request.stream else []

    def feed(self, event: Event, choice: int = 0) -> list[dict[str, Any]]:
        """The events that an event of a turn leads to."""
        pieces = self._replies[choice].feed(event)
        written = self._write(choice, pieces) if pieces else []
        if not self._request.stream:
            return []
        if self._telling and isinstance(event, _TOLD):
            written += self._tell(choice, msgspec.to_builtins(event))
        return written

    def told(self, event: Event, choice: int = 0) -> bytes:
        """The server-sent events that an event of a turn leads to."""
        return self.sse(self.feed(event, choice))

    def is_over(self, choice: int = 0) -> bool:
        """Whether nothing more is wanted of a turn: it can be left."""
        return self._replies[choice].over

    def repair(self, choice: int = 0) -> str | None:
        """What to say in one more turn, where the answer is not what was asked for; else None."""
        return self._replies[choice].repair()

    def finish(self, choice: int = 0) -> list[dict[str, Any]]:
        """The last events of a choice and, with the last choice, of the stream.

        Raises:
            Problem: the answer is not what was asked for.
        """
        pieces = self._replies[choice].finish()
        self._unfinished.discard(choice)
        written = [*self._write(choice, pieces), *self._finish(choice), *([] if self._unfinished else self._end())]
        return written if self._request.stream else []

    def fail(self, problem: Problem) -> list[dict[str, Any]]:
        """The last events of a stream that can't go on."""
        return [self.error_body(problem)]

    @property
    def usage(self) -> Usage:
        """What was used until now, by estimate."""
        weights = [reply.weight() for reply in self._replies]
        return Usage(self._request.weight(), sum(text for text, _ in weights), sum(thought for _, thought in weights))

    @abc.abstractmethod
    def said(self, choice: int = 0) -> Said:
        """The answer, as it will stand in the next request's transcript."""

    @abc.abstractmethod
    def whole(self) -> dict[str, Any]:
        """The whole reply."""

    @abc.abstractmethod
    def sse(self, events: Iterable[dict[str, Any]]) -> bytes:
        """Events as server-sent ones."""

    @staticmethod
    @abc.abstractmethod
    def error_body(problem: Problem) -> dict[str, Any]:
        """The body of a reply that is an error."""

    @abc.abstractmethod
    def _begin(self) -> list[dict[str, Any]]:
        """The first events of the stream."""

    @abc.abstractmethod
    def _write(self, choice: int, pieces: list[Piece]) -> list[dict[str, Any]]:
        """More of an answer."""

    @abc.abstractmethod
    def _tell(self, choice: int, event: dict[str, Any]) -> list[dict[str, Any]]:
        """An event of the library, for clients that asked for them."""

    @abc.abstractmethod
    def _finish(self, choice: int) -> list[dict[str, Any]]:
        """The end of an answer."""

    @abc.abstractmethod
    def _end(self) -> list[dict[str, Any]]:
        """The end of the stream."""

    def _extra(self, choice: int) -> dict[str, Any]:
        """What of an answer is not of the API, as the field for it; often nothing."""
        reply = self._replies[choice]
        extra: dict[str, Any] = {}
        if reply.rewritten is not None:
            extra["text"] = reply.rewritten
        if reply.reasoning_rewritten is not None:
            extra["reasoning"] = reply.reasoning_rewritten
        if reply.attachments:
            extra["attachments"] = msgspec.to_builtins(reply.attachments)
        return {"spacebridge": extra} if extra else {}
