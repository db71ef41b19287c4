"""Conversations behind the stateless API: what is gone on with, and what never is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.doubles.fault_server import FaultServer
from tests.gateway.served import Served, gateway_running
from tests.real.apps import APPS
from tests.real.process import Pool
from tests.real.valkey import ValkeyServer

pytestmark = pytest.mark.servers

WAY = "x-spacebridge-conversation"


def user(text: str) -> Any:
    return {"role": "user", "content": text}


async def say(client: openai.AsyncOpenAI, messages: list[Any], **options: Any) -> tuple[str, str]:
    """The way taken and the answer; the messages grow by the answer."""
    raw = await client.chat.completions.with_raw_response.create(
        model=options.pop("model", "interface"), messages=messages, **options
    )
    answer = raw.parse().choices[0].message.content
    messages.append({"role": "assistant", "content": answer})
    return raw.headers[WAY], answer


@pytest.fixture
async def client(served: Served) -> AsyncIterator[openai.AsyncOpenAI]:
    async with served.client() as opened:
        yield opened


async def test_a_conversation_goes_on_in_its_session(client: openai.AsyncOpenAI):
    """The app says how many messages it remembers."""
    messages = [user("one")]
    assert await say(client, messages) == ("new", "Echo: one | history=0")
    messages.append(user("two"))
    way, answer = await say(client, messages)
    assert (way, answer[:26]) == ("continued", "Echo: two | history=2 last")
    messages.append(user("three"))
    way, answer = await say(client, messages)
    assert (way, answer[:28]) == ("continued", "Echo: three | history=4 last")


async def test_white_space_makes_no_difference(client: openai.AsyncOpenAI):
    messages = [user("white  space")]
    await say(client, messages)
    messages[0] = user(" white\r\nspace ")
    messages[1]["content"] = f"\n{messages[1]['content']}  "
    messages.append(user("next"))
    assert (await say(client, messages))[0] == "continued"


async def test_streams_are_gone_on_with_too(client: openai.AsyncOpenAI):
    messages = [user("streamed")]
    stream = await client.chat.completions.create(model="interface", messages=messages, stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    messages += [{"role": "assistant", "content": text}, user("next")]
    way, answer = await say(client, messages)
    assert (way, answer[:21]) == ("continued", "Echo: next | history=")


async def test_a_changed_transcript_is_another_conversation(client: openai.AsyncOpenAI):
    messages = [user("to be changed")]
    await say(client, messages)
    changed = [messages[0], {"role": "assistant", "content": "I said something else."}, user("next")]
    way, answer = await say(client, changed)
    assert way == "injected"
    assert answer == "Echo: next | history=2 last=I said something els"
    messages.append(user("next"))
    assert (await say(client, messages))[0] == "continued"


async def test_a_session_is_gone_on_with_once(client: openai.AsyncOpenAI):
    """Of two branches from one answer only the first has the session; the other is told the past."""
    messages = [user("fork")]
    await say(client, messages)
    one, other = [*messages, user("left")], [*messages, user("right")]
    ways = {(await say(client, one))[0], (await say(client, other))[0]}
    assert ways == {"continued", "injected"}
    one.append(user("more"))
    assert (await say(client, one))[0] == "continued"
    other.append(user("more"))
    assert (await say(client, other))[0] == "continued"


async def test_the_same_words_at_once_are_different_sessions(client: openai.AsyncOpenAI):
    talks = [[user("at once")] for _ in range(5)]
    assert await asyncio.gather(*(say(client, talk) for talk in talks)) == [("new", "Echo: at once | history=0")] * 5
    for number, talk in enumerate(talks):
        talk.append(user(f"mine is {number}"))
    answers = await asyncio.gather(*(say(client, talk) for talk in talks))
    assert [way for way, _ in answers] == ["continued"] * 5
    assert all(answer.startswith(f"Echo: mine is {number} | history=2") for number, (_, answer) in enumerate(answers))


async def test_users_of_one_client_have_sessions_of_their_own(client: openai.AsyncOpenAI):
    messages = [user("whose is it")]
    await say(client, messages, user="ada")
    messages.append(user("mine?"))
    assert (await say(client, [*messages], user="bob"))[0] != "continued"
    assert (await say(client, [*messages], user="ada"))[0] == "continued"


async def test_the_system_message_belongs_to_the_transcript(client: openai.AsyncOpenAI):
    messages = [{"role": "system", "content": "A"}, user("with a system message")]
    await say(client, messages, model="interface_settings")
    messages.append(user("next"))
    other = [{"role": "system", "content": "B"}, *messages[1:]]
    assert (await say(client, other, model="interface_settings"))[0] != "continued"
    way, answer = await say(client, messages, model="interface_settings")
    assert way == "continued"
    assert "settings=A," in answer


async def test_a_turn_that_was_left_is_not_gone_on_with(client: openai.AsyncOpenAI):
    messages = [user("[[count=200 pace=0.05]]")]
    stream = await client.chat.completions.create(model="interface", messages=messages, stream=True)
    text = ""
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        if len(text.split()) >= 3:
            await stream.close()
            break
    messages += [{"role": "assistant", "content": text}, user("next")]
    assert (await say(client, messages))[0] == "injected"


async def test_an_app_that_can_not_be_told_the_past_gets_it_in_one_message():
    """Qwen-Agent's page keeps what was said in a State that only its own functions write."""
    async with FaultServer("qwen") as app:
        app.answer = lambda said, _: ["You said: ", said]
        async with gateway_running("--model", f"m={app.url}") as served, served.client() as client:
            messages = [user("My name is Ada."), {"role": "assistant", "content": "Hello, Ada!"}, user("next")]
            asked = await client.chat.completions.with_raw_response.create(model="m", messages=messages)
            assert asked.headers["x-spacebridge-conversation"] == "flattened"
            answer = asked.parse().choices[0].message.content
    assert answer == "You said: User: My name is Ada.\nAssistant: Hello, Ada!\nUser: next\nAssistant:"


@pytest.fixture(params=["sqlite", "valkey"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/store.sqlite3"
    server: ValkeyServer = request.getfixturevalue("valkey")
    return server.url


async def test_conversations_survive_a_restart(store: str, rule_app: Callable[[str], str]):
    address = await asyncio.to_thread(rule_app, "interface_settings")
    messages = [{"role": "system", "content": "kept"}, user("before")]
    for turn in range(3):
        async with gateway_running("--model", f"interface={address}", store=store) as served, served.client() as client:
            way, answer = await say(client, messages)
            assert way == ("continued" if turn else "new")
            assert f"history={2 * turn}" in answer
            assert "settings=kept," in answer
            messages.append(user("after"))


async def test_an_app_that_was_restarted_is_told_the_past(servers: Pool):
    app = APPS["interface"]
    process = await asyncio.to_thread(servers.own, app.script, *app.arguments)
    port = process.port
    async with gateway_running("--model", f"interface={process.url}") as served, served.client() as client:
        messages = [user("before the restart")]
        assert (await say(client, messages))[0] == "new"
        await asyncio.to_thread(process.stop)
        await asyncio.to_thread(process.start, port)
        messages.append(user("after it"))
        way, answer = await say(client, messages)
        assert way in ("injected", "flattened", "continued")
        assert "before the restart" in answer or "history=2" in answer
        messages.append(user("and on"))
        assert (await say(client, messages))[0] == "continued"
    await asyncio.to_thread(process.stop)


async def test_conversations_expire(rule_app: Callable[[str], str]):
    address = await asyncio.to_thread(rule_app, "interface")
    async with (
        gateway_running("--model", f"interface={address}", "--expire", "0.2") as served,
        served.client() as client,
    ):
        messages = [user("soon forgotten")]
        await say(client, messages)
        await asyncio.sleep(0.5)
        messages.append(user("do you remember?"))
        assert (await say(client, messages))[0] == "injected"
