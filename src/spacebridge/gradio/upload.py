"""Files on their way into an app."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import aiohttp
import msgspec

from spacebridge import errors
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from spacebridge.gradio.config import Config
    from spacebridge.gradio.http import HttpClient

__all__ = ["UploadFile", "upload"]


class UploadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to send: from a path, which is streamed, or from bytes."""

    name: str
    mime_type: str
    path: Path | None = None
    content: bytes = b""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size if self.path is not None else len(self.content)

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


async def upload(http: HttpClient, config: Config, files: list[UploadFile]) -> list[dict[str, Any]]:
    """Send files (``POST /upload``); return Gradio's ``FileData`` for each, in order.

    Raises:
        FileRefused: a file is larger than the app allows.
        UploadRefused, ConnectionLost, TimedOut: the upload failed.
    """
    if not files:
        return []
    limit = config.max_file_size
    for file in files:
        if limit is not None and file.size > limit:
            raise errors.FileRefused(f"{file.name} has {file.size} bytes; {http.host} takes at most {limit} a file.")
    opened: list[IO[bytes]] = []

    def form() -> aiohttp.FormData:
        # With quote_fields a space in a name becomes %20 for good, and the file can't be fetched again.
        data = aiohttp.FormData(quote_fields=False)
        for file in files:
            content: IO[bytes] | bytes = file.content
            if file.path is not None:
                content = file.path.open("rb")
                opened.append(content)
            data.add_field("files", content, filename=_safe(file.name), content_type=file.mime_type)
        return data

    try:
        reply = await http.send(f"{config.api_prefix}/upload", form, seconds=http.timeouts.first_text)
    finally:
        for handle in opened:
            handle.close()
    try:
        paths = msgspec.json.decode(reply.body, type=list[str])
    except NOT_JSON:
        paths = []
    if len(paths) != len(files):
        raise errors.NotJSON(
            f"POST {config.api_prefix}/upload of {http.host} did not return a path for each file.",
            doc=reply.body[:200].decode("utf-8", "replace"),
        )
    return [_file_data(file, path, config.version) for file, path in zip(files, paths, strict=True)]


def _file_data(file: UploadFile, path: str, version: tuple[int, ...]) -> dict[str, Any]:
    """A file as components take it that lies at a path of the server."""
    if version < (4,):
        return {"name": path, "orig_name": file.name, "size": file.size, "data": None, "is_file": True}
    return {
        "path": path,
        "orig_name": file.name,
        "size": file.size,
        "mime_type": file.mime_type,
        "meta": {"_type": "gradio.FileData"},
    }


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _safe(name: str) -> str:
    """A name that can stand in a header: unquoted fields must not contain quotes or line ends."""
    return "".join("_" if char in '"\\\r\n\0' else char for char in name) or "file"
