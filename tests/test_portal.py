from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest

from spacebridge.portal import Portal


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal() as opened:
        yield opened


async def where() -> int:
    await asyncio.sleep(0)
    return threading.get_ident()


async def fail() -> None:
    raise ValueError("oops")


class Numbers:
    """Counts up to a number, or for ever, and knows when it was closed."""

    def __init__(self, end: int | None = None, error: BaseException | None = None) -> None:
        self.end, self.error = end, error
        self.given = 0
        self.closed = threading.Event()

    async def items(self) -> AsyncGenerator[int]:
        try:
            while self.end is None or self.given < self.end:
                self.given += 1
                yield self.given
                await asyncio.sleep(0)
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


def test_a_coroutine_runs_in_a_thread_of_its_own(portal: Portal):
    assert portal.call(where()) not in (0, threading.get_ident())
    assert portal.call(where()) == portal.call(where())


async def test_it_works_inside_a_running_loop(portal: Portal):
    running = asyncio.get_running_loop()
    assert portal.call(where()) != threading.get_ident()
    assert list(portal.iterate(Numbers(3).items())) == [1, 2, 3]
    assert asyncio.get_running_loop() is running


def test_an_error_is_raised_where_it_was_called(portal: Portal):
    with pytest.raises(ValueError, match="oops"):
        portal.call(fail())
    assert portal.call(where())


def test_items_come_one_by_one_and_the_iterator_is_closed(portal: Portal):
    numbers = Numbers(100)
    assert list(portal.iterate(numbers.items())) == list(range(1, 101))
    assert numbers.closed.is_set()


def test_items_that_are_none(portal: Portal):
    async def nothings() -> AsyncGenerator[None]:
        for _ in range(3):
            yield None

    assert list(portal.iterate(nothings())) == [None, None, None]


def test_an_error_comes_after_the_items_before_it(portal: Portal):
    numbers = Numbers(2, ValueError("oops"))
    items = portal.iterate(numbers.items())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="oops"):
        next(items)
    assert numbers.closed.is_set()


def test_leaving_early_closes_the_iterator_before_it_returns(portal: Portal):
    numbers = Numbers()
    items = portal.iterate(numbers.items())
    assert next(items) == 1
    items.close()
    assert numbers.closed.is_set()


def test_an_iterator_that_is_never_begun_does_nothing(portal: Portal):
    numbers = Numbers()
    portal.iterate(numbers.items()).close()
    assert numbers.given == 0


def test_iterators_that_can_not_be_closed(portal: Portal):
    class Plain:
        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> AsyncIterator[int]:
            return self

        async def __anext__(self) -> int:
            self.left -= 1
            if self.left < 0:
                raise StopAsyncIteration
            return self.left

    assert list(portal.iterate(Plain())) == [1, 0]


def test_two_at_once(portal: Portal):
    one, other = portal.iterate(Numbers(3).items()), portal.iterate(Numbers(3).items())
    assert [*zip(one, other, strict=True)] == [(1, 1), (2, 2), (3, 3)]


def test_several_threads_share_a_portal(portal: Portal):
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(sum(portal.iterate(Numbers(50).items())))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [1275] * 4


def test_a_closed_portal_says_so():
    portal = Portal()
    work = where()
    with pytest.raises(RuntimeError, match="closed"):
        portal.call(work)
    with pytest.raises(RuntimeError, match="closed"):
        next(portal.iterate(Numbers().items()))
    portal.close()


def test_closing_cancels_what_runs_and_ends_the_thread():
    portal = Portal()
    portal.start()
    portal.start()
    begun, ended = threading.Event(), threading.Event()

    async def begin() -> asyncio.Task[Any]:
        async def forever() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        return asyncio.create_task(forever())

    portal.call(begin())
    assert begun.wait(10)
    thread = portal._thread
    portal.close()
    assert ended.is_set()
    assert thread is not None
    assert not thread.is_alive()
    portal.close()


def test_a_portal_can_be_opened_again():
    portal = Portal()
    for _ in range(2):
        with portal:
            assert portal.call(where())


def test_a_portal_that_is_closed_while_an_iterator_is_open():
    portal = Portal()
    portal.start()
    numbers = Numbers()
    items = portal.iterate(numbers.items())
    assert next(items) == 1
    portal.close()
    assert numbers.closed.is_set()
    items.close()
