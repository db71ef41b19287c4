from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.gradio.config import parse_config
from spacebridge.gradio.request import Reply, Request
from spacebridge.gradio.upload import UploadFile, _safe, upload
from tests.gradio.documents import config_body


class Host:
    """Stands for the app's host: keeps the form it is sent, and answers with a body."""

    host = "host:7860"

    class timeouts:  # noqa: N801 - an attribute of the real one
        first_text = 1.0

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.forms: list[Any] = []

    async def send(self, path: str, data: Any, *, seconds: float | None) -> Reply:
        self.forms.append((path, data()))
        return Reply(Request(method="POST", url=path), 200, {}, self.body)


CONFIG = parse_config(config_body(max_file_size=10), where="host")


async def sent(body: bytes, *files: UploadFile) -> tuple[list[dict[str, Any]], Host]:
    host = Host(body)
    return await upload(host, CONFIG, list(files)), host  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name, safe",
    [
        ("a file.txt", "a file.txt"),
        ("é 文 😀.png", "é 文 😀.png"),
        ('say "hi".txt', "say _hi_.txt"),
        ("a\\b.txt", "a_b.txt"),
        ("a\r\nX-Header: 1", "a__X-Header: 1"),
        ("a\0b", "a_b"),
        ("", "file"),
    ],
)
def test_names_can_stand_in_a_header(name: str, safe: str):
    assert _safe(name) == safe


async def test_before_4_a_file_is_called_by_its_name():
    host = Host(b'["/kept/1"]')
    config = parse_config(config_body(version="3.50.2", protocol=...), where="host")
    files = await upload(host, config, [UploadFile.from_bytes(b"123", "a.png")])  # type: ignore[arg-type]
    assert files == [{"name": "/kept/1", "orig_name": "a.png", "size": 3, "data": None, "is_file": True}]


async def test_each_file_has_a_path_on_the_server_in_order(tmp_path: Path):
    on_disk = tmp_path / "b ü.txt"
    on_disk.write_bytes(b"12345")
    files, host = await sent(b'["/kept/1","/kept/2"]', UploadFile.from_bytes(b"123", "a.png"), UploadFile.of(on_disk))
    meta = {"_type": "gradio.FileData"}
    assert files == [
        {"path": "/kept/1", "orig_name": "a.png", "size": 3, "mime_type": "image/png", "meta": meta},
        {"path": "/kept/2", "orig_name": "b ü.txt", "size": 5, "mime_type": "text/plain", "meta": meta},
    ]
    [(path, _)] = host.forms
    assert path == "/gradio_api/upload"


async def test_nothing_to_send_asks_nobody():
    files, host = await sent(b"")
    assert (files, host.forms) == ([], [])


async def test_a_file_over_the_apps_limit_is_not_sent():
    host = Host(b"[]")
    with pytest.raises(errors.FileRefused, match=r"big\.bin has 11 bytes; host:7860 takes at most 10"):
        await upload(host, CONFIG, [UploadFile.from_bytes(b"x" * 11, "big.bin")])  # type: ignore[arg-type]
    assert host.forms == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'["a","b"]', b"{}", b"[7]", b"null", b"[" * 99_999], ids=lambda b: b[:9]
)
async def test_a_reply_without_a_path_for_each_is_refused(body: bytes):
    with pytest.raises(errors.NotJSON, match="did not return a path for each file"):
        await sent(body, UploadFile.from_bytes(b"x", "x"))


def test_kinds_are_guessed_from_names():
    assert UploadFile.from_bytes(b"", "a.jpg").mime_type == "image/jpeg"
    assert UploadFile.from_bytes(b"", "a.unheard-of").mime_type == "application/octet-stream"
    assert UploadFile.from_bytes(b"", "a.jpg", "text/x").mime_type == "text/x"


def test_files_that_can_not_be_sent(tmp_path: Path):
    with pytest.raises(errors.FileRefused, match="does not exist"):
        UploadFile.of(tmp_path / "none.txt")
    with pytest.raises(errors.FileRefused, match="is a folder"):
        UploadFile.of(tmp_path)
    with pytest.raises(errors.FileRefused):
        UploadFile.of("a\0b")
    with pytest.raises(errors.FileRefused):
        UploadFile.of("x" * 5000)
    with pytest.raises(errors.FileRefused):
        UploadFile.of("~no-such-user/a.txt")


def test_a_file_that_grows_is_measured_when_it_is_sent(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"1")
    file = UploadFile.of(str(path))
    path.write_bytes(b"123")
    assert file.size == 3
