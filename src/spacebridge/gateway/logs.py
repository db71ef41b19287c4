"""One line a request, as text or as JSON; never what was said, and no secrets."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Literal

import msgspec

from spacebridge.log import logger

__all__ = ["log_request", "set_up", "shortened"]

_LONGEST = 200
_NO_NEWS = (
    "ASGI callable returned without completing response.",  # why, we have said
    "Unsupported upgrade request.",  # any visitor's, and answered as if it were none
    "No supported WebSocket library detected.",  # none is wanted
)
_requests = logging.getLogger("spacebridge.requests")


def log_request(request_id: str, method: str, path: str, status: int, seconds: float, told: dict[str, Any]) -> None:
    """Log a request that has its reply.

    Args:
        request_id: the same as in the reply's header.
        method: of HTTP.
        path: without parameters, which may hold secrets.
        status: of the reply; 499 if the client had gone.
        seconds: until the reply's end.
        told: what else is known: key, model, Space, and so on.
    """
    fields = {
        "request": request_id,
        "method": method,
        "path": path,
        "status": status,
        "seconds": round(seconds, 4),
        **told,
    }
    _requests.info("request", extra={"fields": fields})


class _Format(logging.Formatter):
    """Lines of ``key=value`` pairs behind the message, or objects of JSON."""

    def __init__(self, form: Literal["text", "json"]) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        if self._json:
            line = {"time": stamp, "level": record.levelname.lower(), "message": message, **fields}
            return msgspec.json.encode(line, enc_hook=str).decode("utf-8", "replace")
        pairs = " ".join(f"{name}={_value(value)}" for name, value in fields.items())
        return " ".join(filter(None, (stamp, record.levelname, message, pairs)))


def shortened(text: str) -> str:
    """A text of a client's, as it may be repeated: no longer than it needs to be known again."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _value(value: object) -> str:
    text = str(value)
    # A line is one line, whatever a client calls its model.
    return text if text.isprintable() and " " not in text and text else repr(text)


def set_up(form: Literal["text", "json"], level: int = logging.INFO) -> None:
    """Have the logs of the package and of the web server on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Format(form))
    for name in (logger.name, "uvicorn.error"):
        one = logging.getLogger(name)
        one.handlers = [handler]
        one.propagate = False
        one.setLevel(level)
    # What it says at INFO we say ourselves, or nobody needs.
    server = logging.getLogger("uvicorn.error")
    server.setLevel(max(level, logging.WARNING))
    server.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the web server tells what is not in the log yet, or what somebody can act upon."""
    return not str(record.msg).startswith(_NO_NEWS)
