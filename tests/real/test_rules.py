"""The small apps run everywhere they should, and the real page shows of each what its sentence says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from tests.real.apps import APPS, CASES, EARLY, NEW, OLD, SSE, WS
from tests.real.chromium import chromium
from tests.real.readers import RawReader

Start = Callable[[str, str], str]


@pytest.mark.servers
@pytest.mark.parametrize("case", [case for case in CASES if case[1] in (OLD, NEW)], ids="-".join)
async def test_every_app_starts(rule_app: Start, case: tuple[str, str]) -> None:
    url = await asyncio.to_thread(rule_app, *case)
    async with aiohttp.ClientSession() as client, client.get(f"{url}/config") as response:
        if case[0].endswith("_login"):
            assert response.status == 401
            return
        kinds = {component["type"] for component in (await response.json())["components"]}
    chat = not case[0].startswith(("text", "rendered"))
    assert ("chatbot" in kinds) == chat


SEEN = {
    **{("listeners_clear_first", early): "Echo: Hello | history=1" for early in EARLY},
    **{("updates", early): "Echo: Hello | history=1" for early in (WS, SSE)},
    **{("interface", early): "Echo: Hello | history=0" for early in (WS, SSE)},
    ("change_hidden", WS): "Echo: Hello | history=1",
    ("js_outputs", WS): "",
    ("listeners_clear_first", OLD): "Echo: Hello | history=1",
    ("listeners_clear_first", NEW): "Echo:  | history=1",
    ("js_outputs", OLD): "",  # before 6 the browser does not go on after a step that is only JavaScript
    ("js_outputs", NEW): "Echo: Hello | history=1",
    ("props", NEW): "Echo: Hello | lines=1 style=3 of 10 history=1",
    ("rendered_all", NEW): "Echo: Hello | style=plain history=1",
    ("timer", NEW): "Echo: Hello | history=1",
    ("change_state", OLD): "Echo: Hello | history=1",
    ("triggers", NEW): "Echo: Hello | by=Message history=1",
}


@pytest.mark.browser
@pytest.mark.servers
@pytest.mark.parametrize("case", SEEN, ids="-".join)
async def test_what_the_page_shows(rule_app: Start, case: tuple[str, str]) -> None:
    url = await asyncio.to_thread(rule_app, *case)
    async with chromium() as browser:
        reading = await browser.turn(url, "Hello")
    assert reading.answer == SEEN[case]
    assert not reading.errors


@pytest.mark.browser
@pytest.mark.servers
@pytest.mark.parametrize("environment", [WS, SSE, OLD, NEW])
async def test_the_chain_after_a_cancel(rule_app: Start, environment: str) -> None:
    url = await asyncio.to_thread(rule_app, "cancel_chain", environment)
    async with chromium() as browser, browser.page(url) as page:
        turn = asyncio.create_task(page.turn("[[count=60 pace=0.05]]"))
        while not (await page.reading()).answer.startswith("1 2 3 4 "):
            await asyncio.sleep(0.05)
        await page.stop()
        assert "60" not in (await turn).answer
        following = (await page.turn("Hello")).answer
        assert "memory=['[[count=60 pace=0.05]]', '1 2 3 " in following
        assert "60 '" not in following


def test_the_table_is_whole() -> None:
    used = {app.script.name for app in APPS.values()}
    there = {path.name for path in APPS["echo"].script.parent.glob("*.py")} - {"common.py"}
    assert used == there


@pytest.mark.servers
@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_a_file_is_named_in_the_answer(rule_app: Start, environment: str) -> None:
    url = await asyncio.to_thread(rule_app, "interface_multimodal", environment)
    async with RawReader(url) as reader:
        file = await reader.upload("a.txt", b"hello")
        reading = await reader.turn({"text": "Look", "files": [file]})
    assert not reading.errors
    assert "Echo: Look | history=0 files=a.txt" in reading.answers[-1]
