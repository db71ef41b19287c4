"""Live footers: rewritten at each step, they are held back where they can be known, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.append import AppendOnly
from spacebridge.chat.footers import footer_suffix, is_footer
from tests.chat.shapes import message
from tests.chat.teller import Teller

BODY = "It is a long way to the town of Tipperary, and\n\n1. it took\n2. 3 s more than\n\n```\nx = 1\n```\n\nI said. "


def shown(text: str) -> list[object]:
    return [message("user", "hi"), message("assistant", text)]


def steps(footer: str, size: int = 9) -> list[str]:
    """The answer as it grows, with the footer in which {n} counts under each step."""
    ends = [*range(size, len(BODY), size), len(BODY)]
    return [f"{BODY[:end].rstrip()}{footer.format(n=n, bar='▰' * (n % 4))}" for n, end in enumerate(ends, 1)]


def appended(teller: Teller) -> str:
    output = AppendOnly()
    return "".join(output.feed(event) for event in teller.reader.events)


@pytest.mark.parametrize(
    "footer",
    [
        "\n\n*{n} tokens*",
        "\n\n---\n⏱️ {n}.5 s · {n} tok/s",
        "\n<br><sub>Generated {n} tokens in 1.{n} seconds</sub>",
        "<br/>\n_{n} words_",
        "\n\n耗时 {n} 秒",
        "\n\n{bar}▱▱▱",
        "\n\n⠋ {n} %",
        "\n\n*Writing…*",
    ],
)
@pytest.mark.parametrize("end", ["kept", "gone"])
def test_a_footer_that_can_be_known_is_no_rewrite(footer: str, end: str):
    said = [*steps(footer), *([BODY.rstrip()] if end == "gone" else [])]
    teller = Teller([]).show(*map(shown, said))
    finished = teller.finish()
    assert finished.text == said[-1]
    assert teller.reader.rewrites == []
    assert appended(teller) == said[-1]
    assert len(teller.reader.deltas) > len(said) / 3  # and it did stream


def test_a_footer_that_comes_later_by_appending():
    teller = Teller([]).show(shown("One"))
    teller.grow(["append", [1, "content"], " two"])
    teller.grow(["append", [1, "content"], " three\n\n*3 tokens*"])
    teller.grow(["replace", [1, "content"], "One two three four\n\n*4 tokens*"])
    assert teller.text == "One two three four"
    assert teller.finish().text == "One two three four\n\n*4 tokens*"
    assert teller.reader.rewrites == []


def test_a_footer_that_can_not_be_known_is_taken_back_once():
    said = steps("\n\n~ {n} ~")
    teller = Teller([]).show(*map(shown, said))
    assert [(kind, replacement) for kind, _, replacement in teller.reader.rewrites] == [("content", "")]
    assert len(teller.reader.deltas) > len(said) / 3
    assert teller.finish().text == said[-1]
    assert len(teller.reader.rewrites) == 1


def test_what_is_held_back_comes_when_the_text_just_goes_on():
    teller = Teller([]).show(shown("It took\n3 seconds"))
    assert teller.text == "It took"
    teller.show(shown("It took\n3 seconds, or more.\nThen"))
    assert teller.text == "It took\n3 seconds, or more.\nThen"


def test_a_list_of_times_is_not_held_back_for_ever():
    """What looked like a footer and was none does not look like one any more."""
    text = "Times:"
    teller = Teller([]).show(shown(text))
    for n in range(20):
        text += f"\n{n} s"
        teller.show(shown(text))
    assert teller.text == text


def test_after_a_rewrite_a_text_that_is_appended_to_streams_again():
    teller = Teller([]).show(shown("a\n\n~ 1 ~"), shown("a b\n\n~ 2 ~"))
    assert teller.text == "a"
    for piece in (" and", " so", " on"):
        teller.grow(["append", [1, "content"], piece])
        assert teller.text.endswith(piece)
    assert teller.finish().text == "a b\n\n~ 2 ~ and so on"


@pytest.mark.parametrize(
    "line",
    [
        "17 tokens",
        "*Time: 3.2s*",
        "⏱ 4",
        "speed: 3 t/s",
        "▰▰▱",
        "⠙ 45%",
        "⏳ working",
        "_thinking…_",
        "1.2 сек",
        "12 字",
    ],
)
def test_lines_that_may_be_footers(line: str):
    assert is_footer(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "Hello.",
        "1. one",
        "---",
        "```",
        "| a | b |",
        "# 3",
        "and so on...",
        "x = 1",
        "17",
        "- 3 apples",
        "t" * 200 + " 3 s",
    ],
)
def test_lines_that_are_none(line: str):
    assert not is_footer(line)


@given(
    st.lists(
        st.sampled_from(["word ", "\n", "\n\n", "3 s", "*17 tokens*", "▰", "…", "<br>", "---\n", "x" * 130]),
        max_size=12,
    )
)
def test_every_text_is_given_whole(parts: list[str]):
    texts = ["".join(parts[:end]) for end in range(1, len(parts) + 1)]
    for text in texts:
        assert 0 <= footer_suffix(text) <= len(text)
    teller = Teller([], may_be_empty=True).show(*map(shown, texts))
    assert teller.finish().text == (texts[-1] if texts else "")
    assert teller.reader.rewrites == []


@given(st.lists(st.text(alphabet="ab \n3s…▰*", max_size=30), max_size=6))
def test_any_steps_end_in_the_last_text(texts: list[str]):
    teller = Teller([], may_be_empty=True).show(*map(shown, texts))
    assert teller.finish().text == (texts[-1] if texts else "")
