"""The laboratory, as a fixture."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.faults.lab import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No fault may hang: each test has a short time."""
    for item in items:
        if "tests/faults/" in item.nodeid and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(30))


@pytest.fixture(scope="package")
def little_garbage() -> Iterator[None]:
    """Keep what is there already out of the many collections."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
async def lab(little_garbage: None) -> AsyncIterator[Lab]:
    """Servers and Spaces of one test; nothing of them may be left after it."""
    one = Lab()
    yield one
    await one.close()
