"""The time limits of a turn."""

from __future__ import annotations

import asyncio

import pytest

from spacebridge.chat.clock import Passed, TurnClock


async def test_the_limit_for_the_whole():
    clock = TurnClock(0.05)
    with pytest.raises(TimeoutError):
        async with clock:
            await asyncio.sleep(30)
    assert clock.passed == Passed("total", 0.05)


async def test_the_limit_of_a_phase():
    clock = TurnClock(30)
    with pytest.raises(TimeoutError):
        async with clock:
            clock.phase("queue", 20)
            clock.phase("first_text", 0.05)  # it ends earlier than the one before
            await asyncio.sleep(30)
    assert clock.passed == Passed("first_text", 0.05)


async def test_each_phase_begins_anew():
    clock = TurnClock(None)
    async with clock:
        for _ in range(6):
            clock.phase("queue", 0.5)
            await asyncio.sleep(0.1)
        assert clock.in_phase
        clock.no_phase()
        assert not clock.in_phase
        await asyncio.sleep(0.6)
        clock.phase("trailing", None)
        assert not clock.in_phase
    clock = TurnClock(None)
    with pytest.raises(TimeoutError):
        async with clock:
            clock.phase("queue", 0.05)
            clock.phase("queue", 0.15)  # the timer that is set rings too early, and is set again
            await asyncio.sleep(30)
    assert clock.passed == Passed("queue", 0.15)


async def test_the_whole_ends_in_mid_phase():
    clock = TurnClock(0.05)
    with pytest.raises(TimeoutError):
        async with clock:
            clock.phase("queue", 30)
            await asyncio.sleep(30)
    assert clock.passed == Passed("total", 0.05)


async def test_nothing_rings_once_it_is_over():
    clock = TurnClock(0.01)
    async with clock:
        clock.phase("queue", 0.01)
    clock.phase("queue", 0.01)
    await asyncio.sleep(0.05)


async def test_what_goes_wrong_inside_comes_out():
    with pytest.raises(ValueError, match="inside"):
        async with TurnClock(1):
            raise ValueError("inside")
    task = asyncio.create_task(_wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _wait() -> None:
    async with TurnClock(1):
        await asyncio.sleep(30)
