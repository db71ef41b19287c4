"""Events on their way to whoever iterates or follows a turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from spacebridge import errors
from spacebridge.chat.events import Event, TextDelta
from spacebridge.chat.outbox import Outbox
from spacebridge.gradio.arrival import handing_on

if TYPE_CHECKING:
    from spacebridge.chat.outbox import Taken


def delta(text: str) -> TextDelta:
    return TextDelta(turn_id="t", bubble=0, text=text)


def text_of(batch: list[Event]) -> str:
    return "".join(event.text for event in batch if isinstance(event, TextDelta))


class Taker:
    """Takes what comes, at once or only when it is let."""

    def __init__(self, *, slow: bool = False) -> None:
        self.batches: list[str] = []
        self.slow = slow
        self.let = asyncio.Event()
        self.more = True

    def __call__(self, batch: list[Event]) -> Taken:
        self.batches.append(text_of(batch))
        return self._wait() if self.slow else self.more

    async def _wait(self) -> bool:
        await self.let.wait()
        return self.more


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_arrives_together_is_handed_on_before_anything_else_runs():
    outbox, taker = Outbox(), Taker()
    following = asyncio.create_task(outbox.follow(taker))
    await turns()

    def arrive(texts: str) -> None:
        for text in texts:
            outbox.put(delta(text))
        assert taker.batches == []

    handing_on(arrive, "abc")
    assert taker.batches == ["abc"]
    outbox.put(delta("d"))
    outbox.put(delta("e"))
    assert taker.batches == ["abc"]
    await turns()
    assert taker.batches == ["abc", "de"]
    outbox.close()
    assert await following


async def test_what_was_there_before_is_handed_on_first():
    outbox, taker = Outbox(), Taker()
    outbox.put(delta("a"))
    outbox.put(delta("b"))
    outbox.close()
    assert await outbox.follow(taker)
    assert taker.batches == ["ab"]


async def test_while_the_taker_is_waited_for_what_comes_gathers():
    outbox, taker = Outbox(), Taker(slow=True)
    following = asyncio.create_task(outbox.follow(taker))
    for text in "abc":
        outbox.put(delta(text))
        await turns()
    assert taker.batches == ["a"]
    with pytest.raises(errors.TurnInProgress):
        await outbox.more()
    outbox.put(delta("d"))
    outbox.close()
    taker.let.set()
    assert await following
    assert taker.batches == ["a", "bcd"]


@pytest.mark.parametrize("slow", [False, True])
async def test_no_more_is_wanted(slow: bool):
    outbox, taker = Outbox(), Taker(slow=slow)
    taker.more = False
    taker.let.set()
    following = asyncio.create_task(outbox.follow(taker))
    await turns()
    outbox.put(delta("a"))
    assert not await following
    outbox.put(delta("b"))
    await turns()
    assert taker.batches == ["a"]
    assert [text_of([event]) for event in outbox.events] == ["b"]


async def test_the_error_comes_behind_the_last_event():
    outbox, taker = Outbox(), Taker()
    following = asyncio.create_task(outbox.follow(taker))
    await turns()
    outbox.put(delta("a"))
    outbox.error = errors.AppFailed("No.")
    outbox.close()
    with pytest.raises(errors.AppFailed):
        await following
    assert taker.batches == ["a"]


async def test_what_the_taker_raises_is_raised_where_it_is_followed_and_not_where_it_arrived():
    outbox = Outbox()

    def take(_: list[Event]) -> bool:
        raise ValueError("no")

    following = asyncio.create_task(outbox.follow(take))
    await turns()
    handing_on(outbox.put, delta("a"))
    with pytest.raises(ValueError, match="no"):
        await following


async def test_whoever_stops_following_while_the_taker_is_to_be_waited_for_leaves_nothing_behind():
    outbox, taker = Outbox(), Taker(slow=True)
    following = asyncio.create_task(outbox.follow(taker))
    await turns()
    handing_on(outbox.put, delta("a"))
    following.cancel()  # before it has begun to wait
    await asyncio.wait({following})
    assert following.cancelled()
    taker.slow = False
    outbox.put(delta("b"))
    outbox.close()
    assert await outbox.follow(taker)
    assert taker.batches == ["a", "b"]


async def test_two_can_not_take_the_same_events():
    outbox = Outbox()
    following = asyncio.create_task(outbox.follow(Taker()))
    await turns()
    with pytest.raises(errors.TurnInProgress):
        await outbox.follow(Taker())
    with pytest.raises(errors.TurnInProgress):
        await outbox.more()
    outbox.close()
    assert await following
