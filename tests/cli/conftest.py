"""The chat that the shell is tried on."""

import pytest

from tests.cli.shell import CHAT_APP
from tests.real.process import Pool


@pytest.fixture
def chat(servers: Pool) -> str:
    """The URL of the chat app."""
    return servers.get(CHAT_APP)
