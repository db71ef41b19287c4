"""Gateways in front of real apps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway.served import Served, gateway
from tests.real.valkey import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="package")
def apps_gateway(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A gateway in front of several small apps of 6.31, one model each."""
    from tests.real.apps import APPS

    servers = request.getfixturevalue("servers")
    models: list[str] = []
    for name in ("interface", "interface_settings", "interface_multimodal", "interface_thoughts", "notices", "echo"):
        app = APPS[name]
        models += ["--model", f"{name}={servers.get(app.script, *app.arguments)}"]
    with gateway(*models, "--keep-alive", "0.3") as served:
        yield served


@pytest.fixture
def served(apps_gateway: Served, rule_app: Callable[..., str]) -> Served:
    return apps_gateway
