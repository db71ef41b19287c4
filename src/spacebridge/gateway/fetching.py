"""Files of messages, as they are sent on to a Space: data as it is, addresses fetched only where that is allowed.

A message comes from somebody else. It must not have the gateway read its own disk, nor ask hosts that only the gateway
can reach: so nothing is fetched unless the configuration says so, and never from an address that is not public,
wherever a name or a redirect leads.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

from spacebridge import UploadFile
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.abc import ResolveResult

    from spacebridge.gateway.options import Fetching
    from spacebridge.gateway.shapes.files import File

__all__ = ["Fetcher", "is_public"]

_REDIRECTS = 5
_PIECE = 64 * 1024


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also where it wraps an older one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None and not (inner.is_global and not inner.is_multicast):
            return False
    return ip.is_global and not ip.is_multicast


class _PublicOnly(AbstractResolver):
    """Resolves names to public addresses only. What is connected to is what was looked at here."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [each for each in found if self._allowed(each["host"])]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


class Fetcher:
    """Gets files.

    Args:
        options: what is allowed.
        allowed: which IP addresses may be asked.
    """

    def __init__(self, options: Fetching, *, allowed: Callable[[str], bool] = is_public) -> None:
        self.options = options
        self._allowed = allowed
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, file: File) -> UploadFile:
        """A file to send on.

        Raises:
            Problem: 400; it is not allowed, or could not be got.
        """
        if file.data is not None:
            return UploadFile.from_bytes(file.data, file.name, file.mime_type)
        url = file.url or ""
        if not self.options.allow:
            raise Problem(
                "This gateway does not fetch files by their address. Send the file itself, as a data: URL.",
                code="url_not_allowed",
            )
        try:
            async with asyncio.timeout(self.options.timeout):
                return await self._fetch(url, file)
        except TimeoutError:
            raise Problem(f"The file at {_host(url)} did not come in time.", code="file_not_fetched") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its words could tell of hosts that only the gateway knows.
            raise Problem(f"The file at {_host(url)} could not be fetched.", code="file_not_fetched") from error

    async def _fetch(self, url: str, file: File) -> UploadFile:
        for _ in range(_REDIRECTS + 1):
            self._check(url)
            async with self._client().get(url, allow_redirects=False) as reply:
                if reply.status in (301, 302, 303, 307, 308) and "location" in reply.headers:
                    url = urljoin(url, reply.headers["location"])
                    continue
                if reply.status != 200:
                    raise Problem(f"The file at {_host(url)} gave the status {reply.status}.", code="file_not_fetched")
                content = await self._body(reply, url)
                return UploadFile.from_bytes(content, file.name, file.mime_type or reply.content_type)
        raise Problem(f"The file at {_host(url)} is sent on too often.", code="file_not_fetched")

    async def _body(self, reply: aiohttp.ClientResponse, url: str) -> bytes:
        content = bytearray()
        async for piece in reply.content.iter_chunked(_PIECE):
            content += piece
            if len(content) > self.options.max_size:
                raise Problem(
                    f"The file at {_host(url)} has more than {self.options.max_size} bytes.", code="file_too_large"
                )
        return bytes(content)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
        if parts.scheme not in ("http", "https") or not host:
            raise Problem("A file's address must begin with http:// or https://.", code="url_not_allowed")
        named = self.options.hosts
        if named and not any(host == each.lower() or host.endswith(f".{each.lower()}") for each in named):
            raise Problem(f"This gateway fetches no files from {host}.", code="url_not_allowed")
        if _is_ip(host) and not self._allowed(host):  # numbers are not resolved
            raise Problem(f"This gateway fetches no files from {host}.", code="url_not_allowed")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=_PublicOnly(self._allowed), ttl_dns_cache=0, use_dns_cache=False)
            self._session = aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"spacebridge/{__version__}"},
            )
        return self._session


def _host(url: str) -> str:
    return urlsplit(url).hostname or "its address"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # What an older form of writing takes for a number (127.1, 0x7f000001) is none for the strict parser, but
        # may be one for the system's resolver: the check there is made on its answer.
        return False
    return True
