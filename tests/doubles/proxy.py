"""Proxies that keep count: an HTTP one (CONNECT, and whole-URL requests) and a SOCKS5 one, each with a login if wanted.

They show that a ``proxy`` setting is really used, and what a client says when the proxy refuses.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.doubles.http import Double, _WatchedReader, read_request, render_head


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One connection that a client asked for."""

    how: str
    """``CONNECT``, ``SOCKS5`` or the method of a forwarded request."""
    host: str
    port: int
    user: str | None = None


class Proxy(Double):
    """What both kinds share. ``tunnels`` are the connections asked for; ``refuse_with`` makes the proxy refuse."""

    def __init__(self, user: str | None = None, password: str | None = None) -> None:
        super().__init__()
        self.user = user
        self.password = password
        self.tunnels: list[Tunnel] = []
        self.refused = 0
        self.refuse_with: int | None = None
        """The status (HTTP) or reply code (SOCKS) with which every tunnel is refused."""
        self.routes: dict[tuple[str, int], tuple[str, int]] = {}
        """Where to connect instead, so that a name that does not exist can be reached through the proxy only."""

    @property
    def url(self) -> str:
        login = f"{self.user}:{self.password}@" if self.user else ""
        return f"{self.scheme}://{login}{self.host}:{self.port}"

    async def dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.routes.get((host, port), (host, port)))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()


async def _join(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Carry bytes both ways until one side ends."""
    ways = [asyncio.ensure_future(_copy(near[0], far[1])), asyncio.ensure_future(_copy(far[0], near[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(ways, timeout=0.2)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        far[1].close()
        with contextlib.suppress(ConnectionError, OSError):
            await far[1].wait_closed()


class HttpProxy(Proxy):
    """An HTTP proxy."""

    scheme = "http"

    async def connection(self, reader: _WatchedReader, writer: asyncio.StreamWriter, number: int) -> None:
        request = await read_request(reader, number)
        if request is None:
            return
        if self.user is not None:
            expected = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            if request.headers.get("proxy-authorization") != expected:
                self.refused += 1
                writer.write(
                    render_head(407, {"proxy-authenticate": "Basic", "content-length": "0", "connection": "close"})
                )
                await writer.drain()
                return
        if request.method == "CONNECT":
            host, _, port = request.target.rpartition(":")
        else:
            parts = urlsplit(request.target)
            host, port = parts.hostname or "", str(parts.port or 80)
        self.tunnels.append(Tunnel(request.method, host, int(port), self.user))
        if self.refuse_with is not None:
            self.refused += 1
            writer.write(render_head(self.refuse_with, {"content-length": "0", "connection": "close"}))
            await writer.drain()
            return
        far = await self.dial(host, int(port))
        if request.method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:  # one request for each connection: the answer's end is the connection's
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            hop = ("proxy-", "upgrade")  # what is for this connection only
            headers = {k: v for k, v in request.headers.items() if not k.startswith(hop)} | {"connection": "close"}
            if "transfer-encoding" in headers:
                del headers["transfer-encoding"]
                headers["content-length"] = str(len(request.body))
            lines = [f"{request.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
            far[1].write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + request.body)
        await _join((reader, writer), far)


class Socks5Proxy(Proxy):
    """A SOCKS5 proxy (RFC 1928, and RFC 1929 for the login). Names are resolved here, as with ``socks5h``."""

    scheme = "socks5"

    async def connection(self, reader: _WatchedReader, writer: asyncio.StreamWriter, number: int) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 0 if self.user is None else 2
        if wanted not in methods:
            self.refused += 1
            writer.write(b"\x05\xff")
            await writer.drain()
            return
        writer.write(bytes([5, wanted]))
        if wanted and not await self._login(reader, writer):
            return
        _, _, _, kind = await reader.readexactly(4)
        if kind == 1:
            host = ".".join(str(part) for part in await reader.readexactly(4))
        elif kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            raw = await reader.readexactly(16)
            host = ":".join(raw[i : i + 2].hex() for i in range(0, 16, 2))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.tunnels.append(Tunnel("SOCKS5", host, port, self.user))
        tail = b"\x00\x01\x00\x00\x00\x00\x00\x00"
        code = self.refuse_with or 0
        if not code:
            try:
                far = await self.dial(host, port)
            except OSError:
                code = 5
        if code:
            self.refused += 1
            writer.write(bytes([5, code]) + tail)
            await writer.drain()
            return
        writer.write(b"\x05\x00" + tail)
        await _join((reader, writer), far)

    async def _login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, size = await reader.readexactly(2)
        user = (await reader.readexactly(size)).decode()
        password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        good = (user, password) == (self.user, self.password)
        self.refused += not good
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        await writer.drain()
        return good
