"""The chat page, in a real Chromium, before a real gateway in front of a real app."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from spacebridge.gateway.keys import hashed
from tests.gateway.page_driver import ChatPage, chat_page, visitor
from tests.gateway.served import Served, gateway

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

APP = Path(__file__).parent / "page_app.py"
KEY = "sb-of-the-bridge-keeper"


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("servers").get(APP)


@pytest.fixture(scope="module")
def served(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    config = tmp_path_factory.mktemp("gateway") / "spacebridge.toml"
    config.write_text(f"""
        [models.keeper]
        addresses = ["{app}"]
        [models.narrow]
        addresses = ["{app}"]
        turns = 1
        timeouts = {{ connect = 31 }}
    """)
    with gateway("--config", str(config)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser, served: Served) -> AsyncIterator[ChatPage]:
    async with chat_page(chromium, served.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


async def wrong(page: ChatPage) -> dict[str, list[str]]:
    """What of the page people with disabilities can't use well, by axe: the rules that are broken, and where."""
    found = await Axe().run(page.tab)
    return {broken["id"]: [node["html"][:200] for node in broken["nodes"]] for broken in found.response["violations"]}


async def test_a_chat(page: ChatPage, served: Served):
    first = await page.say("Hello", expecting="You said 'Hello', after 0 messages")
    await expect(first).to_contain_text("first text after")
    await page.say("Again", expecting="You said 'Again', after 2 messages")
    assert await served.metric("spacebridge_conversations_total", way="continued") >= 1
    await page.tab.reload()
    await expect(page.answers).to_have_count(2)
    await page.say("Once more", expecting="You said 'Once more', after 4 messages")
    assert await page.hosts() == {served.url}
    assert not await page.violations()
    assert not page.complaints


async def test_markdown(page: ChatPage, served: Served):
    answer = await page.say("markdown")
    await expect(answer.get_by_role("heading", name="A bridge")).to_be_visible()
    await expect(answer.get_by_role("cell", name="2,023 m")).to_be_visible()
    await expect(answer.get_by_role("checkbox")).to_be_checked()
    await expect(answer.locator("math")).to_have_count(2)
    await expect(answer.locator("math[display=block]")).to_be_visible()
    await expect(answer.locator(".hljs-keyword", has_text="def")).to_be_visible()
    link = answer.get_by_role("link", name="the docs")
    await expect(link).to_have_attribute("rel", re.compile("noopener"))
    await expect(link).to_have_attribute("target", "_blank")
    # A picture of another host is named, and not asked for.
    await expect(answer.get_by_role("link", name="pictures.example.com")).to_be_visible()
    await expect(answer.locator("img")).to_have_count(0)
    assert await page.hosts() == {served.url}
    await page.button("Copy code", answer).click()
    assert (await page.tab.evaluate("navigator.clipboard.readText()")).startswith("def span(metres: float) -> str:")
    await page.button("Copy the answer", answer).click()
    assert "| Arch | 600 m | Tian'e |" in await page.tab.evaluate("navigator.clipboard.readText()")
    assert not await page.violations()


async def test_files_of_an_answer_are_shown(page: ChatPage, served: Served):
    """They come by the gateway: the browser asks nobody else, and the Space may be where it can't be reached."""
    answer = await page.say("files")
    await expect(answer.get_by_text("There is no answer")).to_have_count(0)
    await expect(answer.get_by_role("img", name="bridge.png")).to_have_js_property("naturalWidth", 480)
    await expect(answer.locator("audio")).to_have_js_property("duration", 1)
    async with page.tab.expect_download() as downloading:
        await answer.get_by_role("link", name="plan.txt").click()
    assert (await downloading.value).suggested_filename == "plan.txt"
    assert await page.hosts() == {served.url}
    assert not await page.violations()
    assert not await wrong(page)


async def test_reasoning_and_steps_are_folded(page: ChatPage):
    answer = await page.say("think", expecting="It holds.")
    await expect(answer.get_by_text("banks")).to_have_count(0)
    await page.button("Reasoning", answer).click()
    await expect(answer.get_by_text("I look at both banks first.")).to_be_visible()
    await page.button("Used the tool measure", answer).click()
    await expect(answer.get_by_text("span(600)")).to_be_visible()


async def test_what_an_app_offers_is_chosen(page: ChatPage):
    answer = await page.say("offer", expecting="What now?")
    await page.button("Tea, please", answer).click()
    await expect(page.answers).to_have_count(2)
    await page.ended(page.answers.nth(1))
    await expect(page.answers.nth(1)).to_contain_text("You said 'tea'")
    await expect(page.button("Tea, please")).to_have_count(0)


async def test_stop_and_ask_again(page: ChatPage, served: Served):
    await page.send("slow 300")
    answer = page.answers.first
    await expect(answer).to_contain_text("word3")
    await page.button("Stop the answer").click()
    await page.ended(answer)
    await expect(answer).to_contain_text("Stopped.")
    cut = await answer.inner_text()
    assert "word300" not in cut
    # What runs in the app has been stopped, too.
    async with asyncio.timeout(10):
        while await served.metric("spacebridge_space_turns"):
            await asyncio.sleep(0.1)

    await page.button("Ask again", answer).click()
    await expect(answer).to_have_attribute("aria-busy", "true")  # it is another one
    await expect(answer).to_contain_text("word2 ")
    await page.tab.keyboard.press("Escape")
    await page.ended(answer)
    await expect(answer).to_contain_text("2 of 2")
    await page.button("The answer before", answer).click()
    await expect(answer).to_contain_text("1 of 2")
    assert "word3" in await answer.inner_text()


async def test_a_queue_is_waited_for(page: ChatPage):
    tab = await page.tab.context.new_page()
    other = ChatPage(tab, page.url)
    await other.open()
    for each in (page, other):
        await each.tab.get_by_label("Model", exact=True).select_option("narrow")
    await page.send("slow 300")
    await expect(page.answers.first).to_contain_text("word1")
    await other.send("Hello")
    await expect(other.answers.first).to_contain_text("Next in the queue")
    await page.button("Stop the answer").click()
    await other.ended(other.answers.first)
    await expect(other.answers.first).to_contain_text("You said 'Hello'")


async def test_edit_and_branch(page: ChatPage):
    await page.say("One")
    await page.say("Two", expecting="after 2 messages")
    await page.button("Edit the message", page.questions.nth(0)).click()
    editor = page.tab.get_by_role("textbox", name="Edit the message")
    await editor.fill("Uno")
    await editor.press("Enter")
    await expect(page.answers).to_have_count(1)
    await page.ended(page.answers.first)
    await expect(page.answers.first).to_contain_text("You said 'Uno', after 0 messages")
    await expect(page.questions.first).to_contain_text("2 of 2")
    await page.button("The message before", page.questions.first).click()
    await expect(page.answers).to_have_count(2)
    await expect(page.answers.nth(1)).to_contain_text("You said 'Two'")
    # From an empty box, the key up edits the last message; Escape leaves it as it was.
    await page.box.focus()
    await page.tab.keyboard.press("ArrowUp")
    await expect(editor).to_have_value("Two")
    await page.tab.keyboard.press("Escape")
    await expect(page.questions.nth(1)).to_contain_text("Two")


async def test_settings(page: ChatPage):
    await page.button("The Space and its settings").click()
    panel = page.tab.get_by_role("complementary", name="The Space and its settings")
    await expect(panel).to_contain_text("The bridge keeper")
    await panel.get_by_role("combobox", name="Style").select_option("florid")
    await panel.get_by_role("checkbox", name="Loud").check()
    slider = panel.get_by_role("slider", name="Warmth")
    await slider.focus()
    await slider.press("End")
    await page.say("Hello", expecting="2 florid True")
    await page.tab.reload()
    await page.button("The Space and its settings").click()
    await expect(panel.get_by_role("combobox", name="Style")).to_have_value("florid")
    await page.button("Reset Style", panel).click()
    await panel.get_by_role("textbox", name="Warmth, as a number").fill("0.25")
    await page.say("Hello", expecting="0.25 plain True")
    await page.button("Reset all settings", panel).click()
    await page.say("Hello", expecting="0.7 plain False")


async def test_files(page: ChatPage):
    async with page.tab.expect_file_chooser() as choosing:
        await page.button("Attach files").click()
    await (await choosing.value).set_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"piers first"})
    # Pasted and dropped, as the browser tells of it.
    await page.box.evaluate(
        """(box) => {
            const data = new DataTransfer();
            data.items.add(new File(['steel'], 'deck.md', { type: 'text/markdown' }));
            box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    await page.tab.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(9)], 'bank.png', { type: 'image/png' }));
            const tell = (target, type) =>
                target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
            tell(document, 'dragenter');
            window.__drop = () => tell(document.querySelector('.mantine-Dropzone-root'), 'drop');
        }"""
    )
    await expect(page.tab.get_by_text("Drop files here")).to_be_visible()
    await page.tab.evaluate("window.__drop()")
    files = page.tab.get_by_role("form", name="Message").get_by_role("list", name="Files")
    await expect(files.get_by_role("listitem")).to_have_count(3)
    await page.button("Remove deck.md").click()
    await page.say("Look", expecting="with files [plan.txt, bank.png]")
    await expect(page.questions.first).to_contain_text("plan.txt")
    await page.say("And now", expecting="after 2 messages")


async def test_conversations(page: ChatPage):
    nav = page.tab.get_by_role("navigation", name="Conversations")
    await page.say("About arches")
    await nav.get_by_role("link", name="New conversation").click()
    await page.say("About piers", expecting="after 0 messages")
    await expect(nav.get_by_role("listitem")).to_have_count(2)
    await page.tab.keyboard.press("Control+k")
    await page.tab.keyboard.type("said ARCHES")
    await expect(nav.get_by_role("listitem")).to_have_count(1)
    await nav.get_by_role("link", name="About arches").click()
    await expect(page.answers).to_contain_text("About arches")

    more = page.button("More about About arches", nav)
    for item, ending in (("Export as Markdown", "md"), ("Export as JSON", "json")):
        await more.click()
        async with page.tab.expect_download() as downloading:
            await page.tab.get_by_role("menuitem", name=item).click()
        download = await downloading.value
        assert download.suggested_filename == f"About arches.{ending}"
        text = Path(await download.path()).read_text(encoding="utf-8")
        if ending == "md":
            assert text.startswith("# About arches\n")
            assert "## You\n\nAbout arches\n\n## keeper\n\nYou said 'About arches'" in text
        else:
            assert [message["role"] for message in json.loads(text)["messages"]].count("user") == 1

    await more.click()
    await page.tab.get_by_role("menuitem", name="Rename").click()
    await page.tab.get_by_role("textbox", name="Title").fill("Spans")
    await page.button("Rename").click()
    await nav.get_by_role("searchbox").fill("")
    await expect(nav.get_by_role("link", name="Spans")).to_be_visible()
    await page.button("More about Spans", nav).click()
    await page.tab.get_by_role("menuitem", name="Delete").click()
    await page.button("Delete").click()
    await expect(nav.get_by_role("listitem")).to_have_count(1)
    await expect(page.answers).to_have_count(0)
    await page.tab.reload()
    await expect(nav.get_by_role("listitem")).to_have_count(1)


async def test_hostile_answers_run_nothing(page: ChatPage, served: Served):
    answer = await page.say("hostile", expecting="The end of the attack.")
    for fold in await answer.get_by_text("Open").all():
        await fold.click(force=True)
    # Whatever looks like something to click on is clicked, but for links that only open another tab.
    for name in ("a link that runs", "an entity", "a cover", "markdown link", "data link"):
        await answer.get_by_text(name).first.click(force=True)
    await page.say("Hello", expecting="You said 'Hello'")  # it still works
    assert await page.tab.evaluate("window.__ran") is None
    assert await page.hosts() == {served.url}
    assert not await page.violations(), "sanitised, so that the policy has nothing to forbid"
    assert not page.complaints
    inside = await answer.evaluate(
        """(answer) => {
            const all = [...answer.querySelectorAll('*')];
            return {
                tags: all.map((each) => each.localName),
                handlers: all.flatMap((each) => [...each.attributes]).map((a) => a.name).filter((n) => n.startsWith('on')),
                links: all.filter((each) => each.localName === 'a').map((each) => each.protocol),
                ids: all.map((each) => each.id).filter(Boolean),
            };
        }"""
    )
    bad = {
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "style",
        "link",
        "meta",
        "base",
        "video",
        "select",
        "template",
    }
    assert bad.isdisjoint(inside["tags"])
    assert not inside["handlers"]
    assert set(inside["links"]) <= {"http:", "https:", "mailto:"}
    assert not {"root", "message"} & set(inside["ids"])
    assert await page.tab.locator("#root").count() == 1
    # What could not stand is shown as it was written.
    await expect(answer).to_contain_text("window.__ran = 'script'")


async def test_the_policy_holds_where_nothing_is_sanitised(page: ChatPage, served: Served):
    await page.tab.evaluate(
        """() => {
            const place = document.body.appendChild(document.createElement('div'));
            place.innerHTML = '<img src=x onerror="window.__ran = 1"><img src="https://tracker.example.com/x.png">'
                + '<a id="run" href="javascript:window.__ran = 2">run</a><style>body { color: red }</style>';
            const script = document.createElement('script');
            script.textContent = 'window.__ran = 3';
            place.append(script);
            document.getElementById('run').click();
        }"""
    )
    await page.tab.wait_for_function("window.__violations.length >= 4")
    assert await page.tab.evaluate("window.__ran") is None
    assert {found.split()[0] for found in await page.violations()} >= {"script-src-attr", "script-src-elem", "img-src"}


async def test_a_long_answer(page: ChatPage):
    answer = await page.say("huge")
    await expect(answer).to_contain_text("The very end.")
    await expect(answer).to_contain_text("Paragraph 1:")  # the end was drawn first
    assert len(await answer.inner_text()) > 200_000
    await expect(answer.get_by_text("The very end.")).to_be_in_viewport()
    # Who hears the page is not read all of it unasked.
    heard = page.tab.get_by_role("status").filter(has_text="The answer is longer.")
    assert len(await heard.inner_text()) < 1000


async def test_failures_are_told(page: ChatPage):
    answer = await page.say("fail")
    await expect(answer.get_by_role("alert")).to_contain_text("The deck has given way.")
    # What had no answer is not lost: the app is told both.
    await page.say("Hello", expecting="You said 'fail\\n\\nHello', after 0 messages")


async def test_a_key_is_asked_for(chromium: Browser, app: str, tmp_path: Path):
    config = tmp_path / "spacebridge.toml"
    config.write_text(f'[models.keeper]\naddresses = ["{app}"]\n[keys.ada]\nhash = "{hashed(KEY)}"\n')
    with gateway("--config", str(config)) as closed:
        async with chat_page(chromium, closed.url, model="") as page:
            dialog = page.tab.get_by_role("dialog")
            await expect(dialog).to_be_visible()
            await page.tab.keyboard.press("Escape")
            await expect(dialog).to_have_count(0)
            await page.button("Give a key").click()
            await dialog.get_by_label("API key", exact=True).fill("wrong")
            await page.button("Use this key").click()
            await expect(dialog.get_by_role("alert")).to_contain_text("wrong")
            await dialog.get_by_label("API key", exact=True).fill(KEY)
            await page.button("Use this key").click()
            await page.say("Hello", expecting="You said 'Hello'")


@pytest.mark.parametrize("width, scheme", [(1200, "light"), (360, "dark")])
async def test_everybody_can_use_it(chromium: Browser, served: Served, scheme: Any, width: int, tmp_path: Path):
    size: Any = {"width": width, "height": 800}
    async with chat_page(chromium, served.url, color_scheme=scheme, viewport=size, reduced_motion="reduce") as page:
        await page.say("markdown")
        await page.say("think")
        await page.say("fail")
        ground = await page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is (scheme == "light")
        problems = {"chat": await wrong(page)}
        assert await page.fits()
        await page.button("The Space and its settings").click()
        await expect(page.tab.get_by_role("slider", name="Warmth")).to_be_visible()
        problems["settings"] = await wrong(page)
        assert await page.fits()
        await page.button("Close this panel").click()
        if width == 360:
            await page.button("Show the conversations").click()
        await page.button("More about markdown").click()
        await expect(page.tab.get_by_role("menu")).to_be_visible()
        problems["menu"] = await wrong(page)
        await page.tab.keyboard.press("Escape")
        if width == 360:
            await page.button("Hide the conversations").click()
        await page.tab.get_by_role("link", name="Status").click()
        await expect(page.tab.locator(".recharts-surface").first).to_be_visible()
        await page.tab.mouse.move(width / 2, 700)  # axe would have a tooltip stand in some part of the page
        await expect(page.tab.get_by_role("tooltip")).to_have_count(0)
        problems["status"] = await wrong(page)
        assert await page.fits()
        assert problems == {"chat": {}, "settings": {}, "menu": {}, "status": {}}
        assert not await page.violations()


async def test_by_keyboard_alone(page: ChatPage):
    """From the first key to the last, no mouse."""
    keys = page.tab.keyboard
    await expect(page.box).to_be_focused()
    await keys.type("Hello")
    await keys.press("Shift+Enter")
    await keys.type("there")
    await keys.press("Enter")
    await expect(page.answers.first).to_contain_text("You said 'Hello\\nthere'")
    await page.ended(page.answers.first)
    await keys.press("Tab")  # to what sends, which is off: the next thing is reached all the same
    reached: list[str] = []
    for _ in range(30):
        await keys.press("Tab")
        name = await page.tab.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
        reached.append(name)
        if name == "Ask again":
            break
    assert reached[-1] == "Ask again"
    await keys.press("Enter")
    await expect(page.answers.first).to_contain_text("2 of 2")
    await page.box.blur()
    await keys.press("Shift+?")
    await expect(page.tab.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await keys.press("Escape")
    await expect(page.tab.get_by_role("dialog")).to_have_count(0)
    await keys.press("Slash")
    await expect(page.box).to_be_focused()
    await keys.press("Control+Shift+O")
    await expect(page.answers).to_have_count(0)


async def test_the_colours_can_be_chosen(page: ChatPage):
    for scheme in ("light", "dark"):
        await page.tab.get_by_role("button", name=re.compile("press for others")).click()
        await expect(page.tab.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
    await page.tab.reload()
    await expect(page.tab.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


async def test_a_browser_that_keeps_nothing_is_told_so(chromium: Browser, served: Served):
    async with visitor(chromium) as context:
        await context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
        tab = await context.new_page()
        await tab.goto(served.url)
        await expect(tab.get_by_role("alert")).to_contain_text("It needs the browser's storage")


async def test_screen_readers_are_told(page: ChatPage):
    status = page.tab.get_by_role("status").filter(has_text="keeper says")
    await page.say("Hello")
    await expect(status).to_contain_text("keeper says: You said 'Hello'")
    for landmark in ("banner", "navigation", "main"):
        await expect(page.tab.get_by_role(landmark)).to_have_count(1)
