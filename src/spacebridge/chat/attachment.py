"""A file in an answer: what it is, where it is, and how to have it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import csv
import io
import mimetypes
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import unquote_to_bytes

import msgspec

from spacebridge import errors
from spacebridge.shape import as_list, as_object, is_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

__all__ = ["Attachment", "Source", "safe_name"]

_Bytes = bytes
_PIECE = 2**18
_LONGEST_NAME = 200
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]'
)
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


class Source(Protocol):
    """Where attachments are fetched from."""

    def pieces(self, url: str) -> contextlib.AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """What is at an address, piece by piece.

        Raises:
            FileUnavailable, ConnectionLost, TimedOut, FrameTooLarge: it can't be had.
        """
        ...


class Attachment(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A file, image, audio, plot, table or the like in an answer."""

    url: str = ""
    """Where it is served; ``data:`` where it came with the answer; empty where ``raw`` is all there is."""
    path: str = ""
    """Its path on the server."""
    name: str = ""
    """As the app calls it; for a name on your own disk see ``safe_name``."""
    mime_type: str | None = None
    size: int | None = None
    """Bytes, where the app says so."""
    alt_text: str | None = None
    kind: str = "file"
    """``image``, ``audio``, ``video``, ``model3d``, ``plot``, ``dataframe``, ``html``, ``json``, … or ``file``."""
    raw: Any = None
    """What the app sent for it."""

    def bound(self, source: Source) -> Self:
        """The same, fetched from there."""
        vars(self)["_source"] = source
        return self

    @property
    def safe_name(self) -> str:
        """A name for a file on any disk: of the app's name, without folders, controls and what else is not safe."""
        return safe_name(self.name, self.mime_type, self.kind)

    async def bytes(self) -> _Bytes:
        """The whole file.

        Raises:
            FileUnavailable: it can't be had.
            ConnectionLost, TimedOut, FrameTooLarge: on the way.
        """
        async with self.open() as pieces:
            return b"".join([piece async for piece in pieces])

    async def save(self, target: str | Path) -> Path:
        """Write the file to disk, piece by piece; it is there whole, or not at all.

        Args:
            target: where to. In a folder it gets its own name, made safe, and replaces nothing; else the file of this
                name is written anew.

        Returns:
            Where it is.

        Raises:
            FileUnavailable: it can't be had.
            OSError: it can't be written.
            ConnectionLost, TimedOut, FrameTooLarge: on the way.
        """
        wanted = await asyncio.to_thread(Path(target).expanduser)
        into_folder = await asyncio.to_thread(wanted.is_dir)
        folder = wanted if into_folder else wanted.parent
        async with self.open() as pieces:
            partial = folder / f".{secrets.token_hex(8)}.part"
            file = await asyncio.to_thread(partial.open, "xb")
            try:
                with file:
                    async for piece in pieces:
                        await asyncio.to_thread(file.write, piece)
                return await asyncio.to_thread(_placed, partial, wanted, self.safe_name if into_folder else None)
            finally:
                partial.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[_Bytes]]:
        """The file, piece by piece, within the block. Errors as those of ``bytes``."""
        content = self.content
        if content is not None:
            yield _cut(content)
            return
        source: Source | None = vars(self).get("_source")
        if source is None or not self.url:
            raise errors.FileUnavailable(
                f"The attachment {self.safe_name} has no Space to be fetched from.",
                hint="Take it from an answer or an event; one that was copied or read from JSON has only its url.",
            )
        async with source.pieces(self.url) as pieces:
            yield pieces

    @property
    def content(self) -> _Bytes | None:
        """The file, if it came with the answer and need not be fetched.

        Raises:
            FileUnavailable: it is broken.
        """
        if self.url.startswith("data:"):
            return data_of(self.url)
        if self.url or self.raw is None:
            return None
        if self.kind == "html" and isinstance(self.raw, str):
            return self.raw.encode()
        if self.kind == "dataframe" and is_object(self.raw) and "headers" in self.raw:
            return _csv(as_object(self.raw))
        plot = as_object(self.raw).get("plot")
        return plot.encode() if isinstance(plot, str) else msgspec.json.encode(self.raw)


def data_of(url: str) -> bytes:
    """The content of a ``data:`` address (RFC 2397).

    Raises:
        FileUnavailable: it is broken.
    """
    head, _, body = url.partition(",")
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        raw = b"".join(raw.split())
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error as error:
        raise errors.FileUnavailable("A file came with the answer, but its content is broken.", hint="") from error


def safe_name(name: str, mime_type: str | None = None, kind: str = "file") -> str:
    """A name that is a file's on any disk, and in no other folder."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    safe = _UNSAFE.sub("_", last).strip(" .")
    if not safe.strip("_"):
        safe = f"{kind}{mimetypes.guess_extension(mime_type or '') or ''}"
    if _RESERVED.match(safe):
        safe = f"_{safe}"
    stem, dot, suffix = safe.rpartition(".")
    room = _LONGEST_NAME - len((dot + suffix).encode())
    if len(safe.encode()) <= _LONGEST_NAME:
        return safe
    if room < 1 or not stem:
        return safe.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix


def _placed(partial: Path, wanted: Path, name: str | None) -> Path:
    """Give a finished file its name."""
    if name is None:
        return partial.replace(wanted)
    stem, dot, suffix = name.rpartition(".")
    for number in range(10_000):
        numbered = f"{stem or suffix} ({number}){dot if stem else ''}{suffix if stem else ''}" if number else name
        place = wanted / numbered
        try:
            os.link(partial, place)
        except FileExistsError:
            continue
        except OSError:  # a disk without links
            if place.exists():
                continue
            return partial.replace(place)
        return place
    raise FileExistsError(f"{wanted / name} and all names like it are taken")


async def _cut(content: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def _csv(table: dict[str, Any]) -> bytes:
    """A table as CSV (RFC 4180)."""
    output = io.StringIO()
    writer = csv.writer(output)
    headers: object = table.get("headers")
    writer.writerow(as_list(headers))
    rows: object = table.get("data")
    for row in as_list(rows):
        writer.writerow("" if cell is None else cell for cell in as_list(row))
    return output.getvalue().encode()
