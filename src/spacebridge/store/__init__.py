"""What outlives a request: conversations, kept answers, and limits that several processes share.

One interface (:class:`~spacebridge.store.base.Store`) in three places: memory, a SQLite file, a Valkey or Redis server.
``open_store`` takes a URL and imports only what that place needs.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spacebridge import errors

if TYPE_CHECKING:
    from spacebridge.store.base import Store

__all__ = ["STORES", "check_store", "open_store"]

STORES = {
    "memory": "spacebridge.store.memory:MemoryStore",
    "sqlite": "spacebridge.store.sqlite:SqliteStore",
    "redis": "spacebridge.store.valkey:ValkeyStore",
    "rediss": "spacebridge.store.valkey:ValkeyStore",
    "valkey": "spacebridge.store.valkey:ValkeyStore",
    "valkeys": "spacebridge.store.valkey:ValkeyStore",
    "unix": "spacebridge.store.valkey:ValkeyStore",
}
"""Scheme of a store's URL to its class."""

_EXAMPLES = "Examples: memory:, sqlite:/var/lib/spacebridge/gateway.sqlite3, redis://127.0.0.1:6379/0."


def check_store(url: str) -> str:
    """The scheme of a store's URL.

    Raises:
        AddressError: it names no store. The URL itself is not repeated: it may hold a password.
    """
    scheme = urlsplit(url).scheme
    if scheme not in STORES:
        raise errors.AddressError(f"A store can't be at {scheme or 'an address without a scheme'}.", hint=_EXAMPLES)
    if scheme == "sqlite" and not _path(url):
        raise errors.AddressError("A SQLite store needs the path of its file.", hint=_EXAMPLES)
    return scheme


async def open_store(url: str) -> Store:
    """Open the store at a URL: ``memory:``, ``sqlite:PATH``, ``redis://…``, ``valkey://…``.

    Raises:
        AddressError: the URL names no store.
        MissingPart: what the store needs is not installed.
        StoreFailed: it can't be opened, or does not answer.
    """
    scheme = check_store(url)
    module, _, name = STORES[scheme].partition(":")
    kind = getattr(importlib.import_module(module), name)
    store: Store
    if scheme == "memory":
        store = kind()
    elif scheme == "sqlite":
        store = kind(Path(_path(url)).expanduser())  # noqa: ASYNC240 - no file is touched
    else:
        store = kind(url)
    try:
        await store.open()
    except BaseException:
        await store.aclose()
        raise
    return store


def _path(url: str) -> str:
    """``sqlite:PATH``, ``sqlite:/PATH`` and ``sqlite:///PATH`` all name a path."""
    path = url.removeprefix("sqlite:")
    return "/" + path.lstrip("/") if path.startswith("//") else path
