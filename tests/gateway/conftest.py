"""Gateways in front of real apps."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.gateway.page_driver import browser
from tests.gateway.served import Served, gateway
from tests.real.apps import APPS
from tests.real.process import Pool
from tests.real.valkey import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this run."""
    async with browser() as running:
        yield running


@pytest.fixture(scope="package")
def served() -> Iterator[Served]:
    """A gateway in front of several small apps of 6.31, one model each."""
    names = ("interface", "interface_settings", "interface_multimodal", "interface_thoughts", "notices", "echo")
    # Of their own: the shared pool closes what has not been asked for of late.
    with contextlib.closing(Pool()) as pool:
        models: list[str] = []
        for name in names:
            app = APPS[name]
            models += ["--model", f"{name}={pool.get(app.script, *app.arguments)}"]
        with gateway(*models, "--keep-alive", "0.3") as running:
            yield running
