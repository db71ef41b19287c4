"""Chats of many kinds, each on a real server: found from ``/config`` alone, asked twice, and compared with the page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from spacebridge import Notice, Space, TextDelta, Timeouts, errors
from spacebridge.chat.candidates import Candidate
from tests.real.chats import CASES, CHATS, FOUR, LATE, PROMPTS, SIX, STUDIO, Chat
from tests.real.model_server import ModelServer
from tests.real.process import Pool
from tests.real.readers import RawReader

pytestmark = pytest.mark.servers

TIMEOUTS = Timeouts(first_text=30, total=50, cancel=5)
Start = Callable[[str, str], str]


@asynccontextmanager
async def opened(chat_app: Start, name: str, environment: str = SIX, **options: Any) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(chat_app, name, environment)
    async with Space(url, timeouts=TIMEOUTS, **(CHATS[name].space | options)) as space:
        yield space


async def as_the_page_has_it(url: str, chat: Chat, way: Candidate) -> list[Any]:
    """The answers of two turns, read by somebody else: of a chatbot the last bubbles, else the whole value."""
    async with RawReader(url) as reader:
        for label, value in chat.settings.items():
            reader.values[reader.labelled(label)] = value
        found: list[Any] = []
        for prompt in PROMPTS:
            reading = await reader.turn(prompt, box=way.box, trigger=(way.trigger, way.event), chatbot=way.output)
            assert not reading.errors
            found.append(reading.answer if way.chatbot else reading.chatbot)
            if way.output_type == "html":
                found[-1] = re.sub(r"<[^>]*>", "", found[-1].replace("<br>", "\n"))
        return found


@pytest.mark.parametrize("case", [case for case in CASES if CHATS[case[0]].notes is not None], ids="-".join)
async def test_a_chat_is_found_and_driven(chat_app: Start, case: tuple[str, str]) -> None:
    chat = CHATS[case[0]]
    async with opened(chat_app, *case) as space:
        way = space.layout.chat
        assert tuple(gate.act for gate in space.layout.gates) == chat.before
        conversation = space.conversation()
        first = await conversation.ask(PROMPTS[0], settings=chat.settings)
        second = await conversation.ask(PROMPTS[1])
        assert [first.text, second.text] == chat.answers()
        if chat.raw:
            assert await as_the_page_has_it(space.url, chat, way) == chat.answers()


@pytest.mark.parametrize("case", [case for case in CASES if CHATS[case[0]].notes is None], ids="-".join)
async def test_where_nobody_can_chat_it_is_said_what_was_looked_at(chat_app: Start, case: tuple[str, str]) -> None:
    async with opened(chat_app, *case) as space:
        with pytest.raises(errors.NoChatFound) as caught:
            _ = space.layout
        with pytest.raises(errors.NoChatFound):
            space.conversation()
    assert any(line.startswith("components: ") for line in caught.value.looked_at)
    told = {
        "decoy_image": "no chatbot among the components",
        "decoy_sum": "no box that takes text",
        "decoy_voice": "no click or submit leads to it",
        "decoy_list": "the answer does not show in the chatbot",
        "decoy_canned": "no text goes in",
    }
    assert any(told[case[0]] in line for line in caught.value.looked_at)


async def test_what_is_no_chat_can_be_named_all_the_same(chat_app: Start) -> None:
    async with opened(chat_app, "decoy_list", chat="search") as space:
        assert (await space.conversation().ask("Hello")).text == "nothing about Hello"


@pytest.mark.parametrize("environment", [FOUR, SIX])
async def test_several_chats_are_listed_and_named(chat_app: Start, environment: str) -> None:
    async with opened(chat_app, "tabs", environment) as space:
        found = space.layout.candidates
        assert [candidate.place for candidate in found if candidate.event == "submit"] == [
            ("Alpha",),
            ("Beta",),
            ("More", "Gamma"),
        ]
        gamma = next(number for number, candidate in enumerate(found) if candidate.place == ("More", "Gamma"))
    for name in (gamma, str(gamma), found[gamma].output, "gamma", "Gamma chatbot", "send to gamma"):
        async with opened(chat_app, "tabs", environment, chat=name) as space:
            assert space.layout.chat.place == ("More", "Gamma")
    async with opened(chat_app, "interface_renamed", SIX, chat="/talk") as space:
        assert space.layout.chat == space.layout.candidates[0]


async def test_two_conversations_behind_a_gate(chat_app: Start) -> None:
    """Each passes it for itself, and once."""
    async with opened(chat_app, "gate_steps") as space:
        one, other = space.conversation(), space.conversation()
        first = await one.ask("Hello")
        assert [notice.text.split(":")[0].split()[0] for notice in first.notices] == ["Clicked", "Chose", "Clicked"]
        assert (await other.ask("Hello")).text == first.text
        assert not (await one.ask("Hello")).notices
        resumed = space.conversation(one.dump())
        assert (await resumed.ask("Hello")).text == "Echo: Hello | turn=3 loaded=small"


async def test_a_name_that_the_page_wants(chat_app: Start) -> None:
    async with opened(chat_app, "gate_named") as space:
        with pytest.raises(errors.AppFailed) as caught:
            await space.conversation().ask("Hello")
        assert "button" in caught.value.message
        assert "Tell us your name" in caught.value.message
        assert "'Your name': …" in caught.value.hint
        notices = []
        async with space.conversation().stream("Hello", settings={"Your name": "Ada"}) as turn:
            async for event in turn:
                notices += [event.text] if isinstance(event, Notice) else []
        assert any(notice.startswith("Clicked button") for notice in notices)


@pytest.mark.parametrize("name", ["hanging_thread", "custom_record", "custom_leaf", "drawn_later", "plain_log"])
async def test_what_was_streamed_is_the_answer(chat_app: Start, name: str) -> None:
    async with opened(chat_app, name) as space, space.conversation().stream(PROMPTS[1]) as turn:
        pieces = [event.text async for event in turn if isinstance(event, TextDelta)]
        answer = turn.result()
    assert "".join(pieces) == answer.text
    assert not answer.rewritten
    assert len(pieces) > 1 or name == "drawn_later"


@pytest.mark.parametrize("environment", [SIX])
async def test_a_component_that_nobody_knows(chat_app: Start, environment: str) -> None:
    async with opened(chat_app, "custom_chatbot", environment) as space:
        assert space.layout.chat.output_type == "talklog"
        assert space.layout.chat.chatbot
    async with opened(chat_app, "custom_leaf", environment) as space:
        assert (space.layout.chat.output_type, space.layout.chat.chatbot) == ("panorama", False)
    async with opened(chat_app, "custom_box", environment) as space:
        assert space.layout.chat.box_type == "quickwriter"


async def test_reasoning_of_a_pro_chatbot(chat_app: Start) -> None:
    async with opened(chat_app, "custom_pro", STUDIO) as space:
        answer = await space.conversation().ask("Hello")
    assert (answer.text, answer.reasoning) == ("Echo: Hello | turn=1", "I think.")


@pytest.mark.parametrize("environment", [STUDIO, SIX])
async def test_load_chat(servers: Pool, model: ModelServer, environment: str) -> None:
    """A chat before another chat's server: Gradio's own code asks the scripted model."""
    script = CHATS["submit"].script.with_name("loaded.py")
    for takes in ("files", "text"):
        url = await servers.use(script, "--server", model.base_url, "--takes", takes, environment=environment)
        async with Space(url, timeouts=TIMEOUTS) as space:
            assert space.layout.chat.multimodal == (takes == "files")
            conversation = space.conversation()
            answers = [(await conversation.ask(prompt)).text for prompt in PROMPTS]
        assert answers == ["Echo 1: Hello", "Echo 3: Tell me more"]
        assert model.asked[-1].roles == ["user", "assistant", "user"]
        async with RawReader(url) as reader:
            assert [(await reader.turn(prompt)).answer for prompt in PROMPTS] == answers


async def test_thoughts_and_tools_in_blocks(chat_app: Start) -> None:
    for environment in (FOUR, LATE, SIX):
        async with opened(chat_app, "tools", environment) as space:
            answer = await space.conversation().ask("Hello")
        assert answer.reasoning == "I think of it."
        assert [(step.title, step.text) for step in answer.steps] == [("🛠️ Used tool look", "look('Hello')")]
