"""Answers compared, character for character, with what the page shows in a real browser or says in full values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from spacebridge import Space, Timeouts
from spacebridge.chat.append import AppendOnly
from spacebridge.errors import AnswerRewritten
from tests.real.answers import ANSWERS
from tests.real.apps import MIDDLE, NEW, OLD, SSE, WS
from tests.real.chromium import chromium
from tests.real.readers import raw_turn

pytestmark = pytest.mark.servers

Start = Callable[[str, str], str]
TIMEOUTS = Timeouts(first_text=20, total=50)
# Where `<think>` opens an answer, the library keeps it apart, and the page does not.
NAMES = sorted(set(ANSWERS) - {"think", "think_open", "long"})


@pytest.mark.parametrize(
    "app, environment",
    [(app, environment) for environment in (WS, SSE, OLD, NEW) for app in ("echo", "interface")]
    + [("interface", MIDDLE)],
)
async def test_all_answers_as_the_raw_reader_has_them(rule_app: Start, app: str, environment: str) -> None:
    url = await asyncio.to_thread(rule_app, app, environment)
    # There a State that changes writes the chatbot once more, which strips again; the raw reader follows no changes.
    left_out = {"leading", "nested_only"} if (app, environment) == ("interface", MIDDLE) else set()
    async with Space(url, timeouts=TIMEOUTS) as space:
        for name in sorted(set(NAMES) - left_out):
            output, joined = AppendOnly(), ""
            async with space.conversation().stream(f"[[{name}]]") as turn:
                try:
                    async for event in turn:
                        joined += output.feed(event)
                except AnswerRewritten as error:
                    joined = error.text
                text = turn.result().text
            assert text == (await raw_turn(url, f"[[{name}]]")).answer, name
            assert "".join(joined.split()) == "".join(text.split()), name


@pytest.mark.browser
@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "case",
    [("echo", OLD), ("echo", NEW), ("interface", NEW), ("interface_thoughts", NEW), ("rendered_all", NEW)],
    ids="-".join,
)
async def test_as_the_browser_shows_it(rule_app: Start, case: tuple[str, str]) -> None:
    url = await asyncio.to_thread(rule_app, *case)
    prompts = ["Hello", "[[code]]", "[[nested]]"]
    async with Space(url, timeouts=TIMEOUTS) as space, chromium() as browser:
        conversation = space.conversation()
        ours = [(await conversation.ask(prompt)).text for prompt in prompts]
        async with browser.page(url) as page:
            theirs = [(await page.turn(prompt)).answers[-1] for prompt in prompts]
    assert ours == theirs


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_qwen_agent_as_the_browser_shows_it(qwen_agent: Callable[..., str]) -> None:
    url = await asyncio.to_thread(qwen_agent, "--agents", "3")
    prompts = ["[[emoji]]", "[[nested]]", "[[details]]"]
    async with Space(url, timeouts=TIMEOUTS) as space, chromium() as browser:
        conversation = space.conversation()
        ours = [(await conversation.ask(prompt)).text for prompt in prompts]
        async with browser.page(url) as page:
            theirs = [(await page.turn(prompt)).answer for prompt in prompts]
    assert ours == theirs
