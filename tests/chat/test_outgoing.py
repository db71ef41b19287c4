"""What a caller may give as a file."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat.attachment import Attachment
from spacebridge.chat.outgoing import as_upload
from spacebridge.gradio.upload import UploadFile


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


def told(file: Any) -> tuple[str, str, int | None]:
    made = as_upload(file)
    return made.name, made.mime_type, made.size


def test_every_form(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")
    assert told(path) == told(str(path)) == told(UploadFile.of(path)) == ("a.txt", "text/plain", 5)
    assert told(b"hello") == ("file", "application/octet-stream", 5)
    assert told(("a.png", b"hello")) == ("a.png", "image/png", 5)
    assert told(("a", bytearray(b"hi"), "image/png")) == ("a", "image/png", 2)
    assert told(io.BytesIO(b"hello")) == ("file", "application/octet-stream", 5)
    with path.open("rb") as opened:
        opened.read(2)
        assert told(opened) == ("a.txt", "text/plain", 3)
        assert told(("b.pdf", opened)) == ("b.pdf", "application/pdf", 3)
    assert told(pieces()) == ("file", "application/octet-stream", None)
    assert told(("a.wav", pieces(), "audio/wav")) == ("a.wav", "audio/wav", None)
    assert told("https://h/a%20b.png?x=1") == ("a b.png", "image/png", None)
    assert told(("c.jpg", "http://h/")) == ("c.jpg", "image/jpeg", None)
    assert told("data:image/png;base64,aGk=") == ("file", "image/png", 2)
    assert told(Attachment(url="http://h/file=/k/a.png", name="../a.png", mime_type="image/png")) == (
        "a.png",
        "image/png",
        None,
    )
    assert told(Attachment(kind="html", raw="<b>", name="h.html", mime_type="text/html")) == ("h.html", "text/html", 3)


@pytest.mark.parametrize(
    "file", [7, None, object(), ("a", 7), ("a",), (b"x", "a"), ("a", b"x", "t", 1), "no-such-file", "data:;base64,!"]
)
def test_what_is_no_file(file: Any):
    with pytest.raises(errors.FileRefused):
        as_upload(file)
