from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gradio.html import html_to_text, without_tags


@pytest.mark.parametrize(
    "source, text",
    [
        ("<p>One &amp; <b>two</b></p><p>three</p>", "One & two\n\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n\n- b"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n\n3"),
        (
            '<a href="https://x/y">here</a> <a href="#top">up</a> <a href="http://z">http://z</a>',
            "here (https://x/y) up http://z",
        ),
        ("<script>alert(1)</script><style>p{}</style>seen<!-- not -->", "seen"),
        ("<img src=x alt='a cat'>", "a cat"),
        ("  much \n\n  space  ", "much space"),
        ("List<int> and 1 < 2 > 0", "List<int> and 1 < 2 > 0"),
        ("<div", "<div"),
        ("</p></p></a></script>x", "x"),
    ],
)
def test_what_is_to_be_read(source: str, text: str):
    assert html_to_text(source).replace("\n\n\n", "\n\n") == text


@pytest.mark.parametrize(
    "message, text",
    [
        ("quota gone <b>now</b>", "quota gone now"),
        ("see <a href='https://hf.co/x'>the page</a>.", "see the page (https://hf.co/x)."),
        ("KeyError: '&amp;'", "KeyError: '&amp;'"),
        ("List<int> is not List<str>", "List<int> is not List<str>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<class 'int'> expected", "<class 'int'> expected"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_messages_of_apps(message: str, text: str):
    assert without_tags(message) == text


@given(st.text(alphabet="<>/abp &;!-'\"=\n", max_size=60))
def test_any_text(source: str):
    html_to_text(source)
    without_tags(source)


def test_much_of_it_is_read_in_time():
    for piece in ("<p>", "<a ", "<!--", "&", "<b>x</b>", "< "):
        html_to_text(piece * 50_000)
        without_tags(piece * 50_000)
