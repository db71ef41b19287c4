"""How the Spaces do, now and lately, as JSON for the page's plots."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from spacebridge.gateway.history import History
    from spacebridge.gateway.keys import Client
    from spacebridge.gateway.models import Models

__all__ = ["describe"]


def describe(models: Models, history: History, client: Client) -> dict[str, Any]:
    """The Spaces of the models that a client may use. Their addresses are not told: they are counted."""
    spaces: list[dict[str, Any]] = []
    for model in models:
        if not client.may_use(model.name):
            continue
        for number, backend in enumerate(model.backends, 1):
            told = backend.describe()
            spaces.append(
                {
                    "model": model.name,
                    "number": number,
                    "title": told.get("title"),
                    **{name: told[name] for name in ("state", "busy", "places", "waiting")},
                    "turns": msgspec.to_builtins(history.turns(model.name, backend.title)),
                }
            )
    return {"now": time.time(), "since": history.since, "spaces": spaces}
