"""What a Space does before it is connected. All else is tested against servers."""

from __future__ import annotations

import pytest

from spacebridge import Space
from spacebridge.errors import ConnectionLost

TOKEN = "hf_SecretSecret"


def test_a_repr_shows_no_secrets():
    space = Space(
        "http://user:passpass@host/x?token=abcabc", token=TOKEN, auth=("user", "passpass"), headers={"A": "header"}
    )
    for secret in (TOKEN, "passpass", "header", "abcabc"):
        assert secret not in repr(space)


@pytest.mark.parametrize("name", ["config", "url", "app_id", "layout"])
def test_a_space_that_is_not_connected_says_how(name: str):
    with pytest.raises(ConnectionLost, match=r"async with Space"):
        getattr(Space("http://host"), name)


def test_a_conversation_needs_a_connection():
    with pytest.raises(ConnectionLost):
        Space("http://host").conversation()


async def test_closing_what_was_never_open():
    await Space("http://host").aclose()
