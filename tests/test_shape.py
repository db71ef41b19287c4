from __future__ import annotations

import pytest

from spacebridge.shape import as_list, as_number, as_object, as_text, is_list, is_object


@pytest.mark.parametrize(
    "value, number",
    [(1, 1.0), (0.5, 0.5), (-3, -3.0), (True, None), ("1", None), (None, None), ([1], None), (10**400, None)],
)
def test_numbers(value: object, number: float | None):
    assert as_number(value) == number


def test_each_shape_is_itself_or_empty():
    for value in ({"a": 1}, ["a"], "a", None, 7):
        assert as_object(value) == (value if isinstance(value, dict) else {})
        assert as_list(value) == (value if isinstance(value, list) else [])
        assert as_text(value) == (value if isinstance(value, str) else "")
        assert (is_object(value), is_list(value)) == (isinstance(value, dict), isinstance(value, list))


def test_what_has_the_shape_is_not_copied():
    value: dict[str, list[int]] = {"a": []}
    assert as_object(value) is value
    assert as_list(value["a"]) is value["a"]
