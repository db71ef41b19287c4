"""Server-sent events, as bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.chat.events import Queued

__all__ = ["DONE", "comment", "data", "named", "queued", "to_json"]

DONE = b"data: [DONE]\n\n"

_encode = msgspec.json.Encoder().encode


def to_json(value: object) -> bytes:
    """Plain data as JSON."""
    try:
        return _encode(value)
    except UnicodeEncodeError:  # half a surrogate pair, which can be written as an escape only
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def data(events: Iterable[dict[str, Any]]) -> bytes:
    """Events without a name, as OpenAI sends those of chat completions."""
    written: list[bytes] = []
    for event in events:  # a list in brackets would be one more call, and there is mostly one event
        written += (b"data: ", to_json(event), b"\n\n")
    return b"".join(written)


def named(events: Iterable[dict[str, Any]]) -> bytes:
    """Events that are named after their field ``type``."""
    return b"".join([b"event: %b\ndata: %b\n\n" % (event["type"].encode(), to_json(event)) for event in events])


def comment(text: str) -> bytes:
    """A comment, which clients skip and proxies take for a sign of life."""
    return b": %b\n\n" % " ".join(text.split()).encode()


def queued(event: Queued) -> bytes:
    """A comment on the place in the Space's queue."""
    told = [
        "queued",
        *([f"rank={event.rank}"] if event.rank is not None else []),
        *([f"size={event.size}"] if event.size is not None else []),
        *([f"eta={event.eta:.1f}"] if event.eta is not None else []),
    ]
    return comment(" ".join(told))
