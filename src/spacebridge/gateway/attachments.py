"""Files of answers, for clients that can't reach the Space themselves, or may not.

A file is at an address of the Space: in a private one it wants a token, and behind a gateway the Space may be in a
network of which clients see nothing. So clients are told an address of the gateway's own, which nobody can guess, and
the gateway fetches the file when somebody asks for it.
"""

from __future__ import annotations

import contextlib
import mimetypes
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from spacebridge import errors
from spacebridge.chat.events import AttachmentAdded
from spacebridge.chat.files import FileValue
from spacebridge.gateway.exchange import encoded, problem_of
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from starlette.types import Send

    from spacebridge.chat.events import Attachment, AttachmentRemoved
    from spacebridge.gateway.backend import Backend
    from spacebridge.gateway.models import Model, Models
    from spacebridge.gradio.fetch import Download
    from spacebridge.store.base import Store

__all__ = ["PATH", "Attachments", "Offered"]

PATH = "/v1/attachments"
"""Where they are."""
_SHOWN = re.compile(r"(?:image|audio|video)/[\w.+-]{1,100}", re.ASCII)
"""What a browser may show by itself; all else is for saving, and so is what the app calls by a type that is none."""
_RANGE = re.compile(r"bytes=(?:\d{1,18}-\d{0,18}|-\d{1,18})", re.ASCII)
_NOT_THERE = (403, 404, 410)
"""Gradio refuses what it does not serve (403), such as a file of a cache that was cleared."""
_HEADERS = {
    "cache-control": "private, max-age=3600, immutable",
    # Whatever an app serves, it runs nothing here: a picture in SVG may hold script.
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class _Kept(msgspec.Struct, frozen=True):
    """What is known of a file."""

    model: str
    address: str
    """Of the Space."""
    owner: str
    """Whose connection it came by: an app may show its visitors different things."""
    file: FileValue


class Attachments:
    """The files of all answers.

    Args:
        store: keeps where they are.
        models: whose Spaces have them.
    """

    def __init__(self, store: Store, models: Models) -> None:
        self._store = store
        self._models = models

    async def keep(self, attachment: Attachment, model: str, address: str, owner: str, *, seconds: float) -> str:
        """Remember a file for so long; its path here.

        Raises:
            StoreFailed: it can't be remembered.
        """
        identifier = secrets.token_urlsafe(24)
        file = FileValue(**msgspec.structs.asdict(msgspec.structs.replace(attachment, raw=None)))
        value = msgspec.json.encode(_Kept(model, address, owner, file))
        await self._store.set(f"attachment:{identifier}", value, seconds=seconds)
        return f"{PATH}/{identifier}/{quote(attachment.safe_name, safe='')}"

    async def serve(self, identifier: str, send: Send, *, body: bool, part: str | None = None) -> None:
        """Send a file as the reply to a request.

        Args:
            identifier: as it is in the path.
            send: of ASGI.
            body: whether it is wanted, or only the headers.
            part: the header ``Range`` of the request; what is no single range of bytes counts as none.

        Raises:
            Problem: 404; it is not known, or not any more. Or it can't be had from the Space.
            StoreFailed: it is not known what it is.
        """
        kept = await self._kept(identifier)
        model, backend = self._source(kept)
        try:
            with backend.used(kept.owner):
                space = await backend.space(kept.owner)
                attachment = space.attachment(kept.file)
                async with space.download(attachment, part=part if _RANGE.fullmatch(part or "") else None) as download:
                    headers = encoded({**_HEADERS, **_described(attachment), **_measured(download)})
                    status = 200 if download.part is None else 206
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    if body:
                        async for piece in download.pieces:
                            await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except errors.SpacebridgeError as error:
            if isinstance(error, errors.FileUnavailable) and error.status in _NOT_THERE:
                raise _gone() from error
            if isinstance(error, errors.FileUnavailable) and error.status == 416:
                raise Problem("The file has no such part.", status=416, code="range_not_satisfiable") from error
            problem = problem_of(error)
            problem.message = model.veiled(problem.message)
            raise problem from error

    async def _kept(self, identifier: str) -> _Kept:
        data = await self._store.get(f"attachment:{identifier}")
        if data is not None:
            with contextlib.suppress(*NOT_JSON, msgspec.ValidationError):  # of another version
                return msgspec.json.decode(data, type=_Kept)
        raise _gone()

    def _source(self, kept: _Kept) -> tuple[Model, Backend]:
        model = self._models.get(kept.model)
        if model is not None:
            for backend in model.backends:
                if backend.address == kept.address:
                    return model, backend
        raise _gone()


class Offered:
    """The files of one answer, as its client is told of them.

    Args:
        attachments: keeps them.
        base: the gateway's own address, as the client has it.
        seconds: for which they are kept.
    """

    def __init__(self, attachments: Attachments, base: str, *, seconds: float) -> None:
        self._attachments = attachments
        self._base = base
        self._seconds = seconds
        self._told: dict[str, str] = {}
        """Addresses that were told before, by that of the Space."""

    async def told(
        self, event: AttachmentAdded | AttachmentRemoved, model: str, backend: Backend, owner: str
    ) -> AttachmentAdded | AttachmentRemoved:
        """An event with a file, with the gateway's address in place of the Space's.

        Files that came with the answer stay as they are, and so do those of other hosts, which the Space only names.
        """
        file, space = event.attachment, backend.connected
        if space is None or not file.url or urlsplit(file.url)[:2] != urlsplit(space.url)[:2]:
            return event
        if isinstance(event, AttachmentAdded) and file.url not in self._told:
            try:
                path = await self._attachments.keep(file, model, backend.address, owner, seconds=self._seconds)
            except errors.StoreFailed:
                return event
            self._told[file.url] = self._base + path
        url = self._told.get(file.url, file.url)
        shown = msgspec.structs.replace(file, url=url, path="", raw=None)
        return msgspec.structs.replace(event, attachment=shown)


def _described(attachment: Attachment) -> dict[str, str]:
    """The headers that say what a file is."""
    name = attachment.safe_name
    kind = attachment.mime_type or mimetypes.guess_type(name)[0] or ""
    shown = _SHOWN.fullmatch(kind)
    return {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}",
        "content-type": kind if shown else "application/octet-stream",
    }


def _measured(download: Download) -> dict[str, str]:
    """The headers that say how much of a file it is: players ask for parts of a film."""
    told = {
        "accept-ranges": "bytes" if download.in_parts else None,
        "content-length": str(download.size) if download.size is not None else None,
        "content-range": download.part,
    }
    return {name: value for name, value in told.items() if value is not None}


def _gone() -> Problem:
    return Problem("There is no such file, or it is not kept any more.", status=404, code="attachment_not_found")
