"""A session that runs nothing: it follows a script, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, cast

from spacebridge import errors
from spacebridge.gradio.config import Config, Dependency
from spacebridge.gradio.diff import GrowingValue, Operation
from spacebridge.gradio.messages import Message, Output
from spacebridge.gradio.session import CallListener, Outcome, Session
from spacebridge.page.graph import Rendered
from spacebridge.page.page import Page
from spacebridge.page.values import LiveValue

__all__ = ["Call", "Heard", "Running", "Script", "ScriptedSession", "page_on", "raising"]


class Call(NamedTuple):
    """What a session was asked to run."""

    fn: int
    data: list[Any]
    trigger: int | None = None
    event_data: object = None


class Running:
    """A call under way, in the hands of the script."""

    def __init__(self, call: Call, listener: CallListener, outputs: int) -> None:
        self.call = call
        self._listener = listener
        self._values = [GrowingValue() for _ in range(outputs)]
        self.cancelled = asyncio.Event()

    def say(self, *values: Any, **fields: Any) -> None:
        """Send whole values, as the first message of a generator does."""
        for position, value in enumerate(values):
            self._values[position].set(value)
            self._listener.on_output(position, self._values[position], None)
        self._listener.on_step(Output(data=list(values), **fields))

    def grow(self, *operations: list[Operation], **fields: Any) -> None:
        """Send diffs, as later messages do."""
        for position, found in enumerate(operations):
            if found:
                self._values[position].apply(found)
                self._listener.on_output(position, self._values[position], found)
        self._listener.on_step(Output(data=list(operations), **fields))

    def status(self, **fields: Any) -> None:
        """Send a message of another kind."""
        self._listener.on_status(Message(**fields))

    def end(self, *values: Any, **fields: Any) -> Outcome:
        """End well, with the final values."""
        for position, value in enumerate(values):
            if position < len(self._values):
                self._values[position].set(value)
                self._listener.on_output(position, self._values[position], None)
        return Outcome(cancelled=False, output=Output(data=list(values), **fields))


Script = Callable[[Running], Awaitable[Outcome]] | Callable[[Running], Outcome] | Iterable[Any]
"""What a function does: a coroutine, a plain function, or the values that it returns."""


def raising(error: errors.SpacebridgeError) -> Script:
    """A function that fails so."""

    def run(_: Running) -> Outcome:
        raise error

    return run


class ScriptedSession:
    """Plays the part of :class:`Session`.

    Args:
        script: for each dependency, what it does; one without a script returns null for each output.
    """

    session_hash = "scripted"

    def __init__(self, script: dict[int, Script]) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.running: dict[int, list[Running]] = {}
        self.most: dict[int, int] = {}
        """How many calls of each dependency ran at once at most."""
        self.cancels: list[int | None] = []
        self.closed = False
        self._started = asyncio.Condition()

    @property
    def order(self) -> list[int]:
        """Ids of the dependencies in the order in which they were called."""
        return [call.fn for call in self.calls]

    async def until_called(self, fn: int, times: int = 1) -> Running:
        """Wait until a dependency has been called so often; the call that runs."""
        async with self._started:
            await self._started.wait_for(lambda: self.order.count(fn) >= times and bool(self.running.get(fn)))
        return self.running[fn][-1]

    async def call(
        self,
        dependency: Dependency,
        data: list[Any],
        listener: CallListener,
        *,
        trigger_id: int | None = None,
        event_data: object = None,
    ) -> Outcome:
        call = Call(dependency.id, data, trigger_id, event_data)
        run = Running(call, listener, len(dependency.outputs))
        runs = self.running.setdefault(dependency.id, [])
        async with self._started:
            self.calls.append(call)
            runs.append(run)
            self.most[dependency.id] = max(self.most.get(dependency.id, 0), len(runs))
            self._started.notify_all()
        try:
            return await self._play(dependency, run)
        finally:
            runs.remove(run)

    async def _play(self, dependency: Dependency, run: Running) -> Outcome:
        script = self.script.get(dependency.id, [None] * len(dependency.outputs))
        if not callable(script):
            return run.end(*script)
        played = script(run)
        if isinstance(played, Outcome):
            return played
        work = asyncio.ensure_future(cast("Awaitable[Outcome]", played))
        cancel = asyncio.ensure_future(run.cancelled.wait())
        try:
            await asyncio.wait({work, cancel}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            return Outcome(cancelled=True, output=Output())
        finally:
            for task in (work, cancel):
                task.cancel()
            await asyncio.wait({work, cancel})

    async def cancel(self, fn_index: int | None = None) -> None:
        self.cancels.append(fn_index)
        for number in list(self.running) if fn_index is None else [fn_index]:
            for run in self.running.get(number, ()):
                run.cancelled.set()

    async def drain(self) -> None:
        pass

    async def aclose(self) -> None:
        self.closed = True


class Heard:
    """A page's listener that keeps what it is told."""

    def __init__(self) -> None:
        self.values: list[tuple[int, Any]] = []
        self.operations: list[tuple[int, list[Operation] | None]] = []
        self.ends: list[tuple[int, str | None]] = []
        self.notices: list[str] = []
        self.statuses: list[tuple[int, str]] = []
        self.renders: list[Rendered] = []

    def on_status(self, dependency: Dependency, message: Message) -> None:
        self.statuses.append((dependency.id, message.msg))

    def on_value(self, component: int, value: LiveValue, operations: list[Operation] | None) -> None:
        self.values.append((component, value.get()))
        self.operations.append((component, operations))

    def on_end(self, dependency: Dependency, error: errors.SpacebridgeError | None) -> None:
        self.ends.append((dependency.id, type(error).__name__ if error else None))

    def on_render(self, rendered: Rendered) -> None:
        self.renders.append(rendered)

    def on_notice(self, level: str, text: str) -> None:
        self.notices.append(text)


def page_on(config: Config, script: dict[int, Script] | None = None) -> tuple[Page, ScriptedSession, Heard]:
    """A page whose functions do what a script says."""
    session = ScriptedSession(script or {})
    page = Page(config, cast("Session", session))
    heard = Heard()
    page.listener = heard
    return page, session, heard
