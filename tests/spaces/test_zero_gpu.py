"""What ZeroGPU says of quotas and queues, through real apps of each generation."""

from __future__ import annotations

import asyncio

import pytest

from spacebridge import Notice, Queued, Space, errors
from tests.real.apps import EVERYWHERE
from tests.real.process import Pool
from tests.spaces.conftest import GPU_APP

pytestmark = [pytest.mark.servers, pytest.mark.parametrize("environment", EVERYWHERE)]


@pytest.fixture
async def gpu_app(servers: Pool, environment: str) -> str:
    return await servers.use(GPU_APP, environment=environment)


async def test_a_quota_says_when_to_come_back(gpu_app: str):
    async with Space(gpu_app) as space:
        conversation = space.conversation()
        with pytest.raises(errors.QuotaExceeded) as caught:
            await conversation.ask("quota")
        assert (caught.value.retry_after, caught.value.requested, caught.value.left) == (413.0, 60.0, 42.0)
        assert (await conversation.ask("Hello")).text == "Echo: Hello"


async def test_no_gpu_came_free(gpu_app: str):
    async with Space(gpu_app) as space:
        with pytest.raises(errors.GpuUnavailable) as caught:
            await space.conversation().ask("busy")
        assert "after 60s" in caught.value.message


async def test_waiting_for_a_gpu_is_told(gpu_app: str):
    async with Space(gpu_app) as space, space.conversation().stream("queue") as turn:
        events = [event async for event in turn]
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert texts == ["Waiting for a GPU to become available", "Successfully acquired a GPU"]
    waits = [event for event in events if isinstance(event, Queued) and event.rank is None]
    assert len(waits) == 1
    assert turn.result().text == "Echo: queue"


async def test_a_visitors_token_is_passed_on(gpu_app: str):
    async with Space(gpu_app, headers={"X-IP-Token": "a.visitors.token"}) as space:
        answer = await asyncio.wait_for(space.conversation().ask("headers"), 30)
    assert answer.text == "x-ip-token=a.visitors.token x-hf-authorization=None"
