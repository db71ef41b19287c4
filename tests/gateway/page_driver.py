"""The gateway's page in a real Chromium, used as a person would use it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.real.chromium import ARGUMENTS, CHROMIUM

WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.__violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


class ChatPage:
    """One tab with the page in it."""

    def __init__(self, tab: Page, url: str) -> None:
        self.tab = tab
        self.url = url
        self.asked: list[str] = []
        """The addresses that were asked for."""
        self.complaints: list[str] = []
        """What the browser complained of in its console, and errors of the page itself."""
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("console", self._noted)

    def _noted(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    async def open(self, model: str = "keeper") -> None:
        await self.tab.goto(self.url)
        await expect(self.tab.get_by_label("Model", exact=True)).to_have_value(model)

    @property
    def box(self) -> Locator:
        return self.tab.get_by_role("textbox", name="Your message")

    @property
    def answers(self) -> Locator:
        return self.tab.get_by_role("article", name=re.compile("^Answer of "))

    @property
    def questions(self) -> Locator:
        return self.tab.get_by_role("article", name="Your message")

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.tab).get_by_role("button", name=name, exact=True)

    async def send(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def say(self, text: str, *, expecting: str = "") -> Locator:
        """Say something, wait for the end of the answer, and return it."""
        before = await self.answers.count()
        await self.send(text)
        answer = self.answers.nth(before)
        await self.ended(answer)
        if expecting:
            await expect(answer).to_contain_text(expecting)
        return answer

    async def ended(self, answer: Locator) -> None:
        """Wait for the end of an answer."""
        await expect(answer).to_have_attribute("aria-busy", "false", timeout=40_000)

    async def hosts(self) -> set[str]:
        """Whoever was asked for something."""
        return {re.sub(r"^(\w+://[^/]+|\w+:).*", r"\1", url, flags=re.DOTALL) for url in self.asked}

    async def violations(self) -> list[str]:
        return await self.tab.evaluate("window.__violations")

    async def fits(self) -> bool:
        """Whether nothing is wider than the window."""
        return await self.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        raise RuntimeError("no chromium on this machine")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield running
        finally:
            await running.close()


@contextlib.asynccontextmanager
async def visitor(browser: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    """Somebody with a browser of their own, in which nothing has been said yet."""
    context = await browser.new_context(**{"viewport": {"width": 1200, "height": 850}, **options})
    context.set_default_timeout(20_000)
    await context.add_init_script(WATCH)
    try:
        yield context
    finally:
        await context.close()


@contextlib.asynccontextmanager
async def chat_page(browser: Browser, url: str, model: str = "keeper", **options: Any) -> AsyncIterator[ChatPage]:
    """The page, opened by somebody new."""
    async with visitor(browser, **options) as context:
        page = ChatPage(await context.new_page(), url)
        await page.open(model)
        yield page
