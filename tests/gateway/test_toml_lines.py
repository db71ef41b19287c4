"""Lines of things in TOML files."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gateway.toml_lines import line_of, lines_of

TEXT = '''# a comment with [brackets] and = signs
title = "x" # [more]

[server]
host = "a # b"
list = [
  "one", # ]
  "[models.no]",
]

[models."my model"]
text = """
[models.inside]
key = 1
"""
single = \'\'\'
[models.other]\'\'\'
inline = { a = 1, b = [2, 3] }
dotted.below."deep er" = 1

[[rows]]
name = 1
[[rows]]
name = 2
[rows.sub]
x = 1
'''


def test_tables_and_keys_are_found():
    lines = lines_of(TEXT)
    assert tomllib.loads(TEXT)["models"]["my model"]["dotted"]["below"] == {"deep er": 1}
    assert line_of(("title",), lines) == 2
    assert line_of(("server",), lines) == 4
    assert line_of(("server", "host"), lines) == 5
    assert line_of(("server", "list", 1), lines) == 6
    assert line_of(("models", "my model"), lines) == 11
    assert line_of(("models", "my model", "text"), lines) == 12
    assert line_of(("models", "my model", "single"), lines) == 16
    assert line_of(("models", "my model", "inline", "b"), lines) == 18
    assert line_of(("models", "my model", "dotted"), lines) == 19
    assert line_of(("models", "my model", "dotted", "below", "deep er"), lines) == 19
    assert line_of(("rows", 0, "name"), lines) == 22
    assert line_of(("rows", 1, "name"), lines) == 24
    assert line_of(("rows", 1, "sub", "x"), lines) == 26
    assert line_of(("nowhere",), lines) is None
    assert ("models", "inside") not in lines
    assert ("models", "other") not in lines


VALUES = st.sampled_from(['"a"', "1", "[1, 2]", "[\n 1,\n 2 ]", '"""\nx = 1\n"""', "{ a = 1 }", "'#'", '"\\"#["'])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), VALUES), unique_by=lambda pair: pair[0], max_size=6))
def test_each_key_is_on_its_line(pairs: list[tuple[str, str]]):
    text, expected = "[table]\n", {}
    for key, value in pairs:
        expected[key] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    tomllib.loads(text)
    lines = lines_of(text)
    assert {path[1]: line for path, line in lines.items() if len(path) == 2} == expected
