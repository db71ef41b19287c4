"""The messages of the event stream as one struct, without I/O."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from spacebridge.shape import NOT_JSON

__all__ = ["Message", "Output", "decode_message"]


class Output(msgspec.Struct):
    """``output`` of ``process_generating`` and ``process_completed``."""

    data: list[Any] | None = None
    error: Any = msgspec.UNSET
    """Set where the function failed: a text, null, or the text "None"."""
    title: Any = None
    changed_state_ids: list[Any] | None = None
    render_config: Any = None


class Message(msgspec.Struct):
    """One message of the event stream, of whatever kind ``msg`` says.

    Fields that a kind does not have keep their default. Source: ``gradio/server_messages.py``, and captures.
    """

    msg: str
    event_id: str | None = None
    output: Output | None = None
    success: Any = None
    title: Any = None
    rank: Any = None
    queue_size: Any = None
    rank_eta: Any = None
    progress_data: Any = None
    log: Any = None
    level: Any = None
    message: Any = None
    session_not_found: Any = None


_decoder = msgspec.json.Decoder(Message)


def decode_message(data: bytes, start: int = 0, stop: int | None = None) -> Message | None:
    """Decode one event's data, which stands from ``start`` to ``stop`` in some bytes; None if it is no message.

    A lone surrogate, which strict JSON decoders refuse, is read as Python's ``json`` reads it.
    """
    frame = data[start:stop]
    try:
        return _decoder.decode(frame)
    except NOT_JSON:
        pass
    try:
        return msgspec.convert(json.loads(frame), Message)
    except (ValueError, RecursionError):
        return None
