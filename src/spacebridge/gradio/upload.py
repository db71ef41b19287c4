"""Files on their way into an app, piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import itertools
import mimetypes
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import aiohttp
import msgspec

from spacebridge import errors
from spacebridge.gradio.fetch import Fetcher
from spacebridge.gradio.trace import redact_url
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from spacebridge.gradio.config import Config
    from spacebridge.gradio.http import HttpClient

    Progress = Callable[[str, int, int | None], None]

__all__ = ["UploadFile", "upload"]

_PIECE = 2**18
_UNKNOWN = "application/octet-stream"
_UNSAFE = re.compile(r'["\\\x00-\x1f\x7f-\x9f\ud800-\udfff]')


class UploadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to send: from a path, from memory, from an address, or from a stream, which can be sent only once."""

    name: str
    mime_type: str
    path: Path | None = None
    content: bytes = b""
    url: str = ""
    stream: Any = None
    """A binary file object, one whose ``read`` is a coroutine, or an asynchronous iterable of ``bytes``."""
    length: int | None = None
    """Bytes of a stream, where they are known."""

    @property
    def size(self) -> int | None:
        """Bytes; None where they are not known before it is sent."""
        if self.path is not None:
            return self.path.stat().st_size
        return self.length if self.url or self.stream is not None else len(self.content)

    @classmethod
    def of(cls, path: str | Path) -> UploadFile:
        """The file at a path.

        Raises:
            FileRefused: it is no readable file.
        """
        try:
            where = Path(path).expanduser()
            found = where.is_file()
            if found:
                where.open("rb").close()
        except (OSError, RuntimeError) as error:  # of a name too long; of a user that does not exist
            why = error.strerror if isinstance(error, OSError) else error
            raise errors.FileRefused(f"The file {str(path)[:200]} can't be read: {why}.") from error
        if not found:
            what = "is a folder" if where.is_dir() else "does not exist"
            raise errors.FileRefused(f"The file {where} can't be sent: it {what}.")
        return cls(name=where.name, mime_type=_guess(where.name), path=where)

    @classmethod
    def from_bytes(cls, content: bytes, name: str, mime_type: str | None = None) -> UploadFile:
        """A file that is in memory."""
        return cls(name=name, mime_type=mime_type or _guess(name), content=content)

    @classmethod
    def from_url(cls, url: str, name: str | None = None, mime_type: str | None = None) -> UploadFile:
        """A file that is fetched when it is sent, and passed on piece by piece.

        Headers, cookies and tokens of the app are not sent to any host but the app's own.

        Args:
            url: ``http://`` or ``https://``.
            name: instead of the one that the server or the address tells.
            mime_type: instead of the one that the server tells.
        """
        with contextlib.suppress(ValueError):
            name = name or unquote_to_bytes(urlsplit(url).path.rsplit("/", 1)[-1]).decode("utf-8", "replace")
        return cls(name=name or "file", mime_type=mime_type or _guess(name or ""), url=url)

    @classmethod
    def from_stream(
        cls, stream: Any, name: str | None = None, mime_type: str | None = None, size: int | None = None
    ) -> UploadFile:
        """A file that is read while it is sent, from where it stands now.

        Args:
            stream: a binary file object, one whose ``read`` is a coroutine, or an asynchronous iterable of ``bytes``.
            name: instead of the one that the object itself tells.
            mime_type: instead of the one that the name tells.
            size: bytes, where they are known; else the object is asked.

        Raises:
            FileRefused: it is none of these.
        """
        if not callable(getattr(stream, "read", None)) and not hasattr(stream, "__aiter__"):
            raise errors.FileRefused(
                f"A {type(stream).__name__} can't be sent as a file.",
                hint="Give a path, a URL, (name, bytes), a binary file object or an asynchronous iterable of bytes.",
            )
        own: object = getattr(stream, "name", None) or getattr(stream, "filename", None)
        name = name or (os.path.basename(own) if isinstance(own, str) else "") or "file"  # noqa: PTH119 - a text, no path
        return cls(name=name, mime_type=mime_type or _guess(name), stream=stream, length=size or _length(stream))


async def upload(
    http: HttpClient, config: Config, files: list[UploadFile], progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Send files (``POST /upload``); return Gradio's ``FileData`` for each, in order.

    Args:
        http: the app's host.
        config: of the app.
        files: what is sent.
        progress: is told of each piece: a file's name, its bytes sent so far, and all its bytes, if they are known;
            with an empty name, that one is going to be fetched.

    Raises:
        FileRefused: a file is larger than the app allows, or can't be read or fetched.
        UploadRefused, ConnectionLost, TimedOut: the upload failed.
    """
    limit = config.max_file_size
    for file in files:
        _check_size(file, file.size, limit, http.host)
    data: list[dict[str, Any]] = []
    # What is fetched goes alone: its server would not wait until others are sent.
    for _, group in itertools.groupby(enumerate(files), key=lambda pair: pair[0] if pair[1].url else -1):
        batch = [file for _, file in group]
        if batch[0].url:
            if progress is not None:
                progress("", 0, None)
            async with _fetched(http, batch[0]) as (file, pieces):
                _check_size(file, file.length, limit, http.host)
                data += await _post(http, config, [_Sending(file, pieces, limit, http.host, progress)])
        else:
            data += await _post(
                http, config, [_Sending(file, _pieces(file), limit, http.host, progress) for file in batch]
            )
    return data


@contextlib.asynccontextmanager
async def _fetched(http: HttpClient, file: UploadFile) -> AsyncGenerator[tuple[UploadFile, AsyncGenerator[bytes]]]:
    """A file while it is fetched, with what its server tells of it."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            found = await stack.enter_async_context(Fetcher(http).open(file.url, named_by_caller=True))
        except errors.SpacebridgeError as error:
            raise _not_fetched(file, error) from error
        name = file.name if file.name != "file" else found.name or file.name
        told = found.mime_type if file.mime_type == _UNKNOWN else None
        suffix = mimetypes.guess_extension(found.mime_type or "") if "." not in name else None
        known = msgspec.structs.replace(
            file, name=name + (suffix or ""), mime_type=told or file.mime_type, length=found.size
        )
        yield known, _as_refused(file, found.pieces)


async def _as_refused(file: UploadFile, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    except errors.SpacebridgeError as error:
        raise _not_fetched(file, error) from error


async def _post(http: HttpClient, config: Config, batch: list[_Sending]) -> list[dict[str, Any]]:
    def form() -> aiohttp.FormData:
        # With quote_fields a space in a name becomes %20 for good, and the file can't be fetched again.
        data = aiohttp.FormData(quote_fields=False)
        for sending in batch:
            data.add_field("files", sending.payload(), filename=_safe(sending.file.name))
        return data

    try:
        reply = await http.send(f"{config.api_prefix}/upload", form, seconds=http.timeouts.first_text)
    except errors.SpacebridgeError:
        for sending in batch:  # the connection is closed because of what was to be sent
            if sending.failure is not None:
                raise sending.failure from None
        raise
    finally:
        for sending in batch:
            await sending.aclose()
    try:
        paths = msgspec.json.decode(reply.body, type=list[str])
    except NOT_JSON:
        paths = []
    if len(paths) != len(batch):
        raise errors.NotJSON(
            f"POST {config.api_prefix}/upload of {http.host} did not return a path for each file.",
            doc=reply.body[:200].decode("utf-8", "replace"),
        )
    return [_file_data(config, path, sending) for path, sending in zip(paths, batch, strict=True)]


def _file_data(config: Config, path: str, sending: _Sending) -> dict[str, Any]:
    """What stands for an uploaded file among the inputs of a function."""
    file = sending.file
    size = sending.sent if file.size is None else file.size
    if config.version and config.version < (4,):
        return {"name": path, "data": None, "orig_name": _safe(file.name), "size": size, "is_file": True}
    return {
        "path": path,
        "orig_name": _safe(file.name),
        "size": size,
        "mime_type": file.mime_type,
        "meta": {"_type": "gradio.FileData"},
    }


class _Sending:
    """A file while it is sent."""

    def __init__(
        self, file: UploadFile, pieces: AsyncGenerator[bytes], limit: int | None, host: str, progress: Progress | None
    ) -> None:
        self.file = file
        self.sent = 0
        self.failure: errors.SpacebridgeError | None = None
        self._pieces = pieces
        self._open = [pieces]
        self._limit = limit
        self._host = host
        self._progress = progress
        self._total = file.size
        self._begun = False

    def payload(self) -> aiohttp.Payload:
        """What aiohttp sends; once more after a redirect.

        Raises:
            FileRefused: it can't be read twice.
        """
        if self._begun:
            if self.file.url or self.file.stream is not None:
                raise errors.FileRefused(
                    f"The upload of {self.file.name} was redirected, and what was sent can't be read once more.",
                    hint="Send it from a path, or as bytes.",
                )
            self.sent, self._pieces = 0, _pieces(self.file)
            self._open.append(self._pieces)
        self._begun = True
        reading = self._read()
        self._open.append(reading)
        return _Payload(reading, self._total, self.file.mime_type)

    async def aclose(self) -> None:
        """Let go of what is read, however far that came."""
        # Where it is being read just now, the request has been cancelled, and the reading ends by that.
        for each in reversed(self._open):  # what reads before what is read
            with contextlib.suppress(RuntimeError):
                await each.aclose()

    async def _read(self) -> AsyncGenerator[bytes]:
        try:
            self._tell()
            async for piece in self._pieces:
                for start in range(0, len(piece), _PIECE):
                    part = piece[start : start + _PIECE]
                    self.sent += len(part)
                    _check_size(self.file, self.sent, self._limit, self._host)
                    self._check_total(more=True)
                    yield part
                    self._tell()
            self._check_total(more=False)
            if self._total is None:
                self._total = self.sent
                self._tell()
        except errors.SpacebridgeError as error:
            self.failure = error
            raise
        except (OSError, ValueError) as error:  # of whoever gave us the stream
            why = (error.strerror if isinstance(error, OSError) else None) or error
            self.failure = errors.FileRefused(f"The file {self.file.name} can't be read: {why}.")
            raise self.failure from error

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self.file.name, self.sent, self._total)

    def _check_total(self, *, more: bool) -> None:
        """The size was told before; what is sent must be as much."""
        if self._total is not None and (self.sent > self._total or (not more and self.sent < self._total)):
            raise errors.FileRefused(
                f"The file {self.file.name} is not the {self._total} bytes any more that it was.",
                hint="It changed while it was sent; send it again.",
            )


class _Payload(aiohttp.payload.AsyncIterablePayload):
    """Pieces with the size that they come to, so that the request has a length."""

    def __init__(self, pieces: AsyncIterator[bytes], size: int | None, mime_type: str) -> None:
        super().__init__(pieces, content_type=mime_type)
        self._size = size


async def _pieces(file: UploadFile) -> AsyncGenerator[bytes]:
    """The content of a file that is not fetched."""
    stream: Any = file.stream
    if file.path is not None:
        with await asyncio.to_thread(file.path.open, "rb") as opened:
            while piece := await asyncio.to_thread(opened.read, _PIECE):
                yield piece
    elif stream is None:
        yield file.content
    elif callable(getattr(stream, "read", None)):
        while piece := await _read(stream):
            yield _checked(piece, file)
    else:
        try:
            async for piece in stream:
                yield _checked(piece, file)
        finally:
            if hasattr(stream, "aclose"):
                await stream.aclose()


async def _read(stream: Any) -> Any:
    if inspect.iscoroutinefunction(stream.read):
        return await stream.read(_PIECE)
    found = await asyncio.to_thread(stream.read, _PIECE)
    return await found if inspect.isawaitable(found) else found


def _checked(piece: Any, file: UploadFile) -> bytes:
    if not isinstance(piece, bytes | bytearray):
        raise errors.FileRefused(
            f"The file {file.name} gives {type(piece).__name__}, not bytes.", hint="Open it in binary mode."
        )
    return bytes(piece)


def _check_size(file: UploadFile, size: int | None, limit: int | None, host: str) -> None:
    if limit is not None and size is not None and size > limit:
        raise errors.FileRefused(f"{file.name} has {size} bytes; {host} takes at most {limit} a file.")


def _not_fetched(file: UploadFile, error: errors.SpacebridgeError) -> errors.FileRefused:
    return errors.FileRefused(f"The file {redact_url(file.url)} can't be fetched: {error.message}", hint=error.hint)


def _length(stream: Any) -> int | None:
    """Bytes of a stream from where it stands, where that can be told without reading it."""
    try:
        if isinstance(stream, io.BytesIO):
            return len(stream.getbuffer()) - stream.tell()
        if isinstance(stream, io.BufferedReader | io.BufferedRandom | io.FileIO) and stream.seekable():
            return os.fstat(stream.fileno()).st_size - stream.tell()
    except (OSError, ValueError):
        pass
    return None


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or _UNKNOWN


def _safe(name: str) -> str:
    """A name that can stand in a header: an unquoted field must not hold quotes, controls, or what is no character."""
    return _UNSAFE.sub("_", name) or "file"
