"""An event loop in a thread of its own, through which synchronous code uses the asynchronous library.

It works inside a running event loop, too (a notebook's), because it never touches that one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Generator

__all__ = ["Portal"]

_T = TypeVar("_T")


class Portal:
    """Runs coroutines for callers that can't await."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the thread."""
        if self._thread is not None:
            return
        ready = threading.Event()

        def serve() -> None:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._loop.call_soon(ready.set)
                self._loop.run_forever()

        self._thread = threading.Thread(target=serve, name="spacebridge", daemon=True)
        self._thread.start()
        ready.wait()

    def close(self) -> None:
        """Stop the thread, once its tasks are cancelled."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end and return its result; Ctrl-C cancels it."""
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("The portal is closed.")
        done: concurrent.futures.Future[asyncio.Task[_T]] = concurrent.futures.Future()
        tasks: list[asyncio.Task[_T]] = []

        def begin() -> None:
            task = loop.create_task(work)
            tasks.append(task)
            task.add_done_callback(done.set_result)

        loop.call_soon_threadsafe(begin)
        try:
            task = done.result()
        except BaseException:
            # It has a bounded end of its own, such as telling the server. Another Ctrl-C ends the wait for it.
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            done.result()
            raise
        return task.result()

    def iterate(self, items: AsyncIterator[_T]) -> Generator[_T]:
        """Iterate over an asynchronous iterator; leaving early closes it."""
        passed: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        async def begin() -> asyncio.Task[None]:
            return asyncio.create_task(_pump(items, passed))

        async def end() -> None:
            if early:
                task.cancel()
            await asyncio.wait({task})

        early = True
        task = self.call(begin())
        try:
            while True:
                going, item = passed.get()
                if going:
                    yield item
                    continue
                early = False
                if item is None:
                    return
                raise item
        finally:
            if self._loop is not None:
                self.call(end())


async def _pump(items: AsyncIterator[_T], passed: queue.SimpleQueue[tuple[bool, Any]]) -> None:
    """Pass on each item with True; then None, or what ended it, with False."""
    try:
        async for item in items:
            passed.put((True, item))
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
        passed.put((False, error))
    else:
        passed.put((False, None))
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
