"""Fixtures for every test: real servers that start when first asked for, and a model that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.real.apps import APPS, QWEN_AGENT, QWEN_AGENT_ENVIRONMENT
from tests.real.chats import CHATS
from tests.real.chromium import SHARED
from tests.real.model_server import ModelServer
from tests.real.process import CURRENT, Pool


@pytest.fixture(scope="session")
def servers() -> Iterator[Pool]:
    """The real servers of this run."""
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture(scope="session", autouse=True)
def browser() -> Iterator[None]:
    """Whatever test starts the browser, it ends with the run."""
    yield
    SHARED.stop()


@pytest.fixture(scope="session")
def shared_model() -> Iterator[ModelServer]:
    """The one scripted model that the real apps of this run stand in front of."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(shared_model: ModelServer) -> Iterator[ModelServer]:
    """The scripted model, with nothing left of the test before."""
    shared_model.reset_script()
    yield shared_model
    shared_model.reset_script()


@pytest.fixture
def qwen_agent(servers: Pool, model: ModelServer) -> Callable[..., str]:
    """``qwen_agent("--agents", "3", …)``: the URL of the real Qwen-Agent app with these options, before ``model``."""

    def get(*options: str, environment: str = QWEN_AGENT_ENVIRONMENT) -> str:
        return servers.get(QWEN_AGENT, "--model-server", model.base_url, *options, environment=environment)

    return get


@pytest.fixture
def rule_app(servers: Pool) -> Callable[[str, str], str]:
    """``rule_app(name, environment)``: the URL of a small app of ``tests.real.apps.APPS``."""

    def get(name: str, environment: str = CURRENT) -> str:
        app = APPS[name]
        return servers.get(app.script, *app.arguments, environment=environment)

    return get


@pytest.fixture
def chat_app(servers: Pool) -> Callable[[str, str], str]:
    """``chat_app(name, environment)``: the URL of a small chat app of ``tests.real.chats.CHATS``."""

    def get(name: str, environment: str = CURRENT) -> str:
        chat = CHATS[name]
        return servers.get(chat.script, *chat.arguments, environment=environment)

    return get
