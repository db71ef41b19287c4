"""Growing Markdown is cut so that nothing before a cut changes any more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.cli.show.blocks import Cutter

DOCUMENT = """# One

Two
three

1. a
2. b

   more of b
3. c
   - d
   - e

- f
- g
***
Intro:
- h
- i

```py
x = 1

# not a heading
- not an item
```
After
~~~
open
"""


def cut_all(pieces: list[str]) -> list[tuple[str, str]]:
    cutter, rest, found = Cutter(), "", []
    for piece in pieces:
        rest += piece
        blocks, taken = cutter.cut(rest)
        rest = rest[taken:]
        found += blocks
    found += cutter.cut(rest, final=True)[0]
    return [(block.kind, block.source) for block in found]


def test_the_blocks_of_a_document():
    kinds = cut_all([DOCUMENT])
    assert [source.strip() for kind, source in kinds if kind == "text"] == [
        "# One",
        "Two\nthree",
        "1. a",
        "2. b\n\n   more of b",
        "3. c\n   - d\n   - e",
        "- f",
        "- g\n***\nIntro:",
        "- h",
        "- i",
        "After",
    ]
    assert [source for kind, source in kinds if kind == "code"] == [
        "x = 1", "", "# not a heading", "- not an item", "open",
    ]  # fmt: skip
    assert [source for kind, source in kinds if kind in ("open", "close")] == ["```py", "```", "~~~"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_are_cut_like_the_whole(size: int):
    pieces = [DOCUMENT[i : i + size] for i in range(0, len(DOCUMENT), size)]
    assert cut_all(pieces) == cut_all([DOCUMENT])


LINES = st.sampled_from(
    ["", "a", "- b", "1. c", "7. d", "  e", "    f", "```", "~~~~", "``` x", "> g", "# h", "---", "|i|"]
)


@given(st.lists(LINES), st.data())
def test_any_document_at_any_split(lines: list[str], data: st.DataObject):
    text = "\n".join(lines)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert cut_all(pieces) == cut_all([text])


@given(st.lists(LINES))
def test_no_word_is_lost(lines: list[str]):
    text = "\n".join(lines)
    sources = "\n".join(source for _, source in cut_all([text]))
    for letter in "abcdefghi":
        assert sources.count(letter) == text.count(letter)


def test_a_preview_cuts_nothing():
    cutter = Cutter()
    assert [block.kind for block in cutter.preview("```\ncode")] == ["open", "code"]
    assert cutter.fence is None
    assert cutter.cut("a\n\nb\n")[1] == len("a\n\n")


def test_items_keep_their_numbers():
    sources = [source for _, source in cut_all(["1. a\n1. b\n1. c\n"])]
    assert sources == ["1. a\n", "2. b\n", "3. c\n"]
    assert [source for _, source in cut_all(["1) a\n2. b\n"])] == ["1) a\n2. b\n"]
