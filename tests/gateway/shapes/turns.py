"""Requests, and turns as the library would tell them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from spacebridge.chat.events import Event, Finished, Rewritten, TextDelta
from spacebridge.gateway.shapes import chat_request
from spacebridge.gateway.shapes.request import Request

__all__ = ["WEATHER", "asked", "call", "content", "cuts", "layout", "text_events"]

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
"""A tool."""


def asked(prompt: str = "Hello", **fields: Any) -> Request:
    """A chat request."""
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "stream": True} | fields
    return chat_request.parse(json.dumps(body).encode())


def call(name: str = "get_weather", arguments: str = '{"place": "Bonn"}') -> str:
    """A call as a model says it."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


def text_events(*pieces: str) -> list[Event]:
    """A turn that says these pieces."""
    return [*(TextDelta(text=piece) for piece in pieces), Finished(text="".join(pieces))]


def layout(keep: int, replacement: str) -> Rewritten:
    return Rewritten(kind="layout", keep=keep, replacement=replacement)


def content(keep: int, replacement: str) -> Rewritten:
    return Rewritten(kind="content", keep=keep, replacement=replacement)


def cuts(text: str) -> st.SearchStrategy[list[str]]:
    """All ways in which a text may come in pieces."""
    places = st.lists(st.integers(0, len(text)), max_size=12).map(sorted)
    return places.map(lambda at: [text[i:j] for i, j in zip([0, *at], [*at, len(text)], strict=True)])
