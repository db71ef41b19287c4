from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.rules import (
    PROVISIONAL,
    cursor_suffix,
    ends_in_tail,
    held_suffix,
    opens_details,
    provisional_suffix,
    split_reasoning,
    stands_for_answer,
)
from spacebridge.chat.tracker import _MARKS as MARKS
from spacebridge.chat.tracker import _OPENING as NEAR
from tests.strategies import many

TAIL = "\n<summary>"
PIECES = [
    "a",
    " ",
    "\n",
    "`",
    "(",
    "](",
    "src=",
    "'",
    '"',
    "imgSrc",
    ":",
    "<",
    "</",
    "thi",
    "nk",
    ">",
    "</details>",
    "x" * 40,
]


# Tails


@pytest.mark.parametrize(
    "text, body",
    [
        ("answer\n<summary>Time: 1.2s</summary>", "answer"),
        ("answer\n<summary>Time: 1.2s</summary>  \n", "answer"),
        ("answer\n<summary>Time: 1.2s", "answer"),  # cut off
        ("answer\n<summary>", "answer"),
        ("answer\n\n<summary>x</summary>", "answer\n"),
        ("\n<summary>x</summary>", ""),
        ("<summary>x</summary>", ""),  # what is blank before it was stripped
        ("a\n<summary>one</summary>\nb\n<summary>two</summary>", "a\n<summary>one</summary>\nb"),  # the last one only
        (
            "<details>\n<summary>More</summary>\nx</details>\n<summary>t</summary>",
            "<details>\n<summary>More</summary>\nx</details>",
        ),
    ],
)
def test_a_tail_is_the_last_one_and_only_if_nothing_follows(text: str, body: str):
    start = ends_in_tail(text, TAIL)
    assert start is not None
    assert text[:start] == body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answer",
        "answer <summary>x</summary>",  # not at the beginning of a line
        "answer\n<summary>x</summary> and more",
        "answer\n<summary>x</summary>\n</details>",
        "answer\n<summary>x\ny",
        "<details>\n<summary>More</summary>\ntext",
        "answer\n<summar",
    ],
)
def test_what_is_no_tail(text: str):
    assert ends_in_tail(text, TAIL) is None


@pytest.mark.parametrize(
    "text, is_open",
    [
        ("<details>", True),
        ("<details><summary>x</summary>", True),
        ("<details open class='a'>\nx", True),
        ("<details>x</details>", False),
        ("<details>x</details><details>", True),
        ("<details><details></details>", True),
        ("</details>", False),
        ("</details><details>", True),
        ("<DETAILS>", True),
        ("<detailsx>", False),
        ("", False),
    ],
)
def test_opens_details(text: str, is_open: bool):
    assert opens_details(text) is is_open


# Reasoning


@pytest.mark.parametrize("tag", ["think", "thinking", "thought", "reasoning"])
def test_an_opening_tag_is_reasoning(tag: str):
    assert split_reasoning(f"<{tag}>\nhm\n</{tag}>\n\nanswer", final=True) == ("hm", "answer", False)
    assert split_reasoning(f"<{tag.upper()}>hm</{tag.upper()}>answer", final=True) == ("hm", "answer", False)
    assert split_reasoning(f"  \n<{tag}>hm", final=False) == ("hm", "", True)
    assert split_reasoning(f"  \n<{tag}>hm", final=True) == ("hm", "", True)


@pytest.mark.parametrize(
    "text",
    [
        "answer with <think>no reasoning</think>",
        "<b>bold</b>",
        "`<think>`",
        "<thinker>x",
        "<details><summary>Sources</summary>x</details>",
        "<details>\n<summary>🛠️ Used tool</summary>x</details>answer",
        "<details>no summary</details>",
        "intro\n<details><summary>Thinking</summary>x</details>",
        "<detail>",
        "1 < 2",
        "",
    ],
)
def test_all_other_text_is_answer(text: str):
    assert split_reasoning(text, final=True) == ("", text, False)


@pytest.mark.parametrize(
    "summary", ["Thinking", "🧠 Thought process", "思考过程", "Reasoning", "<b>Thinking</b>", "Thought for 3 s"]
)
@pytest.mark.parametrize("before", ["<details>", "<details open>\n", "\n<DETAILS class='x'> "])
def test_an_opening_details_with_a_known_summary_is_reasoning(summary: str, before: str):
    begin = f"{before}<summary>{summary}</summary>"
    assert split_reasoning(f"{begin}\nhm\n</details>\n\nanswer", final=True) == ("hm", "answer", False)
    assert split_reasoning(f"{begin}\nhm", final=False) == ("hm", "", True)


def test_details_within_such_reasoning_belong_to_it():
    text = "<details><summary>Thinking</summary>a<details>b</details>c</details>answer"
    assert split_reasoning(text, final=True) == ("a<details>b</details>c", "answer", False)


def test_details_in_the_answer_after_reasoning_stay():
    answer = "<details><summary>Thinking again</summary>x</details>"
    assert split_reasoning(f"<think>hm</think>{answer}", final=True) == ("hm", answer, False)


@pytest.mark.parametrize(
    "whole",
    [
        "<think>hm</think>answer",
        "\n <THINK>\nhm\n</THINK>\nanswer",
        "<details><summary>Thinking</summary>hm</details>answer",
        "<thinking>hm</thinking>",
    ],
)
def test_what_can_not_be_told_yet_is_held_back(whole: str):
    """However the text grows, nothing of the tags is ever shown, and nothing of the one side on the other."""
    for size in range(len(whole) + 1):
        thought, answer, _ = split_reasoning(whole[:size], final=False)
        assert "hm".startswith(thought)
        assert "answer".startswith(answer)
    assert split_reasoning(whole, final=True)[0] == "hm"


@pytest.mark.parametrize(
    "text", ["\n ", "<", "<thin", "<details", "<details><summ", "<details><summary>Thin", "<DETAILS>"]
)
def test_what_was_held_back_is_released_at_the_end(text: str):
    assert split_reasoning(text, final=False)[:2] == ("", "")
    assert split_reasoning(text, final=True) == ("", text, False)


def test_a_details_whose_summary_does_not_come_is_not_waited_for_without_end():
    text = "<details>" + "x" * 500
    assert split_reasoning(text, final=False) == ("", text, False)
    later = "<details><summary>" + "Thinking " * 50
    for more in ("", "</summary>", "</summary>hm</details>answer"):
        assert split_reasoning(later + more, final=False) == ("", later + more, False)


def test_line_ends_before_a_closing_tag_are_no_reasoning():
    """They are held back until it is known that something else follows."""
    assert split_reasoning("<think>a\n", final=False) == ("a", "", True)
    assert split_reasoning("<think>a\n\nb", final=False) == ("a\n\nb", "", True)


def test_a_closing_tag_that_is_cut_is_held_back_and_released():
    assert split_reasoning("<think>a </th", final=False) == ("a ", "", True)
    assert split_reasoning("<think>a </th", final=True) == ("a </th", "", True)


@many
@given(st.lists(st.sampled_from(["<think>", "</think>", "<details>", "</details>", "<summary>Thinking</summary>",
                                 "<summary>More</summary>", "a", "\n", " ", "<", "</"]), max_size=12), st.booleans())  # fmt: skip
def test_nothing_is_said_twice(pieces: list[str], final: bool):
    text = "".join(pieces)
    thought, answer, _ = split_reasoning(text, final=final)
    assert len(thought) + len(answer) <= len(text)
    assert text.endswith(answer) or not final
    assert thought in text


# Ends of texts that are held back


@pytest.mark.parametrize(
    "text, held",
    [
        ("a", 0),
        ("a<", 1),
        ("a<think", 6),
        ("a<think>", 0),
        ("<t</", 2),
        ("<<", 1),
        ("a</thin", 6),
        ("", 0),
        ("think>", 0),
    ],
)
def test_a_suffix_that_may_begin_a_tag(text: str, held: int):
    assert held_suffix(text, ("<think>", "</think>")) == held


def test_no_tags_hold_nothing():
    assert held_suffix("<thin", ()) == 0


@pytest.mark.parametrize(
    "text, rest",
    [
        ("see [here](http://x/", "http://x/"),
        ("see [here](", ""),
        ("<img src='http://x", "'http://x"),
        ('<img src="', '"'),
        ("see [here](http://x) and", ""),
        ("see [here]", ""),
        ("<img src='a'>", ""),
        ("src=", ""),
        ("plain", ""),
        ("two\n](x\nlines", ""),
        ("I think\n</details>\n", "\n</details>\n"),
        ("<div>I think</thi</div>\n</details>", "</thi</div>\n</details>"),  # as Qwen-Agent 0.0.26 closes it
        ("<div>I think</div>", ""),
    ],
)
def test_the_end_that_modelscopes_chatbot_will_rewrite(text: str, rest: str):
    assert provisional_suffix(text, PROVISIONAL["modelscopechatbot"]) == len(rest)


@given(st.sampled_from(sorted(PROVISIONAL)).flatmap(lambda kind: st.from_regex(PROVISIONAL[kind])))
def test_every_provisional_end_has_a_mark(text: str):
    assert MARKS.search(text)


@given(st.sampled_from(sorted(PROVISIONAL)), st.lists(st.sampled_from(PIECES), max_size=20), st.sampled_from(PIECES))
def test_a_new_provisional_end_begins_near_the_new_piece(kind: str, before: list[str], piece: str):
    pattern, old = PROVISIONAL[kind], "".join(before)
    if not pattern.search(old):
        assert bool(pattern.search(old + piece)) == bool(pattern.search(old[-NEAR:] + piece))


@pytest.mark.parametrize("text", ["Thinking…", "⏳ *Generating response…*", "...", "🔍 Reading 3 pages...", "⏳ Wait"])
def test_what_may_stand_for_an_answer(text: str) -> None:
    assert stands_for_answer(text)


@pytest.mark.parametrize("text", ["Thinking", "Well... yes", "one\ntwo...", f"{'long ' * 30}..."])
def test_what_is_an_answer_already(text: str) -> None:
    assert not stands_for_answer(text)


@pytest.mark.parametrize("text, size", [("a ▌", 2), ("a●", 1), ("a", 0), ("● a", 0), ("", 0), ("a ▌\n", 3)])
def test_a_cursor_behind_a_text(text: str, size: int) -> None:
    assert cursor_suffix(text) == size
