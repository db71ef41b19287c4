"""The watch over silence, on a body that is fed by hand."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest
from aiohttp.streams import StreamReader

from spacebridge.gradio.idle import IdleWatch


def body() -> StreamReader:
    return StreamReader(Mock(connected=True, _reading_paused=False), 2**16, loop=asyncio.get_running_loop())


async def test_silence_ends_it():
    content = body()
    content.feed_data(b"a")
    with IdleWatch(content.set_exception, 0.1) as watch:
        assert await content.readany() == b"a"
        watch.heard()
        with pytest.raises(TimeoutError):
            await content.readany()


async def test_what_comes_in_time_is_read():
    content = body()

    async def feed() -> None:
        for _ in range(12):
            await asyncio.sleep(0.05)
            content.feed_data(b"a")
        content.feed_eof()

    feeding = asyncio.create_task(feed())
    read = b""
    with IdleWatch(content.set_exception, 0.4) as watch:  # the whole takes longer
        while chunk := await content.readany():
            watch.heard()
            read += chunk
    assert read == b"a" * 12
    await feeding


async def test_it_can_be_stopped_for_a_while():
    content = body()
    with IdleWatch(content.set_exception, 0.05) as watch:
        watch.stop()
        await asyncio.sleep(0.1)
        content.feed_data(b"a")
        assert await content.readany() == b"a"
        watch.begin()
        with pytest.raises(TimeoutError):
            await content.readany()


async def test_no_limit_and_no_timer_left():
    content = body()
    with IdleWatch(content.set_exception, None):
        content.feed_data(b"a")
        assert await content.readany() == b"a"
    with IdleWatch(content.set_exception, 0.01):
        pass
    await asyncio.sleep(0.05)
    content.feed_data(b"b")
    assert await content.readany() == b"b"
