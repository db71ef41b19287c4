"""What is promised of the class itself. What it does is tested against servers."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

import spacebridge
from spacebridge import errors, providers
from spacebridge.options import Timeouts
from spacebridge.providers import (
    AsyncGeneratorProvider,
    JsonConversation,
    ProviderModelMixin,
    Qwen_Qwen_2_5M,
    debug,
    generate_session_hash,
)
from spacebridge.providers.qwen_qwen_2_5m import _timeouts
from spacebridge.spaces.catalogue import QWEN_2_5_1M

HELLO = [{"role": "user", "content": "Hello, how are you?"}]


@pytest.mark.parametrize(
    "name, value",
    [
        ("label", "Qwen Qwen-2.5M"),
        ("url", "https://qwen-qwen2-5-1m-demo.hf.space"),
        ("api_endpoint", "https://qwen-qwen2-5-1m-demo.hf.space/run/predict?__theme=light"),
        ("working", True),
        ("supports_stream", True),
        ("supports_system_message", True),
        ("supports_message_history", False),
        ("default_model", "qwen-2.5-1m-demo"),
        ("model_aliases", {"qwen-2.5-1m": "qwen-2.5-1m-demo"}),
        ("models", ["qwen-2.5-1m"]),
        ("live", 0),
        ("use_stream_timeout", True),
        ("needs_auth", False),
        ("__name__", "Qwen_Qwen_2_5M"),
    ],
)
def test_attributes(name: str, value: object):
    assert getattr(Qwen_Qwen_2_5M, name) == value


def test_bases_and_where_it_is_found():
    assert issubclass(Qwen_Qwen_2_5M, AsyncGeneratorProvider)
    assert issubclass(Qwen_Qwen_2_5M, ProviderModelMixin)
    assert spacebridge.Qwen_Qwen_2_5M is providers.Qwen_Qwen_2_5M is Qwen_Qwen_2_5M
    assert spacebridge.JsonConversation is JsonConversation


def test_signature():
    parameters = inspect.signature(Qwen_Qwen_2_5M.create_async_generator).parameters
    assert [(name, parameter.default) for name, parameter in parameters.items()] == [
        ("model", inspect.Parameter.empty),
        ("messages", inspect.Parameter.empty),
        ("proxy", None),
        ("return_conversation", False),
        ("conversation", None),
        ("kwargs", inspect.Parameter.empty),
    ]
    assert parameters["kwargs"].kind is inspect.Parameter.VAR_KEYWORD
    assert inspect.isasyncgenfunction(Qwen_Qwen_2_5M.create_async_generator)


def test_the_row_and_the_class_name_the_same_space():
    assert QWEN_2_5_1M.address == Qwen_Qwen_2_5M.url
    assert QWEN_2_5_1M.name == Qwen_Qwen_2_5M.default_model


@pytest.mark.parametrize("model", ["qwen-2.5-1m", "qwen-2.5-1m-demo", "", None])
def test_models(model: str | None):
    assert Qwen_Qwen_2_5M.get_model(model) == "qwen-2.5-1m-demo"


def test_a_subclass_with_another_url_has_its_own_endpoint():
    class Mine(Qwen_Qwen_2_5M):
        url = "http://127.0.0.1:7860"

    class Fixed(Mine):
        url = "http://other"
        api_endpoint = "http://other/elsewhere"

    class Named(Mine):
        label = "Mine"

    assert Mine.api_endpoint == "http://127.0.0.1:7860/run/predict?__theme=light"
    assert Fixed.api_endpoint == "http://other/elsewhere"
    assert Named.api_endpoint == Mine.api_endpoint
    assert Qwen_Qwen_2_5M.api_endpoint.startswith("https://qwen-qwen2-5-1m-demo.hf.space/")


def test_session_hashes_are_twelve_hexadecimal_digits():
    found = generate_session_hash()
    assert len(found) == 12
    assert int(found, 16) >= 0


async def asked(**kwargs: Any) -> str:
    return await Qwen_Qwen_2_5M.create_async(
        **{"model": "qwen-2.5-1m", "messages": HELLO, "url": "http://127.0.0.1:1"} | kwargs
    )


async def test_an_unknown_model_is_refused_before_anything_is_sent():
    with pytest.raises(errors.UnknownModel, match=r"Known: qwen-2\.5-1m-demo, qwen-2\.5-1m\."):
        await asked(model="gpt-4")


@pytest.mark.parametrize(
    "messages", [[], [{"role": "user", "content": ""}], [{"role": "user", "content": " \n"}], None]
)
async def test_nothing_to_say_is_refused_before_anything_is_sent(messages: Any):
    with pytest.raises(errors.InvalidMessages):
        await asked(messages=messages)


async def test_a_conversation_without_a_session_hash_is_refused_before_anything_is_sent():
    with pytest.raises(errors.InvalidConversation, match="session_hash"):
        await asked(conversation=JsonConversation())


def test_a_conversation_goes_through_json():
    held = JsonConversation(session_hash="abc", cookies={"a": "1"})
    again = JsonConversation(**json.loads(json.dumps(held.get_dict())))
    assert (again, again.session_hash) == (held, "abc")


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, Timeouts()),
        ({"timeout": 5}, Timeouts(total=5.0, connect=5.0, wake=5.0)),
        ({"timeout": 500}, Timeouts(total=500.0, wake=500.0)),
        ({"stream_timeout": 7}, Timeouts(idle=7.0, first_text=7.0)),
        ({"timeouts": Timeouts(idle=1.0), "timeout": 5}, Timeouts(idle=1.0, total=5.0, connect=5.0, wake=5.0)),
    ],
)
def test_time_limits(options: dict[str, Any], expected: Timeouts):
    assert _timeouts(options) == expected


def test_debug_is_silent_until_it_is_switched_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    debug.log("nothing")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(debug, "logging", True)
    debug.log("a line", 7)
    assert capsys.readouterr().err == "a line 7\n"
    taken: list[tuple[object, ...]] = []
    monkeypatch.setattr(debug, "log_handler", lambda *text: taken.append(text))
    debug.log("to", "me")
    assert taken == [("to", "me")]
    assert capsys.readouterr().err == ""
