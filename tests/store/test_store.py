"""What all stores do alike: in memory, in a file, on a real server."""

from __future__ import annotations

import asyncio
import stat
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from spacebridge import errors
from spacebridge.store import check_store, open_store
from spacebridge.store.base import Store
from spacebridge.store.bucket import drained
from spacebridge.store.memory import MemoryStore
from tests.real.valkey import ValkeyServer

BINARY = bytes(range(256))


@pytest.fixture(params=["memory", "sqlite", pytest.param("valkey", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "valkey":
        return request.getfixturevalue("valkey").url
    return "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/kept/store.sqlite3"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    yield opened
    await opened.aclose()


@pytest.fixture
def name() -> Callable[[str], str]:
    """Names that no other test uses: the server is shared."""
    mark = uuid.uuid4().hex
    return lambda text: f"{mark}:{text}"


async def test_a_bag_gives_each_value_once_the_latest_first(store: Store, name: Callable[[str], str]):
    bag = name("bag")
    before = await store.count()
    assert await store.take(bag) is None
    for value in (b"one", BINARY, b""):
        await store.add(bag, value, seconds=60)
    await store.add(name("other"), b"other", seconds=60)
    assert await store.count() == before + 4
    assert [await store.take(bag) for _ in range(4)] == [b"", BINARY, b"one", None]
    assert await store.count() == before + 1


async def test_no_two_take_the_same(store: Store, name: Callable[[str], str]):
    bag = name("bag")
    for number in range(20):
        await store.add(bag, b"%d" % number, seconds=60)
    taken = await asyncio.gather(*(store.take(bag) for _ in range(30)))
    assert sorted(int(value) for value in taken if value is not None) == list(range(20))


async def test_names_keep_the_last_value(store: Store, name: Callable[[str], str]):
    one = name("one")
    assert await store.get(one) is None
    assert await store.delete(one) is False
    await store.set(one, b"first", seconds=60)
    await store.set(one, BINARY, seconds=60)
    assert await store.get(one) == BINARY
    assert await store.get(one) == BINARY
    assert await store.delete(one) is True
    assert await store.get(one) is None


async def test_what_has_expired_is_not_there(store: Store, name: Callable[[str], str]):
    bag, item = name("bag"), name("item")
    await store.add(bag, b"late", seconds=60)
    await store.add(bag, b"soon", seconds=0.001)
    await store.set(item, b"soon", seconds=0.001)
    await asyncio.sleep(0.02)
    assert await store.take(bag) == b"late"
    assert await store.take(bag) is None
    assert await store.get(item) is None
    assert await store.delete(item) is False


async def test_a_bucket_is_full_at_first_and_fills_by_itself(store: Store, name: Callable[[str], str]):
    bucket = name("bucket")
    for _ in range(3):
        assert await store.spend(bucket, 1, capacity=3, per_second=0.001) == 0
    wait = await store.spend(bucket, 1, capacity=3, per_second=0.001)
    assert 900 < wait <= 1000
    fast = name("fast")
    assert await store.spend(fast, 2, capacity=2, per_second=1000) == 0
    await asyncio.sleep(0.05)
    assert await store.spend(fast, 2, capacity=2, per_second=1000) == 0


async def test_what_is_owed_is_taken_in_any_case(store: Store, name: Callable[[str], str]):
    bucket = name("bucket")
    assert await store.spend(bucket, 25, capacity=10, per_second=0.01, owed=True) == 0
    assert 1500 < await store.spend(bucket, 1, capacity=10, per_second=0.01) <= 1600


async def test_many_spend_no_more_than_there_is(store: Store, name: Callable[[str], str]):
    bucket = name("bucket")
    waits = await asyncio.gather(*(store.spend(bucket, 1, capacity=5, per_second=0.001) for _ in range(12)))
    assert sum(wait == 0 for wait in waits) == 5


def test_more_than_a_bucket_holds_is_taken_from_a_full_one():
    assert drained(10, 0, 25, capacity=10, per_second=1, owed=False) == (-15, 0)
    level, wait = drained(-15, 5, 25, capacity=10, per_second=1, owed=False)
    assert (level, wait) == (-10, 20)
    assert drained(0, 1, 1, capacity=10, per_second=0, owed=False) == (0, float("inf"))


async def test_memory_keeps_no_more_than_it_may():
    store = MemoryStore(size=3)
    for number in range(5):
        await store.add(f"bag {number}", b"%d" % number, seconds=60)
        await store.set(f"item {number}", b"%d" % number, seconds=60)
    assert await store.count() == 3
    assert [await store.take(f"bag {number}") for number in range(5)] == [None, None, b"2", b"3", b"4"]
    assert [await store.get(f"item {number}") for number in range(5)] == [None, None, b"2", b"3", b"4"]


async def test_memory_throws_out_the_expired_before_the_oldest():
    now = [0.0]
    store = MemoryStore(size=2, clock=lambda: now[0])
    await store.add("old", b"old", seconds=100)
    await store.add("short", b"short", seconds=1)
    now[0] = 2
    await store.add("new", b"new", seconds=100)
    assert await store.take("old") == b"old"
    assert await store.take("new") == b"new"


async def test_a_file_outlives_its_process_and_is_its_owners_alone(tmp_path: Path):
    path = tmp_path / "folder" / "store.sqlite3"
    for url in (f"sqlite:{path}", f"sqlite://{path}"):
        store = await open_store(url)
        await store.add("bag", b"kept", seconds=60)
        await store.aclose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store = await open_store(f"sqlite:{path}")
    assert [await store.take("bag") for _ in range(3)] == [b"kept", b"kept", None]
    await store.aclose()


async def test_two_gateways_share_a_file(tmp_path: Path):
    url = f"sqlite:{tmp_path}/store.sqlite3"
    one, other = await open_store(url), await open_store(url)
    for number in range(20):
        await one.add("bag", b"%d" % number, seconds=60)
    taken = await asyncio.gather(*(store.take("bag") for store in (one, other) * 12))
    assert sorted(int(value) for value in taken if value is not None) == list(range(20))
    waits = await asyncio.gather(
        *(store.spend("bucket", 1, capacity=5, per_second=0.001) for store in (one, other) * 6)
    )
    assert sum(wait == 0 for wait in waits) == 5
    await one.aclose()
    await other.aclose()


async def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"this is no database, but long enough to look at" * 20)
    with pytest.raises(errors.StoreFailed, match=r"store\.sqlite3.*not a database"):
        await open_store(f"sqlite:{path}")
    with pytest.raises(errors.StoreFailed, match="can't be made"):
        await open_store(f"sqlite:{path}/below")


async def test_a_closed_file_is_told(tmp_path: Path):
    store = await open_store(f"sqlite:{tmp_path}/store.sqlite3")
    await store.aclose()
    with pytest.raises(errors.StoreFailed, match="closed"):
        await store.get("item")


@pytest.mark.servers
async def test_a_server_that_goes_away_is_told_and_comes_back():
    with ValkeyServer() as server:
        store = await open_store(server.url)
        await store.set("item", b"kept", seconds=60)
        server.kill()
        with pytest.raises(errors.StoreFailed, match=r"127\.0\.0\.1"):
            await store.get("item")
        server.start()
        assert await store.get("item") is None
        await store.set("item", b"again", seconds=60)
        assert await store.get("item") == b"again"
        await store.aclose()


@pytest.mark.servers
async def test_a_server_that_was_started_anew_fails_nobody():
    with ValkeyServer() as server:
        store = await open_store(server.url)
        await asyncio.gather(*(store.get("item") for _ in range(20)))  # so many connections
        server.kill()
        server.start()
        assert await asyncio.gather(*(store.get("item") for _ in range(20))) == [None] * 20
        server.kill()
        server.start()
        await store.add("bag", b"kept", seconds=60)
        await store.add("bag", b"kept", seconds=60)  # as by one that lost the connection before the reply
        assert await store.count() == 1
        await store.aclose()


async def test_a_server_that_is_not_there_is_told_without_its_password():
    with pytest.raises(errors.StoreFailed) as caught:
        await open_store("redis://user:secret@127.0.0.1:9/0")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nothing", "mysql://host", "sqlite:", "http://user:secret@host"])
def test_what_is_no_store_is_refused(url: str):
    with pytest.raises(errors.AddressError) as caught:
        check_store(url)
    assert "secret" not in str(caught.value)
    assert "memory:" in caught.value.hint
