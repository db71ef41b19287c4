"""Work that is begun without a task, and awaited only where it waits."""

from __future__ import annotations

import asyncio

import pytest

from spacebridge.gateway.eager import begin, done


async def test_what_does_not_wait_is_done_at_once():
    did: list[int] = []

    async def work() -> None:
        did.append(1)

    assert begin(work()) is None
    assert did == [1]
    await done(None)


async def test_what_waits_is_done_to_there_and_then_awaited():
    did: list[int] = []
    let = asyncio.Event()

    async def work() -> None:
        did.append(1)
        await let.wait()
        did.append(2)
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        did.append(3)

    rest = begin(work())
    assert did == [1]
    assert rest is not None
    let.set()  # it may be over before anybody waits
    await done(rest)
    assert did == [1, 2, 3]


async def test_what_it_raises_is_raised_at_once_or_where_it_is_awaited():
    async def work(*, wait: bool) -> None:
        if wait:
            await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        begin(work(wait=False))
    rest = begin(work(wait=True))
    with pytest.raises(ValueError, match="no"):
        await done(rest)


async def test_it_is_cancelled_with_the_task_that_waits_for_it():
    left: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.append("cancelled")
            raise

    task = asyncio.create_task(done(begin(work())))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert left == ["cancelled"]


async def test_a_rest_that_nobody_waits_for_is_ended():
    left: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("left")

    rest = begin(work())
    del rest
    assert left == ["left"]


async def test_what_can_only_be_awaited_is_awaited():
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    rest = begin(future)
    assert rest is future
    future.set_result(None)
    await done(rest)
