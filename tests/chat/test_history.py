from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.chat.history import (
    Form,
    Said,
    form_of,
    read_history,
    said_in,
    shown,
    transcript,
    until,
    well_formed,
)
from spacebridge.errors import InvalidMessages
from tests.chat.shapes import bot, file_data, message, pair, thought
from tests.page.documents import FIVE, FOUR, SIX, component

TALK = (Said("user", "Hello"), Said("assistant", "Hi"), Said("user", "And?"), Said("assistant", "So."))
FORMS: list[Form] = ["pairs", "objects", "messages", "blocks"]


def held(form: Form, said: tuple[Said, ...] = TALK, files: list[dict[str, Any]] | None = None) -> list[Any]:
    return shown(form, [(message, files or [] if message.role == "user" else []) for message in said])


def test_messages_are_read():
    system, said = read_history(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hel"}, "lo"]},
            {"role": "assistant", "content": "Hi"},
            {"role": "developer", "content": "And kind."},
            {"role": "user", "content": "See", "files": [("a.txt", b"a")]},
        ]
    )
    assert system == "Be brief.\n\nAnd kind."
    assert said == (Said("user", "Hel\nlo"), Said("assistant", "Hi"), Said("user", "See", (("a.txt", b"a"),)))
    assert read_history([]) == (None, ())


@pytest.mark.parametrize(
    "history, says",
    [
        ("Hello", "must be a list"),
        ({"role": "user", "content": "Hello"}, "must be a list"),
        (["Hello"], "must be a dict"),
        ([{"content": "Hello"}], "role None"),
        ([{"role": "tool", "content": "Hello"}], "role 'tool'"),
        ([{"role": "user"}], "NoneType"),
        ([{"role": "user", "content": 7}], "int"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}], "no text"),
        ([{"role": "user", "content": [7]}], "no text"),
    ],
)
def test_what_is_no_history(history: Any, says: str):
    with pytest.raises(InvalidMessages, match=says):
        read_history(history)


@pytest.mark.parametrize(
    "kind, props, version, form",
    [
        ("chatbot", {}, SIX, "blocks"),
        ("chatbot", {"type": "messages"}, FIVE, "messages"),
        ("chatbot", {"type": "messages"}, FOUR, "messages"),
        ("chatbot", {"type": "tuples"}, FIVE, "pairs"),
        ("chatbot", {}, (4, 8, 0), "pairs"),
        ("modelscopechatbot", {}, FOUR, "objects"),
        ("modelscopelegacychatbot", {}, FIVE, "objects"),
        ("modelscopeprochatbot", {}, FIVE, None),
        ("mychatbot", {}, SIX, None),
        ("json", {}, SIX, None),
    ],
)
def test_the_form_of_a_chatbot(kind: str, props: dict[str, Any], version: tuple[int, ...], form: str | None):
    assert form_of(component(1, kind, **props), version) == form


def test_the_forms():
    assert held("pairs") == [["Hello", "Hi"], ["And?", "So."]]
    assert held("messages")[:2] == [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    assert held("blocks")[:1] == [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    assert held("objects")[0] == [{"text": "Hello", "files": []}, {"text": "Hi", "files": []}]


def test_sides_that_have_no_other():
    said = (
        Said("assistant", "Welcome"),
        Said("user", "a"),
        Said("user", "b"),
        Said("assistant", "c"),
        Said("assistant", "d"),
    )
    assert held("pairs", said) == [[None, "Welcome"], ["a", None], ["b", "c"], [None, "d"]]


def test_files_in_the_forms():
    file, said = file_data(), (Said("user", "See"), Said("assistant", "I see"))
    wrapped = {"file": file, "alt_text": None}
    assert held("pairs", said, [file]) == [[wrapped, None], ["See", "I see"]]
    assert [each["content"] for each in held("messages", said, [file])] == [wrapped, "See", "I see"]
    assert held("blocks", said, [file])[0]["content"] == [{"type": "file", **wrapped}, {"type": "text", "text": "See"}]
    assert held("objects", said, [file])[0][0] == {"text": "See", "files": [wrapped]}


def test_a_message_that_is_only_a_file():
    file = file_data()
    assert held("pairs", (Said("user", ""),), [file]) == [[{"file": file, "alt_text": None}, None]]
    assert len(held("messages", (Said("user", ""),), [file])) == 1
    assert len(held("blocks", (Said("user", ""),), [file])[0]["content"]) == 1


@pytest.mark.parametrize("form", FORMS)
def test_what_is_held_is_what_a_chatbot_shows(form: Form):
    assert said_in(held(form)) == TALK
    assert [bubble.kind for bubble in parse_bubbles(held(form, files=[file_data()]))].count("file") == 2


@given(
    st.lists(
        st.tuples(st.sampled_from(["user", "assistant"]), st.text(alphabet="ab c\n", min_size=1, max_size=5)),
        max_size=8,
    ),
    st.sampled_from(FORMS),
)
def test_no_text_is_lost_in_any_form(talk: list[tuple[Any, str]], form: Form):
    said = tuple(Said(role, text) for role, text in talk)
    bubbles = parse_bubbles(held(form, said))
    assert [(bubble.role, bubble.text) for bubble in bubbles] == talk


def test_a_transcript():
    assert (
        transcript([("user", "Hello"), ("assistant", "Hi")], "And?")
        == "User: Hello\nAssistant: Hi\nUser: And?\nAssistant:"
    )
    assert transcript([("system", "Be brief."), ("user", " ")], "And?") == "System: Be brief.\nUser: And?\nAssistant:"
    assert transcript([]) == ""


def test_what_was_said_leaves_out_thoughts_and_joins_bubbles():
    value = [message("user", "Hello"), thought("Hm."), message("assistant", "Hi"), message("assistant", "there")]
    assert said_in(value) == (Said("user", "Hello"), Said("assistant", "Hi\n\nthere"))
    assert said_in(None) == ()


MESSAGES = [
    message("assistant", "Welcome"),
    message("user", {"file": file_data()}),
    message("user", "a"),
    thought("Hm."),
    message("assistant", "A"),
    message("user", "b"),
    message("assistant", "B"),
]
PAIRS = [pair(None, "Welcome"), pair({"file": file_data()}), pair("a", "A"), pair(None, "more"), pair("b", "B")]
OBJECTS = [pair(bot("a"), [bot("A")]), pair(None, [bot("more")]), pair(bot("b"), [bot("B")])]


@pytest.mark.parametrize(
    "value, turns, kept",
    [
        (MESSAGES, 0, 1),
        (MESSAGES, 1, 5),
        (MESSAGES, 2, 7),
        (MESSAGES, 3, None),
        (PAIRS, 0, 1),
        (PAIRS, 1, 4),
        (PAIRS, 2, 5),
        (PAIRS, 3, None),
        (OBJECTS, 1, 2),
        ([], 0, 0),
        ([], 1, None),
        (None, 0, 0),
    ],
)
def test_a_value_up_to_a_turn(value: Any, turns: int, kept: int | None):
    assert until(value, turns) == (None if kept is None else (value or [])[:kept])


def test_halves_of_surrogate_pairs():
    assert well_formed("a\ud83d\ude00\ud83d") == "a😀\ufffd"
