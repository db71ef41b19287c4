"""Hugging Face in small: its Hub, the proxy in front of its Spaces, and real apps behind that."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from spacebridge import Space
from spacebridge.chat.events import Notice
from tests.doubles.fault_server import certificate
from tests.doubles.http import HttpDouble
from tests.doubles.hub import EdgeDouble, Hosted, HubDouble
from tests.doubles.proxy import HttpProxy

HERE = Path(__file__).parent
GPU_APP = HERE / "gpu_app.py"
HOST = "owner-name.hf.space"


class World:
    """The Hub, the proxy in front of Spaces, and a way to both."""

    def __init__(self, hub: HubDouble, edge: EdgeDouble, proxy: HttpProxy | None = None) -> None:
        self.hub = hub
        self.edge = edge
        self.proxy = proxy
        self.notices: list[str] = []
        """What was told while a Space was reached."""

    def add(self, app: str | list[str], **options: Any) -> Hosted:
        """A Space with this app behind it."""
        apps = [app] if isinstance(app, str) else app
        host = f"https://{HOST}" if self.proxy else self.edge.url
        space = Hosted("owner/name", apps, **{"host": host, **options})
        self.hub.spaces[space.id] = space
        self.edge.spaces.append(space)
        return space

    def space(self, address: str = "owner/name", **options: Any) -> Space:
        """Not yet connected."""

        def tell(notice: Notice) -> None:
            self.notices.append(notice.text)

        way = {"proxy": self.proxy.url} if self.proxy else {}
        return Space(address, on_status=tell, **{**way, **options})

    def asked(self) -> list[str]:
        """What the Hub was asked."""
        return [request.target for request in self.hub.requests]


def told(double: HttpDouble) -> str:
    """All that a server was sent."""
    return "\n".join(
        f"{request.target} {request.headers} {request.body.decode('utf-8', 'replace')}" for request in double.requests
    )


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No token of whoever runs the tests."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub is asked again after moments."""
    monkeypatch.setattr("spacebridge.spaces.hub._FIRST_PAUSE", 0.02)
    monkeypatch.setattr("spacebridge.spaces.hub._LONGEST_PAUSE", 0.05)


@pytest.fixture(scope="session")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server for Hugging Face's names, and of a client that trusts it."""
    return certificate(tmp_path_factory.mktemp("tls"), "huggingface.co", "*.hf.space")


@pytest.fixture
async def world(quick: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Without TLS, at addresses of its own: ``HF_ENDPOINT`` leads to the Hub."""
    async with HubDouble() as hub, EdgeDouble() as edge:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield World(hub, edge)


@pytest.fixture
async def real_names(
    quick: None, monkeypatch: pytest.MonkeyPatch, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> AsyncIterator[World]:
    """With TLS, at their true names: a proxy leads there."""
    server, client = contexts
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", client)
    async with contextlib.AsyncExitStack() as stack:
        hub, edge = await stack.enter_async_context(HubDouble(tls=server)), EdgeDouble(tls=server)
        await stack.enter_async_context(edge)
        proxy = await stack.enter_async_context(HttpProxy())
        proxy.routes = {
            ("huggingface.co", 443): (hub.host, hub.port),
            (HOST, 443): (edge.host, edge.port),
        }
        yield World(hub, edge, proxy)


@pytest.fixture
async def app(rule_app: Callable[..., str]) -> str:
    """A real app, of the newest gradio."""
    return await asyncio.to_thread(rule_app, "interface")
