r"""A page at work: events fire listeners, listeners run on the server, their ends fire what follows.

The rules are those of Gradio's own front-ends (``js/core``): ``Blocks.svelte`` for 4 and 5, ``dependency.ts`` for 6.
``Page.sequential`` is True for 6. The generations differ in:

======================  =====================================  =========================================
\                       4, 5                                   6
======================  =====================================  =========================================
listeners of one event  at once, on a snapshot of the values   one after another, each sees the one before
``.then`` on failure    runs                                   does not run; ``.failure`` does
after a cancel          all that follows runs                  ``.failure`` and ``.then`` run
State that changed      any listener of the State; in 4 only   its ``change`` listeners
                        at the end of a run
======================  =====================================  =========================================
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from spacebridge import errors
from spacebridge.page.clocks import Clocks, end
from spacebridge.page.graph import EventGraph, Rendered
from spacebridge.page.run import Run
from spacebridge.page.values import ComponentValues, LiveValue
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from spacebridge.gradio.config import Config, Dependency
    from spacebridge.gradio.diff import GrowingValue, Operation
    from spacebridge.gradio.messages import Message, Output
    from spacebridge.gradio.session import Session
    from spacebridge.page.run import End

__all__ = ["Page", "PageListener"]

# A change that fires a listener that makes a change … in a browser this may go on for ever.
_DEEPEST = 24
_CLOCK = 0.5


class PageListener(Protocol):
    """Is told what happens on a page, as it happens."""

    def on_status(self, dependency: Dependency, message: Message) -> None:
        """A status message of a run: ``estimation``, ``process_starts``, ``progress``, ``log``."""
        ...

    def on_value(self, component: int, value: LiveValue, operations: list[Operation] | None) -> None:
        """A component's value changed by an output: by these operations, or, if None, as a whole."""
        ...

    def on_end(self, dependency: Dependency, error: errors.SpacebridgeError | None) -> None:
        """A run ended, well or not; what follows it has already been set going."""
        ...

    def on_render(self, rendered: Rendered) -> None:
        """Components were rendered while the page runs."""
        ...

    def on_notice(self, level: str, text: str) -> None:
        """Something could not be done as a browser does it."""
        ...


class _Silent:
    """A listener that ignores everything."""

    def on_status(self, dependency: Dependency, message: Message) -> None: ...
    def on_value(self, component: int, value: LiveValue, operations: list[Operation] | None) -> None: ...
    def on_end(self, dependency: Dependency, error: errors.SpacebridgeError | None) -> None: ...
    def on_render(self, rendered: Rendered) -> None: ...
    def on_notice(self, level: str, text: str) -> None: ...


class Page:
    """The page of one session.

    Args:
        config: of the app.
        session: in which its functions run.
    """

    def __init__(self, config: Config, session: Session) -> None:
        self.listener: PageListener = _Silent()
        self._open(config, session)
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[int, list[Run]] = {}
        self._waiting: dict[int, int] = {}
        """How often each dependency is about to run."""
        self._deferred: dict[int, tuple[Dependency, int | None, int, object]] = {}
        self._failure: BaseException | None = None
        self._at_rest = asyncio.Event()
        """Set when the last task ended, or one failed."""
        self.clocks = Clocks(self)
        self._stopping: frozenset[int] | None = None
        """While the page is being stopped: the components whose writers must not start any more."""

    def _open(self, config: Config, session: Session) -> None:
        self.graph = EventGraph(config.components, config.dependencies, config.parents)
        self.values = ComponentValues(config.components, config.unmounted, config.version)
        self.session = session
        self.version = config.version
        self._told: set[int] = set()
        self.sequential = config.version >= (6,)
        self._states_in_stream = config.version >= (5,)
        self.loaded = False

    async def reopen(self, config: Config, session: Session) -> None:
        """Begin again with the page of an app that was started anew; nothing may run."""
        await self.aclose()
        self._open(config, session)

    # What is going on

    def active(self) -> list[Dependency]:
        """Dependencies that run now or are about to; until a stop, also those whose connection was lost."""
        busy = {number for number, runs in self._running.items() if runs}
        busy |= {number for number, count in self._waiting.items() if count}
        busy |= set(self._deferred)
        return [d for number in busy if (d := self.graph.dependencies.get(number)) is not None]

    def may_still_write(self, components: Iterable[int]) -> bool:
        """Whether anything that runs, or may follow it, can write one of the components."""
        return self.graph.may_write(self.active(), components)

    # What a user does

    async def load(self, seconds: float | None) -> None:
        """Run the page's ``load`` events, once, as a browser does when it opens the page.

        Args:
            seconds: longest wait; what still runs then (a clock on the page, say) is stopped.
        """
        if self.loaded:
            return
        self.loaded = True
        for component, dependency in self.graph.loads():
            if dependency.every is None:  # else it never ends
                self._begin(dependency, component if self.sequential else None, 0)
        try:
            async with asyncio.timeout(seconds):
                ended = await self._settle_but_for_clocks()
        except TimeoutError:
            ended = False
            self.listener.on_notice("warning", f"A load event of the page did not end within {seconds:g} s.")
        except BaseException:
            self.loaded = False  # not opened yet: the next turn tries again
            raise
        if not ended:
            await self.stop(seconds)

    async def _settle_but_for_clocks(self) -> bool:
        """Settle, but do not wait for what streams into places that nothing reads, such as a clock on the page.

        Returns:
            Whether all ended.
        """
        settling = asyncio.create_task(self.settle())
        try:
            while not (await asyncio.wait({settling}, timeout=_CLOCK))[0]:
                running = [run for runs in self._running.values() for run in runs]
                if running and all(run.streams and not self.graph.read(run.dependency.outputs) for run in running):
                    return False
            await settling
            return True
        finally:
            settling.cancel()

    def fire(self, component: int, event: str, event_data: object = None) -> list[Dependency]:
        """Fire an event of a component; return the listeners that were set going. ``settle`` waits for them."""
        listeners = self.graph.listeners(component, event)
        self._fire(listeners, component, event_data, 0)
        return listeners

    async def run_alone(self, number: int) -> errors.SpacebridgeError | None:
        """Run a dependency on the values of this moment, and nothing that it would set off.

        Returns:
            How the app's function failed, if it did.

        Raises:
            SpacebridgeError: the connection or the app's protocol failed.
        """
        run = Run(self, self.graph.dependencies[number], None, None, 0, alone=True)
        await run.run()
        return run.error

    async def settle(self) -> None:
        """Wait until all that was set going has ended.

        Raises:
            SpacebridgeError: the connection or the app's protocol failed; what else runs is left to ``stop``. Failures
                of the app's functions are told to the listener instead, since the page goes on after them.
        """
        while self._tasks and self._failure is None:
            self._at_rest.clear()
            await self._at_rest.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    async def stop(self, seconds: float | None, components: Iterable[int] = ()) -> bool:
        """Stop what runs on the server, let what follows a cancel run, and wait for it all.

        Args:
            seconds: longest wait.
            components: queued functions that write one of these and have not begun are not begun.

        Returns:
            Whether all ended within the time; if not, it was abandoned.
        """
        await self.clocks.stop()
        self._stopping = frozenset(components)
        try:
            async with asyncio.timeout(seconds):
                await self.session.cancel()
                await self.settle()
                return True
        except (TimeoutError, errors.SpacebridgeError):
            return False
        finally:
            await self._abandon()
            self._stopping = None

    async def aclose(self) -> None:
        """Abandon what runs and let go of the session's connections."""
        await self.clocks.stop()
        await self._abandon()
        await self.session.aclose()

    async def _abandon(self) -> None:
        tasks, self._tasks = self._tasks, set()
        await end(tasks)
        self._running.clear()
        self._waiting.clear()
        self._deferred.clear()
        self._failure = None

    # How it goes on by itself

    def _fire(self, listeners: list[Dependency], component: int | None, event_data: object, depth: int) -> None:
        if not listeners:
            return
        if self.sequential:
            for dependency in listeners:
                self._expect(dependency)
            self._spawn(self._in_turn(listeners, component, event_data, depth))
        else:
            for dependency in listeners:
                self._begin(dependency, component, depth, event_data)

    async def _in_turn(
        self, listeners: list[Dependency], component: int | None, event_data: object, depth: int
    ) -> None:
        for dependency in listeners:
            self._unexpect(dependency)
            if self._admit(dependency, component, depth, event_data):
                run = Run(self, dependency, component, event_data, depth)
                await run.run()

    def _begin(
        self,
        dependency: Dependency,
        trigger: int | None,
        depth: int,
        event_data: object = None,
        *,
        chain: int = 0,
        trailing: bool = False,
    ) -> None:
        """Set a dependency going on the values of this moment."""
        if chain > len(self.graph.dependencies):
            self.listener.on_notice("warning", f"{dependency.name} follows itself in a circle; it was stopped.")
        elif self._admit(dependency, trigger, depth, event_data):
            run = Run(self, dependency, trigger, event_data, depth, chain=chain, trailing=trailing)
            self._spawn(run.run())

    def _admit(self, dependency: Dependency, trigger: int | None, depth: int, event_data: object) -> bool:
        """Whether a run may begin now: ``trigger_mode`` allows it, and it is not one of an endless round."""
        if depth > _DEEPEST:
            self.listener.on_notice(
                "warning", f"{dependency.name} sets off itself without end; it was stopped after {_DEEPEST} rounds."
            )
            return False
        for number in dependency.cancels:
            if self._running.get(number):
                self._spawn(self.session.cancel(number))
        if not self._running.get(dependency.id) or dependency.trigger_mode == "multiple":
            return True
        if dependency.trigger_mode == "always_last":
            self._deferred[dependency.id] = (dependency, trigger, depth, event_data)
        return False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def fail(self, error: BaseException) -> None:
        """Something on the page failed that is no task of its own: whoever waits for it is told."""
        self._failure = self._failure or error
        self._at_rest.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and self._failure is None:
            self._failure = error
        if not self._tasks or self._failure is not None:
            self._at_rest.set()

    def _expect(self, dependency: Dependency) -> None:
        self._waiting[dependency.id] = self._waiting.get(dependency.id, 0) + 1

    def _unexpect(self, dependency: Dependency) -> None:
        self._waiting[dependency.id] -= 1

    def enter(self, run: Run) -> None:
        self._running.setdefault(run.dependency.id, []).append(run)

    def leave(self, run: Run) -> None:
        if run in self._running.get(run.dependency.id, ()):
            self._running[run.dependency.id].remove(run)

    def ended(self, run: Run, end: End, error: errors.SpacebridgeError | None) -> None:
        """A run ended: set going what follows, then tell."""
        dependency = run.dependency
        self.leave(run)
        if run.alone:  # who runs it is told
            return
        for child in self.graph.children(dependency.id):
            if self._follows(child, end):
                trailing = run.trailing or end == "cancel"
                self._begin(child, run.trigger, run.depth, chain=run.chain + 1, trailing=trailing)
        deferred = self._deferred.pop(dependency.id, None)
        if deferred is not None:
            self._begin(*deferred)
        self.listener.on_end(dependency, error)

    def _follows(self, child: Dependency, end: End) -> bool:
        match end:
            case "success":
                return child.follows != "failure"
            case "cancel":
                return child.follows != "success" or not self.sequential
            case "failure":
                return child.follows == "failure" or (child.follows == "then" and not self.sequential)
            case "refused":  # by a validator: the page marks the box and stops there
                return False

    def tell_of_javascript(self, dependency: Dependency) -> None:
        """Say, once, that code of the page is not run that a browser would run with this."""
        if dependency.id in self._told:
            return
        self._told.add(dependency.id)
        told = f"A step of the page is JavaScript only; it was skipped (fn {dependency.id})."
        if dependency.backend_fn:
            told = f"{dependency.name} has JavaScript that rewrites its inputs in a browser; it was not run."
        self.listener.on_notice("info", told)

    def must_not_begin(self, run: Run) -> bool:
        """Whether a run is one that stopping the page is meant to prevent."""
        dependency = run.dependency
        stopping = self._stopping
        return (
            stopping is not None
            and dependency.queue
            and not run.trailing
            and not stopping.isdisjoint(self.graph.writes(dependency))
        )

    def output(
        self, run: Run, position: int, growing: GrowingValue, operations: list[Operation] | None, *, in_update: bool
    ) -> None:
        outputs = run.dependency.outputs
        if position >= len(outputs):
            return
        number = outputs[position]
        component = self.graph.components.get(number)
        if component is not None and component.type == "state":
            return  # the server keeps it, and sends null
        watchers = [] if run.alone else self.graph.listeners(number, "change")
        before = self.values.told(number) if watchers and operations is None else None
        change = self.values.apply(number, growing, operations, in_update=in_update)
        if change is None:
            return
        value, inner = change
        self.listener.on_value(number, value, inner)
        if watchers and (inner is not None or before != value.get()):
            self._fire(watchers, number, None, run.depth + 1)

    def step(self, run: Run, output: Output, *, final: bool) -> None:
        # Of a run that was not queued a browser does not look at what States changed.
        heard = run.dependency.queue and not run.alone and (final or self._states_in_stream)
        for number in output.changed_state_ids or () if heard else ():
            if isinstance(number, int):
                watchers = (
                    self.graph.listeners(number, "change") if self.sequential else self.graph.listeners_of(number)
                )
                for dependency in watchers:
                    self._begin(dependency, number if self.sequential else run.trigger, run.depth + 1)
        if rendered := as_object(output.render_config):
            self._render(rendered, run)

    def _render(self, config: dict[str, Any], run: Run) -> None:
        rendered = self.graph.render(config, run.dependency)
        self.values.add(rendered.components)
        for oddity in rendered.oddities:
            self.listener.on_notice("warning", f"In what the page renders: {oddity}")
        self.listener.on_render(rendered)
        for dependency in rendered.dependencies:
            for target in dependency.targets:
                if target.event == "load":
                    self._begin(dependency, target.id if self.sequential else None, run.depth + 1)
