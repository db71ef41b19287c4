"""A look at Spaces, whether they can be reached: politely, few at a time, nothing asked and nobody woken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import msgspec

from spacebridge import errors
from spacebridge.chat.layout import find_layout
from spacebridge.gradio.config import parse_config
from spacebridge.gradio.http import HttpClient
from spacebridge.gradio.trace import redact_url
from spacebridge.spaces.hub import HubSpace, hub_space
from spacebridge.spaces.resolve import HUGGING_FACE, canonical

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from spacebridge.spaces.catalogue import Row
    from spacebridge.spaces.resolve import Way

__all__ = ["Visit", "visit", "visit_all"]

_AT_ONCE = 4

State = Literal["reachable", "no chat", "asleep", "starting", "stopped", "not found", "refused", "offline"]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a Space looked like."""

    name: str
    """Of its row."""
    state: State
    """``reachable``: a chat was found there. ``stopped``: only its owner can start it. ``refused``: private, gated, or
    too many requests. ``offline``: there was no connection."""
    said: str = ""
    """More about it, in words."""


async def visit_all(rows: Iterable[Row], way: Way) -> AsyncGenerator[Visit]:
    """Look at each Space; what was seen comes in the order in which it is known."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def look(row: Row) -> Visit:
        async with places:
            return await visit(row, way)

    tasks = [asyncio.create_task(look(row)) for row in rows]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def visit(row: Row, way: Way) -> Visit:
    """Look at one Space: what the Hub says of it and, if it runs, its configuration."""
    try:
        state, said = await _seen(row, way)
    except errors.SpacebridgeError as error:
        state, said = _meaning(error), error.message
    return Visit(name=row.name, state=state, said=said)


async def _seen(row: Row, way: Way) -> tuple[State, str]:
    address = canonical(row.address)
    if address.partition(":")[0] != HUGGING_FACE:
        return await _app(address, way, {})
    async with hub_space(address, way) as space:
        return await _on_hub(space, way)


async def _on_hub(space: HubSpace, way: Way) -> tuple[State, str]:
    try:
        record = await space.look()
    except errors.ConnectionLost:
        if not space.url:
            raise
        return await _app(space.url, way, space.headers)  # it may be there although the Hub is not
    if trouble := record.trouble():
        raise trouble
    if record.outlook == "asleep":
        return "asleep", "a visitor wakes it"
    if record.outlook == "coming":
        return "starting", record.describe()
    space.url = space.url or record.host
    return await _app(space.url, way, space.headers)


async def _app(url: str, way: Way, headers: dict[str, str]) -> tuple[State, str]:
    http = HttpClient(
        url, headers=headers, proxy=way.proxy, timeouts=way.timeouts, limits=way.limits, secrets=tuple(headers.values())
    )
    async with http:
        config = parse_config((await http.get("/config")).body, where=redact_url(url))
    said = f"gradio {config.version_text}, protocol {config.protocol}"
    try:
        find_layout(config)
    except errors.NoChatFound:
        return "no chat", said
    return "reachable", said


def _meaning(error: errors.SpacebridgeError) -> State:
    match error:
        case errors.SpaceNotFound():
            return "not found"
        case errors.AccessDenied() | errors.LoginRequired() | errors.RateLimited():
            return "refused"
        case errors.ConnectionLost() | errors.TimedOut():
            return "offline"
        case errors.ProtocolError():
            return "no chat"
        case _:
            return "stopped"
