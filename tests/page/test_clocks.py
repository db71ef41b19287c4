"""Functions that the server runs anew every so often; timers are tested with the page."""

from __future__ import annotations

import asyncio

from spacebridge import errors
from spacebridge.gradio.session import Outcome
from tests.page.documents import FOUR, component, listener, page_config
from tests.page.scripted import Running, page_on

SHOWN, OTHER = component(1, "chatbot", value=[]), component(2, "markdown")
EVERY = listener(0, (0, "load"), writes=[1], every=0.5)


async def forever(running: Running) -> Outcome:
    running.say(["again"])
    await asyncio.Event().wait()
    raise AssertionError


async def test_what_is_repeated_is_not_waited_for_when_the_page_opens():
    page, session, _ = page_on(page_config([SHOWN], [EVERY, listener(1, (0, "load"), writes=[1])], FOUR))
    await page.load(5)
    assert session.order == [1]


async def test_it_is_followed_while_somebody_waits_for_it():
    page, session, heard = page_on(page_config([SHOWN, OTHER], [EVERY], FOUR), {0: forever})
    page.clocks.start([2])
    await page.settle()
    assert session.order == []
    page.clocks.start([1])
    async with asyncio.timeout(10):
        while not heard.values:
            await asyncio.sleep(0)
    await page.settle()  # which does not wait for it
    assert heard.values == [(1, ["again"])]
    await page.clocks.stop()
    assert session.cancels == [0]
    assert not session.running[0]
    assert page.active() == []


async def test_what_clocks_may_write():
    timer = component(9, "timer", value=2.0, active=False)
    page, _, _ = page_on(page_config([SHOWN, OTHER, timer], [EVERY, listener(1, (9, "tick"), writes=[2])], FOUR))
    assert page.clocks.may_write([1], now=True)
    assert not page.clocks.may_write([2], now=True)
    assert page.clocks.may_write([2], now=False)
    assert not page.clocks.may_write([3], now=False)
    assert page.clocks.interval() == 2.0


async def test_a_connection_that_is_lost_is_told():
    def lose(_: Running) -> Outcome:
        raise errors.StreamCut("gone")

    page, session, _ = page_on(page_config([SHOWN], [EVERY], FOUR), {0: lose})
    page.clocks.start([1])
    try:
        async with asyncio.timeout(10):
            while not session.calls or session.running[0]:
                await asyncio.sleep(0)
            await asyncio.sleep(0)
        await page.settle()
    except errors.StreamCut as error:
        assert error.message == "gone"
    else:
        raise AssertionError
    finally:
        await page.aclose()
