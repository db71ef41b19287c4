"""Nothing that a terminal obeys gets through."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.cli.show.markup import Painter
from spacebridge.cli.terminal.clean import clean, clean_line
from tests.cli.screens import Screen

OBEYED = {chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))} - {"\n", "\t"}
OBEYED |= {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def test_controls_are_shown_or_left_out():
    assert clean("a\x1b[31mb\x07c\x9bd\x7f") == "a␛[31mb␇c\ufffdd␡"
    assert clean("one\r\ntwo\tthree\n") == "one\ntwo\tthree\n"
    assert clean("exe.\u202egnp\u202c") == "exe.gnp"
    assert clean("half \ud83d pair") == "half \ufffd pair"


def test_what_is_harmless_stays():
    text = "é e\u0301 👨‍👩‍👧 שלום مرحبا 日本語 \u200f\ufe0f 🏴\U000e0067\U000e007f\n\t~"
    assert clean(text) == text


@given(st.text())
def test_nothing_obeyed_is_left(text: str):
    assert not OBEYED & set(clean(text))
    assert clean(clean(text)) == clean(text)


@given(st.text(), st.text())
def test_pieces_are_cleaned_like_the_whole(first: str, second: str):
    assert clean(first) + clean(second) == clean(first + second)


def test_lines_stay_lines():
    assert clean_line(" a\nb\u2028c\x1b ") == "a b c␛"


def bare(text: str) -> str:
    """Rendered text without the attributes that we ourselves set."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


HOSTILE = [
    "a \x1b]0;owned\x07 \x9b31m",
    "<http://x/%1b%5b31m%07>",
    "[a](http://x/%1b%5b31m) ![b](http://x/%1b%07 't\x1b')",
    "&#x202e;abc &#12; &#13; &#27;[31m &#155;",
    "```\x1b[2J\n\x1b]52;c;aGk=\x07\n```",
    "| \x1b[31m |\n|---|\n| &#x9b; |",
    "`\x1b[1m` **\x07**",
    "1. \x1b[31m\n   - \x07",
    '[a]: http://x "\x1b"\n\n[a]',
]


@pytest.mark.parametrize("source", HOSTILE)
def test_rendering_lets_nothing_through(source: str):
    painter = Painter(Screen())
    for line in (*painter.markdown(source), *painter.plain(source)):
        assert not OBEYED & set(bare(line.text)), line


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b\x9b\x07&#;<>[]()`*|-\n %")))
def test_rendering_any_text(source: str):
    for line in Painter(Screen(20)).markdown(source):
        assert not OBEYED & set(bare(line.text))


def test_nothing_gets_lost_in_rendering():
    source = "List<int> and <b>html</b>, [a](http://b.example) ![c](http://d.example) <details>\n\nx\n\n</details>\n\none\ntwo"
    shown = "\n".join(bare(line.text) for line in Painter(Screen(200)).markdown(source))
    for part in ("List<int>", "<b>html</b>", "a (http://b.example)", "c", "http://d.example", "<details>", "one\ntwo"):
        assert part in shown
    assert unicodedata.is_normalized("NFC", shown)


def test_lines_are_as_wide_as_they_say():
    from rich.cells import cell_len

    for line in Painter(Screen(30)).markdown("日本語 " * 20 + "\n\n| a | b |\n|---|---|\n| 日本 | x |"):
        assert line.width == cell_len(bare(line.text)) <= 30
