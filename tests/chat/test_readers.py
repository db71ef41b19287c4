"""Outputs that are no chatbot of a known form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.readers import LeafReader, drawn_value, output_value, plain_reader, reader_for
from tests.chat.shapes import message
from tests.page.documents import component, page_config
from tests.page.scripted import page_on
from tests.strategies import json_values, many


def texts(reader: LeafReader, value: object, *, final: bool = False) -> list[tuple[str, str]]:
    return [(bubble.role, bubble.text) for bubble in reader(value, final=final)]


def leaf(said: str) -> dict[str, Any]:
    return {"at": "2024-05-01T12:00:00.000", "id": "7f3ab21", "asked": "Hello", "view": {"now": said}, "n": 3}


def test_a_chatbot_of_gradios_is_read_as_ever():
    assert reader_for(component(1, "chatbot"), [], "Hello") is plain_reader
    assert isinstance(reader_for(component(1, "talklog"), [], "Hello"), LeafReader)


def test_the_leaf_that_grows_is_the_answer():
    reader = LeafReader(leaf(""), "Hello")
    assert texts(reader, leaf("Echo")) == [("assistant", "Echo")]
    reader = LeafReader({}, "Hello")
    assert texts(reader, leaf("Ec")) == []  # it might as well be the date
    assert texts(reader, leaf("Echo: Hello")) == [("assistant", "Echo: Hello")]
    (bubble,) = reader(leaf("Echo: Hello!"), final=True)
    assert bubble.path == ("view", "now")


def test_what_never_grew_is_the_longest_that_may_be_an_answer():
    assert texts(LeafReader({}, "Hello"), leaf("Yes"), final=True) == [("assistant", "Yes")]
    assert texts(LeafReader({}, "Hello"), {"id": "ab12cd", "of": ["Hello", "user"]}, final=True) == []
    assert texts(LeafReader({}, "Hello"), None, final=True) == []


@pytest.mark.parametrize(
    "entries",
    [
        [{"sender": "human", "body": "Hello"}, {"sender": "bot", "body": "Yes"}],
        [{"from": "user", "value": "Hello", "id": 1}, {"from": "gpt", "value": "Yes", "id": 2}],
        [{"is_user": True, "message": "Hello"}, {"is_user": False, "message": "Yes"}],
        [{"role": "user", "text": "Hello"}, {"role": "model", "text": "Yes"}],
        [{"author": "Ada", "msg": "Hello"}, {"author": "Bob", "msg": "Yes"}],
    ],
)
def test_messages_with_other_keys(entries: list[dict[str, Any]]):
    expected = [("user", "Hello"), ("assistant", "Yes")]
    assert texts(LeafReader([], "Hello"), entries) == expected
    assert texts(LeafReader(None, "Hello"), {"title": "A long title", "log": {"entries": entries}}) == expected


def test_shapes_that_are_known_are_read_as_such():
    pairs = [["Hello", "Yes"]]
    messages = [message("user", "Hello"), message("assistant", "Yes")]
    for value in (pairs, messages):
        assert texts(LeafReader([], "Hello"), value) == [("user", "Hello"), ("assistant", "Yes")]
    greeting = [message("assistant", "Welcome")]
    assert texts(LeafReader([], "Hello", trusting=True), greeting) == [("assistant", "Welcome")]


def test_a_text_is_the_answer_and_of_a_transcript_the_end():
    assert texts(LeafReader("", "Hello"), "Echo: Hello") == [("assistant", "Echo: Hello")]
    assert texts(LeafReader("", "Hello"), "You: Hello\nBot: Yes\n\n") == [("assistant", "Yes")]
    assert texts(LeafReader("", "Hello"), "You: Hello\n") == []
    (bubble,) = LeafReader("", "Hello")("You: Hello\nBot: Yes\n", final=False)
    assert bubble.path is None  # an append would go on behind the line feed
    (bubble,) = LeafReader("", "Hello")("You: Hello\nBot: Yes", final=False)
    assert bubble.path == ()


def test_what_is_drawn_into_a_column():
    parts = [component(1, "column"), component(2, "markdown", value="a"), component(3, "markdown", value="b")]
    page, _, _ = page_on(page_config([*parts, component(4, "html", value="c")], [], parents={2: 1, 3: 1}))
    assert drawn_value(page, 1) == output_value(page, 1) == ["a", "b"]
    parts = [component(1, "column"), component(2, "chatbot", value=[["q", "a"]]), component(3, "markdown", value="b")]
    page, _, _ = page_on(page_config(parts, [], parents={2: 1, 3: 1}))
    assert output_value(page, 1) == [["q", "a"]]
    assert output_value(page, 3) == "b"


@many
@given(st.lists(json_values, max_size=4), json_values, st.text(max_size=5), st.booleans())
def test_no_value_raises(values: list[object], before: object, prompt: str, trusting: bool):
    reader = LeafReader(before, prompt, trusting=trusting)
    for value in values:
        reader(value, final=False)
    reader(before, final=True)


def test_html_is_read():
    read = reader_for(component(1, "html"), "<p>Hello</p><p>One</p>", "Hello")
    assert [b.text for b in read("<p>Hello</p><p>One</p><p>Hello</p><p>Two &amp; <b>more</b></p>", final=True)] == [
        "Two & more"
    ]
    assert [b.text for b in read("<p>It is <b>this</b>.</p>", final=False)] == ["It is this."]
    assert read(None, final=True) == []


def test_boxes_that_show_a_message_each():
    before = ["User: Hello", "Bot: One", "", ""]
    reader = LeafReader(before, "Hello")
    assert texts(reader, ["User: Hello", "Bot: One", "User: Hello", ""]) == []
    assert texts(reader, [*before[:2], "User: Hello", "Bot: Two"], final=True) == [("assistant", "Bot: Two")]
    page, _, _ = page_on(page_config([component(1, value="a"), component(2)], []))
    assert output_value(page, 1, (1, 2)) == ["a", ""]
