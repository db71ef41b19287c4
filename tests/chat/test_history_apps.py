"""Conversations that begin with earlier messages, on real apps whose bots say what they were shown."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from spacebridge import JsonConversation, Space, Timeouts, errors
from spacebridge.chat.conversation import Conversation
from tests.real.apps import LATE, NEW, OLD, WS
from tests.real.process import quiet_environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

Start = Callable[[str, str], str]
TIMEOUTS = Timeouts(first_text=60, total=120, cancel=10)
TALK = [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}]
SEEN = "saw=[u:A|a:B]"
PROMPT = "User: A\nAssistant: B\nUser: Hello\nAssistant:"
RESUME = """
import asyncio, sys
from spacebridge import JsonConversation, Space
async def main():
    kept = JsonConversation.from_json(sys.stdin.read())
    async with Space(sys.argv[1], chat=sys.argv[2]) as space:
        conversation = space.conversation(kept)
        answer = await conversation.ask("Again")
        print(conversation.history_mode, answer.text, flush=True)
asyncio.run(main())
"""


@asynccontextmanager
async def opened(rule_app: Start, environment: str, tab: str) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(rule_app, "memory", environment)
    async with Space(url, timeouts=TIMEOUTS, chat=tab) as space:
        yield space


async def said(conversation: Conversation, *prompts: str) -> list[str]:
    return [(await conversation.ask(prompt)).text for prompt in prompts]


def on(tab: str, *environments: str) -> list[tuple[str, str]]:
    return [(environment, tab) for environment in environments or (OLD, NEW)]


@pytest.mark.parametrize(
    "environment, tab, mode",
    [
        *((*case, "chatbot") for case in [*on("carried", WS, OLD, NEW), *on("pairs", OLD, LATE)]),
        *((*case, "chatbot") for case in [*on("interface", OLD), *on("interface_pairs", OLD)]),
        *(
            (*case, "event")
            for case in [
                *on("interface", LATE, NEW),
                *on("interface_pairs", LATE),
                *on("interface_saved", NEW),
                *on("synced"),
            ]
        ),
        *((*case, "value") for case in [*on("hidden"), *on("browser", LATE, NEW)]),
    ],
)
async def test_the_bot_sees_what_was_said_earlier(rule_app: Start, environment: str, tab: str, mode: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation(history=TALK)
        assert conversation.history_mode == mode
        first, second = await said(conversation, "Hello", "Again")
        assert first == f"Echo: Hello | {SEEN}"
        assert second == f"Echo: Again | saw=[u:A|a:B|u:Hello|a:Echo: Hello | {SEEN}]"
        assert conversation.history_mode == mode
        assert await said(space.conversation(), "Hello") == ["Echo: Hello | saw=[]"]


@pytest.mark.parametrize("environment, tab", on("greeting"))
async def test_a_greeting_stays_before_it(rule_app: Start, environment: str, tab: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        assert await said(space.conversation(history=TALK), "Hello") == ["Echo: Hello | saw=[a:Welcome.|u:A|a:B]"]


@pytest.mark.parametrize("environment, tab", [*on("state"), *on("interface", WS)])
async def test_a_state_that_nothing_reaches_leaves_the_prompt(rule_app: Start, environment: str, tab: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation(history=TALK)
        assert conversation.history_mode == "prompt"
        first, second = await said(conversation, "Hello", "Again")
    assert first == f"Echo: {PROMPT} | saw=[]"
    assert second.startswith(f"Echo: Again | saw=[u:{PROMPT}|a:Echo: ")


@pytest.mark.parametrize("environment, tab", on("nothing"))
async def test_an_app_that_remembers_nothing_is_told_each_time(rule_app: Start, environment: str, tab: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        first, second = await said(space.conversation(history=TALK), "Hello", "Again")
    assert first == f"Echo: {PROMPT}"
    assert second == f"Echo: {PROMPT} {first}\nUser: Again\nAssistant:"


@pytest.mark.parametrize("environment, tab", on("interface_files"))
async def test_files_of_earlier_messages(rule_app: Start, environment: str, tab: str) -> None:
    history = [{"role": "user", "content": "look", "files": [("a.txt", b"a")]}, TALK[1]]
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation(history=history)
        (first,) = await said(conversation, "Hello")
        # Before 6 a file is a message of its own.
        shown = "u:<a.txt>+look" if environment == NEW else "u:<a.txt>|u:look"
        assert first == f"Echo: Hello | saw=[{shown}|a:B]"
        assert await said(conversation.branch(1), "Else") == [f"Echo: Else | saw=[{shown}|a:B]"]


async def test_files_are_refused_where_none_go_in(rule_app: Start) -> None:
    async with opened(rule_app, NEW, "carried") as space:
        with pytest.raises(errors.FileRefused):
            space.conversation(history=[{"role": "user", "content": "look", "files": [("a.txt", b"a")]}])
        with pytest.raises(errors.InvalidMessages, match="Give one of the two"):
            space.conversation({"session_hash": "a"}, history=TALK)


@pytest.mark.parametrize(
    "environment, tab",
    [*on("interface", OLD, LATE, NEW), *on("interface_pairs", LATE), *on("carried", WS, NEW), *on("state", NEW)],
)
async def test_branches_go_their_own_ways(rule_app: Start, environment: str, tab: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation()
        await said(conversation, "one", "two")
        branch = conversation.branch(after=1)
        (other,) = await said(branch, "else")
        assert branch.session_hash != conversation.session_hash
        (third,) = await said(conversation, "three")
    if tab == "state":
        assert branch.history_mode == "prompt"
        assert other == "Echo: User: one\nAssistant: Echo: one | saw=[]\nUser: else\nAssistant: | saw=[]"
    else:
        assert other == "Echo: else | saw=[u:one|a:Echo: one | saw=[]]"
    assert "|u:two|" in third
    assert "else" not in third


@pytest.mark.parametrize("environment, tab", on("interface"))
async def test_a_branch_is_answered_anew_where_the_app_knows_enough(
    rule_app: Start, environment: str, tab: str
) -> None:
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation()
        await said(conversation, "one", "two")
        branch = conversation.branch(1)
        if environment == OLD:  # there the last message is in a State of the session
            with pytest.raises(errors.NotOffered, match="not enough of it"):
                async with branch.retry() as turn:
                    await turn.answer()
            return
        async with branch.retry() as turn:
            assert (await turn.answer()).text == "Echo: one | saw=[]"
        assert await said(branch, "else") == ["Echo: else | saw=[u:one|a:Echo: one | saw=[]]"]


@pytest.mark.parametrize("environment, tab", on("interface_edit", LATE, NEW))
async def test_a_message_is_edited(rule_app: Start, environment: str, tab: str) -> None:
    async with opened(rule_app, environment, tab) as space:
        conversation = space.conversation(history=TALK)
        await said(conversation, "one", "two")
        async with conversation.edit("ONE", turn=2) as turn:
            answer = await turn.answer()
        assert (answer.text, answer.rewritten) == (f"Echo: ONE | {SEEN}", False)
        assert await said(conversation, "three") == [f"Echo: three | saw=[u:A|a:B|u:ONE|a:Echo: ONE | {SEEN}]"]


async def test_no_message_is_edited_where_the_app_has_no_such_thing(rule_app: Start) -> None:
    async with opened(rule_app, NEW, "carried") as space:
        conversation = space.conversation(history=TALK)
        with pytest.raises(errors.NotOffered, match="nothing to edit"):
            conversation.edit("x")


@pytest.mark.parametrize("environment, mode", [(OLD, "chatbot"), (NEW, "event")])
async def test_it_goes_on_in_another_process(rule_app: Start, environment: str, mode: str) -> None:
    async with opened(rule_app, environment, "interface") as space:
        conversation = space.conversation(history=TALK)
        await said(conversation, "Hello")
        kept = conversation.dump().to_json()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RESUME,
        space.address,
        "interface",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=quiet_environment(),
    )
    told, _ = await process.communicate(kept.encode())
    assert told.decode() == f"{mode} Echo: Again | saw=[u:A|a:B|u:Hello|a:Echo: Hello | {SEEN}]\n"


async def test_what_was_resumed_branches(rule_app: Start) -> None:
    async with opened(rule_app, NEW, "interface") as space:
        conversation = space.conversation()
        await said(conversation, "one", "two")
        resumed = space.conversation(JsonConversation.from_json(conversation.dump().to_json()))
        branch = resumed.branch(1)
        assert await said(branch, "else") == ["Echo: else | saw=[u:one|a:Echo: one | saw=[]]"]
