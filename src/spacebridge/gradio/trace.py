"""A record of what went over the wire, one JSON object a line, secrets removed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

import msgspec

from spacebridge.shape import NOT_JSON, as_list, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Trace", "redact_url"]

_KEPT = frozenset({"content-type", "content-length", "retry-after", "location", "server", "x-gradio-server"})
_SECRET_PARAMETER = re.compile(r"((?:^|&)(?:__sign|token|access_token|sign)=)[^&]*", re.IGNORECASE)
_USER = re.compile(r"//[^/]*@")
_LOGIN = ("/login",)


def redact_url(url: str) -> str:
    """A URL without user, password and signature parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it was made by somebody else
        return _USER.sub("//", url.partition("?")[0])
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
        self._secrets: list[str] = []
        self.hide(*secrets)
        self._begin = time.monotonic()
        self._encoder = msgspec.json.Encoder()

    def hide(self, *secrets: str) -> None:
        """Add texts that must never appear in the file."""
        found = {form for secret in secrets if secret for form in _forms(secret)}
        # Longer ones first: what is left of them would give them away.
        self._secrets = sorted(found.union(self._secrets), key=len, reverse=True)

    def request(self, method: str, url: str, body: bytes | None) -> None:
        """Record a request."""
        path = redact_url(url)
        hidden = path.partition("?")[0].endswith(_LOGIN)
        self._write({"dir": ">", "method": method, "url": path, "body": "***" if hidden else _readable(body)})

    def reply(self, status: int, headers: Iterable[tuple[str, str]], body: bytes | None) -> None:
        """Record a reply; ``body`` is None where a stream follows."""
        kept = {name.lower(): value for name, value in headers if name.lower() in _KEPT}
        if "location" in kept:
            kept["location"] = redact_url(kept["location"])
        self._write({"dir": "<", "status": status, "headers": kept, "body": _readable(body)})

    def frame(self, data: bytes) -> None:
        """Record one event of a stream."""
        self._write({"dir": "<", "data": _readable(data)})

    def sent(self, data: bytes) -> None:
        """Record what was sent on a websocket."""
        self._write({"dir": ">", "data": _readable(data)})

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
        moment = round(time.monotonic() - self._begin, 4)
        try:
            told = {name: self._hidden(value) for name, value in entry.items()} if self._secrets else entry
            line = self._encoder.encode({"t": moment, **told})
        except RecursionError:
            line = self._encoder.encode({"t": moment, "dir": "-", "note": "something nested too deep to be recorded"})
        self._file.write(line + b"\n")
        self._file.flush()

    def _hidden(self, value: Any) -> Any:
        """A value without the secrets in it."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "***")
            return value
        if is_list(value):
            return [self._hidden(item) for item in as_list(value)]
        if is_object(value):
            return {self._hidden(name): self._hidden(item) for name, item in as_object(value).items()}
        return value


def _forms(secret: str) -> set[str]:
    """How a text looks on the wire: as it is, in a URL, in a form, and in JSON that can't be decoded."""
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *escaped}


def _readable(body: bytes | None) -> Any:
    if body is None:
        return None
    try:
        return msgspec.json.decode(body)
    except NOT_JSON:
        return body.decode("utf-8", "backslashreplace")
