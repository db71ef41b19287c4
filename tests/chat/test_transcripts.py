"""The last answer of a conversation that is one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.transcripts import said_since
from tests.strategies import many


@pytest.mark.parametrize(
    "text, said",
    [
        ("You: Hello\n\nBot: Hi there", "Hi there"),
        ("You: Who?\nBot: Me.\nYou: Hello\nBot: Hi there", "Hi there"),
        ("🧑 Hello\n🤖 Hi there", "Hi there"),
        ("**User:** Hello\n\n**Assistant:** Hi *there*", "Hi *there*"),
        ("[User]: Hello\nHi there", "Hi there"),
        ("> Hello\n\nHi there", "Hi there"),
        ("用户：Hello\n助手：Hi there", "Hi there"),
        ("Вы: Hello\nБот: Hi there", "Hi there"),
        ("User: Hello\nAI: one\n\nBot: is what I am", "one\n\nBot: is what I am"),
        ("User: Hello", ""),
    ],
)
def test_what_comes_after_the_last_question(text: str, said: str):
    assert said_since(text, "Hello", final=True) == said


@pytest.mark.parametrize(
    "text",
    [
        "Echo: Hello | 1",
        "Hello\nHi there",
        "You said: Hello, and I say hi",
        "Answer: Hello\nthat was it",
        "",
        "Hi there",
    ],
)
def test_what_is_no_transcript(text: str):
    assert said_since(text, "Hello", final=True) is None
    assert said_since(text, " ", final=True) is None


def test_a_label_that_has_only_begun_is_held_back():
    whole = "You: Hello\nBot: Hi there"
    said = [said_since(whole[:end], "Hello", final=False) for end in range(11, len(whole) + 1)]
    assert said[:5] == ["", "", "", "", ""]
    assert "".join(said[5] or "") == ""
    assert said[-1] == "Hi there"
    assert all((said[-1] or "").startswith(each or "") for each in said)
    assert said_since("You: Hello\nYes", "Hello", final=True) == "Yes"


@many
@given(st.text(alphabet="Hi \n*You:>🤖Bot(.", max_size=40), st.text(alphabet="Hi (*.\n", max_size=6), st.booleans())
def test_no_text_raises(text: str, prompt: str, final: bool):
    said = said_since(text, prompt, final=final)
    assert said is None or text.endswith(said)
