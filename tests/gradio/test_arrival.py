"""What is done once, behind the last of what arrived together."""

from __future__ import annotations

import asyncio
import threading

import pytest

from spacebridge.gradio.arrival import behind_the_last, handing_on


async def test_it_is_done_behind_the_last():
    done: list[str] = []

    def hand_on(texts: str) -> int:
        for text in texts:
            done.append(text)
            behind_the_last(lambda text=text: done.append(text.upper()))
        handing_on(hand_on, texts[1:]) if len(texts) == 2 else None
        return len(texts)

    assert handing_on(hand_on, "ab") == 2
    assert done == ["a", "b", "b", "A", "B", "B"]


async def test_it_is_done_where_handing_on_fails():
    done: list[int] = []

    def fail(_: None) -> None:
        behind_the_last(lambda: done.append(1))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        handing_on(fail, None)
    assert done == [1]
    behind_the_last(lambda: done.append(2))
    assert done == [1]  # nothing is being handed on any more


async def test_where_nothing_is_handed_on_the_loop_does_it_next():
    done: list[int] = []
    behind_the_last(lambda: done.append(1))
    assert done == []
    await asyncio.sleep(0)
    assert done == [1]


async def test_what_another_thread_hands_on_is_its_own():
    done: list[str] = []
    inside, out = threading.Event(), threading.Event()

    def elsewhere(_: None) -> None:
        inside.set()
        out.wait(5)
        behind_the_last(lambda: done.append("elsewhere"))

    thread = threading.Thread(target=handing_on, args=(elsewhere, None))
    thread.start()
    inside.wait(5)
    behind_the_last(lambda: done.append("here"))
    await asyncio.sleep(0)
    assert done == ["here"]
    out.set()
    thread.join(5)
    assert done == ["here", "elsewhere"]
