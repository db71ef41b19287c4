"""Placeholders, tails and provisional ends: what a Space's row of data says of its texts."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat.rules import PROVISIONAL
from spacebridge.spaces.catalogue import QWEN_2_5_1M
from tests.chat.shapes import bot
from tests.chat.teller import Teller

WAITING = "Qwen is thinking..."


def clock(seconds: float) -> str:
    return f"\n<summary>Time: {seconds:.3f}s</summary>"


def shown(text: str | None) -> list[Any]:
    """The Space's chatbot: its first bot says this."""
    return [[bot("hi"), [bot(text), None, None]]]


def qwen(*steps: str, **options: Any) -> Teller:
    """The first Space, whose answer is shown in these steps, each by replacing the one before."""
    teller = Teller([], rules=QWEN_2_5_1M.rules, provisional=PROVISIONAL["modelscopechatbot"], **options)
    teller.show([[bot("hi"), None]], shown(steps[0]))
    for step in steps[1:]:
        teller.grow(["replace", [0, 1, 0, "text"], step])
    return teller


def test_placeholder_and_tail_are_no_part_of_the_answer():
    teller = qwen(WAITING, "Echo:" + clock(1), "Echo: Hello" + clock(2), "Echo: Hello\n\nw0" + clock(3))
    assert teller.reader.deltas == ["Echo:", " Hello", "\n\nw0"]
    assert teller.finish().text == "Echo: Hello\n\nw0"


def test_without_a_tail_too():
    teller = qwen(WAITING, "Echo:", "Echo: Hello")
    teller.grow(["append", [0, 1, 0, "text"], " world"])
    assert teller.reader.deltas == ["Echo:", " Hello", " world"]
    assert teller.finish().text == "Echo: Hello world"


def test_a_placeholder_with_a_tail():
    teller = qwen(WAITING + clock(0), "a" + clock(1))
    assert teller.reader.deltas == ["a"]
    assert teller.finish().text == "a"


@pytest.mark.parametrize("steps", [[WAITING], [WAITING + clock(1)], [WAITING, ""], [clock(1)], [clock(1).strip()]])
def test_only_the_placeholder_is_an_empty_answer(steps: list[str]):
    with pytest.raises(errors.EmptyAnswer):
        qwen(*steps).finish()


def test_an_answer_that_speaks_of_the_placeholder():
    assert qwen(WAITING, f"It says: {WAITING}").finish().text == f"It says: {WAITING}"
    assert qwen(WAITING, f"{WAITING} forever").finish().text == f"{WAITING} forever"


def test_only_the_last_tail_is_cut():
    inner = "Look:\n<details>\n<summary>More</summary>\nx\n</details>"
    teller = qwen(WAITING, "Look:" + clock(1), inner + clock(2))
    assert teller.finish().text == inner


def test_an_answer_that_ends_in_a_summary_keeps_it_before_the_tail():
    answer = "Look:\n<details>\n<summary>More</summary>"
    assert qwen(WAITING, "Look:" + clock(1), answer + clock(2)).finish().text == answer


def test_a_tail_is_cut_only_if_nothing_follows_it():
    answer = "Look:\n<summary>More</summary>\nand on"
    assert qwen("Look:" + clock(1), answer).finish().text == answer


def test_a_tail_is_cut_only_if_every_earlier_step_had_one():
    answer = "<details>\n<summary>More</summary>"
    teller = qwen(WAITING, "<det", "<details>", "<details>\n<summary>More", answer)
    assert teller.reader.rewrites == []
    assert teller.finish().text == answer


def test_a_placeholder_without_a_tail_does_not_count_as_such_a_step():
    assert qwen(WAITING, "a" + clock(1), "ab" + clock(2)).finish().text == "ab"


@pytest.mark.parametrize(
    "answer",
    [
        "One\n<details>\n<summary>Two</summary>\n\nthree\n</details>",
        "One\n<details>\n<summary>Two</summary>\n\nthree\n</details>\nfour",
        "One\n<summary>Two</summary>",
        "\n<summary>".strip() + "x</summary> y",
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_an_answer_that_contains_a_summary_survives_without_tails(answer: str, size: int):
    """As the real Space's does, where steps are plain."""
    steps = [answer[:end] for end in range(size, len(answer) + size, size)]
    teller = qwen(WAITING, steps[0] if size < 1000 else "One", *steps)
    if size < 1000 or answer.startswith("One"):
        assert teller.finish().text == answer


@pytest.mark.parametrize("size", [1, 4])
def test_an_answer_that_contains_a_summary_survives_with_tails(size: int):
    answer = "One\n<details>\n<summary>Two</summary>\n\nthree\n</details>\nfour"
    steps = [answer[:end] + clock(end) for end in range(size, len(answer) + size, size)]
    teller = qwen(WAITING, *steps)
    assert teller.finish().text == answer
    assert all(kind == "layout" for kind, _, _ in teller.reader.rewrites)


def test_one_step_that_ends_in_a_tail_loses_it():
    """A fast run has no stream; then the text is all there is to go by."""
    assert qwen("Echo: Hello" + clock(1)).finish().text == "Echo: Hello"


def test_one_step_that_ends_in_the_summary_of_its_own_block_keeps_it():
    answer = "Look:\n<details>\n<summary>More</summary>"
    assert qwen(answer).finish().text == answer


def test_a_tail_that_goes_away_at_the_end():
    assert qwen(WAITING, "a" + clock(1), "ab" + clock(2), "ab c").finish().text == "ab c"


def test_text_that_shrinks_is_a_rewrite():
    """Later versions of the app delete code fences at each step."""
    teller = qwen("a ```x" + clock(1), "a" + clock(2), "a b" + clock(3))
    assert [kind for kind, _, _ in teller.reader.rewrites] == ["content"]
    assert teller.finish().text == "a b"


def test_text_that_was_flat_and_is_indented_later_is_a_layout_rewrite():
    teller = qwen("1. **Foo**:\n- bar", "1. **Foo**:\n   - bar\n2. **Qux**")
    assert [kind for kind, _, _ in teller.reader.rewrites] == ["layout"]
    finished = teller.finish()
    assert (finished.text, finished.layout_changed) == ("1. **Foo**:\n   - bar\n2. **Qux**", True)


# What the chatbot rewrites when it is whole


@pytest.mark.parametrize(
    "steps",
    [
        ["see [here]", "see [here](http", "see [here](http://x/a b", "see [here](/file=http://x/a%20b) end"],
        ["<img src='", "<img src='a.p", "<img src='a.png", '<img src="/file=a.png"> end'],
    ],
)
def test_addresses_are_held_back_until_they_are_whole(steps: list[str]):
    teller = qwen(*steps)
    assert teller.finish().text == steps[-1]
    assert teller.reader.rewrites == []


def test_what_was_given_before_it_looked_provisional_is_not_taken_back():
    teller = Teller([], provisional=PROVISIONAL["modelscopechatbot"])
    teller.show([[bot("hi"), [bot("one"), bot("")]]])
    for char in "</details>":
        teller.grow(["append", [0, 1, 1, "text"], char])
    assert teller.finish().text == "one\n\n</details>"
    assert teller.reader.rewrites == []


def test_an_address_that_is_never_finished_is_released_at_the_end():
    assert qwen("see [here](http://x").finish().text == "see [here](http://x"


@pytest.mark.parametrize("size", [1, 2, 5])
def test_addresses_are_held_back_when_they_are_appended(size: int):
    text = "-Look <img src='a.png'> and [b](c d) and that is all"
    teller = qwen("-")
    for start in range(1, len(text), size):
        teller.grow(["append", [0, 1, 0, "text"], text[start : start + size]])
        for begin, whole in (("src='", "src='a.png'"), ("](c", "](c d)")):
            assert begin not in teller.text or whole in teller.text
    assert teller.finish().text == text
    assert teller.reader.rewrites == []
