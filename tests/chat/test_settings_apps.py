"""Settings on real apps: by OpenAI's names in many languages, checked before they are sent, with their own events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from spacebridge import Space, Timeouts, errors
from tests.real.apps import APPS, LATE, NEW, OLD, WS
from tests.real.chromium import ChromiumPage, chromium

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

Start = Callable[[str, str], str]
TIMEOUTS = Timeouts(first_text=60, total=120, cancel=10)
LANGUAGES: list[str] = list(json.loads(APPS["settings"].script.with_suffix(".json").read_text("utf-8")))
EVENTFUL = [WS, OLD, LATE, NEW]
"""Early pages send all listeners of an event at once, 6 one after another; a slider of 3 has no ``change`` by hand."""
CHOSEN: dict[str, Any] = {
    "temperature": 1.55,
    "max_new_tokens": 1000,
    "top_p": 0.5,
    "repetition_penalty": 1.2,
    "seed": 7,
    "model": "Large one",
    "stop": ["x", "y"],
}
READ = "temperature=1.55 max_tokens=1000 top_p=0.5 repetition_penalty=1.2 seed=7 model='large' stop='x, y'"


@asynccontextmanager
async def opened(rule_app: Start, environment: str, tab: str = "en", **options: Any) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(rule_app, "settings", environment)
    async with Space(url, timeouts=TIMEOUTS, chat=tab, **options) as space:
        yield space


@pytest.mark.parametrize("environment, language", [(OLD, "es"), *((NEW, language) for language in LANGUAGES)])
async def test_openais_names_in_many_languages(rule_app: Start, environment: str, language: str) -> None:
    async with opened(rule_app, environment, language) as space:
        conversation = space.conversation()
        answer = await conversation.ask("Hello", system="Be stern.", settings=CHOSEN)
        again = await conversation.ask("Hello")
    assert f"system='Be stern.' {READ}" in answer.text
    assert again.text == answer.text


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_settings_of_every_kind(rule_app: Start, environment: str) -> None:
    settings = {
        "style": "Long",
        "tools": ["math"],
        "tags": ["a", "c"],
        "voice": "odd",
        "extra": '{"b": 2}',
        "loud": "yes",
    }
    async with opened(rule_app, environment) as space:
        conversation = space.conversation()
        answer = await conversation.ask("Hello", settings=settings | {"API key": "sesame"})
        told = conversation.settings
        kept = space.conversation(conversation.dump())
        assert kept.settings == told
    assert answer.text.endswith(
        "style=2 tools=['math'] tags=['a', 'c'] voice='odd' extra={'b': 2} loud=True key='sesame'"
    )
    assert (told["style"], told["tools"], told["extra"], told["temperature"]) == (2, ["math"], {"b": 2}, 0.7)


async def test_a_key_is_kept_out_of_the_trace(rule_app: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    async with opened(rule_app, NEW, trace=trace) as space:
        answer = await space.conversation().ask("Hello", settings={"API key": "open-sesame"})
    assert answer.text.endswith("key='open-sesame'")
    assert "Hello" in (told := trace.read_text("utf-8"))
    assert "open-sesame" not in told


NOT_ALLOWED: list[tuple[dict[str, Any], str]] = [
    ({"temperature": 3}, "0 to 2"),
    ({"max_tokens": 5000}, "a whole number, 1 to 4096"),
    ({"max_tokens": 100.5}, "a whole number, 1 to 4096"),
    ({"seed": 1.5}, "a whole number"),
    ({"model": "huge"}, "one of 'Small one', 'Large one'"),
    ({"style": 3}, "one of 'Short', 'Long'"),
    ({"tags": ["a", "b", "c"]}, "any of 'a', 'b', 'c', at most 2"),
    ({"tools": ["dig"]}, "any of 'search', 'math'"),
    ({"extra": "{"}, "a JSON object or list"),
]


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_what_is_not_allowed_is_not_sent(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, environment) as space:
        conversation = space.conversation()
        for wanted, allowed in NOT_ALLOWED:
            with pytest.raises(errors.InvalidSetting) as caught:
                conversation.stream("Hello", settings=wanted)
            assert f"Allowed: {allowed}." in str(caught.value)
        with pytest.raises(errors.UnknownSetting, match="Did you mean temperature"):
            conversation.stream("Hello", settings={"temperture": 1})


EVENTS = {"model": "large", "variant": "l-2", "depth": 7, "style": "long", "note": "N", "rule": "R"}


@pytest.mark.parametrize("environment", EVENTFUL)
async def test_a_change_runs_its_own_event(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, environment, "events") as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | variant='s-1'"
        answer = await conversation.ask("Hello", settings=EVENTS)
        with pytest.raises(errors.InvalidSetting, match="'l-1', 'l-2'"):
            conversation.check({"variant": "s-1"})
        with pytest.raises(errors.InvalidSetting, match="0 to 8"):
            conversation.check({"depth": 9})
    assert answer.text == ("Echo: Hello | model='large' depth=7 picked='long/long/1' note='N' rule='R' variant='l-2'")


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_choices_that_come_by_load(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, environment, "loaded") as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello", settings={"model": "small"})).text == "Echo: Hello | model='small'"
        with pytest.raises(errors.InvalidSetting, match="'Small one', 'Large one'"):
            conversation.stream("Hello", settings={"model": "none"})


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_parameters_name_what_has_no_label(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, environment, "nameless") as space:
        assert [setting.name for setting in space.layout.settings] == ["temperature", "max_tokens"]
        answer = await space.conversation().ask("Hello", settings={"temperature": 1.5, "max_new_tokens": 50})
    assert answer.text == "Echo: Hello | temperature=1.5 max_tokens=50"


@pytest.mark.browser
@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_the_same_events_as_in_a_browser(rule_app: Start, environment: str) -> None:
    """A person chooses, drags, types and leaves; the bot is told the same as by us."""
    url = await asyncio.to_thread(rule_app, "settings_events", environment)
    async with chromium() as browser, browser.page(url) as page:
        await _set_by_hand(page)
        theirs = (await page.turn("Hello")).answers[-1]
    async with Space(url, timeouts=TIMEOUTS) as space:
        ours = await space.conversation().ask(
            "Hello", settings={"model": "large", "depth": 3, "style": "long", "note": "N", "rule": "R"}
        )
    assert ours.text == theirs


async def _set_by_hand(page: ChromiumPage) -> None:
    tab = page.tab
    await tab.get_by_label("Model", exact=True).first.click()
    await tab.get_by_role("option", name="Large one").first.click()
    await page.settle()
    number = tab.locator("input[type=number]").first
    await number.fill("3")
    await number.blur()
    await page.settle()
    await tab.get_by_label("long", exact=True).first.click()
    await page.settle()
    note, rule = tab.get_by_label("Note", exact=True), tab.get_by_label("Rule", exact=True)
    await note.fill("N")
    await note.blur()
    await page.settle()
    await rule.fill("R")
    await rule.press("Enter")
    await page.settle()
