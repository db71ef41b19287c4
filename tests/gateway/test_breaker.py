"""When a Space rests, and when it comes back."""

from __future__ import annotations

import pytest

from spacebridge import errors
from spacebridge.gateway.breaker import Attempt, Breaker, is_fault
from spacebridge.gateway.options import Breaking

FAULT = errors.AppFailed("It broke.")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(Breaking(failures=3, rest=10, longest=35), clock)


def begun(breaker: Breaker) -> Attempt:
    """A turn that is let through."""
    attempt = breaker.admits()
    assert attempt is not None
    return attempt


def fail(breaker: Breaker, times: int = 1) -> None:
    """So many turns that began together fail."""
    for attempt in [begun(breaker) for _ in range(times)]:
        breaker.failed(attempt, FAULT)


def admitted(breaker: Breaker, times: int) -> list[bool]:
    return [breaker.admits() is not None for _ in range(times)]


def test_it_rests_after_so_many_failures_in_a_row(breaker: Breaker):
    fail(breaker, 2)
    breaker.succeeded(begun(breaker))
    fail(breaker, 2)
    assert (breaker.state, *admitted(breaker, 1)) == ("closed", True)
    fail(breaker)
    assert (breaker.state, *admitted(breaker, 1), breaker.wait) == ("open", False, 10)


def test_after_the_rest_one_goes_first(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    clock.now += 10
    assert breaker.state == "half-open"
    first = begun(breaker)
    assert admitted(breaker, 2) == [False, False]
    breaker.succeeded(first)
    assert admitted(breaker, 3) == [True, True, True]
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_each_further_rest_is_longer_up_to_a_limit(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    rests: list[float] = []
    for _ in range(4):
        rests.append(breaker.wait)
        clock.now += breaker.wait
        fail(breaker)
    assert rests == [10, 20, 35, 35]


def test_turns_that_fail_together_are_one_reason_to_rest(breaker: Breaker, clock: Clock):
    before = [begun(breaker) for _ in range(40)]
    for attempt in before[:30]:
        breaker.failed(attempt, FAULT)
    assert breaker.wait == 10
    clock.now += 10
    for attempt in before[30:35]:
        breaker.failed(attempt, FAULT)
    assert breaker.state == "half-open"
    first = begun(breaker)
    for attempt in before[35:]:
        breaker.failed(attempt, FAULT)
    assert (breaker.state, *admitted(breaker, 1)) == ("half-open", False)
    breaker.failed(first, FAULT)
    assert breaker.wait == 20


@pytest.mark.parametrize("rested", [False, True])
def test_a_turn_from_before_the_rest_settles_nothing(breaker: Breaker, clock: Clock, *, rested: bool):
    old = [begun(breaker) for _ in range(4)]
    fail(breaker, 3)
    first: Attempt | None = None
    if rested:
        clock.now += 10
        first = begun(breaker)
    assert [breaker.stands(attempt) for attempt in old] == [False] * 4
    breaker.succeeded(old[0])
    breaker.left(old[1])
    breaker.failed(old[2], FAULT)
    breaker.failed(old[3], errors.InvalidMessages("Nothing to say."))
    assert (breaker.state, *admitted(breaker, 1)) == ("half-open" if rested else "open", False)
    if first is not None:
        assert breaker.stands(first)
        breaker.succeeded(first)
        assert admitted(breaker, 2) == [True, True]


def test_one_that_is_left_lets_another_go_first(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    clock.now += 10
    breaker.left(begun(breaker))
    breaker.failed(begun(breaker), errors.InvalidMessages("Nothing to say."))
    assert admitted(breaker, 2) == [True, False]


def test_who_says_when_rests_at_once_and_until_then(breaker: Breaker, clock: Clock):
    running = begun(breaker)
    breaker.failed(begun(breaker), errors.RateLimited("Slowly.", status=429, retry_after=7))
    assert (breaker.state, breaker.wait) == ("open", 7)
    breaker.succeeded(running)  # it had been let in before
    assert breaker.wait == 7
    clock.now += 7
    assert admitted(breaker, 2) == [True, True]
    quota = errors.QuotaExceeded("Used up.")
    quota.retry_after = 3600
    breaker.failed(begun(breaker), quota)
    assert breaker.wait == 35


def test_an_older_turn_that_is_told_when_does_not_free_the_place_of_the_first(breaker: Breaker, clock: Clock):
    old = begun(breaker)
    fail(breaker, 3)
    clock.now += 10
    first = begun(breaker)
    breaker.failed(old, errors.RateLimited("Slowly.", status=429, retry_after=7))
    clock.now += 7
    assert admitted(breaker, 1) == [False]
    breaker.succeeded(first)  # that was before it was told to wait
    assert (breaker.state, *admitted(breaker, 2)) == ("half-open", True, False)


def test_what_is_the_requests_fault_does_not_count(breaker: Breaker):
    for error in (errors.InvalidSetting("x"), errors.FileRefused("x"), errors.ValidationRefused("x"), KeyError("x")):
        for _ in range(5):
            breaker.failed(begun(breaker), error)
        assert breaker.state == "closed"
        assert not is_fault(error)
    for _ in range(5):
        breaker.failed(begun(breaker), errors.AnswerRewritten("x", text="y"))
        breaker.failed(begun(breaker), errors.SessionLost("x"))
    assert breaker.state == "closed"
    assert is_fault(errors.SessionLost("x"))
