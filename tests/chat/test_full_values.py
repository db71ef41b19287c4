"""Chats of generations that repeat every output whole with each token: what is streamed, and what is decoded for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from spacebridge import Space, TextDelta, Timeouts
from spacebridge.gradio import growth, transport
from tests.doubles.full_value_server import PROMPT, VERSIONS, FullValueServer, pieces
from tests.gradio.test_growth import Twin
from tests.real.apps import SSE, SSE_V1, WS
from tests.real.readers import RawReader

TIMEOUTS = Timeouts(first_text=25, total=50, cancel=10)
on_each_kind = pytest.mark.parametrize("kind", VERSIONS)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were decoded at a time, by decoders each of which is held to what decoding the whole gives."""
    sizes: list[int] = []

    class Held(growth.GrowthDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.twin = Twin()

        def decode(self, data: bytes, start: int = 0, stop: int | None = None) -> Any:
            with monkeypatch.context() as quiet:
                quiet.setattr(growth, "decode_message", decode)
                self.twin.feed(data[start:stop])
            return super().decode(data, start, stop)

    decode = growth.decode_message

    def spy(frame: bytes) -> Any:
        sizes.append(len(frame))
        return decode(frame)

    monkeypatch.setattr(growth, "decode_message", spy)
    monkeypatch.setattr(transport, "GrowthDecoder", Held)
    return sizes


@on_each_kind
@pytest.mark.parametrize("cursor", ["", "▌"], ids=["plain", "cursor"])
async def test_a_long_chat_is_decoded_three_times_however_long_the_answer(kind: str, cursor: str, decoded: list[int]):
    said = pieces(200)
    async with FullValueServer(kind, said, turns=20, cursor=cursor) as server, Space(server.url) as space:
        async with space.conversation().stream(PROMPT) as turn:
            events = [event async for event in turn]
        deltas = [event.text for event in events if isinstance(event, TextDelta)]
        assert "".join(deltas) == turn.result().text == server.text
        assert len(deltas) > 190
        whole = len(server.messages[1])
    # The first, then the second and the first again, and the end; the last step takes the cursor away.
    assert sum(size >= whole for size in decoded) == 4


@pytest.mark.servers
@pytest.mark.timeout(180)
@pytest.mark.parametrize("environment", [WS, SSE, SSE_V1])
@pytest.mark.parametrize("name", ["echo", "arena_together"])
async def test_real_servers(rule_app: Callable[[str, str], str], name: str, environment: str, decoded: list[int]):
    url = await asyncio.to_thread(rule_app, name, environment)
    prompts = ["[[code]]", "[[emoji]]", "[[count=200]]"]
    async with Space(url, timeouts=TIMEOUTS) as space, RawReader(url) as reader:
        conversation = space.conversation()
        for prompt in prompts:
            answer = await conversation.ask(prompt)
            assert answer.text == (await reader.turn(prompt)).answer
    assert len(decoded) > 250
