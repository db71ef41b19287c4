"""An open stream of server-sent events, as frames."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

import aiohttp

from spacebridge import errors
from spacebridge.gradio.frames import FrameSplitter
from spacebridge.gradio.idle import IdleWatch
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from spacebridge.gradio.frames import Frame
    from spacebridge.gradio.http import HttpClient

__all__ = ["TAIL", "EventSource"]

TAIL = 0.5
"""Seconds to wait for a server that has said all to end its stream."""


class EventSource:
    """An open ``text/event-stream``; leaving its block lets go of it.

    Args:
        http: the app's host.
        response: whose body is the stream.
    """

    def __init__(self, http: HttpClient, response: aiohttp.ClientResponse) -> None:
        self._http = http
        self._response = response
        self._splitter = FrameSplitter(http.limits.frame)
        self._too_large: errors.FrameTooLarge | None = None
        self._watch = IdleWatch(response.content.set_exception, http.timeouts.idle)

    @classmethod
    async def open(cls, http: HttpClient, path: str) -> Self:
        """GET the stream at a path.

        Raises:
            ServerRefused, ConnectionLost, TimedOut, NotJSON: there is none.
        """
        return cls(http, await http.open_stream(path))

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__(*exc)
        self._response.close()  # what has not been read to its end loses its connection

    @property
    def asked(self) -> str:
        """What was asked of whom."""
        return f"GET {redact_url(str(self._response.url))}"

    async def frames(self) -> list[Frame]:
        """The next events' data, one or more; none at the end of the stream.

        Raises:
            StreamCut, TimedOut, FrameTooLarge: the stream broke.
        """
        content = self._response.content
        while True:
            if self._too_large is not None:
                raise self._too_large
            try:
                chunk = await content.readany()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise self._http.lost(error, self.asked) from error
            if not chunk:
                return []
            self._watch.heard()
            try:
                frames = self._splitter.feed(chunk)
            except errors.FrameTooLarge as error:
                frames, self._too_large = list(error.frames), error
            if frames:
                return frames

    async def rest(self) -> None:
        """Read the end of the body after the last event: then the connection can be used for the next request."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(TAIL):
                while await self._response.content.readany():
                    pass
