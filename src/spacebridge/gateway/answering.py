"""The answers to one request: from the Spaces, through the API's encoder, to bytes."""

from __future__ import annotations

import asyncio
import functools
import time
from typing import TYPE_CHECKING, Any, Literal

from spacebridge.chat.events import AttachmentAdded, AttachmentRemoved, Notice, Queued, ReasoningDelta, TextDelta
from spacebridge.chat.outbox import settled
from spacebridge.gateway.eager import done
from spacebridge.gateway.shapes import burst, sse
from spacebridge.gateway.shapes.transcript import Said
from spacebridge.gateway.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from spacebridge.chat.events import Event
    from spacebridge.chat.outbox import Taken
    from spacebridge.gateway.attachments import Offered
    from spacebridge.gateway.fetching import Fetcher
    from spacebridge.gateway.metrics import Metrics
    from spacebridge.gateway.models import Model
    from spacebridge.gateway.sessions import Sessions
    from spacebridge.gateway.shapes.encoder import Encoder
    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.shapes.request import Request
    from spacebridge.gateway.shapes.transcript import Transcript
    from spacebridge.gateway.shapes.usage import Usage

    Write = Callable[[bytes], Awaitable[None] | None]
    """Sends a piece of a stream; what of that has to be waited for, if anything."""

__all__ = ["Answering"]

_SPEED_FROM = 0.05
"""Seconds that an answer must take for its speed to be known."""


class Answering:
    """All answers to one request.

    Args:
        request: what is asked for.
        kind: makes the reply of its API.
        model: who is asked.
        owner: whose turn it is in the waiting lines.
        scope: whose conversations may be gone on with.
        offered: passes on files of answers.
        finished: called with the whole reply before its end is sent, so that what the client does next finds it kept.
    """

    def __init__(
        self,
        request: Request,
        kind: type[Encoder],
        model: Model,
        *,
        sessions: Sessions,
        fetcher: Fetcher,
        metrics: Metrics,
        owner: str,
        scope: str,
        offered: Offered,
        finished: Callable[[Encoder], Awaitable[None]],
    ) -> None:
        self.request = request
        self.model = model
        self._kind = kind
        self._encoder: Encoder | None = None
        self._sessions = sessions
        self._fetcher = fetcher
        self._metrics = metrics
        self._owner = owner
        self._scope = scope
        self._offered = offered
        self._finished = finished
        self._unfinished = request.choices
        self._begun = time.monotonic()
        self._talks: dict[int, Talk] = {}
        self._sent_begin = False
        self.first_text: float | None = None
        """Seconds until the first text."""

    @property
    def encoder(self) -> Encoder:
        """What makes the reply. Made when it is known whether the app limits the length of its answers itself."""
        if self._encoder is None:
            limited = any(talk.limited for talk in self._talks.values())
            self._encoder = self._kind(self.request, limited=limited)
        return self._encoder

    @property
    def begun(self) -> bool:
        """Whether anything of an answer has come, so that no other Space will be asked."""
        return any(talk.begun for talk in self._talks.values())

    @property
    def space(self) -> str:
        """Who answers, or was asked last."""
        backends = [talk.backend.title for talk in self._talks.values() if talk.backend is not None]
        return backends[0] if backends else ""

    @property
    def ways(self) -> tuple[str, ...]:
        """How the apps know what was said before, as far as that is known."""
        return tuple(dict.fromkeys(talk.way for talk in self._talks.values() if talk.way is not None))

    @property
    def ignored(self) -> tuple[str, ...]:
        """Parameters that nothing acted upon."""
        unset = [name for talk in self._talks.values() for name in talk.ignored]
        return tuple(dict.fromkeys([*self.request.ignored, *unset]))

    @property
    def adjusted(self) -> dict[str, Any]:
        """Parameters that were brought within the app's bounds."""
        found: dict[str, Any] = {}
        for talk in self._talks.values():
            found |= talk.adjusted
        return found

    @property
    def usage(self) -> Usage:
        """What was used until now, by estimate."""
        return self.encoder.usage

    def told(self) -> dict[str, Any]:
        """What may be logged of it."""
        told: dict[str, Any] = {"space": self.space, "stream": self.request.stream}
        if self.ways:
            told["conversation"] = ",".join(self.ways)
        if self.first_text is not None:
            told["first_text"] = round(self.first_text, 4)
        usage = self.usage
        return {**told, "prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}

    async def stream(self, write: Write) -> None:
        """Send the reply in pieces, as they come. What comes together is one piece.

        Raises:
            SpacebridgeError, Problem: no answer came about, or not to its end.
        """
        if self.request.choices == 1:
            await self._choice(0, write)
        else:
            tasks = [asyncio.create_task(self._choice(number, write)) for number in range(self.request.choices)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
        if self.encoder.done:
            await done(write(self.encoder.done))

    async def whole(self) -> dict[str, Any]:
        """The reply at once. Errors as those of ``stream``."""
        await self.stream(_not_sent)
        return self.encoder.whole()

    def failure(self, problem: Problem) -> bytes:
        """The end of a stream that fails."""
        return self._beginning() + self.encoder.sse(self.encoder.fail(problem))

    async def _choice(self, number: int, write: Write) -> None:
        """One answer."""
        request = self.request
        transcript = request.transcript(number)
        talk = self._talk(transcript, number, request.closing, self._scope)
        try:
            await talk.run(functools.partial(self._take, number, talk, write))
            encoder, said, repaired = self.encoder, talk.text, False
            while (reminder := encoder.repair(number)) is not None:
                repaired = True
                # In a session of its own: the conversation goes on as if the first answer had been right.
                more = (*transcript, Said("assistant", said), Said("user", reminder))
                await self._repair(more, number, write)
            ending = self._beginning() + encoder.sse(encoder.finish(number))
            if not repaired:
                await talk.keep(encoder.said(number))
            self._metrics.conversed(talk.way or "new")
            self._remember(talk)
            self._unfinished -= 1
            if not self._unfinished:
                await self._finished(encoder)
            await done(write(ending))
        finally:
            await talk.aclose()

    def _remember(self, talk: Talk) -> None:
        """Note how an answer went."""
        if talk.backend is None:
            return
        speed = None
        if self.first_text is not None:
            seconds = time.monotonic() - self._begun - self.first_text
            # An answer that came at once says nothing of speed.
            speed = self.usage.completion_tokens / seconds if seconds > _SPEED_FROM else None
        self._metrics.history.answered(
            self.model.name,
            talk.backend.title,
            first_text=self.first_text,
            tokens_per_second=speed,
            queued=talk.queued,
        )

    async def _repair(self, transcript: Transcript, number: int, write: Write) -> None:
        talk = self._talk(transcript, -1 - number, "", "")
        try:
            await talk.run(functools.partial(self._take, number, talk, write))
        finally:
            await talk.aclose()

    def _talk(self, transcript: Transcript, number: int, closing: str, scope: str) -> Talk:
        request = self.request
        settle: Literal["now", "end"] = "end" if request.held and not request.stop else "now"
        talk = Talk(
            self.model,
            transcript,
            sessions=self._sessions,
            fetcher=self._fetcher,
            metrics=self._metrics,
            owner=self._owner,
            scope=scope,
            system=request.system,
            closing=closing,
            parameters=request.parameters,
            settings=request.settings,
            settle=settle,
        )
        if number >= 0:
            self._talks[number] = talk
        return talk

    def _take(self, number: int, talk: Talk, write: Write, batch: list[Event]) -> Taken:
        """Send what a batch of events gives, as one piece; whether more of the answer is wanted."""
        if not talk.accepted:
            told = self._waiting(batch)
            rest = write(told) if told else None
            return True if rest is None else _after(rest, more=True)
        events = batch if len(batch) == 1 else burst.joined(batch)
        for event in events:
            if isinstance(event, AttachmentAdded | AttachmentRemoved):
                return self._take_files(number, talk, write, events)
        return self._tell(number, write, events)

    async def _take_files(self, number: int, talk: Talk, write: Write, events: Sequence[Event]) -> bool:
        """As ``_take``, where files are to be offered first."""
        given: list[Event] = []
        for event in events:
            if isinstance(event, AttachmentAdded | AttachmentRemoved) and talk.backend is not None:
                given.append(await self._offered.told(event, self.model.name, talk.backend, self._owner))
            else:
                given.append(event)
        return await settled(self._tell(number, write, given))

    def _tell(self, number: int, write: Write, events: Sequence[Event]) -> Taken:
        encoder, over = self._encoder or self.encoder, False
        comments, told = b"", b"" if self._sent_begin else self._beginning()
        for event in events:
            if isinstance(event, Queued):
                comments += sse.queued(event)
            elif self.first_text is None and isinstance(event, TextDelta | ReasoningDelta):
                self.first_text = time.monotonic() - self._begun
                self._metrics.first_text(self.model.name, self.space, self.first_text)
            told += encoder.told(event, number)
            if over := encoder.is_over(number):
                break
        told = comments + told
        rest = write(told) if told else None
        return not over if rest is None else _after(rest, more=not over)

    def _waiting(self, batch: list[Event]) -> bytes:
        """What is told while an answer waits in our own line, or for the Space to be reached."""
        told = b""
        for event in batch:
            if isinstance(event, Queued):
                told += sse.queued(event)
            elif isinstance(event, Notice):
                told += sse.comment(self.model.veiled(event.text))
        return told

    def _beginning(self) -> bytes:
        if self._sent_begin:
            return b""
        self._sent_begin = True
        return self.encoder.sse(self.encoder.begin())


async def _after(rest: Awaitable[None], *, more: bool) -> bool:
    """Whether more is wanted, once the rest of the sending is done."""
    await rest
    return more


def _not_sent(piece: bytes) -> None:
    """In place of sending, where only the whole reply is."""
