"""The synchronous twin, where it needs no server: it has what the asynchronous one has."""

from __future__ import annotations

import inspect
import threading

import pytest

from spacebridge import errors, sync
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.turn import Turn
from spacebridge.spaces.space import Space

NOT_FOR_USERS = {
    "Space": {
        "aclose",
        "another",
        "connect",
        "app_id",
        "attachment",
        "cookies",
        "doubt",
        "graph",
        "download",
        "limits",
        "rules",
        "row",
        "session",
        "slot",
        "timeouts",
        "upload",
        "use_cookies",
        "verify",
        "vouch",
        "hide",
    },
    "Conversation": {"aclose", "restore"},
    "Turn": {
        "aclose",
        "follow",
        "emit",
        "on_end",
        "on_notice",
        "on_render",
        "on_status",
        "on_upload",
        "on_value",
        "result",
    },
}


@pytest.mark.parametrize("twin, original", [(sync.Space, Space), (sync.Conversation, Conversation), (sync.Turn, Turn)])
def test_the_twin_has_what_the_original_has(twin: type, original: type):
    public = {name for name, _ in inspect.getmembers(original) if not name.startswith("_")}
    has = {name for name, _ in inspect.getmembers(twin) if not name.startswith("_")}
    assert public - NOT_FOR_USERS[original.__name__] - has == set()
    assert "close" in has


@pytest.mark.parametrize(
    "address, kind", [("nothing", errors.AddressError), ("http://127.0.0.1:1", errors.CannotConnect)]
)
def test_a_space_that_can_not_be_reached_leaves_no_thread(address: str, kind: type[Exception]):
    before = threading.active_count()
    for _ in range(2):
        with pytest.raises(kind), sync.Space(address):
            pass
    assert threading.active_count() == before


def test_a_space_that_is_not_open():
    space = sync.Space("http://127.0.0.1:1")
    assert repr(space) == "Space('http://127.0.0.1:1')"
    with pytest.raises(errors.ConnectionLost):
        _ = space.layout
