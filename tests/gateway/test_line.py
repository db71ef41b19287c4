"""Places and the waiting line."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.gateway.line import Line, Ticket


async def test_places_are_given_back():
    line = Line(2, 10, "x")
    async with line.join("a") as one, line.join("a") as two:
        assert (one.ready, two.ready, line.busy) == (True, True, 2)
        third = line.join("a")
        assert not third.ready
        assert not await third.wait(0)
        assert (line.waiting, third.ahead()) == (1, 0)
    assert third.ready
    assert await third.wait(0)
    assert (line.waiting, line.busy) == (0, 1)
    line.leave(third)
    assert line.busy == 0


async def test_clients_are_served_by_turns():
    line = Line(1, 100, "x")
    first = line.join("greedy")
    greedy = [line.join("greedy") for _ in range(3)]
    modest = line.join("modest")
    late = line.join("late")
    assert [ticket.ahead() for ticket in (*greedy, modest, late)] == [0, 3, 4, 1, 2]
    order: list[Ticket] = []
    now = first
    while line.waiting:
        line.leave(now)
        now = next(ticket for ticket in (*greedy, modest, late) if ticket.ready and ticket not in order)
        order.append(now)
    assert order == [greedy[0], modest, late, greedy[1], greedy[2]]


async def test_too_many_are_refused():
    line = Line(1, 1, "the Space x")
    line.join("a")
    line.join("b")
    with pytest.raises(errors.QueueFull, match="1 requests wait for the Space x already"):
        line.join("c")
    assert (line.busy, line.waiting) == (1, 1)


async def test_who_leaves_the_line_makes_room():
    line = Line(1, 2, "x")
    first, second, third = line.join("a"), line.join("b"), line.join("b")
    line.leave(second)
    assert third.ahead() == 0
    line.leave(first)
    assert third.ready
    assert not second.ready


async def test_more_places_call_those_who_wait():
    line = Line(1, 5, "x")
    tickets = [line.join("a") for _ in range(4)]
    line.resize(3, 5)
    assert [ticket.ready for ticket in tickets] == [True, True, True, False]
    line.resize(1, 5)
    line.leave(tickets[0])
    assert not tickets[3].ready
    line.leave(tickets[1])
    line.leave(tickets[2])
    assert tickets[3].ready


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_nobody_is_lost_and_no_place_is_given_twice(steps: list[tuple[str, bool]]):
    async def story() -> None:
        line = Line(2, 1000, "x")
        tickets: list[Ticket] = []
        for owner, comes in steps:
            if comes or not tickets:
                tickets.append(line.join(owner))
            else:
                line.leave(tickets.pop(len(owner) % len(tickets)))
            ready = sum(ticket.ready for ticket in tickets)
            assert ready == line.busy == min(2, len(tickets))
            assert line.waiting == len(tickets) - ready
            waiting = [ticket.ahead() for ticket in tickets if not ticket.ready]
            assert sorted(waiting) == list(range(len(waiting)))
        for ticket in tickets:
            line.leave(ticket)
        assert (line.busy, line.waiting) == (0, 0)

    asyncio.run(story())
