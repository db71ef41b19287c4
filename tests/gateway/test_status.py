"""How the Spaces do, as the page asks for it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from spacebridge import errors
from spacebridge.gateway import history as history_module
from spacebridge.gateway.history import History
from spacebridge.gateway.keys import Client
from spacebridge.gateway.models import Models
from spacebridge.gateway.options import Config, KeyOptions, ModelOptions
from spacebridge.gateway.status import describe
from tests.gateway.served import Served

NOWHERE = "http://127.0.0.1:9"


def two_models() -> Models:
    models = Models()
    addresses = (NOWHERE, f"{NOWHERE}/other")
    models.configure(
        Config(models={"one": ModelOptions(addresses=addresses), "two": ModelOptions(addresses=(NOWHERE,))})
    )
    return models


async def test_turns_stand_with_the_space_that_had_them():
    models, history = two_models(), History()
    history.answered("one", "127.0.0.1:9/other", first_text=0.5, tokens_per_second=20.0, queued=None)
    history.failed("one", "127.0.0.1:9/other", errors.EmptyAnswer("Nothing."))
    told = describe(models, history, Client("", "address:"))
    first, other, two = told["spaces"]
    assert (first["model"], first["number"], first["turns"]) == ("one", 1, [])
    assert (other["number"], [turn["error"] for turn in other["turns"]]) == (2, [None, "EmptyAnswer"])
    assert (other["turns"][0]["first_text"], other["turns"][0]["tokens_per_second"]) == (0.5, 20.0)
    assert (two["model"], two["turns"]) == ("two", [])
    assert told["since"] <= other["turns"][0]["at"] <= told["now"]
    assert NOWHERE not in str(told)


async def test_a_key_is_told_of_its_own_models_only():
    told = describe(two_models(), History(), Client("ada", "key:ada", KeyOptions(hash="", models=("two",))))
    assert [space["model"] for space in told["spaces"]] == ["two"]


def test_old_turns_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history_module, "_MOST", 3)
    history = History()
    for number in range(5):
        history.answered("one", "space", first_text=float(number), tokens_per_second=None, queued=None)
    assert [turn.first_text for turn in history.turns("one", "space")] == [2.0, 3.0, 4.0]


@pytest.mark.servers
async def test_a_gateway_tells_how_its_answers_went(served: Served):
    message: Any = {"role": "user", "content": "Hello"}
    async with served.client() as client:
        await client.chat.completions.create(model="echo", messages=[message])
    async with aiohttp.ClientSession() as http, http.get(f"{served.url}/status") as reply:
        told = await reply.json()
    (space,) = [space for space in told["spaces"] if space["model"] == "echo"]
    assert (space["state"], space["busy"], space["waiting"]) == ("ready", 0, 0)
    assert space["turns"][-1]["error"] is None
    assert space["turns"][-1]["first_text"] > 0
