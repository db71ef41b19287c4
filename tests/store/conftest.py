"""A real server for the stores that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real.valkey import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server
