"""The last answer of a conversation that is one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.transcripts import is_question, said_in_html, said_since
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
        ("You: Hello\n\nBot: Hi there\n\n---\n\n", "Hi there"),
        ("You: Hello\n\nBot: Hi there\n<hr>", "Hi there"),
        ("You: Hello\n\nBot: Hi\n\n---\n\nthere", "Hi\n\n---\n\nthere"),
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
    assert said is None or said in text


def in_html(value: str, before: str = "", prompt: str = "Hello", *, final: bool = True) -> str | None:
    return said_in_html(value, before, prompt, final=final)


@pytest.mark.parametrize(
    "value, said",
    [
        ("<div class='user_msg'>Hello</div><div class='resp_msg'>Hi there</div>", "Hi there"),
        ("<p><b>You:</b> Hello</p><p><b>Bot:</b> Hi <i>there</i></p>", "Hi there"),
        ("<p>You: Hello</p><p>Bot:<br>Hi there</p>", "Hi there"),
        ("<div>🧑 Hello</div><div>🤖 Hi there</div>", "Hi there"),
        ("<p>Hello</p><p>AI</p><p>Hi there</p>", "Hi there"),
        ('<b class="username">Ann</b><p>Hello</p><b class="username">Robo</b><p>Hi there</p>', "Hi there"),
        ("<p>Hello</p><p>One</p><ul><li>two</li></ul>", "One\n\n- two"),
        ("<p>Hello</p><p>Alicia: Hi there</p>", "Alicia: Hi there"),  # a name that is known to nobody is shown
        ("<p>Echo: Hello</p><p>Hi there</p>", None),
        ("<p>Hi there</p>", None),
        ("<p>Hello</p>", None),  # the answer may be just that
        ("", None),
    ],
)
def test_what_comes_after_a_question_in_html(value: str, said: str | None):
    assert in_html(value) == said


def test_only_what_is_new_in_html_is_looked_at():
    first = "<p>Hello</p><p>One</p>"
    assert in_html(f"{first}<p>Hello</p><p>Two</p>", first) == "Two"
    assert in_html(f"<p>Hello</p><p>Two</p>{first}", first) == "Two"  # the newest above
    framed = "<h1>Chat</h1>{}<footer>The end</footer>"
    assert in_html(framed.format(f"{first}<p>Hello</p><p>Two</p>"), framed.format(first)) == "Two"
    assert in_html(f"{first}<p>Hello</p><p>One</p>", first) == "One"
    assert in_html(f"{first}<p>Hello</p><p>Two</p>") == "Two"  # what others were told shows, too
    assert in_html(f"{first}<p>Hello</p><p>You said:</p><p>Hello</p><p>Two</p>", first) == "You said:\n\nHello\n\nTwo"
    assert in_html("<p>Hello</p><p>Hello</p>") == "Hello"


def test_a_question_of_several_lines_and_with_signs():
    assert in_html("<p>You: a &lt; b</p><p>Yes</p>", prompt="a < b") == "Yes"
    for shown in ("one<br>two", "one\ntwo", "<span>one</span><br>\n<span>two</span>"):
        assert in_html(f"<p>{shown}</p><p>Yes</p>", prompt="one\n  two\n") == "Yes"
    assert in_html("<p>Yes</p>", prompt="") is None


def test_html_that_grows():
    grown = [in_html(f"<p>Hello</p><p>Bot: {text}</p>", final=False) for text in ("", "H", "Hi", "Hi there")]
    assert grown == ["", "H", "Hi", "Hi there"]
    assert in_html("<p>Hello</p><p>AI</p>", final=False) == ""


def test_what_a_question_is():
    assert is_question("用户：Hello", "Hello")
    assert is_question(" Hello\nthere", "Hello there ")
    assert not is_question("Echo: Hello", "Hello")
    assert not is_question("Hello", "")


@many
@given(*[st.text(alphabet="<p>b/ Hi\n:You", max_size=40)] * 2, st.text(alphabet="Hi <\n", max_size=6), st.booleans())
def test_no_html_raises(value: str, before: str, prompt: str, final: bool):
    assert said_in_html(value, before, prompt, final=final) is None or prompt.strip()
