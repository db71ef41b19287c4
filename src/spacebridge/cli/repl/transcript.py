"""A chat in a file: Markdown to be read, or JSON; either can be loaded again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge.cli.terminal.clean import clean, clean_line
from spacebridge.errors import InvalidConversation
from spacebridge.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Exchange", "Transcript", "load", "save"]

_FORMAT = 1
_BEGIN, _END = "<!-- spacebridge: ", " -->"


class Exchange(msgspec.Struct, kw_only=True):
    """One turn as it was said."""

    prompt: str
    files: list[str] = []
    answer: str = ""
    reasoning: str = ""
    attachments: list[str] = []
    error: str = ""


class Transcript(msgspec.Struct, kw_only=True):
    """All that a file holds.

    Attributes:
        conversation: what resumes it, as the library dumps it. It may hold cookies.
    """

    format: int = _FORMAT
    spacebridge: str = __version__
    address: str
    url: str = ""
    title: str = ""
    system: str | None = None
    settings: dict[str, Any] = {}
    turns: list[Exchange] = []
    conversation: dict[str, Any] | None = None


def save(transcript: Transcript, path: Path, *, over: bool) -> None:
    """Write a chat, for its owner's eyes only: JSON if the name ends so, else Markdown.

    Args:
        transcript: the chat.
        path: of the file.
        over: whether a file that is there may be replaced.

    Raises:
        OSError: it can't be written, or is there already.
    """
    data: Mapping[str, Any] = msgspec.to_builtins(transcript)
    if path.suffix.lower() == ".json":
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    else:
        text = _markdown(transcript, data)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if over else os.O_EXCL)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


def load(path: Path) -> Transcript:
    """Read a chat.

    Raises:
        OSError: it can't be read.
        InvalidConversation: it holds none.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() != ".json" and not text.lstrip().startswith("{"):
        start = text.rfind(_BEGIN)
        if start < 0:
            raise InvalidConversation(f"{path} holds no conversation.", hint="/save writes such files.")
        text = text[start + len(_BEGIN) :].rpartition(_END)[0]
    try:
        found = msgspec.json.decode(text, type=Transcript)
    except msgspec.DecodeError as error:
        raise InvalidConversation(f"{path} holds no conversation: {error}.", hint="/save writes such files.") from error
    if found.format != _FORMAT:
        raise InvalidConversation(f"{path} is of format {found.format}; this version reads {_FORMAT}.")
    return found


def _markdown(transcript: Transcript, data: Mapping[str, Any]) -> str:
    title = clean_line(transcript.title) or transcript.address
    parts = [f"# A conversation with {title}", f"<{transcript.url or transcript.address}>"]
    if transcript.system:
        parts += ["## System", transcript.system]
    for turn in transcript.turns:
        files = [f"File: {name}" for name in turn.files]
        parts += ["## You", turn.prompt, *files, "## Answer"]
        # Whoever reads the file may do so on a terminal; what is kept for loading is exact.
        parts += [clean(part) for part in (turn.answer, *turn.attachments) if part]
        if turn.error:
            parts.append(f"*{clean_line(turn.error)}*")
    # For loading; no text in it can end the comment.
    kept = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e")
    return "\n\n".join([*parts, f"{_BEGIN}{kept}{_END}"]) + "\n"
