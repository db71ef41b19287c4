"""One answer: by whichever Space of the model gives it, in a conversation that knows what was said before.

As long as nothing of an answer has come, another Space may be asked instead; after that what has been said stands.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any, Literal

from spacebridge import errors
from spacebridge.chat.events import (
    AttachmentAdded,
    Event,
    Finished,
    Notice,
    Queued,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolStep,
)
from spacebridge.chat.outbox import settled
from spacebridge.gateway import sessions
from spacebridge.gateway.breaker import is_fault
from spacebridge.gateway.shapes.transcript import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.chat.conversation import Conversation
    from spacebridge.chat.layout import Layout
    from spacebridge.chat.outbox import Take, Taken
    from spacebridge.chat.turn import Turn
    from spacebridge.gateway.backend import Backend
    from spacebridge.gateway.breaker import Attempt
    from spacebridge.gateway.fetching import Fetcher
    from spacebridge.gateway.line import Ticket
    from spacebridge.gateway.metrics import Metrics
    from spacebridge.gateway.models import Model
    from spacebridge.gateway.sessions import Kept, Opened, Sessions, Way
    from spacebridge.gateway.shapes.transcript import Transcript
    from spacebridge.spaces.space import Space


__all__ = ["Talk"]

_ANSWER = (TextDelta, ReasoningDelta, ToolStep, AttachmentAdded, Finished)
# What a session could not do another one may: nothing was said in it.
_OF_THE_SESSION = (errors.SessionLost, errors.InvalidConversation, errors.ConnectionLost, errors.NotOffered)
# It will do, but not now.
_LATER = (errors.RateLimited, errors.QuotaExceeded, errors.QueueFull)
_LOOK = 1.0
"""Seconds between two looks at the place in our own line."""


class Talk:
    """One answer to one transcript.

    Args:
        model: who is asked.
        transcript: what was said; the last thing is new.
        owner: whose turn it is in the waiting lines.
        scope: whose conversations may be gone on with.
        system: the system message.
        closing: what is said behind the last message, this time only.
        parameters: settings by OpenAI's names, where the app has them.
        settings: the app's own settings; one that it does not have is an error.
        settle: as that of ``Conversation.stream``.
    """

    def __init__(
        self,
        model: Model,
        transcript: Transcript,
        *,
        sessions: Sessions,
        fetcher: Fetcher,
        metrics: Metrics,
        owner: str,
        scope: str,
        system: str = "",
        closing: str = "",
        parameters: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
        settle: Literal["now", "end"] = "now",
    ) -> None:
        self._model = model
        self._past, self._new = transcript[:-1], transcript[-1]
        self._sessions = sessions
        self._fetcher = fetcher
        self._metrics = metrics
        self._owner = owner
        self._scope = scope
        self._system = system
        self._closing = closing
        self._parameters = parameters or {}
        self._settings = {**model.settings, **(settings or {})}
        self._settle: Literal["now", "end"] = settle
        self.way: Way | None = None
        """How the app knows what was said before, once that is known."""
        self.backend: Backend | None = None
        """Who answers, or was asked last."""
        self.ignored: list[str] = []
        """Parameters for which the app has no setting."""
        self.adjusted: dict[str, Any] = {}
        """Parameters that the app allows only within bounds, and what was set."""
        self.limited = True
        """Whether the length of the answer has to be limited here, since the app has no setting for it."""
        self.queued: float | None = None
        """Seconds in the Space's own queue, once it has been there."""
        self.accepted = False
        """Whether a Space has taken the turn."""
        self.begun = False
        """Whether anything of an answer has come."""
        self.text = ""
        """The answer, once it is finished."""
        self._resumed = False
        self._space: Space | None = None
        self._conversation: Conversation | None = None
        self._changed: tuple[str, ...] = ()
        self._ended_well = False

    async def run(self, take: Take) -> None:
        """Ask, and hand on what comes.

        Raises:
            SpacebridgeError: nobody could answer. If several were asked, it is the error that tells most.
        """
        failures: list[errors.SpacebridgeError] = []
        digest = sessions.digest_of(self._scope, self._model.name, self._system, self._past)
        kept = await self._sessions.take(digest) if self._past else None
        try:
            waiting = self._in_order(kept)
            known = kept
            while waiting:
                backend = waiting.pop(0)
                try:
                    await self._ask(backend, known, take)
                except errors.SpacebridgeError as error:
                    if self.begun or not is_fault(error):
                        raise
                    failures.append(error)
                    if known is not None and isinstance(error, _OF_THE_SESSION):
                        waiting.insert(0, backend)  # the same Space in a new session
                else:
                    return
                known = None
        finally:
            if kept is not None:
                await self._let_go(digest, kept)
        raise _most_telling(failures)

    async def _let_go(self, digest: str, kept: Kept) -> None:
        """Put back a conversation in which nothing was said; forget the others."""
        if self._resumed:
            await self._sessions.forget(kept)
        else:
            await self._sessions.put_back(digest, kept)

    async def keep(self, answer: Said) -> None:
        """Keep the conversation, to be known again by what was said and this answer."""
        conversation, self._conversation = self._conversation, None
        if conversation is None or self._space is None:
            return
        if not self._ended_well or conversation.state != "clean":
            await conversation.aclose()
            return
        said = (*self._past, self._new, answer)
        digest = sessions.digest_of(self._scope, self._model.name, self._system, said)
        await self._sessions.keep(digest, conversation, self._space, self._changed)

    async def aclose(self) -> None:
        """Let go of a conversation that is not kept."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            await conversation.aclose()

    def _in_order(self, kept: Kept | None) -> list[Backend]:
        """The Spaces in the order in which they are asked: first the one that knows the conversation."""
        known = [backend for backend in self._model.backends if kept is not None and backend.address == kept.address]
        return [*known, *(backend for backend in self._model.backends if backend not in known)]

    async def _ask(self, backend: Backend, kept: Kept | None, take: Take) -> None:
        """Have one Space answer."""
        attempt = _admitted(backend)
        self.backend = backend
        asked = False
        try:
            with backend.used(self._owner):
                async with backend.line.join(self._owner) as ticket:
                    await _waited(ticket, backend, take)
                    if not backend.breaker.stands(attempt):  # it has rested since this began to wait
                        attempt = _admitted(backend)
                    asked = True
                    # No event of a turn says that a Space is being reached, or that it sleeps when it is asked.
                    telling = asyncio.create_task(_tell(backend, take))
                    try:
                        await self._turn(backend, kept, take, telling)
                    finally:
                        telling.cancel()
        except errors.SpacebridgeError as error:
            self._metrics.failed(self._model.name, backend.title, error)
            # That our own line is full tells nothing of the Space, nor does a session that is lost.
            if asked and not (kept is not None and isinstance(error, _OF_THE_SESSION)):
                backend.failed(attempt, error)
            else:
                backend.breaker.left(attempt)
            raise
        except BaseException:
            backend.breaker.left(attempt)
            raise
        if self._ended_well:
            backend.succeeded(attempt)
        else:
            backend.breaker.left(attempt)

    async def _turn(self, backend: Backend, kept: Kept | None, take: Take, telling: asyncio.Task[None]) -> None:
        space = self._space = await backend.space(self._owner)
        opened: Opened | None = None
        if kept is not None and kept.address == backend.address:
            self._resumed = True
            opened = sessions.resume(space, kept, await self._sessions.live_one(kept, space))
        said = self._new
        if self._closing:
            said = Said("user", f"{said.text}\n\n{self._closing}".lstrip(), said.files)
        files = [await self._fetcher.get(file) for file in said.files]
        if opened is None:
            before = [(one, [await self._fetcher.get(file) for file in one.files]) for one in self._past]
            opened = sessions.begin(space, before)
        conversation = self._conversation = opened.conversation
        self.way = opened.way
        settings = self._mapped(space.layout, opened.settings)
        try:
            async with conversation.stream(
                said.text,
                files=files,
                system=self._system or None,
                settings=settings,
                settle=self._settle,
            ) as turn:
                self._ended_well = await self._followed(turn, backend, take, telling)
        finally:
            if not self._ended_well:
                self._conversation = None
                # Its turn has been stopped already; this only lets go of connections.
                await conversation.aclose()

    async def _followed(self, turn: Turn, backend: Backend, take: Take, telling: asyncio.Task[None]) -> bool:
        """Hand on the events of a turn; whether it came to its end, and was not left before."""
        since, queued = time.monotonic(), False

        def look(batch: list[Event]) -> Taken:
            nonlocal queued
            if not self.accepted:
                telling.cancel()
                backend.status = ""
            for event in batch:
                if isinstance(event, _ANSWER):
                    self.begun = True
                    if isinstance(event, Finished):
                        self.text = event.text
                elif isinstance(event, Queued):
                    queued = True
                elif isinstance(event, Started) and queued:
                    self.queued = time.monotonic() - since
                    self._metrics.queued(backend.title, self.queued)
            self.accepted = True
            return take(batch)

        return await turn.follow(look)

    def _mapped(self, layout: Layout, changed: Sequence[str]) -> dict[str, Any]:
        """What to set in the app: what is asked for, and back to the app's own what earlier turns had set."""
        known = {setting.name: setting for setting in layout.settings}
        settings: dict[str, Any] = {name: known[name].value for name in changed if name in known}
        self.ignored, self.adjusted = [], {}
        self.limited = "max_tokens" not in known
        for name, value in self._parameters.items():
            setting = known.get(name)
            if setting is None:
                if name != "max_tokens":
                    self.ignored.append(name)
                continue
            settings[name] = within(value, setting.minimum, setting.maximum)
            if settings[name] != value:
                self.adjusted[name] = settings[name]
        settings |= self._settings
        self._changed = tuple(dict.fromkeys([*changed, *settings]))
        return settings


def within(value: Any, low: float | None, high: float | None) -> Any:
    """A number within the bounds that an app has for it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if low is not None and value < low:
        return int(low) if low == int(low) and isinstance(value, int) else low
    if high is not None and value > high:
        return int(high) if high == int(high) and isinstance(value, int) else high
    return value


async def _waited(ticket: Ticket, backend: Backend, take: Take) -> None:
    """Wait for a place; tell the place in the line whenever it changes.

    Raises:
        TimedOut: it took longer than the model's limit for queues.
    """
    limit = backend.timeouts.queue
    end = math.inf if limit is None else time.monotonic() + limit
    told = -1
    while not ticket.ready:
        ahead = ticket.ahead()
        if ahead != told:
            told = ahead
            await settled(take([Queued(rank=ahead, size=backend.line.waiting)]))
        if (left := end - time.monotonic()) <= 0:
            raise errors.TimedOut(
                f"No place on the Space {backend.title} came free.", limit="queue", seconds=limit or 0.0
            )
        await ticket.wait(min(_LOOK, left))


async def _tell(backend: Backend, take: Take) -> None:
    """Tell what a Space waits for, until somebody wants to hear it no longer."""
    told = ""
    while True:
        await asyncio.sleep(_LOOK)
        if backend.status not in ("", told):
            told = backend.status
            await settled(take([Notice(level="info", text=told)]))


def _admitted(backend: Backend) -> Attempt:
    """Leave to ask a Space now.

    Raises:
        SpaceUnavailable: it rests.
        RateLimited: it said when to come back, and that is not yet.
    """
    if (attempt := backend.breaker.admits()) is None:
        raise _rests(backend)
    return attempt


def _rests(backend: Backend) -> errors.SpacebridgeError:
    """Why a Space is not asked now: it said itself when to come back, or it has failed too often."""
    wait, failure = max(1, math.ceil(backend.breaker.wait)), backend.failure
    if isinstance(failure, _LATER):
        told = f"The Space {backend.title} is not asked for {wait} s more. It said: {_words(failure)}"
        return errors.RateLimited(told, status=429, retry_after=wait)
    told = f"The Space {backend.title} failed too often and rests for {wait} s."
    if failure is not None:
        told = f"{told} Its last words: {failure.message if isinstance(failure, errors.SpacebridgeError) else failure}"
    return errors.SpaceUnavailable(told, status=503, retry_after=wait)


def _words(failure: errors.SpacebridgeError) -> str:
    """What a Space said, without who says so."""
    if isinstance(failure, errors.AppFailed):
        return failure.message.partition(" failed: ")[2] or failure.message
    return failure.message


def _most_telling(failures: list[errors.SpacebridgeError]) -> errors.SpacebridgeError:
    """Of the errors of several Spaces: one that says when to come back, else the last that is more than a rest."""
    for failure in failures:
        if isinstance(failure, _LATER):
            return failure
    told = [failure for failure in failures if not _is_rest(failure)]
    return (told or failures)[-1]


def _is_rest(error: BaseException) -> bool:
    return type(error) is errors.SpaceUnavailable and error.retry_after is not None
