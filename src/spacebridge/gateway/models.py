"""Which models there are, and the Spaces behind them; all of it can change while answers are given."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge.gateway.backend import Backend
from spacebridge.gateway.veil import without_addresses

if TYPE_CHECKING:
    from spacebridge.gateway.options import Config

__all__ = ["Model", "Models"]

_BEGUN = 1_700_000_000
_LOOK_AGAIN = 60.0
"""Seconds until Spaces that could not be used are tried again."""


class Model:
    """A name, and Spaces in the order in which they are asked."""

    def __init__(self, name: str, backends: tuple[Backend, ...], settings: dict[str, Any]) -> None:
        self.name = name
        self.backends = backends
        self.settings = settings

    @property
    def servable(self) -> bool:
        """Whether any of its Spaces may answer, as far as is known."""
        return any(backend.state != "unusable" for backend in self.backends)

    def veiled(self, text: str) -> str:
        """A text for clients, without the addresses of the Spaces."""
        return without_addresses(text, [each for backend in self.backends for each in backend.addresses], self.name)

    def describe(self) -> dict[str, Any]:
        """The model in OpenAI's form, and more about it in a field of our own."""
        told = [backend.describe() for backend in self.backends]
        for each in told:
            if "waits_for" in each:
                each["waits_for"] = self.veiled(each["waits_for"])
        states = [each["state"] for each in told]
        best = next(
            (state for state in ("ready", "connecting", "new", "resting", "asleep", "away") if state in states),
            "unusable",
        )
        return {
            "id": self.name,
            "object": "model",
            "created": _BEGUN,
            "owned_by": "spacebridge",
            "spacebridge": {"state": best, "spaces": told},
        }


class Models:
    """The models of the configuration in force."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self._backends: dict[tuple[str, bytes], Backend] = {}
        self._look = asyncio.Event()

    def __iter__(self) -> Any:
        return iter(self._models.values())

    def get(self, name: str) -> Model | None:
        """The model of a name."""
        return self._models.get(name)

    @property
    def backends(self) -> tuple[Backend, ...]:
        """All Spaces."""
        return tuple(self._backends.values())

    def configure(self, config: Config) -> None:
        """Take over a configuration. Spaces that it still names stay connected; the others end with their turns."""
        kept: dict[tuple[str, bytes], Backend] = {}
        models: dict[str, Model] = {}
        for name, options in config.models.items():
            found: list[Backend] = []
            for address in dict.fromkeys(options.addresses):
                # What a Space is connected with decides whether it is the same; places can change.
                plain = msgspec.structs.replace(options, addresses=(), settings={}, turns=1, waiting=0)
                key = (address, msgspec.json.encode(plain, order="sorted"))
                backend = kept.get(key) or self._backends.get(key)
                if backend is None:
                    backend = Backend(address, options, config.breaker)
                shared = backend.line if key in kept else None  # by another model: the Space does what both allow
                backend.line.resize(
                    min(options.turns, shared.places) if shared else options.turns,
                    min(options.waiting, shared.waiting_limit) if shared else options.waiting,
                )
                backend.breaker.options = config.breaker
                kept[key] = backend
                found.append(backend)
            models[name] = Model(name, tuple(found), options.settings)
        gone = [backend for key, backend in self._backends.items() if key not in kept]
        self._models, self._backends = models, kept
        for backend in gone:
            backend.retire()

    async def watch(self) -> None:
        """Connect to all Spaces, and look again now and then at those that could not be used, as long as it runs."""
        while True:
            wanted = [backend for backend in self.backends if backend.state in ("new", "away", "unusable")]
            await asyncio.gather(*(_reach(backend) for backend in wanted))
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._look.wait()

    def look_soon(self) -> None:
        """Look again now: the Spaces may be others."""
        self._look.set()

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(backend.aclose() for backend in self.backends), return_exceptions=True)


async def _reach(backend: Backend) -> None:
    if backend.connected is not None:
        backend.failure = None  # a turn was refused for good, it seemed; the next one may not be
    with contextlib.suppress(Exception):  # it is kept in the backend, and logged
        await backend.reach()
