"""A store that hangs: as a server that was stopped, or a disk that does not write."""

from __future__ import annotations

import asyncio

import pytest

from spacebridge import errors
from spacebridge.gateway.metrics import Metrics
from spacebridge.gateway.models import Models
from spacebridge.gateway.options import Config, StoreOptions
from spacebridge.gateway.resting import RestingStore
from spacebridge.gateway.sessions import Sessions
from spacebridge.gateway.state import Gateway
from spacebridge.store.memory import MemoryStore


class Hanging(MemoryStore):
    """Answers as long as it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()
        self.refuses = False
        self.asked = 0

    async def get(self, name: str) -> bytes | None:
        self.asked += 1
        if self.refuses:
            raise errors.StoreFailed("No.")
        await self.answers.wait()
        return await super().get(name)

    async def aclose(self) -> None:
        await self.answers.wait()


@pytest.fixture
def slow() -> Hanging:
    return Hanging()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_store_that_hangs_is_waited_for_once(slow: Hanging):
    clock = Clock()
    store = RestingStore(slow, seconds=0.05, clock=clock)
    metrics = Metrics()
    metrics.watch(Models(), Sessions(store, expire=1, live=1), store)
    await store.set("name", b"value", seconds=60)
    assert await store.get("name") == b"value"
    slow.answers.clear()
    for _ in range(3):
        with pytest.raises(errors.StoreFailed, match="not answered"):
            await store.get("name")
    assert (slow.asked, store.failures) == (2, 1)
    assert b"spacebridge_store_resting 1.0" in metrics.text()
    assert b"spacebridge_store_failures_total 1.0" in metrics.text()
    clock.now += 11  # then one asks again, and the others do not wait for what comes of it
    trial = asyncio.create_task(store.get("name"))
    await asyncio.sleep(0)
    with pytest.raises(errors.StoreFailed, match="not asked"):
        await store.get("name")
    slow.answers.set()
    assert await trial == b"value"
    assert not store.resting
    assert await store.get("name") == b"value"
    assert b"spacebridge_store_resting 0.0" in metrics.text()


async def test_a_store_that_refuses_is_asked_again_at_once(slow: Hanging, caplog: pytest.LogCaptureFixture):
    clock = Clock()
    store = RestingStore(slow, clock=clock)
    slow.refuses = True
    for _ in range(3):
        with pytest.raises(errors.StoreFailed, match="No"):
            await store.get("name")
    assert (slow.asked, store.failures, store.resting) == (3, 3, False)
    slow.refuses = False
    with caplog.at_level("INFO", "spacebridge"):
        await store.get("name")
        slow.refuses = True
        with pytest.raises(errors.StoreFailed):
            await store.get("name")  # as on a full disk, which can be read all the time
        slow.refuses = False
        clock.now += 11
        await store.get("name")
        await store.get("name")
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2, told  # the first failure, and the end of them
    assert "limits of keys not checked. No." in told[0]
    assert told[1] == "The store works again."


async def test_a_store_that_fails_on_and_on_is_complained_of_each_minute(
    slow: Hanging, caplog: pytest.LogCaptureFixture
):
    clock = Clock()
    store = RestingStore(slow, clock=clock)
    slow.refuses = True
    for clock.now in range(130):
        with pytest.raises(errors.StoreFailed):
            await store.get("name")
    assert len(caplog.records) == 3


async def test_a_store_that_can_only_be_read_is_not_ready():
    gateway = Gateway(Config(store=StoreOptions(url="memory:")))
    await gateway.start()

    async def full(*args: object, **options: object) -> None:
        raise errors.StoreFailed("The disk is full.")

    try:
        gateway.store._store.set = full  # type: ignore[method-assign]
        assert await gateway.missing() == ["spaces", "store"]
    finally:
        await gateway.aclose()


async def test_who_leaves_tells_nothing_of_the_store(slow: Hanging):
    store = RestingStore(slow)
    slow.answers.clear()
    task = asyncio.create_task(store.get("name"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    slow.answers.set()
    assert await store.get("name") is None


async def test_a_store_that_hangs_does_not_hold_up_the_end(slow: Hanging):
    slow.answers.clear()
    await RestingStore(slow, seconds=0.05).aclose()


async def test_readiness_says_what_is_missing():
    gateway = Gateway(Config(store=StoreOptions(url="memory:")))
    await gateway.start()
    try:
        assert await gateway.missing() == ["spaces"]
        await gateway.store.aclose()
        gateway.draining = True
        assert await gateway.missing() == ["server", "spaces"]
    finally:
        await gateway.aclose()
