from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gateway.shapes.stop import Stop
from tests.strategies import many


def run(sequences: list[str], pieces: list[str]) -> tuple[str, str | None]:
    stop = Stop(sequences)
    passed = "".join(stop.feed(piece) for piece in pieces)
    return passed + stop.finish(), stop.hit


@pytest.mark.parametrize(
    "sequences, text, passed, hit",
    [
        (["END"], "a END b", "a ", "END"),
        (["END"], "a EN", "a EN", None),
        (["\n\n"], "a\n\n", "a", "\n\n"),
        (["b", "a"], "xab", "x", "a"),
        (["bc", "abcd"], "abcd", "a", "bc"),  # the one that is complete first
        (["bc", "abc"], "abc", "", "abc"),  # complete at the same place: the longest
        (["aab"], "aaaab", "aa", "aab"),
        (["ss", "s"], "miss", "mi", "s"),
        ([], "all", "all", None),
        (["", "x"], "all", "all", None),
        (["日本"], "あ日本語", "あ", "日本"),
    ],
)
def test_the_text_ends_before_the_first_stop_sequence_at_any_split(
    sequences: list[str], text: str, passed: str, hit: str | None
):
    for cut in range(len(text) + 1):
        assert run(sequences, [text[:cut], text[cut:]]) == (passed, hit)
    assert run(sequences, list(text)) == (passed, hit)


def test_only_what_may_become_a_stop_sequence_is_held_back():
    stop = Stop(["</s>", "STOP"])
    assert [stop.feed(piece) for piece in ("a", " <", "b", "</", "s", "t", "ST", "OP", "c")] == [
        "a", " ", "<b", "", "", "</st", "", "", "",
    ]  # fmt: skip
    assert (stop.hit, stop.finish()) == ("STOP", "")


letters = st.text(alphabet="ab\n", max_size=4)


@many
@given(st.lists(letters, max_size=3), st.lists(st.text(alphabet="ab\n", max_size=5), max_size=8))
def test_any_split_gives_what_the_whole_gives(sequences: list[str], pieces: list[str]):
    text = "".join(pieces)
    passed, hit = run(sequences, pieces)
    assert (passed, hit) == run(sequences, [text])
    used = [sequence for sequence in sequences if sequence]
    assert hit in [*used, None]
    assert text.startswith(passed + (hit or ""))
    assert not any(sequence in passed for sequence in used)
    assert hit is not None or passed == text
