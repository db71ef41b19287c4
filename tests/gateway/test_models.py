"""The models of a configuration, and the Spaces that they share."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacebridge.chat.events import Notice
from spacebridge.gateway import backend
from spacebridge.gateway.models import Models
from spacebridge.gateway.options import Config, ModelOptions

NOWHERE = "http://127.0.0.1:9"


def places(**models: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Of models with so many turns and waiting on one Space: how many the Space lets."""
    found = Models()
    found.configure(
        Config(
            models={
                name: ModelOptions(addresses=(NOWHERE,), turns=turns, waiting=waiting)
                for name, (turns, waiting) in models.items()
            }
        )
    )
    return {model.name: (model.backends[0].line.places, model.backends[0].line.waiting_limit) for model in found}


async def test_a_space_does_what_each_of_its_models_allows():
    assert places(one=(4, 10)) == {"one": (4, 10)}
    assert places(one=(4, 10), two=(2, 64)) == {"one": (2, 10), "two": (2, 10)}
    assert places(two=(2, 64), one=(4, 10)) == {"one": (2, 10), "two": (2, 10)}


async def test_a_configuration_that_allows_more_is_followed():
    models = Models()
    for turns in (1, 5, 3):
        models.configure(Config(models={"one": ModelOptions(addresses=(NOWHERE,), turns=turns)}))
        assert [backend.line.places for backend in models.backends] == [turns]


async def test_what_a_space_waits_for_is_told_by_the_name_of_its_model(monkeypatch: pytest.MonkeyPatch):
    class Waking:
        def __init__(self, *args: Any, on_status: Any, **options: Any) -> None:
            self.tell = on_status

        async def connect(self) -> None:
            self.tell(Notice(level="info", text="The Space owner/name is asleep and is being woken."))
            await asyncio.Event().wait()

        async def aclose(self) -> None:
            pass

    monkeypatch.setattr(backend, "Space", Waking)
    models = Models()
    models.configure(Config(models={"one": ModelOptions(addresses=("owner/name",))}))
    model = models.get("one")
    assert model is not None
    reaching = asyncio.create_task(model.backends[0].reach())
    await asyncio.sleep(0.01)
    (told,) = model.describe()["spacebridge"]["spaces"]
    assert (told["state"], told["waits_for"]) == ("connecting", "The Space 'one' is asleep and is being woken.")
    reaching.cancel()
    await models.aclose()
