"""What happens on a page by itself: timers that tick, and functions that the server runs anew every so often.

The second are those with ``every`` (3.x, and 4.x until ``gr.Timer`` came): a ``load`` event whose run never ends. They
are followed only while somebody waits for what they write.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from spacebridge import errors
from spacebridge.page.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacebridge.gradio.config import Dependency
    from spacebridge.page.page import Page

__all__ = ["Clocks", "end"]

_SHORTEST_TICK = 0.05
_UNTOLD_TICK = 1.0


class Clocks:
    """The clocks of one page.

    Args:
        page: whose.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._tasks: list[asyncio.Task[None]] = []
        self._repeating: list[Dependency] = []

    def may_write(self, components: Iterable[int], *, now: bool) -> bool:
        """Whether one of them may write one of the components; with ``now``, one that is on."""
        wanted = list(components)
        graph = self._page.graph
        return any(
            graph.may_write(listeners, wanted)
            for number, listeners in self._all()
            if not now or number is None or self._page.values.prop(number, "active") is not False
        )

    def interval(self) -> float:
        """The longest time between two ticks, in seconds."""
        timers = [self._interval(number) for number, _ in self._page.graph.events("tick")]
        return max([*timers, *(each.every or 0.0 for each in self._page.graph.repeated())], default=0.0)

    def start(self, components: Iterable[int]) -> None:
        """Let the timers tick, and follow what is repeated that may write one of the components, until ``stop``."""
        wanted = list(components)
        graph = self._page.graph
        for number, _ in graph.events("tick"):
            self._tasks.append(asyncio.create_task(self._tick(number)))
        for dependency in graph.repeated():
            if graph.may_write([dependency], wanted):
                self._repeating.append(dependency)
                self._tasks.append(asyncio.create_task(self._repeat(dependency)))

    async def stop(self) -> None:
        """Stop them all."""
        repeating, self._repeating = self._repeating, []
        tasks, self._tasks = self._tasks, []
        for dependency in repeating:
            await self._page.session.cancel(dependency.id)
        await end(tasks)

    def _all(self) -> Iterator[tuple[int | None, list[Dependency]]]:
        yield from self._page.graph.events("tick")
        for dependency in self._page.graph.repeated():
            yield None, [dependency]

    def _interval(self, timer: int) -> float:
        interval = self._page.values.get(timer)
        return max(float(interval), _SHORTEST_TICK) if isinstance(interval, int | float) else _UNTOLD_TICK

    async def _tick(self, timer: int) -> None:
        while True:
            await asyncio.sleep(self._interval(timer))
            if self._page.values.prop(timer, "active") is not False:
                self._page.fire(timer, "tick")

    async def _repeat(self, dependency: Dependency) -> None:
        try:
            await Run(self._page, dependency, None, None, 0).run()
        except errors.SpacebridgeError as error:
            self._page.fail(error)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they are gone."""
    waiting = set(tasks)
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting)
    for task in waiting:
        if not task.cancelled():
            task.exception()
