"""API keys: made here, kept as hashes only, and compared in constant time.

A key is 256 random bits, so a plain SHA-256 of it can't be turned back: what slow hashes are for are passwords, which
people choose.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spacebridge.gateway.options import KeyOptions

__all__ = ["Client", "Keys", "hashed", "is_hash", "new_key"]

_HASH = re.compile(r"sha256:[0-9a-f]{64}")


class Client(NamedTuple):
    """Who asks."""

    name: str
    """Of the key; empty where none is needed."""
    scope: str
    """Whose conversations may be gone on with: those of the same key, or without keys of the same address."""
    options: KeyOptions | None = None

    def may_use(self, model: str) -> bool:
        """Whether the key is for this model, too."""
        if self.options is None:
            return True
        return any(
            model.startswith(pattern[:-1]) if pattern.endswith("*") else model == pattern
            for pattern in self.options.models
        )


def new_key() -> str:
    """A new key."""
    return f"sb-{secrets.token_urlsafe(32)}"


def hashed(key: str) -> str:
    """The form in which a key is kept."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def is_hash(text: str) -> bool:
    """Whether a text is of that form."""
    return _HASH.fullmatch(text) is not None


class Keys:
    """Tells who a key belongs to."""

    def __init__(self, keys: Mapping[str, KeyOptions]) -> None:
        self._keys = [(name, options, options.hash.encode()) for name, options in keys.items()]

    @property
    def needed(self) -> bool:
        """Whether there are any, so that everybody needs one."""
        return bool(self._keys)

    def client(self, key: str | None, address: str) -> Client | None:
        """Who asks; None if the key is wrong.

        Args:
            key: as it came.
            address: where it came from; tells apart whoever needs no key.
        """
        if not self._keys:
            return Client("", f"address:{address}")
        given = hashed(key or "").encode()
        found: Client | None = None
        for name, options, kept in self._keys:  # all of them, so that time tells nothing
            if hmac.compare_digest(given, kept):
                found = Client(name, f"key:{name}", options)
        return found
