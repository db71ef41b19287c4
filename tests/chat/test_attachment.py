"""Attachments: their content, their names on disk, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.chat.attachment import Attachment, data_of, safe_name


class Source:
    """Gives the same to everybody, or fails in the middle."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.given = pieces
        self.failure = failure

    @contextlib.asynccontextmanager
    async def pieces(self, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async def run() -> AsyncIterator[bytes]:
            for piece in self.given:
                yield piece
            if self.failure is not None:
                raise self.failure

        yield run()


def attachment(*pieces: bytes, failure: Exception | None = None, **known: str) -> Attachment:
    return Attachment(url="http://h/x", **known).bound(Source(*pieces, failure=failure))  # type: ignore[arg-type]


async def test_into_a_folder_nothing_is_replaced(tmp_path: Path):
    first = await attachment(b"one", name="a.txt").save(tmp_path)
    second = await attachment(b"two", name="../x/a.txt").save(str(tmp_path))
    third = await attachment(b"three", name=".hidden").save(tmp_path)
    fourth = await attachment(b"four", name="noext").save(tmp_path)
    fifth = await attachment(b"five", name="noext").save(tmp_path)
    assert [path.name for path in (first, second, third, fourth, fifth)] == [
        "a.txt",
        "a (1).txt",
        "hidden",
        "noext",
        "noext (1)",
    ]
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert all(path.parent == tmp_path for path in (first, second, third))


async def test_a_file_that_is_named_is_written_anew(tmp_path: Path):
    target = tmp_path / "b.txt"
    target.write_text("old and long")
    assert await attachment(b"new", name="a.txt").save(target) == target
    assert target.read_bytes() == b"new"
    plain = tmp_path / "plain"
    plain.write_text("")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


async def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path):
    cut = attachment(b"half", failure=errors.ConnectionLost("cut"), name="a.txt")
    with pytest.raises(errors.ConnectionLost):
        await cut.save(tmp_path)
    with pytest.raises(errors.ConnectionLost):
        await cut.save(tmp_path / "b.txt")
    with pytest.raises(FileNotFoundError):
        await attachment(b"x").save(tmp_path / "none" / "b.txt")
    assert list(tmp_path.iterdir()) == []


async def test_contents_that_came_with_the_answer(tmp_path: Path):
    table = {"headers": ["a", "b"], "data": [[1, None], ["x,y", 'q"']], "metadata": None}
    for made, content in (
        (Attachment(url="data:image/png;base64,aGk=", kind="image"), b"hi"),
        (Attachment(url="data:text/plain,a%20b"), b"a b"),
        (Attachment(kind="html", raw="<b>é</b>"), "<b>é</b>".encode()),
        (Attachment(kind="dataframe", raw=table), b'a,b\r\n1,\r\n"x,y","q"""\r\n'),
        (Attachment(kind="plot", raw={"type": "plotly", "plot": '{"data":[]}'}), b'{"data":[]}'),
        (Attachment(kind="json", raw=[1, None]), b"[1,null]"),
    ):
        assert await made.bytes() == content == made.content
        assert (await made.save(tmp_path / "x")).read_bytes() == content
    with pytest.raises(errors.FileUnavailable, match="broken"):
        data_of("data:;base64,!")


async def test_one_that_was_read_from_json_says_what_it_lacks():
    made = attachment(b"x", name="a.txt")
    copy = msgspec.json.decode(msgspec.json.encode(made), type=Attachment)
    assert copy == made
    assert json.loads(msgspec.json.encode(made)) == {
        "url": "http://h/x",
        "path": "",
        "name": "a.txt",
        "mime_type": None,
        "size": None,
        "alt_text": None,
        "kind": "file",
        "raw": None,
    }
    with pytest.raises(errors.FileUnavailable, match="no Space"):
        await copy.bytes()


@pytest.mark.parametrize(
    "name, safe",
    [
        ("a b.png", "a b.png"),
        ("é 文 😀.png", "é 文 😀.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file.png"),
        ("..", "file.png"),
        ("", "file.png"),
        (".bashrc", "bashrc"),
        ("a\x1b[31m\r\n.png", "a_[31m__.png"),
        ("exe.\u202egnp", "exe._gnp"),
        ("con.txt", "_con.txt"),
        ("a:b?*.png ", "a_b__.png"),
        ("\ud83d.png", "_.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("é" * 300, "é" * 100),
    ],
)
def test_safe_names(name: str, safe: str):
    assert safe_name(name, "image/png") == safe


@given(st.text(max_size=300))
def test_any_name_is_made_safe(name: str):
    safe = safe_name(name)
    assert safe
    assert Path(safe).name == safe
    assert not safe.startswith(".")
    assert safe_name(safe) == safe
    assert len(safe.encode()) <= 201
