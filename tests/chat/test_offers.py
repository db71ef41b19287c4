"""What some apps offer beside saying something: options to choose, another try, taking back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from spacebridge import Option, Space, errors
from spacebridge.chat.offers import examples_of, offers_of
from tests.chat.shapes import message
from tests.real.apps import LATE, MIDDLE, NEW, OLD
from tests.real.chats import CHATS, STUDIO
from tests.real.process import Pool

Start = Callable[[str, str], str]
SECOND = "history=2 last=Echo: Hello | histor"


@pytest.mark.servers
@pytest.mark.parametrize("environment", [MIDDLE, LATE, NEW])
async def test_options_another_try_and_taking_back(rule_app: Start, environment: str) -> None:
    async with Space(await asyncio.to_thread(rule_app, "interface_options", environment)) as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | history=0"
        async with conversation.choose("tea") as turn:
            assert (await turn.answer()).text == f"Echo: tea | {SECOND}"
        async with conversation.retry() as turn:
            assert (await turn.answer()).text == f"Echo: tea | {SECOND}"
        await conversation.undo()
        assert (await conversation.ask("Milk")).text == f"Echo: Milk | {SECOND}"
        with pytest.raises(errors.NotOffered, match="'tea', 'coffee'"):
            conversation.choose("beer")


@pytest.mark.servers
async def test_buttons_stand_for_them_in_4(rule_app: Start) -> None:
    async with Space(await asyncio.to_thread(rule_app, "interface", OLD)) as space:
        conversation = space.conversation()
        await conversation.ask("Hello")
        await conversation.ask("Again")
        async with conversation.retry() as turn:
            assert (await turn.answer()).text == f"Echo: Again | {SECOND}"
        await conversation.undo()
        assert (await conversation.ask("Anew")).text == f"Echo: Anew | {SECOND}"


@pytest.mark.servers
async def test_an_app_that_offers_nothing(rule_app: Start) -> None:
    async with Space(await asyncio.to_thread(rule_app, "echo", NEW)) as space:
        conversation = space.conversation()
        with pytest.raises(errors.NotOffered, match="nothing to retry"):
            conversation.retry()
        with pytest.raises(errors.NotOffered, match="nothing to undo"):
            await conversation.undo()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | history=1"


@pytest.mark.servers
async def test_suggestions_of_modelscopes_chatbot(servers: Pool) -> None:
    pro = CHATS["custom_pro"]
    url = await asyncio.to_thread(servers.get, pro.script, *pro.arguments, environment=STUDIO)
    async with Space(url) as space:
        conversation = space.conversation()
        answer = await conversation.ask("Suggest")
        offered = (Option(value="Tell me of cats", label="Cats"), Option(value="Dogs", label="Dogs"))
        assert answer.options == conversation.options == offered
        [file] = answer.attachments
        assert (file.name, await file.bytes()) == ("a note.txt", b"Cats.")
        for said, asked in (("Cats", "Tell me of cats"), ("Dogs", "Dogs")):
            async with conversation.choose(said) as turn:
                assert (await turn.answer()).text.startswith(f"Echo: {asked} |")


# Without a server


def test_options_stand_with_their_bubbles():
    value = [
        message("assistant", "a", options=[{"value": "x", "label": "X"}]),
        message("assistant", "b"),
        message("assistant", "c", options=[{"value": "y"}]),
    ]
    found = offers_of(value)
    assert [option for _, option in found] == [Option(value="x", label="X"), Option(value="y")]
    assert [bubble.kind for bubble, _ in found] == ["options", "options"]


def test_examples():
    raw = [{"text": "a"}, {"display_text": "B", "text": "b", "files": [{"path": "/k"}]}, {"icon": "x"}, "odd", None]
    assert examples_of(raw) == [
        ({"index": 0, "value": {"text": "a", "files": []}}, Option(value="a")),
        (
            {"index": 1, "value": {"display_text": "B", "text": "b", "files": [{"path": "/k"}]}},
            Option(value="b", label="B"),
        ),
    ]
    assert examples_of(None) == []
