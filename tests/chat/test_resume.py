from __future__ import annotations

import copy
import json
import pickle
from types import SimpleNamespace

import pytest

from spacebridge.chat.resume import JsonConversation
from spacebridge.errors import InvalidConversation
from spacebridge.spaces.space import as_dumped, generate_session_hash


def conversation() -> JsonConversation:
    return JsonConversation(version=1, session_hash="abc", cookies={"a": "1"}, values={"4": [["é", None]]})


def test_it_goes_through_json():
    text = conversation().to_json()
    assert JsonConversation.from_json(text) == conversation()
    assert json.loads(text)["values"] == {"4": [["é", None]]}
    assert JsonConversation.from_dict(json.loads(json.dumps(conversation().get_dict()))) == conversation()


def test_a_session_hash_alone_is_enough():
    assert JsonConversation(session_hash="abc").get_dict() == {"session_hash": "abc"}


@pytest.mark.parametrize("text", ["", "{", "[]", '"abc"', "null", "7"])
def test_what_is_no_dumped_conversation(text: str):
    with pytest.raises(InvalidConversation):
        JsonConversation.from_json(text)


def test_it_is_pickled_and_copied():
    assert pickle.loads(pickle.dumps(conversation())) == conversation()
    assert copy.deepcopy(conversation()) == conversation()


def test_it_differs_by_what_it_holds():
    assert conversation() != JsonConversation(session_hash="abc")
    assert conversation() != {"session_hash": "abc"}


def test_it_says_nothing_among_the_text():
    assert "".join(str(item) for item in (conversation(), "a", "b")) == "ab"


def test_its_repr_shows_no_cookies():
    assert repr(conversation()) == "JsonConversation(session_hash='abc')"
    assert repr(JsonConversation()) == "JsonConversation(session_hash=None)"


def test_reset_forgets_everything():
    held = conversation()
    held.reset()
    assert held.get_dict() == {}


def test_a_copy_as_a_dict_does_not_change_it():
    held = conversation()
    held.get_dict()["session_hash"] = "other"
    assert held.session_hash == "abc"


@pytest.mark.parametrize(
    "kept",
    [conversation(), conversation().get_dict(), SimpleNamespace(session_hash="abc", _private=1)],
    ids=["own", "dict", "foreign"],
)
def test_whatever_a_caller_kept_is_taken(kept: object):
    dumped = as_dumped(kept)
    assert dumped is not None
    assert dumped.session_hash == "abc"
    assert "_private" not in dumped.get_dict()


@pytest.mark.parametrize(
    "kept", [JsonConversation(), {}, {"session_hash": ""}, {"session_hash": 7}, SimpleNamespace(), "abc", 7]
)
def test_one_without_a_session_hash_is_refused(kept: object):
    with pytest.raises(InvalidConversation, match="no session_hash"):
        as_dumped(kept)


def test_none_begins_anew():
    assert as_dumped(None) is None


def test_session_hashes():
    found = {generate_session_hash() for _ in range(100)}
    assert len(found) == 100
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in found)
