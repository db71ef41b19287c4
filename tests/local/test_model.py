"""The model itself, without a page."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from spacebridge.local.model import ContextExceeded, LocalModel, Message, ModelError
from spacebridge.local.weights import find_weights

pytestmark = pytest.mark.timeout(60)

LONG = [Message(role="user", content="Write a very long story about a lighthouse.")]
SHORT = [Message(role="user", content="Say yes.")]


@pytest.fixture
def model() -> Iterator[LocalModel]:
    loaded = LocalModel(find_weights(), parallel=1, context=2048)
    yield loaded
    loaded.close()


async def test_speaks_in_pieces(model: LocalModel) -> None:
    pieces = [piece async for piece in model.stream(LONG, max_tokens=20)]
    assert len(pieces) > 5


async def test_same_seedless_question_at_temperature_0_has_one_answer(model: LocalModel) -> None:
    answers = {"".join([p async for p in model.stream(SHORT, temperature=0, max_tokens=8)]) for _ in range(2)}
    assert len(answers) == 1


class Counted:
    """An engine that counts how often it calls back while it answers: for each piece, and each batch of a prompt."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.calls: list[int] = []

    def handle_chat_completions(self, prompt: Any, callback: Any) -> None:
        number = len(self.calls)
        self.calls.append(0)

        def counted(chunk: Any) -> bool:
            self.calls[number] += 1
            return callback(chunk)

        self._engine.handle_chat_completions(prompt, counted)


async def test_leaving_stops_it_at_once(model: LocalModel) -> None:
    engine: Any = Counted(model._engine)
    model._engine = engine
    async with aclosing(model.stream(LONG, max_tokens=1500)) as pieces:
        async for _ in pieces:
            break
    # There is room for one: the next begins only when the first was let go.
    async with aclosing(model.stream(SHORT, max_tokens=1)) as pieces:
        await anext(pieces)
    assert engine.calls[0] < 300


async def test_cancelling_while_it_reads_stops_it(model: LocalModel) -> None:
    engine: Any = Counted(model._engine)
    model._engine = engine
    slow = [Message(role="user", content="word " * 1500)]  # 24 batches, 10 s of reading
    reading = asyncio.ensure_future(anext(model.stream(slow, max_tokens=5)))
    while not model.busy:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with aclosing(model.stream(SHORT, max_tokens=1)) as pieces:
        await anext(pieces)
    assert engine.calls[0] < 12


async def test_waiting_for_ones_turn_can_be_cancelled(model: LocalModel) -> None:
    async with aclosing(model.stream(LONG, max_tokens=200)) as first:
        await anext(first)
        second = asyncio.ensure_future(anext(model.stream(SHORT)))
        await anext(first)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert model.busy == 1


async def test_too_long_says_how_long(model: LocalModel) -> None:
    with pytest.raises(ContextExceeded, match="holds 2048") as caught:
        await anext(model.stream([Message(role="user", content="word " * 3000)]))
    assert caught.value.needed > caught.value.available == 2048
    # And the model can still be asked.
    assert [piece async for piece in model.stream(SHORT, max_tokens=2)]


async def test_text_that_is_no_unicode_is_an_error(model: LocalModel) -> None:
    with pytest.raises(ModelError):
        await anext(model.stream([Message(role="user", content="\ud800")]))


async def test_stops_before_a_given_text(model: LocalModel) -> None:
    count = [Message(role="user", content="Repeat exactly: a b c d e f g")]
    free = "".join([p async for p in model.stream(count, temperature=0, max_tokens=20)])
    word = free.split()[1]
    cut = "".join([p async for p in model.stream(count, temperature=0, max_tokens=20, stop=[word])])
    assert word not in cut
    assert free.startswith(cut)
