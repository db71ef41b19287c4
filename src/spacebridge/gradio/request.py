"""One request to an app and its reply: what was asked, and where a redirect may lead. No I/O."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec

from spacebridge import errors
from spacebridge.gradio.trace import redact_url
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

__all__ = ["Reply", "Request", "decode_json"]


@dataclasses.dataclass(slots=True, kw_only=True)
class Request:
    """What is asked of an app, and how long its answer may take.

    Attributes:
        url: absolute; that of the last redirect, if there was one.
        body: the bytes, or what makes a form of its own for each try.
        limit: name of the time limit that ``seconds`` is, for errors.
        seconds: longest wait for the reply.
        accept_500: whether a reply with status 500 is one like any other.
    """

    method: str
    url: str
    body: bytes | Callable[[], aiohttp.FormData] | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    limit: str = "connect"
    seconds: float | None = None
    accept_500: bool = False

    @property
    def asked(self) -> str:
        """How errors name it. Made only when one is: it costs more than the request's other parts together."""
        return f"{self.method} {redact_url(self.url)}"

    def follow(self, status: int, location: str) -> None:
        """Go where a redirect leads, if that is allowed: within the host, keeping the method.

        Raises:
            RedirectRefused: it is not.
        """
        try:
            target = urljoin(self.url, location)
            here, there = urlsplit(self.url), urlsplit(target)
            _port(there)
        except ValueError as error:
            shown = redact_url(location)
            raise errors.RedirectRefused(
                f"{self.asked} is redirected to {shown!r}, which is no address.", location=shown, status=status
            ) from error
        upgraded = (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname
        same_port = _port(here) == _port(there) or (upgraded and (_port(here), _port(there)) == (80, 443))
        shown = redact_url(target)
        if not location or here.hostname != there.hostname or not same_port or there.scheme not in ("http", "https"):
            raise errors.RedirectRefused(f"{self.asked} is redirected to {shown}.", location=shown, status=status)
        if here.scheme == "https" and there.scheme == "http":
            raise errors.RedirectRefused(
                f"{self.asked} is redirected to an unencrypted address.", location=shown, status=status
            )
        if self.method != "GET" and status not in (307, 308):
            raise errors.RedirectRefused(
                f"{self.asked} is redirected ({status}), which would lose what is sent.",
                location=shown,
                status=status,
            )
        self.url = target


@dataclasses.dataclass(slots=True, frozen=True)
class Reply:
    """A whole reply."""

    request: Request
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """Where it came from."""
        return self.request.url


def decode_json(reply: Reply) -> Any:
    """Decode a reply's body.

    Raises:
        NotJSON: it is not JSON.
    """
    try:
        return msgspec.json.decode(reply.body)
    except NOT_JSON:
        kind = reply.headers.get("Content-Type", "no content type")
        start = reply.body[:200].decode("utf-8", "replace")
        hint = "An HTML page here is mostly a proxy's or host's error page." if "html" in kind else None
        raise errors.NotJSON(
            f"{reply.request.asked} was answered with {kind}, not with JSON.", doc=start, hint=hint
        ) from None


def _port(parts: Any) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
