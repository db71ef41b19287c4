"""The two ways into the chat of real apps, the page's events and ``/chat``: what each gives, and what it costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from spacebridge import Answer, Space, TextDelta, Timeouts, errors
from spacebridge.chat.conversation import Conversation
from tests.real.apps import APPS, LATE, NEW, OLD

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

Start = Callable[[str, str], str]
TEXTS = ("code", "html", "tabs", "trailing", "leading", "blank_lines", "crlf", "table")
"""Answers whose white space the chatbot changes most."""
TIMEOUTS = Timeouts(first_text=60, total=120, cancel=10)


def cases(*names: str) -> pytest.MarkDecorator:
    """Each app on the newest of the fourth generation, or the fifth, and on the sixth."""
    found = [
        (name, environment)
        for name in names
        for environment in (OLD if OLD in APPS[name].environments else LATE, NEW)
        if environment in APPS[name].environments
    ]
    return pytest.mark.parametrize("case", found, ids="-".join)


@asynccontextmanager
async def opened(rule_app: Start, case: tuple[str, str], **options: Any) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(rule_app, *case)
    async with Space(url, timeouts=TIMEOUTS, **options) as space:
        yield space


async def answers(conversation: Conversation, *prompts: str) -> list[Answer]:
    return [await conversation.ask(prompt) for prompt in prompts]


@cases("interface", "interface_multimodal", "interface_settings", "interface_saved", "interface_thoughts")
async def test_both_ways_are_found_and_the_page_is_taken(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        page, api = space.layout.routes
    assert (page.name, api.name, space.layout.route) == ("page", "api", "page")
    assert (api.before, api.requests) == (2, 2)
    assert page.before == 4
    assert page.requests > api.requests
    if case[0] == "interface_saved":
        assert any("saved" in note for note in page.notes)


@cases("echo", "text_streamed")
async def test_where_there_is_only_the_page(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        assert [route.name for route in space.layout.routes] == ["page"]
    url = await asyncio.to_thread(rule_app, *case)
    with pytest.raises(errors.NotOffered, match="offers no API"):
        async with Space(url, route="api") as space:
            _ = space.layout


@cases("interface", "interface_multimodal")
async def test_the_api_says_what_the_page_shows(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as shown, opened(rule_app, case, route="api") as said:
        ours = await answers(said.conversation(), "Hello", "Hello again")
        theirs = await answers(shown.conversation(), "Hello", "Hello again")
        assert said.layout.route == "api"
    assert ours[0].text == theirs[0].text
    # ChatInterface of 4.44 has its API remember pairs, whatever its function asks for.
    pairs = case[1] == OLD
    assert ours[1].text == (theirs[1].text.replace("history=2", "history=1") if pairs else theirs[1].text)


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_the_same_answers_but_for_white_space(rule_app: Start, environment: str) -> None:
    """The chatbot makes blanks of tabs, and strips and indents what it shows; the API's text is the function's own."""
    case = ("interface", environment)
    async with opened(rule_app, case) as shown, opened(rule_app, case, route="api") as said:
        for name in TEXTS:
            (ours,) = await answers(said.conversation(), f"[[{name}]]")
            (theirs,) = await answers(shown.conversation(), f"[[{name}]]")
            assert "".join(ours.text.split()) == "".join(theirs.text.split()), name
            assert name != "tabs" or ("\t" in ours.text and "\t" not in theirs.text)


@cases("interface_thoughts", "interface_list")
async def test_messages_and_lists_of_messages(rule_app: Start, case: tuple[str, str]) -> None:
    """The API's answer turns from a message into a list of messages; the texts are what counts."""
    async with opened(rule_app, case) as shown, opened(rule_app, case, route="api") as said:
        conversation = said.conversation()
        async with conversation.stream("Hello") as turn:
            joined = "".join([event.text async for event in turn if isinstance(event, TextDelta)])
        ours, (theirs,) = turn.result(), await answers(shown.conversation(), "Hello")
        second = await conversation.ask("Hello again")
    assert (ours.text, ours.reasoning, joined) == (theirs.text, theirs.reasoning, theirs.text)
    assert [step.text for step in ours.steps] == [step.text for step in theirs.steps]
    assert second.text.startswith(theirs.text.partition("Echo")[0] + "Echo: Hello again | history=")


@cases("interface_settings")
async def test_settings_by_the_api(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case, route="api") as space:
        answer = await space.conversation().ask("Hello", system="Shout.", settings={"temperature": 0.2, "loud": True})
    assert answer.text.endswith("settings=Shout.,0.2,512,True")


@cases("interface_multimodal")
async def test_files_by_the_api(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case, route="api") as space:
        answer = await space.conversation().ask("Look", files=[("a.txt", b"hello")])
    assert answer.text.endswith("files=a.txt")


@cases("interface_validated")
async def test_a_validator_belongs_to_the_page(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        with pytest.raises(errors.ValidationRefused, match="too short"):
            await space.conversation().ask("Hi")
    async with opened(rule_app, case, route="api") as space:
        assert (await space.conversation().ask("Hi")).text == "Echo: Hi | history=0"


@cases("saved_later")
async def test_one_way_for_a_conversation(rule_app: Start, case: tuple[str, str]) -> None:
    """What the one remembers, a turn by the other would throw away."""
    async with opened(rule_app, case) as shown, opened(rule_app, case, route="api") as said:
        by_api, by_page = said.conversation(), shown.conversation()
        for number in (1, 3, 5):
            assert (await by_api.ask("Hello")).text == f"Echo: Hello | history={number}"
            assert (await by_page.ask("Hello")).text == f"Echo: Hello | history={number}"
        resumed = shown.conversation(by_api.dump())
        assert resumed.layout.route == "api"
        assert (await resumed.ask("Hello")).text == "Echo: Hello | history=7"


@cases("interface_options")
async def test_what_the_api_does_not_offer(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case, route="api") as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | history=0"
        for offer in (conversation.retry, lambda: conversation.choose("tea"), lambda: conversation.edit("x")):
            with pytest.raises(errors.NotOffered, match="API"):
                offer()


@pytest.mark.parametrize("environment", [OLD, NEW])
async def test_the_requests_of_a_turn(rule_app: Start, tmp_path: Path, environment: str) -> None:
    """As many as the layout tells."""
    for route in ("page", "api"):
        file = tmp_path / f"{route}.jsonl"
        async with opened(rule_app, ("interface", environment), route=route, trace=file) as space:
            expected = space.layout.routes[0].requests
            before = len(_requests(file))
            await space.conversation().ask("Hello")
        made = _requests(file)[before:]
        assert len(made) == expected, made


def _requests(file: Path) -> list[str]:
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [line["url"].partition("?")[0].rpartition("/")[2] for line in lines if line["dir"] == ">"]
