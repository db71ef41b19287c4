"""The chat page at ``/``: files that were built from the folder ``web``, and the headers that keep it safe.

What an app answers can never run as script: the page sanitises it, and the policy would not let it run if it did not.
"""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

__all__ = ["ASSETS", "Assets", "page"]

ASSETS = "/page"
"""Where the page's files are served."""

_FOLDER = Path(__file__).with_name("page")
_NONCE = "__NONCE__"
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    # Components make style sheets while they run; those of this visit carry its nonce.
    "style-src": "'self' 'nonce-{nonce}'",
    # What an answer carries itself, what the gateway passes on of its files, and what the user attaches; never another
    # host.
    "img-src": "'self' data: blob:",
    "media-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_FOR_EVER = "public, max-age=31536000, immutable"


def page() -> Response:
    """The page, for one visit."""
    nonce = secrets.token_urlsafe(16)
    policy = "; ".join(f"{name} {sources}" for name, sources in _POLICY.items()).format(nonce=nonce)
    headers = {"content-security-policy": policy, "cache-control": "no-store", **_HEADERS}
    return HTMLResponse(_document().replace(_NONCE, nonce), headers=headers)


class Assets:
    """The ASGI application of the page's files. Their names change with what is in them."""

    def __init__(self) -> None:
        self._app = GZipMiddleware(StaticFiles(directory=_FOLDER / ASSETS.strip("/")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                more = {**_HEADERS, "cache-control": _FOR_EVER}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in more.items()),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


@functools.cache
def _document() -> str:
    return (_FOLDER / "index.html").read_text(encoding="utf-8")
