"""An app that is started anew under a running conversation: a real server, killed, and started again on its port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from spacebridge import Finished, Notice, Space, TextDelta, errors
from spacebridge.chat.conversation import Conversation
from tests.real.apps import NEW, OLD
from tests.real.process import Process, free_port
from tests.spaces.conftest import HERE

APP = HERE / "restart_app.py"
GENERATIONS = [OLD, NEW]

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


class Restarting:
    """One address, and the app that is served there now."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.port = free_port()
        self.app: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *arguments: str) -> None:
        self.app = Process(APP, *arguments, environment=self.environment)
        await asyncio.to_thread(self.app.start, self.port)

    async def stop(self) -> None:
        if self.app is not None:
            await asyncio.to_thread(self.app.stop)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Restarting]:
    one = Restarting(request.param if hasattr(request, "param") else NEW)
    yield one
    if one.app is not None:
        one.app.stop()


everywhere = pytest.mark.parametrize("server", GENERATIONS, indirect=True)


async def cut_in_mid_answer(server: Restarting, conversation: Conversation) -> errors.SpacebridgeError:
    """Kill the server while it speaks; the error of the turn."""
    with pytest.raises(errors.ConnectionLost) as caught:
        async with conversation.stream("slow") as turn:
            async for event in turn:
                if isinstance(event, TextDelta):
                    await server.stop()
                assert not isinstance(event, Finished)
    assert caught.value.partial.startswith("tick")
    assert conversation.state == "partial"
    return caught.value


async def lost(conversation: Conversation) -> None:
    with pytest.raises(errors.SessionLost) as caught:
        await conversation.ask("Are you there?")
    assert "restarted" in caught.value.message
    assert conversation.state == "lost"
    with pytest.raises(errors.SessionLost):  # at once
        conversation.stream("Hello?")


@everywhere
async def test_memory_of_the_client(server: Restarting):
    told: list[str] = []
    await server.start("--memory", "client")
    async with Space(server.url, on_status=lambda notice: told.append(notice.text)) as space:
        begun, untouched = space.conversation(), space.conversation()
        assert (await begun.ask("one")).text == "first: one | held=0"

        await cut_in_mid_answer(server, begun)
        await server.start("--memory", "client")
        answer = await begun.ask("two")
        held = int(answer.text.removeprefix("first: two | held="))
        assert held >= 4  # both turns, the second one with the part that came
        assert [notice.level for notice in answer.notices] == ["warning"]
        assert "restarted" in answer.notices[0].text
        assert begun.state == "clean"
        assert told == [f"The app at {server.url} was restarted."]
        assert (await begun.ask("three")).notices == ()

        await server.stop()
        await server.start("--memory", "client", "--layout", "second")
        assert (await untouched.ask("hi")).text == "second: hi | held=0"  # nothing had been said in it
        await lost(begun)
        assert (await space.conversation().ask("hi")).text == "second: hi | held=0"
        assert len(told) == 2


@everywhere
async def test_memory_of_the_app(server: Restarting):
    await server.start("--memory", "server")
    async with Space(server.url) as space:
        begun, untouched = space.conversation(), space.conversation()
        assert (await begun.ask("one")).text == "first: one | held=0"
        assert (await begun.ask("two")).text == "first: two | held=1"
        before = space.app_id
        dumped = begun.dump()

        await server.stop()
        await server.start("--memory", "server")
        await lost(begun)
        assert space.app_id != before
        assert begun.dump().get_dict()["state"] == "lost"
        assert (await untouched.ask("hi")).text == "first: hi | held=0"
        assert (await untouched.ask("ho")).text == "first: ho | held=1"
        with pytest.raises(errors.SessionLost):
            space.conversation(dumped)

        await cut_in_mid_answer(server, untouched)
        await server.start("--memory", "server", "--layout", "second")
        await lost(untouched)
        assert (await space.conversation().ask("hi")).text == "second: hi | held=0"


async def test_while_it_is_away(server: Restarting):
    """Nothing is said to anybody, and nothing is lost."""
    await server.start()
    async with Space(server.url) as space:
        conversation = space.conversation()
        await conversation.ask("one")
        await server.stop()
        for _ in range(2):
            with pytest.raises(errors.CannotConnect):
                await conversation.ask("two")
        assert conversation.state == "partial"
        await server.start()
        assert (await conversation.ask("two")).text == "first: two | held=2"


async def test_a_login_is_made_anew(server: Restarting):
    await server.start("--login")
    async with Space(server.url, auth=("ada", "secret")) as space:
        conversation = space.conversation()
        await conversation.ask("one")
        await server.stop()
        await server.start("--login")
        answer = await conversation.ask("two")
        assert answer.text == "first: two | held=2"
        assert isinstance(answer.notices[0], Notice)
