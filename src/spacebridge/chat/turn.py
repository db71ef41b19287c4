"""One turn: a message goes in, events come out, and leaving it early stops the work on the server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from spacebridge import errors
from spacebridge.chat.asides import asides
from spacebridge.chat.clock import TurnClock
from spacebridge.chat.components import is_chatbot
from spacebridge.chat.events import Answer, Event, Finished, Notice, Queued, Started, Uploading
from spacebridge.chat.outbox import Outbox
from spacebridge.chat.progress import progress_of
from spacebridge.chat.readers import drawn_value, output_value
from spacebridge.gradio.html import html_to_text, without_tags
from spacebridge.gradio.quota import gpu_wait
from spacebridge.page.values import LiveValue

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine

    from spacebridge.chat.outbox import Take
    from spacebridge.chat.tracker import AnswerTracker
    from spacebridge.gradio.config import Dependency
    from spacebridge.gradio.diff import Operation
    from spacebridge.gradio.messages import Message
    from spacebridge.options import Limits, Timeouts
    from spacebridge.page.graph import Rendered
    from spacebridge.page.page import Page

__all__ = ["Beginning", "Fire", "Turn", "TurnEnd"]

_SETTLED_TICKS = 2.5
# What a timer shows may be written by a thread that pauses for longer than a tick.
_SHORTEST_QUIET = 1.5
_LOOK = 0.05
_TRAILING = 30.0
_UPLOAD_STEP = 2**20
"""Bytes; of a large file a hundredth."""

TurnEnd = Literal["finished", "unsettled", "failed", "left", "lost"]
"""``unsettled``: the answer is whole, but what the app does after it, such as taking it down, did not end."""


class Fire(NamedTuple):
    """An event of a component that begins a turn."""

    component: int
    event: str
    data: object = None


class Beginning(NamedTuple):
    """How a turn begins."""

    tracker: AnswerTracker
    output: int
    """The chatbot, or what else shows the answer."""
    fire: Fire
    elsewhere: dict[int, object]
    """Where else the answer may show, and what these held before."""
    parts: tuple[int, ...] = ()
    """What the output consists of, if it is several components."""
    sending: frozenset[int] = frozenset()
    """Dependencies that take the message on its way: where one fails no answer comes, by whatever clock it would."""
    memory: frozenset[int] = frozenset()
    """What the functions that answer are given besides the message, so what the app may know the conversation by."""


class Turn:
    """One turn of a conversation. Made by ``Conversation.stream``.

    ``async with`` stops the work on the server when the block is left. A turn can also be iterated directly; then a
    bare ``break`` stops it only once the iterator is closed or collected.

    Args:
        turn_id: named in all events.
        page: the conversation's page; its listener is the turn while it runs.
        verify: sees that the app is still the one it was; no limit but ``total`` is for that.
        begin: prepares the page; says how the turn begins.
        timeouts: time limits.
        limits: other limits.
        slot: a place among the turns that may run at once.
        ended: is told how the turn ended.
    """

    def __init__(
        self,
        turn_id: str,
        *,
        page: Page,
        verify: Callable[[], Coroutine[Any, Any, None]],
        begin: Callable[[], Coroutine[Any, Any, Beginning]],
        timeouts: Timeouts,
        limits: Limits,
        slot: contextlib.AbstractAsyncContextManager[Any],
        ended: Callable[[TurnEnd], None],
    ) -> None:
        self.turn_id = turn_id
        self.failed_before: list[errors.SpacebridgeError] = []
        """What failed on the page before the message was sent."""
        self._page = page
        self._output = -1
        self._verify = verify
        self._begin = begin
        self._timeouts = timeouts
        self._limits = limits
        self._slot = slot
        self._ended = ended
        self._tracker: AnswerTracker | None = None
        self._elsewhere: dict[int, object] = {}
        self._parts: tuple[int, ...] = ()
        self._sending = self._memory = frozenset[int]()
        self._beside: dict[int, LiveValue] = {}
        """What else was written since the message was sent."""
        self._outbox = Outbox()
        self.emit = self._outbox.put
        """Gives an event to whoever iterates."""
        self._notices: dict[tuple[str, str, str], Notice] = {}
        self._work: asyncio.Task[None] | None = None
        self._entered = self._stopping = False
        """When stopping, what ends is stopped: nothing says any more that the answer is whole."""
        self._fired = self._started = False
        self._finished: Finished | None = None
        self._failure: errors.SpacebridgeError | None = None
        self._clock: TurnClock | None = None
        self._told = 0
        """Bytes of a file that is sent, as last told."""

    # For the one who asked

    async def __aenter__(self) -> Self:
        self._entered = True
        self._start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._iterate(closing=not self._entered)

    async def answer(self) -> Answer:
        """Wait for the end; return what the turn came to.

        Raises:
            SpacebridgeError: of whatever kind; ``partial`` has the text until then.
        """
        async with contextlib.aclosing(self._iterate(closing=not self._entered)) as events:
            async for _ in events:
                pass
        return self.result()

    def result(self) -> Answer:
        """What the turn came to, once it is finished."""
        if self._finished is None or self._tracker is None:
            raise errors.TurnInProgress("The turn is not finished.")
        extras = self._tracker.extras
        return Answer(
            text=self._finished.text,
            reasoning=self._finished.reasoning,
            thoughts=extras.thoughts,
            steps=extras.steps,
            options=extras.options,
            attachments=extras.attachments,
            notices=tuple(self._notices.values()),
            layout_changed=self._finished.layout_changed,
            rewritten=self._tracker.rewritten,
        )

    async def aclose(self) -> None:
        """Leave the turn: stop the work on the server, within ``Timeouts.cancel``, and let go of everything."""
        if self._work is not None and not self._work.done():
            # Shielded: whoever leaves because of a cancellation of his own still waits for the bounded end.
            await asyncio.shield(asyncio.ensure_future(self._leave(self._work)))
        self._outbox.events.clear()
        if not self._outbox.over:  # it was left before it began
            self._outbox.close()
            self._ended("left")

    async def _leave(self, work: asyncio.Task[None]) -> None:
        if self._finished is not None:  # only what follows the answer still runs
            await asyncio.wait({work}, timeout=self._timeouts.cancel)
        if not work.done() and not self._stopping:
            self._stopping = True
            work.cancel()
        await asyncio.wait({work})

    async def follow(self, take: Take) -> bool:
        """Hand on the events where they come, those together that come together: for those who pass them on.

        No task is woken for each, which costs as much as all that is done with it. So ``take`` is called in callbacks
        of the event loop, and must not block. The next events wait while what it gives is awaited.

        Args:
            take: takes events; gives whether more are wanted, or an awaitable of that.

        Returns:
            Whether the turn came to its end; else no more of it was wanted.

        Raises:
            SpacebridgeError: at the end, as iterating does.
        """
        closing = not self._entered
        self._start()
        try:
            return await self._outbox.follow(take)
        except errors.TurnInProgress:
            closing = False
            raise
        finally:
            if closing:
                await self.aclose()

    async def _iterate(self, *, closing: bool) -> AsyncGenerator[Event]:
        outbox = self._outbox
        self._start()
        try:
            while await outbox.more():
                while outbox.events:
                    yield outbox.events.popleft()
        except errors.TurnInProgress:
            closing = False
            raise
        finally:
            if closing:
                await self.aclose()

    # What the page tells

    def on_status(self, dependency: Dependency, message: Message) -> None:  # noqa: ARG002 - of the listener's form
        """A status message of a run."""
        match message.msg:
            case "estimation":
                self._queued(message)
            case "process_starts":
                self._set_phase("first_text", self._timeouts.first_text)
                if not self._started:
                    self._started = True
                    self.emit(Started(turn_id=self.turn_id))
            case "log":
                self._log(message)
            case "progress":
                if told := progress_of(message.progress_data):
                    self._notice("progress", *told)
            case _:
                pass

    def on_value(self, component: int, value: LiveValue, operations: list[Operation] | None) -> None:
        """A component's value changed."""
        if self._tracker is None or self._finished is not None:
            return
        if component in self._parts:
            value, operations = LiveValue(output_value(self._page, self._output, self._parts)), None
        elif component != self._output:
            self._beside[component] = value
            return
        self._tracker.update(value, operations)
        if self._clock is not None and self._clock.in_phase and self._tracker.begun:
            self._clock.no_phase()

    def on_end(self, dependency: Dependency, error: errors.SpacebridgeError | None) -> None:
        """A run ended."""
        if not self._fired:  # a load event, or that of a setting: the page shows it, and goes on
            if error is not None:
                self.failed_before.append(error)
                self._notice("error", error.message)
            return
        if self._finished is not None:
            if error is not None:
                self._notice("error", error.message)
            return
        if error is not None:
            fatal = dependency.id in self._sending or self._page.graph.may_write([dependency], [self._output])
            if self._failure is None and fatal:
                self._failure = error
            else:
                self._notice("error", error.message)
        if self._failure is None and not self._stopping and not self._page.may_still_write([self._output]):
            tracker = self._tracker
            if tracker is not None and not self._ticking():
                self._finish()

    def on_render(self, rendered: Rendered) -> None:
        """Components were rendered anew; the chatbot may be among them, under another id."""
        if self._output in rendered.gone:
            chatbots = [number for number, component in rendered.components.items() if is_chatbot(component)]
            self._output = chatbots[0] if chatbots else self._output
        if self._output in rendered.holders:
            self.on_value(self._output, LiveValue(drawn_value(self._page, self._output)), None)
        elif self._output in rendered.components:
            self.on_value(self._output, self._page.values.live(self._output), None)

    def on_upload(self, name: str, sent: int, total: int | None) -> None:
        """A piece of a file went out. While files are sent only silence on the wire is limited."""
        done = total is not None and sent >= total
        self._set_phase("first_text", self._timeouts.first_text) if done else self._set_phase(
            "idle", self._timeouts.idle
        )
        step = max(_UPLOAD_STEP, (total or 0) // 100)
        if name and (sent == 0 or done or sent - self._told >= step):
            self._told = sent
            self.emit(Uploading(turn_id=self.turn_id, name=name, sent=sent, total=total))

    def on_notice(self, level: str, text: str) -> None:
        """Something could not be done as a browser does it."""
        self._notice(level, text)

    # The work

    def _start(self) -> None:
        if self._work is None and not self._outbox.over:
            self._work = asyncio.create_task(self._run(), name=f"spacebridge turn {self.turn_id}")

    async def _run(self) -> None:
        end: TurnEnd = "failed"
        try:
            end = await self._guarded()
        except errors.SpacebridgeError as error:
            error.partial = error.partial or (self._tracker.text if self._tracker else "")
            self._outbox.error = error
            if isinstance(error, errors.SessionLost):
                end = "lost"
        except asyncio.CancelledError:
            end = "left"
        except Exception as error:  # noqa: BLE001 - handed to whoever iterates
            self._outbox.error = error
        finally:
            self._outbox.over = True
            self._ended(end)
            self._outbox.close()

    async def _guarded(self) -> TurnEnd:
        """The turn within its time limits, stopped on the server if it does not come to its end."""
        page = self._page
        self._clock = clock = TurnClock(self._timeouts.total)
        async with contextlib.AsyncExitStack() as held:  # the slot is given back when all has been stopped
            try:
                async with clock:
                    await held.enter_async_context(self._slot)
                    page.listener = self
                    await self._converse()
            except errors.SpacebridgeError as error:
                # The answer is whole. What failed is only what the app does afterwards.
                if self._finished is not None and not isinstance(error, errors.SessionLost):
                    self._notice("error", error.message)
                    return await self._give_up_the_rest()
                await self._stop()
                if self._failure is not None and not isinstance(error, errors.SessionLost):
                    raise self._failure from error  # the app failed first, and then what it went on with all the same
                raise
            except TimeoutError:
                if self._finished is not None:
                    return await self._give_up_the_rest()
                limit, seconds = clock.passed
                stopped = await self._stop()
                raise errors.TimedOut(
                    f"The turn was given up: the limit {limit!r} of {seconds:g} s passed.",
                    limit=limit,
                    seconds=seconds,
                    still_running=not stopped,
                ) from None
            except asyncio.CancelledError:
                await self._stop()
                return "left"
            except BaseException:
                await self._stop()
                raise
            await page.session.drain()
        if self._failure is not None:
            raise self._failure
        if self._outbox.error is not None:
            raise self._outbox.error
        return "finished"

    async def _converse(self) -> None:
        page = self._page
        await self._verify()
        self._set_phase("first_text", self._timeouts.first_text)
        begun = await self._begin()
        self._tracker, self._output, fire, self._elsewhere, self._parts, self._sending, self._memory = begun
        self._fired = True
        if page.clocks.may_write([self._output], now=False):
            page.clocks.start([self._output])
        page.fire(fire.component, fire.event, fire.data)
        await page.settle()
        await self._wait_for_ticks(self._tracker)
        if self._finished is None and self._failure is None:
            self._finish()

    async def _wait_for_ticks(self, tracker: AnswerTracker) -> None:
        """Wait until an answer that comes by a timer has stood still for a while."""
        page, loop = self._page, asyncio.get_running_loop()
        quiet = max(_SHORTEST_QUIET, _SETTLED_TICKS * page.clocks.interval())
        before, since = ("", ""), loop.time()
        while self._finished is None and self._failure is None and self._ticking():
            await asyncio.sleep(_LOOK)
            await page.settle()
            now = (tracker.text, tracker.reasoning)
            if now != before or not tracker.begun:
                before, since = now, loop.time()
            elif loop.time() - since > quiet:
                break
        await page.clocks.stop()
        await page.settle()

    async def _give_up_the_rest(self) -> TurnEnd:
        """Stop what follows a whole answer."""
        end: TurnEnd = "unsettled" if self._page.may_still_write(self._memory) else "finished"
        await self._stop()
        return end

    async def _stop(self) -> bool:
        """Stop the work on the server within the limit; True if it ended there."""
        self._stopping = True
        try:
            stopped = await self._page.stop(self._timeouts.cancel, [self._output])
            await self._page.session.drain()
        except errors.SpacebridgeError:
            return False
        if not stopped:
            await self._page.session.aclose()
        return stopped

    def _ticking(self) -> bool:
        """Whether a clock that is on may write the chatbot."""
        return self._page.clocks.may_write([self._output], now=True)

    def _finish(self) -> None:
        if self._tracker is None:
            return
        try:
            self._finished = self._finished_by(self._tracker)
        except errors.SpacebridgeError as error:
            self._failure = error
            return
        self._set_phase("trailing", _TRAILING)
        self.emit(self._finished)

    def _finished_by(self, tracker: AnswerTracker) -> Finished:
        try:
            return tracker.finish()
        except errors.EmptyAnswer as error:
            for number, before in self._elsewhere.items():
                value = self._page.values.get(number)
                if isinstance(value, str) and value.strip() and value != before:
                    shown = self._page.values.live(number)
                    if self._page.graph.components[number].type == "html":
                        shown = LiveValue(html_to_text(value))
                    tracker.update(shown, None)
                    return tracker.finish()
            beside = {number: value.get() for number, value in self._beside.items()}
            if told := asides(self._page.graph, beside, tracker.prompt):
                raise errors.EmptyAnswer(error.message, partial=error.partial, hint=told) from None
            raise

    # Small things

    def _set_phase(self, name: str, seconds: float | None) -> None:
        """Which limit runs now besides the total."""
        if self._clock is not None and not (name in ("queue", "first_text") and self._begun()):
            self._clock.phase(name, seconds)

    def _begun(self) -> bool:
        return self._finished is not None or (self._tracker is not None and self._tracker.begun)

    def _queued(self, message: Message) -> None:
        eta = message.rank_eta if isinstance(message.rank_eta, int | float) else None
        rank = message.rank if isinstance(message.rank, int) else None
        size = message.queue_size if isinstance(message.queue_size, int) else None
        if self._finished is not None:  # only a step that follows the answer waits
            return
        self._set_phase("queue", self._timeouts.queue)
        self.emit(Queued(turn_id=self.turn_id, rank=rank, size=size, eta=eta))
        longest = self._limits.queue_eta
        if longest is not None and eta is not None and rank and eta > longest:
            raise errors.QueueFull(
                f"The app's queue would take {eta:.0f} s (place {rank} of {size}), more than the limit {longest:g} s."
            )

    def _log(self, message: Message) -> None:
        text = without_tags(message.log) if isinstance(message.log, str) else ""
        title = without_tags(message.title) if isinstance(message.title, str) else ""
        self._notice(str(message.level or "info"), text, title)
        match None if self._finished else gpu_wait(title, text):
            case "waiting":  # the function runs, and does nothing but wait: this is a queue, too
                self._set_phase("queue", self._timeouts.queue)
                self.emit(Queued(turn_id=self.turn_id))
            case "acquired":
                self._set_phase("first_text", self._timeouts.first_text)
            case None:
                pass

    def _notice(self, level: str, text: str, title: str = "") -> None:
        if (level, title, text) not in self._notices:
            notice = Notice(turn_id=self.turn_id, level=level, title=title, text=text)
            self._notices[level, title, text] = notice
            self.emit(notice)
