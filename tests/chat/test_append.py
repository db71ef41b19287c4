from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.append import AppendOnly
from spacebridge.chat.events import Event, Finished, Notice, ReasoningDelta, Rewritten, Started, TextDelta
from spacebridge.errors import AnswerRewritten
from tests.strategies import many


def text(said: str) -> TextDelta:
    return TextDelta(text=said)


def layout(keep: int, replacement: str) -> Rewritten:
    return Rewritten(kind="layout", keep=keep, replacement=replacement)


def content(keep: int, replacement: str) -> Rewritten:
    return Rewritten(kind="content", keep=keep, replacement=replacement)


def fed(output: AppendOnly, *events: Event) -> list[str]:
    return [output.feed(event) for event in events]


def test_deltas_pass_as_they_are_and_other_events_say_nothing():
    events = [Started(), text("a"), ReasoningDelta(text="hm"), text("b"), Notice(level="info"), Finished(text="ab")]
    assert fed(AppendOnly(), *events) == ["", "a", "", "b", "", ""]


def test_text_that_only_finished_has_is_given_then():
    assert fed(AppendOnly(), text("a"), Finished(text="abc")) == ["a", "bc"]


@pytest.mark.parametrize(
    "old, new, rest",
    [
        ("1. **Foo**:\n- bar", "1. **Foo**:\n   - bar\n2. **Qux**", "\n2. **Qux**"),
        ("a  b", "a b", ""),
        ("a b", "ab c", " c"),
        ("a\n", "a\n\nb", "\nb"),  # what is blank at the end is not given twice
        ("a ", "a\n", ""),
        ("a  ", "a b", "b"),
        ("  a", "a", ""),
        ("a\n\n", "a", ""),
        ("", "  a", "  a"),
        ("\n", " a", "a"),
    ],
)
def test_after_a_layout_rewrite_the_text_goes_on_behind_the_aligned_place(old: str, new: str, rest: str):
    output = AppendOnly()
    output.feed(text(old))
    assert fed(output, layout(0, new), text("!"), Finished(text=new + "!", layout_changed=True)) == [rest, "!", ""]


def test_several_layout_rewrites():
    output = AppendOnly()
    events = [text("- a"), layout(0, "  - a\n- b"), text(" c"), layout(0, "- a\n  - b c\nd"), text("e")]
    assert fed(output, *events) == ["- a", "\n- b", " c", "\nd", "e"]
    assert output.feed(Finished(text="- a\n  - b c\nde", layout_changed=True)) == ""


def test_after_a_content_rewrite_nothing_more_is_sent_and_the_end_carries_the_whole_text():
    output = AppendOnly()
    assert fed(output, text("abc"), content(1, "x"), text("yz"), text("more")) == ["abc", "", "", ""]
    with pytest.raises(AnswerRewritten) as caught:
        output.feed(Finished(text="axyzmore"))
    assert (caught.value.text, caught.value.partial) == ("axyzmore", "abc")


def test_a_content_rewrite_that_differs_in_white_space_after_all_is_none_of_the_layout():
    """Nobody was told that the layout changed, so the text must be exact."""
    output = AppendOnly()
    fed(output, text("a\n"), content(0, ""), text("a"))
    with pytest.raises(AnswerRewritten):
        output.feed(Finished(text="a"))


def test_a_text_that_is_taken_back_and_comes_again_goes_on_at_once():
    output = AppendOnly()
    assert fed(output, text("abc"), content(1, ""), text("b"), text("cd"), text("e")) == ["abc", "", "", "d", "e"]
    assert output.feed(Finished(text="abcde")) == ""


def test_a_rewrite_after_a_rewrite_may_lead_back():
    output = AppendOnly()
    assert fed(output, text("abc"), content(0, "xyz"), content(0, "abcd"), text("e")) == ["abc", "", "d", "e"]
    assert output.feed(Finished(text="abcde")) == ""


def test_a_rewrite_before_anything_was_sent():
    assert fed(AppendOnly(), content(0, "a"), text("b"), Finished(text="ab")) == ["a", "b", ""]


pieces = st.sampled_from(["a", "b", " ", "\n", "  "])


@many
@given(st.lists(st.tuples(st.integers(0, 8), st.lists(pieces, max_size=4).map("".join)), max_size=8))
def test_what_was_sent_is_the_text_or_the_end_says_otherwise(changes: list[tuple[int, str]]):
    output, now, sent, layout_changed = AppendOnly(), "", "", False
    for keep, piece in changes:
        if keep >= len(now):
            event: Event = text(piece)
            now += piece
        else:
            new = now[:keep] + piece
            kind = "layout" if "".join(new.split()).startswith("".join(now.split())) else "content"
            layout_changed |= kind == "layout"
            event = Rewritten(kind=kind, keep=keep, replacement=piece)
            now = new
        sent += output.feed(event)
    rewritten: AnswerRewritten | None = None
    try:
        sent += output.feed(Finished(text=now, layout_changed=layout_changed))
    except AnswerRewritten as error:
        rewritten = error
    if rewritten is not None:
        assert (rewritten.text, rewritten.partial) == (now, sent)
        assert sent != now
    else:
        assert sent == now or (layout_changed and "".join(sent.split()) == "".join(now.split()))


@pytest.mark.timeout(20)
def test_a_long_stream_after_a_rewrite_costs_time_linear_in_its_length():
    output = AppendOnly()
    output.feed(text("a" * 300_000))
    output.feed(content(0, "b"))
    for event in itertools.repeat(text("c"), 600_000):
        assert output.feed(event) == ""
