"""Proxies: their addresses, and connections through them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from yarl import URL

from spacebridge import errors
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Proxy"]

_HTTP = ("http", "https")
_SOCKS = {"socks4": "socks4", "socks4a": "socks4", "socks5": "socks5", "socks5h": "socks5"}


class Proxy:
    """A proxy that the user asked for.

    Args:
        url: ``http://``, ``https://``, ``socks4://``, ``socks5://`` or ``socks5h://``, with or without a login.

    Raises:
        AddressError: its address can't be read.
    """

    def __init__(self, url: str) -> None:
        self.shown = redact_url(url)
        self.http: URL | None = None
        self.headers: dict[str, str] | None = None
        """Sent to the proxy. aiohttp makes ``Proxy-Authorization`` of this ``Authorization``."""
        try:
            parts = urlsplit(url.strip())
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            parts, usable = urlsplit(""), False
        if not usable or parts.scheme not in (*_HTTP, *_SOCKS):
            raise self._unreadable()
        self._url = f"{_SOCKS.get(parts.scheme, parts.scheme)}://{parts.netloc}"
        if parts.scheme in _HTTP:
            # Apart from the address, which aiohttp's exceptions show.
            self.http = URL(f"{parts.scheme}://" + parts.netloc.rpartition("@")[2])
            if parts.username is not None:
                login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
                self.headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    def connector(self, *, keep_alive: float = 4.0) -> aiohttp.BaseConnector | None:
        """Makes connections through it, where aiohttp does not do that by itself."""
        return None if self.http is not None else self._connector(keep_alive)

    def tunnel(self, url: str) -> aiohttp.BaseConnector | None:
        """Makes tunnels through it (``CONNECT``) to a host, where aiohttp would not.

        Without TLS aiohttp hands requests to the proxy itself, and proxies do not pass on what asks for a websocket.
        """
        plain = url.startswith("http:") and self.http is not None and self.http.scheme == "http"
        return self._connector(0.0) if plain else None

    def _connector(self, keep_alive: float) -> aiohttp.BaseConnector:
        from aiohttp_socks import ProxyConnector

        rdns = not self._url.startswith("socks4:")
        try:
            return ProxyConnector.from_url(self._url, rdns=rdns, limit=0, keepalive_timeout=keep_alive)
        except ValueError:
            raise self._unreadable() from None

    def _unreadable(self) -> errors.AddressError:
        return errors.AddressError(
            f"The address {self.shown!r} of the proxy can't be read.",
            hint="Examples: http://user:password@host:8080, socks5://host:1080.",
        )
