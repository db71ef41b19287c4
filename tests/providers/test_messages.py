from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.errors import FileRefused, InvalidMessages
from spacebridge.gradio.upload import UploadFile
from spacebridge.providers.messages import (
    files_of,
    format_prompt,
    last_user_message,
    text_of,
)
from tests.strategies import json_values, many

PIXEL = base64.b64encode(b"\x89PNG").decode()


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def one_file(part: Any) -> UploadFile:
    [found] = files_of(user([part]))
    return found


def uploaded(part: Any) -> UploadFile:
    found = one_file(part)
    assert isinstance(found, UploadFile)
    return found


# Prompts


def test_a_single_message_of_the_user_is_the_prompt_as_it_is():
    assert format_prompt([user("  Hello\n")]) == "  Hello\n"
    assert format_prompt("Hello") == "Hello"  # type: ignore[arg-type]


def test_more_messages_are_given_with_their_roles():
    messages = [
        {"role": "system", "content": "Be kind."},
        user("Hi"),
        {"role": "assistant", "content": "Yo"},
        user([{"type": "text", "text": "And"}, {"type": "text", "text": "now?"}]),
    ]
    assert format_prompt(messages) == "System: Be kind.\nUser: Hi\nAssistant: Yo\nUser: And\nnow?\nAssistant:"


def test_messages_that_say_nothing_are_left_out():
    messages = [{"role": "system", "content": " "}, user("Hi"), {"role": "assistant", "content": None}]
    assert format_prompt(messages) == "User: Hi\nAssistant:"
    assert format_prompt([user(""), user(None)]) == ""
    assert format_prompt([{"role": "system", "content": "Be kind."}]) == "System: Be kind.\nAssistant:"


@pytest.mark.parametrize(
    "content, text",
    [
        ("Hello", "Hello"),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, "b", {"type": "input_text", "text": "c"}], "a\nb\nc"),
        ([{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "https://x/a.png"}}], "look"),
    ],
)
def test_the_text_of_a_message(content: Any, text: str):
    assert text_of(user(content)) == text
    assert text_of({"role": "user"}) == ""


@pytest.mark.parametrize("content", [7, {"text": "a"}, True, 1.5])
def test_contents_of_no_known_form(content: Any):
    with pytest.raises(InvalidMessages, match=type(content).__name__):
        text_of(user(content))


@pytest.mark.parametrize(
    "messages",
    [None, [], {}, 7, ["Hello"], [None], [user("a"), "b"], [{"content": "a"}], [{"role": "", "content": "a"}]],
)
def test_what_are_no_messages(messages: Any):
    with pytest.raises(InvalidMessages):
        format_prompt(messages)
    with pytest.raises(InvalidMessages):
        last_user_message(messages)


def test_the_last_message_of_the_user():
    messages = [user("one"), user("two"), {"role": "assistant", "content": "three"}]
    assert last_user_message(messages) == user("two")
    assert text_of(last_user_message(messages)) == "two"
    with pytest.raises(InvalidMessages, match="None of the messages"):
        last_user_message(messages[2:])


# Files


@pytest.mark.parametrize(
    "part, name, mime_type, content",
    [
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            "file.png",
            "image/png",
            b"\x89PNG",
        ),
        ({"type": "image_url", "image_url": f"data:image/png;base64,{PIXEL}"}, "file.png", "image/png", b"\x89PNG"),
        (
            {"type": "input_audio", "input_audio": {"data": "AAE=", "format": "wav"}},
            "audio.wav",
            "audio/x-wav",
            b"\0\1",
        ),
        (
            {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain,a%20b"}},
            "a.txt",
            "text/plain",
            b"a b",
        ),
        (
            {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="}},
            "a.txt",
            "text/plain",
            b"a",
        ),
        ({"image": b"raw"}, "file", "application/octet-stream", b"raw"),
        ({"image": (b"raw", "a.png")}, "a.png", "image/png", b"raw"),
        ({"file": ("a.png", b"raw")}, "a.png", "image/png", b"raw"),
        ({"file": bytearray(b"raw")}, "file", "application/octet-stream", b"raw"),
        ({"file": UploadFile.from_bytes(b"x", "x.txt")}, "x.txt", "text/plain", b"x"),
        ({"image_url": {"url": "data:;base64,YQ=="}}, "file.bin", "application/octet-stream", b"a"),
    ],
)
def test_files_in_messages(part: Any, name: str, mime_type: str, content: bytes):
    file = uploaded(part)
    assert (file.name, file.content) == (name, content)
    assert file.mime_type in (mime_type, "audio/wav") if "audio" in mime_type else file.mime_type == mime_type


def test_files_on_disk(tmp_path: Path):
    path = tmp_path / "a b.txt"
    path.write_bytes(b"12")
    for part in ({"file": path}, {"file": str(path)}, {"file": {"path": str(path)}}, {"file": f"file://{path}"}):
        file = uploaded(part)
        assert (file.name, file.size) == ("a b.txt", 2)
    assert uploaded({"file": (str(path), "other.txt")}).path == path


def test_files_by_their_address():
    file = one_file({"type": "image_url", "image_url": {"url": "https://host/a%20b.png?x=1"}})
    assert file.url
    assert (file.url, file.name) == ("https://host/a%20b.png?x=1", "a b.png")
    named = one_file({"file": {"url": "http://host/", "filename": "n.png"}})
    assert named.url
    assert named.name == "n.png"
    assert UploadFile.from_url("http://host/").name == "file"


def test_texts_are_no_files():
    assert files_of(user("Hello")) == []
    assert files_of(user([{"type": "text", "text": "a"}, "b"])) == []
    assert files_of({"role": "user"}) == []


@pytest.mark.parametrize(
    "part",
    [
        {"type": "video"},
        {"type": "text"},
        {},
        {"file": None},
        {"file": 7},
        {"file": {}},
        {"image_url": {"x": 1}},
        {"file": (1, 2)},
    ],
)
def test_parts_of_no_known_form(part: Any):
    with pytest.raises(InvalidMessages, match="unknown form"):
        files_of(user([part]))
    with pytest.raises(InvalidMessages):
        text_of(user([part]))


@pytest.mark.parametrize("url", ["data:image/png;base64,%%%", "data:image/png;base64,a", "!" * 5000])
def test_broken_base64(url: str):
    with pytest.raises(InvalidMessages, match="base64"):
        files_of(user([{"image_url": {"url": url}}]))


@pytest.mark.parametrize(
    "part", [{"file": "/no/such/file"}, {"file": Path("/no/such")}, {"file": "file:///no/such"}, {"file": "a\0b"}]
)
def test_files_that_do_not_exist(part: Any):
    with pytest.raises(FileRefused):
        files_of(user([part]))


@many
@given(
    st.lists(
        json_values
        | st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "x", 7]), "content": json_values}),
        max_size=3,
    )
)
def test_no_messages_raise_but_our_own_errors(messages: list[Any]):
    for read in (format_prompt, lambda said: text_of(last_user_message(said))):
        with contextlib.suppress(InvalidMessages, FileRefused):
            assert isinstance(read(messages), str)
