from __future__ import annotations

import pytest

from spacebridge.gateway.backend import Backend
from spacebridge.gateway.options import Breaking, ModelOptions
from spacebridge.gateway.veil import without_addresses

ADDRESSES = ("127.0.0.1:7860", "127.0.0.1:7860/app", "owner-name.hf.space", "owner/name")


@pytest.mark.parametrize(
    "text, told",
    [
        ("The chat of http://127.0.0.1:7860 takes no files.", "The chat of 'm' takes no files."),
        ("The chat of http://127.0.0.1:7860/app/ takes no files.", "The chat of 'm' takes no files."),
        ("GET http://127.0.0.1:7860/app/queue/data?session_hash=1: no answer.", "The app behind 'm': no answer."),
        ("The Space 127.0.0.1:7860/app rests. It said: ada:pw@127.0.0.1:7860", "The Space 'm' rests. It said: ada:pw@'m'"),
        ("See http://ada:pw@127.0.0.1:7860/x.", "See 'm'."),
        ("The Space 'http://127.0.0.1:7860' is away.", "The Space 'm' is away."),
        ("Cannot connect to host owner-name.hf.space:443 ssl:default", "Cannot connect to host 'm' ssl:default"),
        ("owner/name is paused. https://huggingface.co/spaces/owner/name says more.", "'m' is paused. 'm' says more."),
        ("Connect call failed ('10.0.0.5', 7860), ('::1', 7860, 0, 0)", "it does not answer"),
        ("/_submit_fn of 127.0.0.1:7860 failed: boom", "The app behind 'm' failed: boom"),
        ("Its last words: fn 12 of 127.0.0.1:7860 failed: boom", "Its last words: The app behind 'm' failed: boom"),
        ("/chat of 127.0.0.1:7860 was refused: too long.", "The app behind 'm' refused what it was told: too long."),
        ("POST http://127.0.0.1:7860/queue/join was answered with 503: Queue is full.", "The app behind 'm' answered with 503: Queue is full."),
        ("/chat of 127.0.0.1:7860 was cancelled on the server.", "The app behind 'm' cancelled the answer."),
        ("127.0.0.1:78601, 1127.0.0.1:7860 and owner/names are others", "127.0.0.1:78601, 1127.0.0.1:7860 and owner/names are others"),
    ],
)  # fmt: skip
def test_addresses_are_told_as_the_model(text: str, told: str):
    assert without_addresses(text, ADDRESSES, "m") == told


@pytest.mark.parametrize("name", ["gpt-4.1", "it's", "a/b (c)"])
def test_models_are_called_by_any_name(name: str):
    told = without_addresses("/chat of 127.0.0.1:7860 failed: boom", ADDRESSES, name)
    assert told == f"The app behind {name!r} failed: boom"


def test_nothing_is_hidden_where_there_is_nothing_to_hide():
    assert without_addresses("The app said: no.", (), "m") == "The app said: no."


@pytest.mark.parametrize(
    "address, found",
    [
        ("http://ada:pw@10.0.0.5:7860/app?x=1", {"10.0.0.5:7860/app", "10.0.0.5:7860"}),
        ("Owner/Name_2.5", {"Owner/Name_2.5", "owner-name-2-5.hf.space"}),
        ("local", set[str]()),
    ],
)
def test_addresses_of_a_space(address: str, found: set[str]):
    assert set(Backend(address, ModelOptions(), Breaking()).addresses) == found
