"""From what a user calls a Space to where it is served."""

from __future__ import annotations

import contextlib
import importlib
import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

from spacebridge import errors
from spacebridge.gradio.trace import redact_url
from spacebridge.spaces.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["RESOLVERS", "Resolver", "resolve"]

_HUGGING_FACE_NAME = re.compile(r"^[\w.-]+/[\w.-]+$")
_BARE_HOST = re.compile(r"^(localhost|\[[0-9a-fA-F:]+\]|[\w-]+(\.[\w-]+)+)(:\d+)?(/.*)?$|^[\w-]+:\d+(/.*)?$")


class Resolver(Protocol):
    """Serves, or finds, a Space for as long as the block is open."""

    def __call__(self, address: str) -> contextlib.AbstractAsyncContextManager[str]:
        """The URL of the Space."""
        ...


# Scheme of an address to where its resolver lives, imported on use.
RESOLVERS: dict[str, str] = {"local": "spacebridge.local.resolver:local_space"}


@contextlib.asynccontextmanager
async def resolve(address: str) -> AsyncGenerator[str]:
    """The URL of a Space, which is served for as long as the block is open.

    Args:
        address: a URL, ``host:port``, a name of the catalogue, or ``local`` (``local:PATH`` for another model).

    Raises:
        AddressError: it is none of these.
        MissingPart: what it needs is not installed.
    """
    scheme = address.partition(":")[0]
    if scheme in RESOLVERS:
        module, _, name = RESOLVERS[scheme].partition(":")
        resolver: Resolver = getattr(importlib.import_module(module), name)
        async with resolver(address) as url:
            yield url
        return
    yield _url(address.strip())


def _url(address: str) -> str:
    if address in CATALOGUE:
        return CATALOGUE[address].address
    if address.startswith(("http://", "https://")):
        try:
            parts = urlsplit(address)
            has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            parts, has_host = None, False
        if parts is None or not has_host:
            raise errors.AddressError(
                f"{redact_url(address)!r} is no URL of a Space.", hint="Example: http://127.0.0.1:7860"
            )
        if parts.hostname in ("huggingface.co", "www.huggingface.co", "hf.co"):
            raise _hugging_face(address)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    if _HUGGING_FACE_NAME.match(address) and not _BARE_HOST.match(address):
        raise _hugging_face(address)
    if _BARE_HOST.match(address):
        return f"http://{address}".rstrip("/")
    known = ", ".join([*RESOLVERS, *CATALOGUE])
    raise errors.AddressError(
        f"{address!r} is no address of a Space.", hint=f"Give a URL such as http://127.0.0.1:7860, or one of: {known}."
    )


def _hugging_face(address: str) -> errors.AddressError:
    return errors.AddressError(
        f"{redact_url(address)!r} names a Space on Hugging Face, which can't be looked up yet.",
        hint="Give its own URL, https://OWNER-NAME.hf.space.",
    )
