"""The addresses ``local`` and ``local:PATH``: the embedded Space, for as long as it is used."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from spacebridge.local.server import EmbeddedSpace
from spacebridge.spaces.resolve import Place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from spacebridge.spaces.resolve import Way

__all__ = ["local_space"]


@contextlib.asynccontextmanager
async def local_space(address: str, way: Way) -> AsyncGenerator[Place]:  # noqa: ARG001 - of a resolver's form
    """Serve the embedded Space while the block is open; give where.

    Args:
        address: ``local``, or ``local:PATH`` for another GGUF file.
        way: not used: it is on this machine.

    Raises:
        MissingPart: the extra, or the weights, are not installed.
        SpaceUnavailable: it did not start.
    """
    path = address.partition(":")[2]
    async with EmbeddedSpace(model=path or None) as space:
        yield Place(space.url)
