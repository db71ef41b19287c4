"""Answers of every kind, of real apps, compared with what a reader sees who has nothing of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from spacebridge import (
    AttachmentAdded,
    AttachmentRemoved,
    Offered,
    Option,
    ReasoningDelta,
    ReasoningRewritten,
    Rewritten,
    Space,
    TextDelta,
    Thought,
    Timeouts,
    errors,
)
from spacebridge.chat.append import AppendOnly
from tests.real.apps import APPS, LATE, MIDDLE, NEW, OLD
from tests.real.chromium import chromium
from tests.real.readers import RawReader

pytestmark = pytest.mark.servers

Start = Callable[[str, str], str]
TIMEOUTS = Timeouts(connect=60, first_text=60, total=120)
CASES = [
    *(("kinds", each) for each in (OLD, NEW)),
    *(("kinds_pairs", each) for each in (OLD, LATE)),
    *(("kinds_interface", each) for each in (MIDDLE, NEW)),
]
WITH_FILES = {
    "file": ["file"],
    "tuple": ["image"],
    "image": ["image"],
    "gallery": ["image", "image"],
    "audio": ["audio"],
    "video": ["video"],
    "download": ["file"],
    "several": ["image"],
    "previews": ["image"],
}


@asynccontextmanager
async def opened(rule_app: Start, case: tuple[str, str]) -> AsyncIterator[Space]:
    async with Space(await asyncio.to_thread(rule_app, *case), timeouts=TIMEOUTS) as space:
        yield space


def files_in(value: Any) -> list[str]:
    """The addresses of all files in a raw value, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            return [value["url"]]
        return [
            url for key, inner in value.items() if key not in ("props", "constructor_args") for url in files_in(inner)
        ]
    return [url for inner in value for url in files_in(inner)] if isinstance(value, list) else []


async def seen(url: str, prompt: str) -> tuple[str, list[bytes]]:
    """The text of the last answer and its files, as the page gets them."""
    async with RawReader(url) as reader, aiohttp.ClientSession() as client:
        reading = await reader.turn(prompt)
        last = [each for each in reading.chatbot if not isinstance(each, dict) or each["role"] == "assistant"]
        files = []
        for where in files_in(last):
            async with client.get(
                URL(where.replace("%", "%25").replace("#", "%23") if " " in where else where, encoded=" " not in where)
            ) as response:
                assert response.status == 200
                files.append(await response.read())
        return reading.answer, files


@pytest.mark.timeout(240)
@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_files_of_every_kind(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        for prompt, kinds in WITH_FILES.items():
            if (prompt, case[1]) == ("download", NEW):
                continue  # 6.31 can't read a gr.File back that it has put into a chatbot
            conversation = space.conversation()
            text, files = await seen(space.url, prompt)
            for _ in range(2):  # the second time the first answer stands above it
                answer = await conversation.ask(prompt)
                assert answer.text == text, prompt
                assert [each.kind for each in answer.attachments] == kinds, prompt
                assert [await each.bytes() for each in answer.attachments] == files, prompt


@pytest.mark.parametrize("environment", APPS["kinds_early"].environments)
async def test_early_generations(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, ("kinds_early", environment)) as space:
        for prompt, begin, kinds in (
            ("file", "Here:", ["file"]),
            ("tuple", "", ["image"]),
            ("inline", "Look: ![a dot]", ["image", "file", "image"]),
        ):
            conversation = space.conversation()
            for _ in range(2):
                answer = await conversation.ask(prompt)
                assert answer.text.startswith(begin), prompt
                assert [each.kind for each in answer.attachments] == kinds, (prompt, answer)
                content = await answer.attachments[0].bytes()
                assert content.startswith(b"A plan" if prompt == "file" else b"\x89PNG")
        answer = await space.conversation().ask("footer")
        assert (answer.text, answer.rewritten) == ("It is a long way to the town of Tipperary .\n\n*11 tokens*", False)


@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_what_is_no_file_is_kept_as_one(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        answer = await conversation.ask("html")
        assert answer.text == "Look:\n\nOne & two\n\n- three"
        [html] = answer.attachments
        assert (html.kind, html.raw) == ("html", (await html.bytes()).decode())
        assert "<script>alert(1)</script>" in html.raw
        for prompt, kind, content in (
            ("plot", "plot", b'{"data":[{"type":"bar","y":[1,2,3]}],"layout":{}}'),
            ("dataframe", "dataframe", b'a,"b,c"\r\n1,x\r\n2,"y ""z"""\r\n'),
            ("json", "json", b'{"a":[1,null]}'),
        ):
            answer = await conversation.ask(prompt)
            [found] = answer.attachments
            assert (answer.text, found.kind, await found.bytes()) == ("Look:", kind, content)


@pytest.mark.parametrize("environment", [OLD, MIDDLE, LATE, NEW])
async def test_files_that_a_text_shows(rule_app: Start, environment: str, tmp_path: Path) -> None:
    async with opened(rule_app, ("kinds", environment)) as space:
        answer = await space.conversation().ask("inline")
        text, _ = await seen(space.url, "inline")
        assert answer.text == text
        assert [(each.kind, each.name, each.alt_text) for each in answer.attachments] == [
            ("image", "second.png", "a dot"),
            ("file", "plan.txt", "the plan"),
            ("image", "image.png", "inside"),
        ]
        for number in range(2):
            places = [await each.save(tmp_path) for each in answer.attachments]
            names = ["second.png", "plan.txt", "image.png"]
            assert [place.name for place in places] == (
                names if not number else [n.replace(".", " (1).") for n in names]
            )
        assert (tmp_path / "plan.txt").read_text(encoding="utf-8") == "A plan: é, 中.\n"
        assert (tmp_path / "second.png").read_bytes() == (tmp_path / "image.png").read_bytes() + b"\0"
        assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "kinds_pairs"], ids="-".join)
async def test_thoughts_and_tools_in_a_tree(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        for _ in range(2):
            answer = await conversation.ask("tree")
            assert (answer.text, answer.reasoning) == ("It is sunny.", "I look. I know.\n\nA second thought.")
            [step] = answer.steps
            assert (step.title, step.text) == ("🛠️ Used tool weather", "weather(Paris)\n\nsunny")
            first, second = answer.thoughts
            assert (first.title, second.title) == ("Thinking", "Thinking again")
            if case[1] != OLD:  # which knows titles only
                assert (first.id, first.status, first.duration, first.log) == ("1", "done", 1.5, "2 looks")
                assert (second.parent, step.parent, step.log, step.duration) == ("2", "1", "1 call", 0.5)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "kinds_pairs"], ids="-".join)
async def test_reasoning_that_is_rewritten(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space, space.conversation().stream("second thoughts") as turn:
        reasoning, rewrites, titles = "", 0, set()
        async for event in turn:
            if isinstance(event, ReasoningDelta):
                reasoning += event.text
            elif isinstance(event, ReasoningRewritten):
                reasoning = reasoning[: event.keep] + event.replacement
                rewrites += 1
            elif isinstance(event, Thought):
                titles.add(event.title)
    assert (reasoning, turn.result().reasoning) == ("I did not think.", "I did not think.")
    assert (rewrites, titles) == (2, {"Thinking"})
    assert turn.result().text == "Done."


@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_a_live_footer(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        for prompt in ("footer", "bar"):
            text, _ = await seen(space.url, prompt)
            output, said, deltas = AppendOnly(), "", 0
            async with space.conversation().stream(prompt) as turn:
                async for event in turn:
                    assert not isinstance(event, Rewritten)
                    said += output.feed(event)
                    deltas += isinstance(event, TextDelta)
            assert said == turn.result().text == text
            assert deltas > 3


@pytest.mark.parametrize("case", [case for case in CASES if case[1] != OLD and case[0] != "kinds_pairs"], ids="-".join)
async def test_options_are_offered_and_chosen(rule_app: Start, case: tuple[str, str]) -> None:
    expected = (Option(value="tea", label="Tea, please"), Option(value="coffee"))
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        async with conversation.stream("options") as turn:
            offered = [event.options async for event in turn if isinstance(event, Offered)]
        assert offered == [expected]
        assert turn.result().options == conversation.options == expected
        if case[0] == "kinds":
            with pytest.raises(errors.NotOffered, match="nothing to option select"):
                conversation.choose("tea")
            return
        async with conversation.choose("Tea, please") as turn:
            answer = await turn.answer()
        assert (answer.text, answer.options) == ("Echo: tea", ())
        assert conversation.options == expected  # they still stand above


@pytest.mark.parametrize("environment", [MIDDLE, LATE, NEW])
async def test_examples_are_offered_while_the_chat_is_empty(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, ("kinds_interface", environment)) as space:
        conversation = space.conversation()
        assert [option.value for option in conversation.options] == ["options"]
        async with conversation.choose("options") as turn:
            assert (await turn.answer()).text == "Tea or coffee?"
        assert [option.value for option in conversation.options] == ["tea", "coffee"]
        assert (await conversation.ask("Hello")).text == "Echo: Hello"


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_previews_are_taken_back(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, ("kinds", environment)) as space, space.conversation().stream("previews") as turn:
        events = [event async for event in turn if isinstance(event, AttachmentAdded | AttachmentRemoved)]
    # Whether the first is seen at all depends on the server's pace.
    assert len(events) in (1, 3)
    assert isinstance(events[-1], AttachmentAdded)
    assert events[-1].attachment == turn.result().attachments[0]


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_files_of_an_app_with_a_login(rule_app: Start, environment: str, tmp_path: Path) -> None:
    url = await asyncio.to_thread(rule_app, "kinds_login", environment)
    async with Space(url, auth=("ada", "secret"), timeouts=TIMEOUTS) as space, aiohttp.ClientSession() as stranger:
        [plan] = (await space.conversation().ask("file")).attachments
        async with stranger.get(plan.url) as response:
            assert response.status == 401
        place = await plan.save(tmp_path)
        assert place.read_text(encoding="utf-8") == "A plan: é, 中.\n"


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_hostile_names_make_harmless_files(rule_app: Start, environment: str, tmp_path: Path) -> None:
    async with opened(rule_app, ("kinds", environment)) as space:
        answer = await space.conversation().ask("hostile")
        assert answer.text == "a\x1b[31mb\x9bc\u202ed"  # as the app says it; it is for a terminal to be careful
        [attachment] = answer.attachments
        place = await attachment.save(tmp_path)
    assert place.parent == tmp_path
    assert place.name.isprintable()
    assert "\u202e" not in place.name
    assert place.read_text() == "hm"


@pytest.mark.browser
@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", [("kinds", OLD), ("kinds_interface", NEW)], ids="-".join)
async def test_as_the_browser_shows_it(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space, chromium() as browser, browser.page(space.url) as page:
        conversation = space.conversation()
        for prompt, tag in (("several", "img"), ("gallery", "img"), ("audio", "audio"), ("html", "li")):
            if case == ("kinds_interface", NEW) and prompt == "html":
                continue  # its own page shows a list of examples
            before = await page.tab.locator(f"[role=log] {tag}").count()
            answer = await conversation.ask(prompt)
            visible = (await page.turn(prompt)).visible
            shown = await page.tab.locator(f"[role=log] {tag}").count() - before
            for line in answer.text.split("\n"):
                assert line.removeprefix("- ") in visible
            assert shown >= 1
            assert len(answer.attachments) >= 1
