"""Events as JSON lines, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge.cli.exits import hint_for
from spacebridge.cli.terminal.clean import clean_json
from spacebridge.errors import SpacebridgeError

if TYPE_CHECKING:
    from spacebridge.chat.events import Event
    from spacebridge.cli.terminal.streams import Output

__all__ = ["JsonLines", "error_object", "json_text"]

_FACTS = (
    "looked_at", "retry_after", "requested", "left", "status", "limit", "seconds", "still_running", "text",
)  # fmt: skip


class JsonLines:
    """One event a line, each a JSON object in UTF-8; an error is the last line.

    Args:
        output: standard output.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._encoder = msgspec.json.Encoder()

    async def feed(self, event: Event) -> None:
        """Write an event."""
        await self._write(event)

    async def close(self, error: BaseException | None) -> None:
        """Write the error, if there is one."""
        if isinstance(error, Exception) and not isinstance(error, BrokenPipeError):
            await self._write(error_object(error))

    async def _write(self, value: object) -> None:
        try:
            line = self._encoder.encode(value)
        except UnicodeEncodeError:  # half a surrogate pair
            line = json.dumps(msgspec.to_builtins(value)).encode()
        if self._output.is_terminal:
            line = clean_json(line.decode()).encode()
        await self._output.write_bytes(line + b"\n")


def json_text(value: object, output: Output) -> str:
    """Plain data as JSON that people can read, too."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    return clean_json(text) if output.is_terminal else text


def error_object(error: Exception) -> dict[str, Any]:
    """An error as plain data."""
    found: dict[str, Any] = {"type": "error", "error": type(error).__name__, "message": str(error)}
    if isinstance(error, SpacebridgeError):
        found |= {"message": error.message, "hint": hint_for(error), "partial": error.partial}
        for name in _FACTS:
            if (value := getattr(error, name, None)) is not None:
                found[name] = value
    return found
