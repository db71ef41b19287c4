"""The chat page where something comes between: other tabs, a network that goes, paper, and what is hard to draw."""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from tests.gateway.page_driver import ChatPage, chat_page, visitor
from tests.gateway.served import Served, gateway
from tests.real.apps import APPS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

APP = Path(__file__).parent / "page_app.py"


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    servers, plain = request.getfixturevalue("servers"), APPS["interface"]
    models = {"keeper": servers.get(APP), "plain": servers.get(plain.script, *plain.arguments)}
    with gateway(*(f"--model={name}={address}" for name, address in models.items())) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser, served: Served) -> AsyncIterator[ChatPage]:
    async with chat_page(chromium, served.url, color_scheme="dark") as page:
        yield page


async def same_in(context: BrowserContext, page: ChatPage) -> ChatPage:
    """The conversation of a page, in one more tab."""
    tab = await context.new_page()
    # No clock tells this one that an answer was left long ago.
    await tab.add_init_script("const now = Date.now(); Date.now = () => now;")
    await tab.goto(page.tab.url)
    return ChatPage(tab, page.url)


async def test_an_answer_is_stopped_from_another_tab(page: ChatPage):
    await page.send("slow 300")
    await expect(page.answers.first).to_contain_text("word3")
    other = await same_in(page.tab.context, page)
    await expect(other.answers.first).to_contain_text("word3")
    await other.button("Stop the answer").click()
    for each in (page, other):
        await each.ended(each.answers.first)
        await expect(each.answers.first).to_contain_text("Stopped.")


async def test_an_answer_ends_with_the_tab_that_got_it(page: ChatPage):
    await page.send("slow 300")
    await expect(page.answers.first).to_contain_text("word3")
    other = await same_in(page.tab.context, page)
    await expect(other.answers.first).to_contain_text("word3")
    await expect(other.button("Stop the answer")).to_be_visible()
    await page.tab.close()
    await expect(other.answers.first).to_contain_text("Stopped.")
    await other.say("Hello", expecting="You said 'Hello'")


async def test_what_the_gateway_is_like_is_told_as_it_changes(page: ChatPage):
    model, header = page.tab.get_by_label("Model", exact=True), page.tab.get_by_role("banner")
    await expect(header).to_contain_text("ready")
    await page.tab.context.set_offline(True)
    await model.select_option("plain")
    await expect(header.get_by_role("alert")).to_contain_text("can't be reached")
    await page.tab.context.set_offline(False)
    await model.select_option("keeper")
    await expect(header).to_contain_text("ready")
    await expect(header.get_by_role("alert")).to_have_count(0)


async def test_files_are_offered_where_the_app_takes_them(page: ChatPage):
    await expect(page.button("Attach files")).to_be_visible()
    await page.tab.get_by_label("Model", exact=True).select_option("plain")
    await expect(page.button("Attach files")).to_have_count(0)
    await page.box.evaluate(
        """(box) => {
            const data = new DataTransfer();
            data.items.add(new File(['steel'], 'deck.md', { type: 'text/markdown' }));
            box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    form = page.tab.get_by_role("form", name="Message")
    await expect(form.get_by_role("alert")).to_contain_text("This app takes no files.")
    await expect(form.get_by_role("list", name="Files")).to_have_count(0)


async def test_what_is_hard_to_draw(page: ChatPage):
    answer = await page.say("signs", expecting="The end of the signs.")
    # Formulas that are none: said so in a colour that can be read in the dark, too, and without a style of their own.
    for wrong in (answer.locator(".katex-error"), answer.locator("math [mathcolor]")):
        await expect(wrong.first).to_have_css("color", "rgb(255, 123, 114)")
    await expect(answer.locator("math[display=block]")).to_have_count(2)
    assert not await page.violations()
    assert not page.complaints
    # Code reads from the left wherever it stands, and each paragraph as its own language does.
    await expect(answer.get_by_role("figure", name="Code in python")).to_have_css("direction", "ltr")
    sides = await answer.locator("p").evaluate_all(
        """(paragraphs) => paragraphs.filter((each) => /end|قصيرة/.test(each.textContent)).map((each) => {
            const range = document.createRange();
            range.selectNodeContents(each);
            const [text, box] = [range.getBoundingClientRect(), each.getBoundingClientRect()];
            return text.left - box.left < box.right - text.right ? 'left' : 'right';
        })"""
    )
    assert sides == ["right", "left"]
    assert await page.fits()


async def test_all_of_it_is_printed(page: ChatPage):
    await page.say("huge")
    await page.tab.emulate_media(media="print")
    for hidden in (page.tab.get_by_role("banner"), page.tab.get_by_role("navigation"), page.box):
        await expect(hidden).to_be_hidden()
    await page.tab.wait_for_function("() => document.documentElement.scrollHeight > 20 * window.innerHeight")


async def test_nobody_comes_back_to_a_conversation_that_is_gone(page: ChatPage):
    await page.tab.goto(f"{page.url}/#/status")
    await page.tab.goto(f"{page.url}/#/c/0123456789abcdef")
    await expect(page.tab).to_have_url(re.compile(r"#/$"))
    await page.tab.go_back()
    await expect(page.tab).to_have_url(re.compile(r"#/status$"))


async def test_a_connection_that_is_dead_without_a_word_is_noticed(chromium: Browser, served: Served):
    """As behind a cable that was pulled: no end comes, nor anything else."""
    async with visitor(chromium) as context:
        page = ChatPage(await context.new_page(), served.url)
        await page.tab.clock.install()
        await page.open()
        await page.send("slow 300")
        answer = page.answers.first
        await expect(answer).to_contain_text("word3")
        served.send(signal.SIGSTOP)
        try:
            await page.tab.clock.fast_forward(70_000)  # after so much silence it asks whether anybody is there
            await expect(answer).to_have_attribute("aria-busy", "true")
            await page.tab.clock.fast_forward(11_000)
            await expect(answer.get_by_role("alert")).to_contain_text("does not answer any more")
        finally:
            served.send(signal.SIGCONT)


async def test_when_to_try_again_is_told_until_then(page: ChatPage):
    told = {"error": {"message": "Too many.", "type": "rate_limit_error", "param": None, "code": "quota_exceeded"}}
    await page.tab.route(
        "**/v1/chat/completions",
        lambda route: route.fulfill(status=429, json=told, headers={"retry-after": "4"}),
    )
    await page.send("Hello")
    alert = page.answers.first.get_by_role("alert")
    await expect(alert).to_contain_text("Too many.Try again in")
    await expect(alert).not_to_contain_text("Try again in")
    await page.tab.reload()
    await expect(alert).to_have_text("There is no answerToo many.")


async def test_a_key_that_is_refused_later_is_asked_for_and_kept_meanwhile(page: ChatPage):
    await page.tab.evaluate("localStorage.setItem('spacebridge.key', 'sb-old')")
    await page.tab.reload()
    refusal = {"error": {"message": "The API key is wrong.", "code": "invalid_api_key"}}
    await page.tab.route("**/v1/chat/completions", lambda route: route.fulfill(status=401, json=refusal))
    await page.send("Hello")
    await expect(page.tab.get_by_role("dialog")).to_contain_text("The key that was given is wrong")
    await page.tab.keyboard.press("Escape")
    await expect(page.tab.get_by_role("dialog")).to_have_count(0)
    assert await page.tab.evaluate("localStorage.getItem('spacebridge.key')") == "sb-old"
    await expect(page.button("Give a key", page.answers.first)).to_be_visible()
