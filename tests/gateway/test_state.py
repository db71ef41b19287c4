"""The turns that a key may have at once."""

from __future__ import annotations

import pytest

from spacebridge import errors
from spacebridge.gateway.keys import Client
from spacebridge.gateway.options import Config, KeyOptions
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.state import Gateway


async def test_every_answer_is_a_turn_of_its_key():
    gateway = Gateway(Config())
    ada = Client("ada", "key:ada", KeyOptions(hash="", turns=3))
    bob = Client("bob", "key:bob", KeyOptions(hash=""))
    with gateway.turns_of(ada, 2):
        with pytest.raises(errors.RateLimited), gateway.turns_of(ada, 2):
            pass
        with gateway.turns_of(ada, 1), gateway.turns_of(bob, 100):
            pass
    with pytest.raises(Problem, match="4 answers") as caught, gateway.turns_of(ada, 4):
        pass
    assert (caught.value.status, caught.value.param) == (400, "n")
    with gateway.turns_of(ada, 3):
        pass
