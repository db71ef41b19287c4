"""The models of a configuration, and the Spaces that they share."""

from __future__ import annotations

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
