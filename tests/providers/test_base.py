from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from spacebridge.chat.resume import JsonConversation
from spacebridge.errors import UnknownModel
from spacebridge.providers.base import AsyncGeneratorProvider, ProviderModelMixin


class Parrot(AsyncGeneratorProvider, ProviderModelMixin):
    """Says what it is told, word by word."""

    label = "The Parrot"
    url = "https://parrot.example"
    default_model = "parrot-1"
    model_aliases: ClassVar[dict[str, str]] = {"parrot": "parrot-1", "ara": "ara-2"}
    models: ClassVar[list[str]] = ["parrot-1", "ara-2", "kea-3"]
    closed: ClassVar[list[str]] = []

    @classmethod
    async def create_async_generator(
        cls,
        model: str,
        messages: list[dict[str, Any]],
        proxy: str | None = None,
        return_conversation: bool = False,
        secret: int = 7,
        **kwargs: Any,
    ) -> AsyncIterator[str | JsonConversation]:
        if return_conversation:
            yield JsonConversation(session_hash="abc")
        try:
            for word in messages[-1]["content"].split():
                if word == "oops":
                    raise ValueError(word)
                yield word
        finally:
            cls.closed.append(model)


SAID = [{"role": "user", "content": "one two three"}]


@pytest.mark.parametrize(
    "name, model",
    [
        ("", "parrot-1"),
        (None, "parrot-1"),
        ("auto", "parrot-1"),
        ("parrot", "parrot-1"),
        ("ara", "ara-2"),
        ("ara-2", "ara-2"),
        ("kea-3", "kea-3"),
    ],
)
def test_models_by_id_by_alias_and_by_default(name: str | None, model: str):
    assert Parrot.get_model(name) == model


@pytest.mark.parametrize("name", ["Parrot", "owl", "parrot-1 ", " "])
def test_an_unknown_model_lists_the_known(name: str):
    with pytest.raises(UnknownModel) as caught:
        Parrot.get_model(name)
    for known in ("The Parrot has no model", repr(name), "parrot-1, parrot, ara, ara-2, kea-3"):
        assert known in str(caught.value)


def test_models():
    assert Parrot.get_models() == ["parrot-1", "ara-2", "kea-3"]

    class Single(ProviderModelMixin):
        default_model = "only"

    assert Single.get_models() == ["only"]
    assert Single.get_model("only") == "only"


async def test_create_async_gives_the_whole_text():
    assert await Parrot.create_async("parrot", SAID) == "onetwothree"
    assert await Parrot.create_async("parrot", SAID, return_conversation=True) == "onetwothree"


def test_create_completion_is_synchronous():
    assert list(Parrot.create_completion("parrot", SAID)) == ["one", "two", "three"]
    assert list(Parrot.create_completion("parrot", SAID, stream=False)) == ["onetwothree"]
    first, *rest = Parrot.create_completion("parrot", SAID, return_conversation=True)
    assert isinstance(first, JsonConversation)
    assert rest == ["one", "two", "three"]


async def test_create_completion_works_inside_a_running_loop():
    asyncio.get_running_loop()
    assert list(Parrot.create_completion("parrot", SAID)) == ["one", "two", "three"]


def test_leaving_a_completion_early_closes_it():
    Parrot.closed.clear()
    answer = Parrot.create_completion("early", SAID)
    assert next(answer) == "one"
    answer.close()
    assert Parrot.closed == ["early"]


def test_errors_of_a_completion_are_raised_where_it_is_used():
    answer = Parrot.create_completion("parrot", [{"role": "user", "content": "one oops"}])
    assert next(answer) == "one"
    with pytest.raises(ValueError, match="oops"):
        next(answer)


def test_parameters():
    found = Parrot.get_parameters()
    assert list(found) == ["model", "messages", "proxy", "return_conversation"]
    assert found["proxy"].default is None


def test_parameters_as_json():
    found = Parrot.get_parameters(as_json=True)
    assert found["provider"] == "Parrot"
    assert found["model"] == "parrot-1"
    assert (found["proxy"], found["return_conversation"], found["stream"]) == (None, False, True)
    assert [message["role"] for message in found["messages"]] == ["system", "user"]


def test_params_of_the_class_itself():
    assert Parrot.params == Parrot.get_params()
    assert Parrot.params.startswith("Parrot supports: (")
    assert "model: str = 'parrot-1'," in Parrot.params
    assert "proxy: str | None = None," in Parrot.params


def test_how_it_is_listed():
    assert Parrot.get_dict() == {"name": "Parrot", "url": "https://parrot.example", "label": "The Parrot"}
    assert Parrot.get_parent() == "Parrot"


def test_the_base_can_not_be_used_without_its_generator():
    assert AsyncGeneratorProvider.__abstractmethods__ == {"create_async_generator"}
