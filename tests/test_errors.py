from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from typing import Any

import aiohttp
import pytest

import spacebridge
from spacebridge import errors

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]
OWN = [each for each in CLASSES if each.__module__ == errors.__name__]
named = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)
EXTRA: dict[str, dict[str, Any]] = {
    "TimedOut": {"limit": "idle", "seconds": 60.0, "still_running": True},
    "RedirectRefused": {"location": "http://other/", "status": 302},
    "AnswerRewritten": {"text": "whole"},
    "NoChatFound": {"looked_at": ("a chatbot", "a box")},
    "AppFailed": {"title": "Oh", "detail": "why"},
    "QuotaExceeded": {"title": "Oh", "detail": "why"},
    "NotJSON": {"doc": "<html>", "pos": 3},
    "NotGradio": {"doc": "<html>"},
    "ServerRefused": {"status": 400, "retry_after": 3.0},
    "RateLimited": {"status": 429, "retry_after": 3.0},
}


def made(kind: type[errors.SpacebridgeError]) -> errors.SpacebridgeError:
    return kind("what happened", **EXTRA.get(kind.__name__, {}))


def test_all_is_sorted_and_complete():
    assert errors.__all__ == sorted(errors.__all__)
    assert set(errors.__all__) == {each.__name__ for each in OWN}


@pytest.mark.parametrize(
    "module", ["spacebridge", "spacebridge.errors", "spacebridge.chat.events", "spacebridge.providers"]
)
def test_public_names_are_sorted_and_exist(module: str):
    found = __import__(module, fromlist=["__all__"])
    assert found.__all__ == sorted(found.__all__)
    for name in found.__all__:
        getattr(found, name)


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        spacebridge.Nothing  # noqa: B018 - looking is what is tested


@named
def test_the_tree_in_the_docstring_names_every_class_below_its_base(kind: type[Exception]):
    drawn: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^    ([│├└─ ]*)([A-Z]\w+(?:, [A-Z]\w+)*)", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        names = match[2].split(", ")
        del above[depth:]
        for name in names:
            drawn[name] = above[-1] if above else None
        above.append(names[-1])
    assert kind.__name__ in drawn
    base = drawn[kind.__name__]
    assert base is None or base in [each.__name__ for each in kind.__bases__]


@named
def test_every_error_is_one_of_ours_and_says_what_to_do(kind: type[errors.SpacebridgeError]):
    error = made(kind)
    assert isinstance(error, errors.SpacebridgeError)
    assert str(error).startswith("what happened")
    assert error.hint in str(error)
    assert error.partial == ""
    assert kind.__doc__


@named
@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_errors_are_pickled_and_copied_whole(kind: type[errors.SpacebridgeError], again):
    error = made(kind)
    error.partial = "so far"
    error.hint = "do this"
    other = again(error)
    assert type(other) is kind
    assert str(other) == str(error)
    kept = {name: value for name, value in vars(error).items() if not name.startswith("__")}
    assert {name: getattr(other, name) for name in kept} == kept
    for name, value in EXTRA.get(kind.__name__, {}).items():
        assert getattr(other, name) == value


@pytest.mark.parametrize(
    "kind",
    [
        errors.ConnectionLost,
        errors.CannotConnect,
        errors.CertificateRefused,
        errors.StreamCut,
        errors.SessionLost,
        errors.TimedOut,
        errors.ServerRefused,
        errors.QueueFull,
        errors.SpaceAsleep,
    ],
)
def test_trouble_with_the_connection_is_a_client_error(kind: type[errors.SpacebridgeError]):
    """That is promised to users of the provider class."""
    assert issubclass(kind, aiohttp.ClientError)


def test_a_reply_that_is_no_json_is_a_json_decode_error():
    for kind in (errors.NotJSON, errors.NotGradio):
        error = made(kind)
        assert isinstance(error, json.JSONDecodeError)
        assert isinstance(error, ValueError)
        assert error.doc == "<html>"


def test_a_position_behind_the_end_is_at_the_end():
    assert errors.NotJSON("x", doc="ab", pos=99).pos == 2


def test_a_time_limit_is_a_timeout_error():
    error = made(errors.TimedOut)
    assert isinstance(error, errors.TimedOut)
    assert issubclass(errors.TimedOut, TimeoutError)
    assert issubclass(errors.TimedOut, aiohttp.ServerTimeoutError)
    assert (error.limit, error.seconds, error.still_running) == ("idle", 60.0, True)


@pytest.mark.parametrize(
    "kind, base",
    [
        (errors.AddressError, ValueError),
        (errors.UnknownSetting, ValueError),
        (errors.InvalidSetting, ValueError),
        (errors.UnknownModel, ValueError),
        (errors.InvalidMessages, ValueError),
        (errors.InvalidConversation, ValueError),
        (errors.FileRefused, ValueError),
        (errors.TurnInProgress, RuntimeError),
        (errors.MissingPart, ImportError),
    ],
)
def test_errors_of_python_that_ours_are_too(kind: type[Exception], base: type[Exception]):
    assert issubclass(kind, base)


def test_a_hint_of_ones_own():
    assert str(errors.StreamCut("It was cut.", hint="Do this.")) == "It was cut. Do this."
    assert str(errors.StreamCut("It was cut.", hint="")) == "It was cut."
    assert errors.StreamCut.default_hint in str(errors.StreamCut("It was cut."))


def test_what_was_looked_at_is_listed():
    assert str(errors.NoChatFound("No chat.", looked_at=("one", "two"), hint="Look.")) == "No chat. Look.\n- one\n- two"


@pytest.mark.parametrize(
    "said, told",
    [
        ("Try again in 0:10:00", "Try again in 0:10:00. Wait."),
        ("Too much!", "Too much! Wait."),
        ("It said 'no'.", "It said 'no'. Wait."),
        ("", " Wait."),
    ],
)
def test_what_an_app_said_and_what_to_do_are_two_sentences(said: str, told: str):
    assert str(errors.QuotaExceeded(said, title="", hint="Wait.")) == told
    assert str(errors.QuotaExceeded(said, title="", hint="")) == said
