"""Files in a request: as data, or by their address."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import msgspec

from spacebridge.gateway.shapes.problem import Problem

__all__ = ["File", "from_address", "from_audio", "from_base64"]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody said something with. It has either ``data`` or a ``url``."""

    name: str
    mime_type: str | None = None
    data: bytes | None = None
    url: str | None = None
    """``http`` or ``https``. It has yet to be fetched, by whoever may decide which hosts the gateway talks to."""


def from_base64(data: str, name: str, mime_type: str | None, param: str) -> File:
    """A file from its content; a data URL says its own type.

    Raises:
        Problem: 400; it is no base64.
    """
    if data.startswith("data:"):
        return _from_data_url(data, name, param)
    try:
        content = base64.b64decode("".join(data.split()), validate=True)  # it may come in lines
    except (binascii.Error, ValueError):
        raise Problem(f"'{param}' is no valid base64.", code="invalid_base64", param=param) from None
    return File(name=_named(name, mime_type), mime_type=mime_type, data=content)


def from_audio(data: str, form: str, param: str) -> File:
    """A sound, whose form is named: ``mp3``, ``wav``. Errors as those of ``from_base64``."""
    return from_base64(data, f"audio.{form}", f"audio/{form}", param)


def from_address(url: str, name: str, param: str) -> File:
    """A file from a data URL, or one that is at an address.

    Raises:
        Problem: 400; the address is of another kind. A path of the gateway's own disk is never read.
    """
    if url.startswith("data:"):
        return _from_data_url(url, name, param)
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        parts = host = None
    if parts is None or not host:
        raise Problem(f"'{param}' must be a data: URL, or an http:// or https:// one.", code="invalid_url", param=param)
    return File(name=name or unquote(parts.path.rsplit("/", 1)[-1]) or "file", url=url)


def _from_data_url(url: str, name: str, param: str) -> File:
    header, comma, data = url[5:].partition(",")
    if not comma:
        raise Problem(f"'{param}' is no valid data: URL.", code="invalid_url", param=param)
    mime_type = header.split(";")[0].strip() or "text/plain"
    if header.endswith(";base64"):
        return from_base64(data, name, mime_type, param)
    return File(name=_named(name, mime_type), mime_type=mime_type, data=unquote_to_bytes(data))


def _named(name: str, mime_type: str | None) -> str:
    """A name with an ending: apps go by it."""
    return name or f"file{mimetypes.guess_extension(mime_type or '') or ''}"
