"""What a caller may give as a file."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import Path
from typing import IO, Any

from spacebridge import errors
from spacebridge.chat.attachment import Attachment, data_of
from spacebridge.gradio.upload import UploadFile

__all__ = ["FileLike", "as_upload"]

Content = bytes | IO[bytes] | AsyncIterable[bytes]
FileLike = str | Path | UploadFile | Attachment | tuple[str, Content] | tuple[str, Content, str] | Content


def as_upload(file: FileLike) -> UploadFile:
    """A file of any form that a caller may give.

    Raises:
        FileRefused: it is no file, or none that can be read.
    """
    if isinstance(file, UploadFile):
        return file
    if isinstance(file, tuple):
        return _named(*file)
    if isinstance(file, Attachment):
        content = file.content
        if content is None:
            return UploadFile.from_url(file.url, file.safe_name, file.mime_type)
        return UploadFile.from_bytes(content, file.safe_name, file.mime_type)
    if isinstance(file, str) and file.partition(":")[0].lower() in ("http", "https", "data"):
        return _address(file)
    if isinstance(file, str | Path):
        return UploadFile.of(file)
    if isinstance(file, bytes | bytearray):
        return UploadFile.from_bytes(bytes(file), "file")
    return UploadFile.from_stream(file)


def _named(name: Any = None, content: Any = None, mime_type: Any = None, *more: object) -> UploadFile:
    if not isinstance(name, str) or more:
        raise errors.FileRefused(
            "A tuple that is a file must be (name, content) or (name, content, MIME type).", hint=""
        )
    if isinstance(content, str) and content.partition(":")[0].lower() in ("http", "https", "data"):
        return _address(content, name, mime_type)
    if isinstance(content, bytes | bytearray):
        return UploadFile.from_bytes(bytes(content), name, mime_type)
    return UploadFile.from_stream(content, name, mime_type)


def _address(url: str, name: str | None = None, mime_type: str | None = None) -> UploadFile:
    if not url.lower().startswith("data:"):
        return UploadFile.from_url(url, name, mime_type)
    try:
        content = data_of(url)
    except errors.FileUnavailable as error:
        raise errors.FileRefused("The content of a data: address is broken.", hint="") from error
    told = url[5:].partition(",")[0].partition(";")[0].lower()
    return UploadFile.from_bytes(content, name or "file", mime_type or told or None)
