from __future__ import annotations

import pytest

from spacebridge.chat.progress import progress_of


@pytest.mark.parametrize(
    "data, told",
    [
        ([{"index": 1, "length": 4, "unit": "steps", "desc": "Work"}], ("1/4 steps", "Work")),
        ([{"index": 0, "length": 2}, {"index": 1, "length": 3, "unit": None, "desc": None}], ("1/3", "")),
        ([{"progress": 0.5}], ("50%", "")),
        ([{"index": 3, "length": None, "progress": None, "desc": "Load"}], ("", "Load")),
        ([], None),
        (["odd"], None),
        ("odd", None),
        (None, None),
    ],
)
def test_how_far_an_app_has_come(data: object, told: tuple[str, str] | None):
    assert progress_of(data) == told
