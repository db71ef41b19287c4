"""A record of what went over the wire, one JSON object a line, secrets removed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Trace", "redact_url"]

_KEPT = frozenset({"content-type", "content-length", "retry-after", "location", "server", "x-gradio-server"})
_SECRET_PARAMETER = re.compile(r"((?:^|&)(?:__sign|token|access_token|sign)=)[^&]*", re.IGNORECASE)
_LOGIN = ("/login",)


def redact_url(url: str) -> str:
    """A URL without user, password and signature parameters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, _SECRET_PARAMETER.sub(r"\1***", parts.query), parts.fragment))


class Trace:
    """Writes requests, replies and stream frames to a file as they happen.

    Args:
        target: path of the file, which is overwritten, or an open binary file.
        secrets: texts that must never appear in it.
    """

    def __init__(self, target: str | Path | IO[bytes], *, secrets: Iterable[str] = ()) -> None:
        self._owns = isinstance(target, str | Path)
        self._file: IO[bytes] = Path(target).open("wb") if isinstance(target, str | Path) else target  # noqa: SIM115 - until close
        self._secrets = [secret for secret in secrets if secret]
        self._begin = time.monotonic()
        self._encoder = msgspec.json.Encoder()

    def hide(self, *secrets: str) -> None:
        """Add texts that must never appear in the file."""
        self._secrets += [secret for secret in secrets if secret]

    def request(self, method: str, url: str, body: bytes | None) -> None:
        """Record a request."""
        path = redact_url(url)
        hidden = urlsplit(url).path.endswith(_LOGIN)
        self._write({"dir": ">", "method": method, "url": path, "body": "***" if hidden else _readable(body)})

    def reply(self, status: int, headers: Iterable[tuple[str, str]], body: bytes | None) -> None:
        """Record a reply; ``body`` is None where a stream follows."""
        kept = {name.lower(): value for name, value in headers if name.lower() in _KEPT}
        self._write({"dir": "<", "status": status, "headers": kept, "body": _readable(body)})

    def frame(self, data: bytes) -> None:
        """Record one event of a stream."""
        self._write({"dir": "<", "data": _readable(data)})

    def note(self, text: str) -> None:
        """Record something that is not on the wire, such as a lost connection."""
        self._write({"dir": "-", "note": text})

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owns and not self._file.closed:
            self._file.close()

    def _write(self, entry: dict[str, Any]) -> None:
        if self._file.closed:
            return
        line = self._encoder.encode({"t": round(time.monotonic() - self._begin, 4), **entry})
        for secret in self._secrets:
            line = line.replace(self._encoder.encode(secret)[1:-1], b"***")
        self._file.write(line + b"\n")
        self._file.flush()


def _readable(body: bytes | None) -> Any:
    if body is None:
        return None
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "backslashreplace")
