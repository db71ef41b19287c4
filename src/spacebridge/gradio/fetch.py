"""Files from addresses: the app's own with its headers and cookies, those of any other host without."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from spacebridge import errors
from spacebridge.gradio.failures import error_from_reply
from spacebridge.gradio.http import HttpClient
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

__all__ = ["Download", "Fetcher"]

_REDIRECTS = 5
_SHOWN = 20_000
_PORTS = {"http": 80, "https": 443}


class Download(NamedTuple):
    """A file that is being fetched."""

    name: str
    """As the server calls it, or the last part of the address; perhaps empty."""
    mime_type: str | None
    size: int | None
    """Bytes that come, where the server says so."""
    pieces: AsyncIterator[bytes]
    part: str | None = None
    """Which part of the file it is, as in ``Content-Range`` (RFC 9110, 14.4); None if it is the whole."""
    in_parts: bool = False
    """Whether the server gives parts of it."""


class Fetcher:
    """Fetches files.

    The app's own are asked for with its headers and cookies. Nothing of these goes to any other host, also not by a
    redirect. Where the app, and not the caller, names an address, hosts of private networks are not asked at all: else
    an answer could make this machine fetch what only it can reach.

    Args:
        http: the app's host.
    """

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @contextlib.asynccontextmanager
    async def pieces(self, url: str) -> AsyncGenerator[AsyncIterator[bytes]]:
        """What is at an address that the app names, piece by piece; see ``open``."""
        async with self.open(url) as download:
            yield download.pieces

    @contextlib.asynccontextmanager
    async def open(
        self, url: str, *, named_by_caller: bool = False, part: str | None = None
    ) -> AsyncGenerator[Download]:
        """Begin to fetch a file; within the block it can be read.

        Args:
            url: ``http://`` or ``https://``.
            named_by_caller: whether the caller, and not the app, chose the address.
            part: the only one that is wanted, as in ``Range`` (RFC 9110, 14.2); the whole may come all the same.

        Raises:
            FileUnavailable: it can't be had, or is larger than ``Limits.file``.
            ConnectionLost, TimedOut, LoginRequired, RateLimited, SpaceUnavailable: on the way.
        """
        allowed = {urlsplit(self._http.base).hostname, _parts(url).hostname if named_by_caller else None}
        async with contextlib.AsyncExitStack() as stack:
            asked = f"GET {redact_url(url)}"
            for _ in range(_REDIRECTS + 1):
                url = self._normalized(url)
                asked = f"GET {redact_url(url)}"
                response = await self._ask(url, allowed, stack, {"Range": part} if part else {})
                if response.status not in (301, 302, 303, 307, 308):
                    await self._check(response, asked, own=self._is_own(url))
                    pieces = self._read(response, asked)
                    stack.push_async_callback(pieces.aclose)
                    yield self._download(response, url, pieces)
                    return
                target = urljoin(url, response.headers.get("Location", ""))
                response.close()
                if urlsplit(url).scheme == "https" and _parts(target).scheme != "https":
                    raise errors.FileUnavailable(f"{asked} is redirected to an unencrypted address.", hint="")
                url = target
            raise errors.FileUnavailable(f"{asked} is redirected again and again.", status=302, hint="")

    async def _ask(
        self, url: str, allowed: set[str | None], stack: contextlib.AsyncExitStack, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        if self._is_own(url):
            http = self._http
        else:
            parts = _parts(url)
            if parts.hostname in allowed:
                resolver = None
            elif not _may_be_public(parts.hostname or ""):
                raise errors.FileUnavailable(f"{redact_url(url)} is in a private network; it is not fetched.", hint="")
            else:
                resolver = None if self._http.proxy or getproxies().get(parts.scheme) else _PublicResolver()
            origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            limits, timeouts = self._http.limits, self._http.timeouts
            http = HttpClient(origin, proxy=self._http.proxy, timeouts=timeouts, limits=limits, resolver=resolver)
            await stack.enter_async_context(http)
        response = await http.open(url, headers)
        stack.callback(response.close)
        return response

    async def _check(self, response: aiohttp.ClientResponse, asked: str, *, own: bool) -> None:
        """Refuse what is no success."""
        if response.status != 200 and not (response.status == 206 and response.headers.get("Content-Range")):
            body = b""
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                body = await response.content.read(_SHOWN)
            error = error_from_reply(response.status, response.headers, body, asked=asked)
            if own and isinstance(error, errors.LoginRequired | errors.RateLimited | errors.SpaceUnavailable):
                raise error
            raise errors.FileUnavailable(error.message, status=response.status, hint=None if own else "")
        limit, size = self._http.limits.file, response.content_length
        if limit is not None and size is not None and size > limit:
            raise _too_large(asked, limit)

    @staticmethod
    def _download(response: aiohttp.ClientResponse, url: str, pieces: AsyncIterator[bytes]) -> Download:
        given = response.content_disposition
        name = (given.filename if given else None) or unquote(urlsplit(url).path.rsplit("/", 1)[-1])
        mime_type = response.content_type if "Content-Type" in response.headers else None
        part = response.headers.get("Content-Range") if response.status == 206 else None
        in_parts = part is not None or response.headers.get("Accept-Ranges") == "bytes"
        return Download(name, mime_type, response.content_length, pieces, part, in_parts)

    async def _read(self, response: aiohttp.ClientResponse, asked: str) -> AsyncGenerator[bytes]:
        size, limit = 0, self._http.limits.file
        try:
            while piece := await self._piece(response):
                size += len(piece)
                if limit is not None and size > limit:
                    raise _too_large(asked, limit)
                yield piece
        except errors.SpacebridgeError:
            raise
        except TimeoutError as error:
            raise self._http.lost(error, asked) from error
        except (aiohttp.ClientError, OSError) as error:
            why = " ".join((str(error) or type(error).__name__).split())[:200]
            raise errors.ConnectionLost(f"{asked}: the connection was lost after {size} bytes: {why}.") from error

    async def _piece(self, response: aiohttp.ClientResponse) -> bytes:
        async with asyncio.timeout(self._http.timeouts.idle):
            return await response.content.readany()

    def _is_own(self, url: str) -> bool:
        return _origin(url) == _origin(self._http.base)

    def _normalized(self, url: str) -> str:
        """An address that can be asked for; the app's own by the scheme by which it was reached.

        Behind a proxy an app mostly believes that it is served by ``http://``.
        """
        parts, base = _parts(url), urlsplit(self._http.base)
        if (parts.scheme, base.scheme) == ("http", "https") and parts.hostname == base.hostname and not parts.port:
            url = f"{base.scheme}://{base.netloc}{url.partition(parts.netloc)[2]}"
        try:
            return str(URL(url).with_fragment(None))
        except ValueError as error:
            raise _no_address(url) from error


class _PublicResolver(AbstractResolver):
    """Knows only hosts that are not in a private network."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver(asyncio.get_running_loop())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        public = [each for each in found if _may_be_public(each["host"])]
        if not public:
            raise OSError(f"{host} is in a private network; it is not asked")
        return public

    async def close(self) -> None:
        await self._inner.close()


def _may_be_public(host: str) -> bool:
    """Whether a host is a name, or an address that is not of a private network."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_global and not mapped.is_multicast)


def _parts(url: str):  # noqa: ANN202 - as urlsplit has it
    """The parts of an address that can be fetched.

    Raises:
        FileUnavailable: it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as error:
        raise _no_address(url) from error
    if not usable:
        raise _no_address(url)
    return parts


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _no_address(url: str) -> errors.FileUnavailable:
    return errors.FileUnavailable(f"{redact_url(url)[:200]!r} is no address from which a file can be fetched.", hint="")


def _too_large(asked: str, limit: int) -> errors.FileUnavailable:
    return errors.FileUnavailable(
        f"{asked}: the file is larger than {limit} bytes.", hint="Raise Limits.file if files of this size are expected."
    )
