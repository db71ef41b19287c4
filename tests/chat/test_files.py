"""Files in what chatbots show, and in what they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.files import files_in_text, files_of
from tests.chat.shapes import file_data
from tests.strategies import json_values


def told(value: Any) -> list[tuple[str, str, str | None]]:
    return [(file.kind, file.path or file.url, file.alt_text) for file in files_of(value)]


@pytest.mark.parametrize(
    "value, files",
    [
        ("/kept/a.png", [("image", "/kept/a.png", None)]),
        (file_data("/kept/a.wav", mime_type=None, orig_name="a.wav"), [("audio", "/kept/a.wav", None)]),
        ({"file": file_data("/kept/a.png"), "alt_text": "A"}, [("image", "/kept/a.png", "A")]),
        ({"component": "Image", "value": file_data("/kept/a.png")}, [("image", "/kept/a.png", None)]),
        ({"component": "file", "value": [file_data("/kept/a.txt", mime_type=None, orig_name="a.txt")]}, [("file", "/kept/a.txt", None)]),
        (
            {"component": "gallery", "value": [{"image": file_data("/kept/a.png"), "caption": "A"}, {"video": file_data("/kept/b.mp4", mime_type="video/mp4"), "caption": None}]},
            [("image", "/kept/a.png", "A"), ("video", "/kept/b.mp4", None)],
        ),
        ({"component": "video", "value": {"video": file_data("/kept/c.mp4"), "subtitles": None}}, [("video", "/kept/c.mp4", None)]),
        # 3.x
        ({"name": "/kept/a.png", "mime_type": "image/png", "alt_text": "A", "data": None, "is_file": True}, [("image", "/kept/a.png", "A")]),
        ({"name": "a.png", "data": "data:image/png;base64,eA==", "is_file": False}, [("image", "data:image/png;base64,eA==", None)]),
        ({"component": "gallery", "value": [[{"name": "/kept/a.png", "is_file": True}, "A"], [{"name": "/kept/b.png", "is_file": True}, None]]}, [("image", "/kept/a.png", "A"), ("image", "/kept/b.png", None)]),
        # what is no file, but kept as one
        ({"component": "plot", "value": {"type": "matplotlib", "plot": "data:image/webp;base64,eA=="}}, [("plot", "data:image/webp;base64,eA==", None)]),
        ({"component": "plot", "value": {"type": "plotly", "plot": "{}"}}, [("plot", "", None)]),
        ({"component": "dataframe", "value": {"headers": ["a"], "data": [[1]]}}, [("dataframe", "", None)]),
        ({"component": "json", "value": None}, []),
        ({"component": "button", "value": {"x": 1}}, []),
        (None, []),
        ([None, 7, {}], []),
    ],
)  # fmt: skip
def test_files_of_every_shape(value: Any, files: list[tuple[str, str, str | None]]):
    assert told(value) == files


@given(json_values)
def test_any_value(value: Any):
    for file in files_of({"component": "gallery", "value": value}):
        assert file.key


@pytest.mark.parametrize(
    "text, found",
    [
        ("![a](/file=/kept/a.png)", [("image", "/file=/kept/a.png", "a")]),
        ('![](https://x/y.jpg "t") ![b](<https://x/z.gif>)', [("image", "https://x/y.jpg", None), ("image", "https://x/z.gif", "b")]),
        ("![a](https://x/a_(1).png)", [("image", "https://x/a_(1).png", "a")]),
        ("[doc](/gradio_api/file=/kept/a%20b.pdf) [x](https://x/y.pdf)", [("file", "/gradio_api/file=/kept/a%20b.pdf", "doc")]),
        ("<img src='/file=a.png' alt=\"A\"> <video src=/file=v.mp4> <audio><source src=\"/file=s.wav\"></audio>", [("image", "/file=a.png", "A"), ("video", "/file=v.mp4", None), ("audio", "/file=s.wav", None)]),
        ('<a href="/gradio_api/file=/kept/a.zip">zip</a> <a href="https://x">x</a>', [("file", "/gradio_api/file=/kept/a.zip", None)]),
        ("![a](data:image/png;base64,eA==)", [("image", "data:image/png;base64,eA==", "a")]),
        ("![a](/file=a.png) and again ![a](/file=a.png)", [("image", "/file=a.png", "a")]),
        ("```\n![a](/file=a.png)\n```\n`![b](/file=b.png)` ~~~ <p>", []),
        ("~~~md\n![a](/file=a.png)\nnever closed", []),
        ("![a](x.png) ![b](javascript:1) <img src=''> <img> ![", []),
        ("plain", []),
    ],
)  # fmt: skip
def test_files_that_a_text_shows(text: str, found: list[tuple[str, str, str | None]]):
    assert [(file.kind, file.url, file.alt_text) for file in files_in_text(text)] == found


def test_names_of_files_in_a_text():
    assert [file.name for file in files_in_text("![](/file=/k/a%20b.png?x=1) ![](data:image/png,x)")] == [
        "a b.png",
        "image.png",
    ]


@given(st.text(alphabet="![](<>)`~\n\"'= file:/axht", max_size=80))
def test_any_text(text: str):
    for file in files_in_text(text):
        assert file.url in text


def test_much_text_is_read_in_time():
    for piece in ("![", "[a](", "<img src=", "```\n", "`a``b", "![a](/file=x) ", "<a href='", "](("):
        files_in_text(piece * 30_000)
    assert len(files_in_text("".join(f"![](/file={n})" for n in range(3000)))) == 1000
