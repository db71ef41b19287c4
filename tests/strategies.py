"""What property tests draw from, and how hard they try.

With ``EXAMPLES=5000`` in the environment they try that many cases, and other ones at each run.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

__all__ = ["chunkings", "json_values", "kin", "many", "words"]

many = settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    derandomize="EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""How property tests of this project are run: the machine may be busy, and a run is the same each time."""

words = st.text(alphabet="ab \n<é😀", max_size=6)
"""Short texts of few characters, so that one often begins like another."""


def _nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=14,
    )


json_values = _nested(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    st.text(max_size=5),
)
"""Any JSON."""

kin = _nested(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0, 0.5]) | words,
    st.sampled_from(["", "a", "b", "é"]),
)
"""JSON of few different values, so that two drawn ones have much in common."""


def chunkings(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """All ways in which bytes may be cut."""
    cuts = st.lists(st.integers(0, len(data)), max_size=12).map(sorted)
    return cuts.map(lambda at: [data[i:j] for i, j in zip([0, *at], [*at, len(data)], strict=True)])
