"""When a Space rests, and when it comes back."""

from __future__ import annotations

import pytest

from spacebridge import errors
from spacebridge.gateway.breaker import Breaker, is_fault
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


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(FAULT)


def test_it_rests_after_so_many_failures_in_a_row(breaker: Breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert (breaker.state, breaker.admits()) == ("closed", True)
    fail(breaker)
    assert (breaker.state, breaker.admits(), breaker.wait) == ("open", False, 10)


def test_after_the_rest_one_goes_first(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    clock.now += 10
    assert breaker.state == "half-open"
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert [breaker.admits() for _ in range(3)] == [True, True, True]
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_each_further_rest_is_longer_up_to_a_limit(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    rests: list[float] = []
    for _ in range(4):
        rests.append(breaker.wait)
        clock.now += breaker.wait
        assert breaker.admits()
        fail(breaker)
    assert rests == [10, 20, 35, 35]


def test_turns_that_fail_together_are_one_reason_to_rest(breaker: Breaker, clock: Clock):
    fail(breaker, 30)
    assert breaker.wait == 10
    clock.now += 10
    fail(breaker, 5)  # they had begun before, too
    assert breaker.state == "half-open"
    assert breaker.admits()
    fail(breaker, 5)
    assert breaker.wait == 20


def test_one_that_is_left_lets_another_go_first(breaker: Breaker, clock: Clock):
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    breaker.left()
    assert breaker.admits()
    breaker.failed(errors.InvalidMessages("Nothing to say."))
    assert breaker.admits()


def test_who_says_when_rests_at_once_and_until_then(breaker: Breaker, clock: Clock):
    refused = errors.RateLimited("Slowly.", status=429, retry_after=7)
    breaker.failed(refused)
    assert (breaker.state, breaker.wait) == ("open", 7)
    clock.now += 7
    assert [breaker.admits(), breaker.admits()] == [True, True]
    quota = errors.QuotaExceeded("Used up.")
    quota.retry_after = 3600
    breaker.failed(quota)
    assert breaker.wait == 35


def test_what_is_the_requests_fault_does_not_count(breaker: Breaker):
    for error in (errors.InvalidSetting("x"), errors.FileRefused("x"), errors.ValidationRefused("x"), KeyError("x")):
        for _ in range(5):
            breaker.failed(error)
        assert breaker.state == "closed"
        assert not is_fault(error)
    for _ in range(5):
        breaker.failed(errors.AnswerRewritten("x", text="y"))
        breaker.failed(errors.SessionLost("x"))
    assert breaker.state == "closed"
    assert is_fault(errors.SessionLost("x"))
