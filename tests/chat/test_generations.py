"""Every generation of Gradio, on a real server of each: what must hold of all, however their events travel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from spacebridge import Queued, Space, Started, TextDelta, Timeouts, errors
from spacebridge.cli.describe import describe
from spacebridge.gradio.upload import UploadFile
from spacebridge.page.user import change_by_user
from tests.real.apps import ALL_GENERATIONS, EARLY, EVERYWHERE, NEW, SSE, SSE_V1, SSE_V2, WS
from tests.real.readers import RawReader

pytestmark = pytest.mark.servers

TIMEOUTS = Timeouts(first_text=25, total=50, cancel=10)
Start = Callable[[str, str], str]
on_each = pytest.mark.parametrize("environment", ALL_GENERATIONS)
PROTOCOLS = {WS: "ws", SSE: "sse", SSE_V1: "sse_v1", SSE_V2: "sse_v2", **dict.fromkeys(EVERYWHERE, "sse_v3")}


@asynccontextmanager
async def opened(rule_app: Start, name: str, environment: str, **options: Any) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(rule_app, name, environment)
    async with Space(url, **{"timeouts": TIMEOUTS, **options}) as space:
        yield space


@on_each
async def test_what_it_tells_of_itself(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, "interface", environment) as space:
        found = describe(space)
    release = environment.partition("-")[2] if environment != NEW else found["gradio"]
    assert (found["gradio"], found["protocol"], found["spoken"]) == (release, PROTOCOLS[environment], True)
    assert found["transport"].startswith(
        "a websocket" if environment == WS else "an event stream" if environment == SSE else "one event stream"
    )
    assert found["mode"] == "chat_interface"


@on_each
@pytest.mark.parametrize("name", ["interface", "echo"])
async def test_two_turns_as_the_raw_reader_has_them(rule_app: Start, name: str, environment: str) -> None:
    prompts = ["Hello", "[[code]]", "[[nested]]"]
    async with opened(rule_app, name, environment) as space, RawReader(space.url) as reader:
        conversation = space.conversation()
        for prompt in prompts:
            answer = await conversation.ask(prompt)
            assert answer.text == (await reader.turn(prompt)).answer
            assert conversation.state == "clean"


@pytest.mark.parametrize("environment", EVERYWHERE)
async def test_a_later_stream_is_opened_while_its_join_is_answered(
    rule_app: Start, tmp_path: Path, environment: str
) -> None:
    """The first stream comes after the reply to the join, as only then the server knows the session."""
    file = tmp_path / "turns.jsonl"
    async with opened(rule_app, "echo", environment, trace=file) as space:
        conversation = space.conversation()
        for prompt in ("Hello", "Again"):
            await conversation.ask(prompt)
    told: list[str] = []
    for line in map(json.loads, file.read_text("utf-8").splitlines()):
        _, asked, what = str(line.get("url")).partition("/queue/")
        if asked:
            told.append(what.partition("?")[0])
        elif "event_id" in (line.get("body") or ()):
            told.append("joined")
    assert told == ["join", "joined", "data", "join", "data", "joined"]


@on_each
async def test_the_events_of_a_turn(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, "interface", environment) as space, space.conversation().stream("Hello") as turn:
        events = [event async for event in turn]
    kinds = [type(event) for event in events]
    assert kinds.index(Queued) < kinds.index(Started) < kinds.index(TextDelta)
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(pieces) > 1
    assert "".join(pieces) == "Echo: Hello | history=0"


@on_each
async def test_conversations_do_not_mix(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, "interface", environment) as space:
        conversations = [space.conversation() for _ in range(4)]

        async def two_turns(number: int) -> list[str]:
            said = conversations[number]
            return [(await said.ask(f"{word} {number}")).text for word in ("first", "second")]

        texts = await asyncio.gather(*(two_turns(number) for number in range(4)))
    turns = 1 if environment in EARLY else 2
    for number, (first, second) in enumerate(texts):
        assert first == f"Echo: first {number} | history=0"
        assert second == f"Echo: second {number} | history={turns} last=Echo: first {number} | hist"


@on_each
@pytest.mark.parametrize("name", ["interface", "cancel_chain"])
async def test_left_in_mid_answer(rule_app: Start, name: str, environment: str) -> None:
    """The work stops on the server, and the very next turn is whole: again, and then once more."""
    async with opened(rule_app, name, environment) as space:
        conversation = space.conversation()
        for again in range(2):
            if again and environment == SSE_V2:
                # After a run that was stopped, another of the session may begin there with a diff against a value that
                # nobody was told; its answer then comes at its end (stopped_runs), and can't be left in the middle.
                conversation = space.conversation()
            said = ""
            async with conversation.stream("[[count=400 pace=0.05]]") as turn:
                async for event in turn:
                    if isinstance(event, TextDelta):
                        said += event.text
                    if "3" in said:
                        break
            assert conversation.state == "partial"
            # One run at a time is the rule of these apps: had the other not been stopped, this would wait for 20 s.
            async with asyncio.timeout(12):
                assert (await conversation.ask("Hello")).text.startswith("Echo: Hello | ")
            assert conversation.state == "clean"


@on_each
async def test_left_in_the_queue(rule_app: Start, environment: str) -> None:
    """Who leaves while another is served is not served later, but the next in the queue."""
    async with opened(rule_app, "interface", environment) as space:
        busy, waiting, last = (space.conversation() for _ in range(3))
        async with busy.stream("[[count=400 pace=0.05]]") as running:
            async for event in running:
                if isinstance(event, TextDelta):
                    break
            queued = waiting.stream("[[count=400 pace=0.05]]")
            async for event in queued:
                if isinstance(event, Queued):
                    break
            leaving = asyncio.create_task(queued.aclose())
            asked = asyncio.create_task(last.ask("Hello"))
        async with asyncio.timeout(15):
            await leaving
            assert (await asked).text == "Echo: Hello | history=0"
            assert (await waiting.ask("Hello")).text.startswith("Echo: Hello")


@on_each
async def test_errors_of_the_app(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, "after_failure", environment) as space:
        conversation = space.conversation()
        found = {}
        for prompt in ("fail", "crash", "fail later"):
            with pytest.raises(errors.AppFailed) as caught:
                await conversation.ask(prompt)
            found[prompt] = (caught.value.detail, caught.value.partial)
        assert (await conversation.ask("Hello")).text.startswith("Echo: Hello | ran=")
    assert found == {"fail": ("as you wish", ""), "crash": ("", ""), "fail later": ("in the middle", "a part")}


@on_each
async def test_a_login_that_is_not_needed(rule_app: Start, environment: str) -> None:
    url = await asyncio.to_thread(rule_app, "interface", environment)
    with pytest.raises(errors.LoginRequired, match="no login of its own"):
        async with Space(url, auth=("ada", "secret")):
            pass


@on_each
async def test_files_by_a_button_and_a_box(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, "upload_button", environment) as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | files= attached=None history=1"
        button, attached = (
            next(number for number, component in space.config.components.items() if component.type == kind)
            for kind in ("uploadbutton", "file")
        )
        first, second = await space.upload(
            [UploadFile.from_bytes(b"hello", "a.txt"), UploadFile.from_bytes(b"you there", "b.txt")]
        )
        page = conversation._page
        page.values.set(button, first)
        page.fire(button, "upload")
        await page.settle()
        change_by_user(page, attached, second)
        answer = await conversation.ask("And now?")
    assert answer.text == "Echo: And now? | files=a.txt(5) attached=b.txt history=5"
