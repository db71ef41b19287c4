"""From what a user calls a Space to where it is served."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import os
import re
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from spacebridge import errors
from spacebridge.gradio.trace import redact_url
from spacebridge.options import Limits, Timeouts
from spacebridge.spaces.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from spacebridge.chat.events import Notice
    from spacebridge.gradio.trace import Trace
    from spacebridge.spaces.hub import HubSpace

__all__ = ["HUGGING_FACE", "RESOLVERS", "Place", "Resolver", "Way", "canonical", "hub_endpoint", "resolve"]

HUGGING_FACE = "huggingface"
_NAME = re.compile(r"^(?:(?:hf://)?spaces/)?([\w.-]+/[\w.-]+)$")
_PAGE = re.compile(r"^/spaces/([\w.-]+/[\w.-]+)(?:/|$)")
_HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_WITHOUT_SCHEME = tuple(f"{host}/" for host in _HUB_HOSTS)
# The last part of a host's name begins with a letter: `qwen-2.5-1m` is none.
_BARE_HOST = re.compile(
    r"^(localhost|\[[0-9a-fA-F:]+\]|([\w-]+\.)+(\d+|[^\W\d][\w-]*))(:\d+)?(/.*)?$|^[\w-]+:\d+(/.*)?$"
)


def _nobody(_: Notice) -> None: ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """How requests on the way to a Space go.

    Attributes:
        token: of Hugging Face; by default the one found on this machine, False for none.
        proxy: URL of a proxy.
        tell: is told what is waited for.
    """

    token: str | Literal[False] | None = dataclasses.field(default=None, repr=False)
    proxy: str | None = dataclasses.field(default=None, repr=False)
    timeouts: Timeouts = dataclasses.field(default_factory=Timeouts)
    limits: Limits = dataclasses.field(default_factory=Limits)
    trace: Trace | None = None
    tell: Callable[[Notice], None] = _nobody


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a Space is served."""

    url: str
    hub: HubSpace | None = None
    """What knows more of it, if it is on Hugging Face."""


class Resolver(Protocol):
    """Serves, or finds, a Space for as long as the block is open."""

    def __call__(self, address: str, way: Way) -> contextlib.AbstractAsyncContextManager[Place]:
        """Where the Space is served."""
        ...


# Scheme of an address to where its resolver lives, imported on use.
RESOLVERS: dict[str, str] = {
    "local": "spacebridge.local.resolver:local_space",
    HUGGING_FACE: "spacebridge.spaces.hub:hub_place",
}


@contextlib.asynccontextmanager
async def resolve(address: str, way: Way | None = None) -> AsyncGenerator[Place]:
    """Where a Space is served, for as long as the block is open.

    Args:
        address: a URL, ``host:port``, a name of the catalogue, ``local`` (``local:PATH`` for another model), or a Space
            on Hugging Face: ``owner/name``, the URL of its page, or its own.
        way: how requests go.

    Raises:
        AddressError: it is none of these.
        MissingPart: what it needs is not installed.
        SpaceNotFound, SpacePaused, SpaceAsleep, …: Hugging Face says so, see :class:`HubSpace`.
    """
    found = canonical(address)
    scheme = found.partition(":")[0]
    if scheme not in RESOLVERS:
        yield Place(found)
        return
    module, _, name = RESOLVERS[scheme].partition(":")
    resolver: Resolver = getattr(importlib.import_module(module), name)
    async with resolver(found, way or Way()) as place:
        yield place


def hub_endpoint() -> str:
    """Where Hugging Face's Hub is: ``HF_ENDPOINT``, as for huggingface_hub, or https://huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def canonical(address: str) -> str:
    """An address in one form for each kind: a URL, or a scheme of its own such as ``local:`` or ``huggingface:``.

    Raises:
        AddressError: it is none.
    """
    address = address.strip()
    if address in CATALOGUE:
        address = CATALOGUE[address].address
    if address.partition(":")[0] in RESOLVERS:
        return address
    if address.startswith(_WITHOUT_SCHEME):
        address = f"https://{address}"
    if address.startswith(("http://", "https://")):
        return _of_url(address)
    if (name := _NAME.match(address)) and not _BARE_HOST.match(address):
        return f"{HUGGING_FACE}:{name[1]}"
    if _BARE_HOST.match(address):
        secure = urlsplit(f"//{address}").hostname or ""
        return _of_url(f"{'https' if secure.endswith('.hf.space') else 'http'}://{address}")
    like = difflib.get_close_matches(address, ["local", *CATALOGUE], 1)
    meant = f" Did you mean {like[0]}?" if like else ""
    raise errors.AddressError(
        f"{address!r} is no address of a Space.{meant}",
        hint="Give a URL such as http://127.0.0.1:7860, `local`, owner/name of a Space on Hugging Face, or a name that "
        "`spacebridge spaces` lists.",
    )


def _of_url(address: str) -> str:
    parts = _split(address)
    hostname = parts.hostname or ""
    if hostname in _HUB_HOSTS or parts.netloc == urlsplit(hub_endpoint()).netloc:
        page = _PAGE.match(parts.path)
        if page is None:
            raise errors.AddressError(
                f"{redact_url(address)!r} is no page of a Space.",
                hint="Example: https://huggingface.co/spaces/Qwen/Qwen3-Demo",
            )
        return f"{HUGGING_FACE}:{page[1]}"
    url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    return f"{HUGGING_FACE}:{url}" if hostname.endswith(".hf.space") else url


def _split(address: str) -> SplitResult:
    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        if parts.hostname and (parts.port is None or parts.port > 0):
            return parts
    raise errors.AddressError(f"{redact_url(address)!r} is no URL of a Space.", hint="Example: http://127.0.0.1:7860")
