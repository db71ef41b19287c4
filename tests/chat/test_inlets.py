"""Where files go in: found on a page, checked before anything is sent, and driven on real apps."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from spacebridge import Space, Timeouts, Uploading, errors
from spacebridge.chat.inlets import Inlet, assign
from spacebridge.gradio.upload import UploadFile
from tests.chat.hosted import conversation_on
from tests.chat.shapes import message
from tests.page.documents import component, listener
from tests.real.apps import ALL_GENERATIONS, APPS, LATE, NEW, OLD

Start = Callable[[str, str], str]
TIMEOUTS = Timeouts(connect=60, first_text=60, total=120)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WAV = (
    b"RIFFd\x06\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00data@\x06\x00\x00"
    + bytes(1600)
)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(64)


def named(name: str, content: bytes) -> str:
    return f"{name}:{len(content)}:{hashlib.sha256(content).hexdigest()[:8]}"


def a(name: str, mime_type: str | None = None) -> UploadFile:
    return UploadFile.from_bytes(b"x", name, mime_type)


# What goes where


@pytest.mark.parametrize(
    "types, name, takes",
    [
        ((), "a.exe", True),
        (("image",), "a.png", True),
        (("image",), "a.txt", False),
        (("text", ".pdf"), "a.PDF", True),
        (("text", ".pdf"), "a.md", True),
        ((".pdf",), "a.png", False),
        (("image/*",), "a.png", True),
        (("application/pdf",), "a.pdf", True),
        (("application/pdf",), "a.png", False),
        (("file",), "a.exe", True),
        (("image",), "nameless", True),
    ],
)
def test_types(types: tuple[str, ...], name: str, takes: bool):
    assert Inlet(component=1, type="file", types=types).takes(a(name)) is takes


def test_what_can_not_be_told_before_it_is_fetched_is_let_through():
    assert Inlet(component=1, type="image", types=("image",)).takes(UploadFile.from_url("https://h/picture"))
    assert not Inlet(component=1, type="image", types=("image",)).takes(UploadFile.from_url("https://h/a.pdf"))


PICTURE = Inlet(component=1, type="image", label="Picture", types=("image",), several=False)
SOUND = Inlet(component=2, type="audio", types=("audio",), several=False)
FILES = Inlet(component=3, type="file")


def test_each_file_goes_where_it_fits_best():
    files = [a("a.png"), a("b.wav"), a("c.txt"), a("d.png"), a("e.txt")]
    assert assign((PICTURE, SOUND, FILES), files, where="h") == {1: [0], 2: [1], 3: [2, 3, 4]}
    assert assign((), [], where="h") == {}


@pytest.mark.parametrize(
    "inlets, names, said",
    [
        ((), ["a.png"], "takes no files"),
        ((PICTURE,), ["a.txt"], "no text/plain files"),
        ((PICTURE,), ["a.png", "b.png"], "no more files of this type"),
    ],
)
def test_what_fits_nowhere_is_refused(inlets: tuple[Inlet, ...], names: list[str], said: str):
    with pytest.raises(errors.FileRefused, match=said) as caught:
        assign(inlets, [a(name) for name in names], where="h")
    if inlets:
        assert "image 1 'Picture': one of image" in caught.value.hint


@pytest.mark.parametrize("version, video", [((4, 44), True), ((5, 0), True), ((6, 0), False)])
def test_values(version: tuple[int, ...], video: bool):
    file = {"path": "/k/a"}
    assert Inlet(component=1, type="video", several=False).value([file], version) == (
        {"video": file, "subtitles": None} if video else file
    )
    assert Inlet(component=1, type="gallery").value([file], version) == [{"image": file, "caption": None}]
    assert Inlet(component=1, type="file").value([file], version) == [file]
    assert Inlet(component=1, type="file", several=False).value([file], version) == file
    assert Inlet(component=1, type="image", several=False).value([{"data": "data:x"}], (3, 50)) == "data:x"
    assert Inlet(component=1, type="imageeditor", several=False).value([file], version)["background"] == file


# Real apps

GIVEN: dict[str, list[tuple[str, bytes]]] = {
    "box": [("a b.txt", b"hello"), ("é.bin", b"x" * 10)],
    "limited": [("a.png", PNG)],
    "media": [("a.wav", WAV), ("b.mp4", MP4), ("c.png", PNG), ("d.png", PNG)],
    "file": [("a.txt", b"hello"), ("b.txt", b"there")],
    "button": [("a.txt", b"hello"), ("b.txt", b"there")],
}


@pytest.mark.servers
@pytest.mark.timeout(240)
@pytest.mark.parametrize("environment", ["gradio-3.50.2", "gradio-4.8.0", OLD, LATE, NEW])
async def test_files_of_every_kind_of_app(rule_app: Start, environment: str) -> None:
    for form, files in GIVEN.items():
        if environment not in APPS[f"inlets_{form}"].environments:
            continue
        async with Space(await asyncio.to_thread(rule_app, f"inlets_{form}", environment), timeouts=TIMEOUTS) as space:
            conversation = space.conversation()
            given = ",".join(named(*file) for file in files)
            assert (await conversation.ask("Hello", files=files)).text == f"Echo: Hello | files={given}", form
            # What is in a box of its own stays there, as on the page; the message box is cleared.
            left = "none" if form in ("box", "limited") else given
            assert (await conversation.ask("Again")).text == f"Echo: Again | files={left}", form


@pytest.mark.servers
@pytest.mark.timeout(120)
@pytest.mark.parametrize("environment", ALL_GENERATIONS)
async def test_a_picture_beside_the_box_and_a_button_that_posts(rule_app: Start, environment: str) -> None:
    async with Space(await asyncio.to_thread(rule_app, "inlets_image", environment), timeouts=TIMEOUTS) as space:
        text = (await space.conversation().ask("Hello", files=[("a.png", PNG)])).text
        assert ".png:" in text  # which Gradio writes anew, in 3 under another name
        with pytest.raises(errors.FileRefused, match="no more files"):
            space.conversation().stream("Hello", files=[("a.png", PNG), ("b.png", PNG)])
    async with Space(await asyncio.to_thread(rule_app, "inlets_posted", environment), timeouts=TIMEOUTS) as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello", files=[("a.txt", b"hello")])).text == "Echo: Hello | files=none"
        values = str(conversation.dump().get_dict()["values"])
        assert named("a.txt", b"hello") in values
        assert "I have it." in values


@pytest.mark.servers
@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_what_an_app_does_not_take_is_not_sent(rule_app: Start, environment: str, tmp_path: Path) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10_000

    big = tmp_path / "big.pdf"
    big.write_bytes(b"x" * 100_001)
    async with Space(await asyncio.to_thread(rule_app, "inlets_limited", environment), timeouts=TIMEOUTS) as space:
        conversation = space.conversation()
        refused: list[tuple[list[Any], str]] = [
            ([("a.txt", b"x")], "no text/plain files"),
            (["no-such-file.pdf"], "does not exist"),
        ]
        if environment != OLD:  # whose page takes one after another
            refused.append(([("a.png", PNG), ("b.png", PNG)], "no more files"))
        for files, said in refused:
            with pytest.raises(errors.FileRefused, match=said):
                conversation.stream("Look", files=files)
        for each in (big, ("much.pdf", much())):
            with pytest.raises(errors.FileRefused, match="takes at most 100000 a file"):
                await conversation.ask("Look", files=[each])
        assert (
            await conversation.ask("Look", files=[("a.png", PNG)])
        ).text == f"Echo: Look | files={named('a.png', PNG)}"


async def pdf(_: Any) -> web.Response:
    return web.Response(body=b"%PDF-1.4 " + b"x" * 5000, content_type="application/pdf")


@pytest.mark.servers
@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_files_of_every_source(rule_app: Start, environment: str, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(b"0123456789" * 500_000)

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1000

    app = web.Application()
    app.router.add_get("/paper", pdf)
    async with (
        TestServer(app) as server,
        Space(await asyncio.to_thread(rule_app, "inlets_box", environment), timeouts=TIMEOUTS) as space,
    ):
        with path.open("rb") as opened:
            opened.seek(4_999_990)
            files = [
                path,
                ("s.txt", stream()),
                str(server.make_url("/paper")),
                ("tail.bin", opened),
                "data:text/plain,hi",
            ]
            async with space.conversation().stream("Hello", files=files) as turn:
                sent = [event async for event in turn if isinstance(event, Uploading)]
        expected = [
            named("big.bin", path.read_bytes()),
            named("s.txt", b"x" * 5000),
            named("paper.pdf", b"%PDF-1.4 " + b"x" * 5000),
            named("tail.bin", b"0123456789"),
            named("file", b"hi"),
        ]
        assert turn.result().text == f"Echo: Hello | files={','.join(expected)}"
    assert list(dict.fromkeys(event.name for event in sent)) == ["big.bin", "s.txt", "paper.pdf", "tail.bin", "file"]
    big = [(event.sent, event.total) for event in sent if event.name == "big.bin"]
    assert big[0] == (0, 5_000_000)
    assert big[-1] == (5_000_000, 5_000_000)
    assert big == sorted(big)
    assert 3 <= len(big) <= 10
    assert [event.total for event in sent if event.name == "s.txt"] == [None, 5000]


@pytest.mark.servers
async def test_no_file_is_held_in_memory(rule_app: Start, tmp_path: Path) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"x" * 100_000

    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(40_000_000)
    async with Space(await asyncio.to_thread(rule_app, "inlets_box", NEW), timeouts=TIMEOUTS) as space:
        conversation = space.conversation()
        await conversation.ask("Hello")
        tracemalloc.start()
        try:
            answer = await conversation.ask("Look", files=[path, ("s.bin", stream())])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert answer.text.count(":40000000:") == 2
    assert peak < 10_000_000


@pytest.mark.servers
async def test_files_that_fail_on_the_way(rule_app: Start, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError(5, "the disk is gone")

    async def text() -> AsyncIterator[Any]:
        yield "x"

    shrinks = tmp_path / "a.txt"
    shrinks.write_bytes(b"x" * 10)
    async with Space(await asyncio.to_thread(rule_app, "inlets_box", NEW), timeouts=TIMEOUTS) as space:
        conversation = space.conversation()
        for file, said in (
            (("a.txt", broken()), "the disk is gone"),
            (("a.txt", text()), "gives str, not bytes"),
            (UploadFile.from_stream(stream_of(b"123"), "a.txt", size=5), "not the 5 bytes"),
            (UploadFile.from_stream(stream_of(b"1234567"), "a.txt", size=5), "not the 5 bytes"),
            (f"{space.url}/none.txt", "can't be fetched"),
            ("http://127.0.0.1:9/none.txt", "can't be fetched"),
        ):
            with pytest.raises(errors.FileRefused, match=said):
                await conversation.ask("Look", files=[file])
        assert (await conversation.ask("Look", files=[shrinks])).text.endswith(named("a.txt", b"x" * 10))


async def stream_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.mark.servers
async def test_a_file_of_an_answer_can_be_sent_again(rule_app: Start) -> None:
    async with Space(await asyncio.to_thread(rule_app, "kinds", NEW), timeouts=TIMEOUTS) as other:
        [plan] = (await other.conversation().ask("file")).attachments
        async with Space(await asyncio.to_thread(rule_app, "inlets_box", NEW), timeouts=TIMEOUTS) as space:
            answer = await space.conversation().ask("Look", files=[plan])
            assert answer.text == f"Echo: Look | files={named('plan.txt', await plan.bytes())}"


@pytest.mark.servers
@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_a_turn_that_is_left_while_a_file_is_sent(rule_app: Start, environment: str) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 100_000
        finally:
            closed.set()

    async with Space(await asyncio.to_thread(rule_app, "inlets_box", environment), timeouts=TIMEOUTS) as space:
        conversation = space.conversation()
        async with conversation.stream("Hello", files=[("a.bin", endless())]) as turn:
            async for event in turn:
                if isinstance(event, Uploading) and event.sent > 3_000_000:
                    break
        await asyncio.wait_for(closed.wait(), 10)
        assert conversation.state == "partial"
        assert (await conversation.ask("Again")).text == "Echo: Again | files=none"


async def test_the_button_that_takes_files_in_is_pressed_before_the_question():
    parts = [component(1), component(2, "chatbot", value=[]), component(3, "state")]
    parts += [component(5, "file", file_count="multiple"), component(6, "button", value="Create vector database")]
    asking = listener(0, (1, "submit"), reads=[1, 2, 3], writes=[2])
    built = listener(1, (6, "click"), reads=[5], writes=[3])
    shown = [message("user", "hi"), message("assistant", "so")]
    conversation, session = conversation_on(parts, [asking, built], {0: [shown], 1: [None]})
    await conversation.ask("hi", files=[("a.pdf", b"text")])
    await conversation.ask("hi")
    assert session.order == [1, 0, 0]
    assert session.calls[0].data == [[{"path": "/kept/a.pdf"}]]
