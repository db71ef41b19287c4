"""The table of chat apps is whole, and the trickiest of them behave on the real page as it says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page

from tests.real.chats import CHATS, FOUR, HERE, LATE, PROMPTS, SIX
from tests.real.chromium import chromium

Start = Callable[[str, str], str]


def test_the_table_is_whole() -> None:
    used = {chat.script.name for chat in CHATS.values()}
    assert used == {path.name for path in HERE.glob("*.py")} - {"talk.py", "loaded.py"}
    assert len({(chat.file, chat.arguments) for chat in CHATS.values()}) >= 40


async def click(tab: Page, name: str) -> None:
    await tab.get_by_role("button", name=name, exact=True).click()


async def choose(tab: Page) -> None:
    await tab.get_by_label("Model").first.click()
    await tab.get_by_role("option", name="small").click()


async def script(tab: Page) -> None:
    await click(tab, "Accept")


async def named(tab: Page) -> None:
    await tab.get_by_label("Your name").fill("Ada")
    await click(tab, "Enter")


async def steps(tab: Page) -> None:
    await click(tab, "Continue")
    await choose(tab)
    await click(tab, "Load model")


async def nothing(_: Page) -> None:
    pass


BY_HAND: dict[tuple[str, str], Callable[[Page], Awaitable[None]]] = {
    ("gate_script", FOUR): script,
    ("gate_steps", SIX): steps,
    ("gate_named", LATE): named,
    ("hanging_thread", FOUR): nothing,
    ("locks", FOUR): nothing,
    ("drawn_tab", SIX): nothing,
}
"""What a person does on the page before the first message."""
CLICKS = {"locks": "Send"}


@pytest.mark.browser
@pytest.mark.servers
@pytest.mark.parametrize("case", BY_HAND, ids="-".join)
async def test_what_the_page_shows(chat_app: Start, case: tuple[str, str]) -> None:
    name, environment = case
    url = await asyncio.to_thread(chat_app, name, environment)
    more: dict[str, Any] = {}
    if name == "drawn_tab":
        more["box"] = "label:has-text('Message') :is(textarea, input):visible"
    async with chromium() as browser, browser.page(url) as page:
        await BY_HAND[case](page.tab)
        await page.settle()
        for prompt, answer in zip(PROMPTS, CHATS[name].answers(), strict=True):
            reading = await page.turn(prompt, click=CLICKS.get(name), **more)
            assert not reading.errors
            assert reading.answers[-1] == answer
