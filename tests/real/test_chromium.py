"""The browser and the raw reader agree on what the real Qwen-Agent page shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.chromium import chromium
from tests.real.model_server import ModelServer
from tests.real.readers import raw_turn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
]


@pytest.mark.parametrize("answer", ["nested", "html", "emoji"])
async def test_the_two_readers_agree(
    qwen_agent: Callable[..., str], model: ModelServer, tmp_path: Path, answer: str
) -> None:
    url = await asyncio.to_thread(qwen_agent, "--agents", "3")
    async with chromium() as browser:
        seen = await browser.turn(url, f"Say [[{answer}]]", screenshot=tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    raw = await raw_turn(url, f"Say [[{answer}]]")
    assert seen.answer == raw.answer
    assert seen.answer
    assert f"Say [[{answer}]]" in seen.visible
