"""Spaces on Hugging Face: looked up, woken, waited for, and asked about when they do not answer.

They are plain requests over a few routes of the Hub's API, so that proxies, time limits, traces and the care for
secrets are those of all other requests: ``GET /api/spaces/{owner}/{name}``, its ``/runtime`` and ``/host``, and
``/api/spaces/by-subdomain/{sub}``. Sources: huggingface_hub's ``hf_api.py``, Gradio's ``client/js/src/helpers``.
"""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from spacebridge import errors
from spacebridge.chat.events import Notice
from spacebridge.gradio.http import HttpClient
from spacebridge.gradio.request import decode_json
from spacebridge.log import logger
from spacebridge.shape import as_object, as_text
from spacebridge.spaces.record import SpaceRecord, parse_record, with_runtime
from spacebridge.spaces.resolve import Place, hub_endpoint
from spacebridge.spaces.tokens import Token, find_token, for_hub, for_space

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from spacebridge.spaces.resolve import Way

__all__ = ["HubSpace", "hub_place", "hub_space"]

_SPACE_HOST = ".hf.space"
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0
_PACE = 1.3
_KNOCKS = 5  # polls between two visits
_SETTLING = 30.0  # seconds after its start in which a Space may not answer yet

_T = TypeVar("_T")


@contextlib.asynccontextmanager
async def hub_place(address: str, way: Way) -> AsyncGenerator[Place]:
    """Where a Space on Hugging Face is served.

    One that is named by its own URL is asked at once, and the Hub only if it does not answer.

    Raises:
        SpacebridgeError: as :meth:`HubSpace.ready`.
    """
    async with hub_space(address, way) as space:
        yield Place(space.url or await space.ready(), space)


@contextlib.asynccontextmanager
async def hub_space(address: str, way: Way) -> AsyncGenerator[HubSpace]:
    """A Space on Hugging Face, nothing asked yet.

    Args:
        address: ``huggingface:owner/name``, or ``huggingface:`` and a URL whose host ends in ``hf.space``.
        way: how requests go.
    """
    name = address.partition(":")[2]
    url = name if "://" in name else ""
    token = await asyncio.to_thread(find_token, way.token)
    endpoint = hub_endpoint()
    http = HttpClient(
        endpoint,
        headers=for_hub(endpoint, token),
        secrets=(token.text,) if token else (),
        proxy=way.proxy,
        timeouts=way.timeouts,
        limits=way.limits,
        trace=way.trace,
    )
    async with http:
        yield HubSpace(http, way, token, name="" if url else name, url=url)


class HubSpace:
    """A Space on Hugging Face.

    Args:
        http: the Hub's host.
        way: how requests go.
        token: shown to the Hub, and to the Space.
        name: ``owner/name``, if that is known.
        url: where the Space is served, if that is known.
    """

    def __init__(self, http: HttpClient, way: Way, token: Token | None, *, name: str = "", url: str = "") -> None:
        self.url = url
        self.token = token
        self.record: SpaceRecord | None = None
        """What the Hub said last, if it was asked."""
        self._http = http
        self._way = way
        self._name = name
        self._settles_at = -inf

    @property
    def headers(self) -> dict[str, str]:
        """What shows the Space who asks."""
        return for_space(self.url, self.token)

    async def look(self) -> SpaceRecord:
        """Ask the Hub what it knows of the Space.

        Raises:
            SpaceNotFound: there is none, or it is private.
            LoginRequired: the token was refused.
            AccessDenied, RateLimited, CannotConnect, …: see :mod:`spacebridge.errors`.
        """
        subdomain = (urlsplit(self.url).hostname or "").removesuffix(_SPACE_HOST)
        shown = self._name or urlsplit(self.url).hostname or ""
        route = f"/api/spaces/{quote(self._name)}" if self._name else f"/api/spaces/by-subdomain/{quote(subdomain)}"
        try:
            record = parse_record(await self._get(route))
        except errors.ConnectionLost as error:
            error.hint = "If only Hugging Face's own site is out of reach: give the Space's URL, https://….hf.space."
            raise
        except (errors.LoginRequired, errors.SpaceNotFound) as error:
            raise self._unknown(shown, error) from error
        except errors.AccessDenied as error:
            error.hint = f"Ask for access at https://huggingface.co/spaces/{shown}, and give a token that has it."
            raise
        self._name, self.record = record.id, record
        return record

    async def ready(self) -> str:
        """Wait until the Space runs, waking it if it sleeps.

        Returns:
            Where it is served.

        Raises:
            SpacePaused, SpaceBuildFailed, …: it does not run, and won't by itself.
            SpaceAsleep, TimedOut: it did not run within ``Timeouts.wake``.
            Also what ``look`` raises.
        """
        await self._running(await self.look(), self._patience())
        return self.url

    async def reach(self, connect: Callable[[], Awaitable[_T]]) -> _T:
        """Connect to the app; where it does not answer, find out why, and try again once it runs.

        Args:
            connect: does it.

        Raises:
            SpacebridgeError: what ``connect`` raises, or the better reason that the Hub knows.
        """
        patience = self._patience()
        while True:
            try:
                return await connect()
            except (errors.RateLimited, errors.QueueFull):
                raise
            except (errors.ServerRefused, errors.ProtocolError, errors.ConnectionLost) as error:
                if not await self._recover(error, patience):
                    raise

    async def _recover(self, error: errors.SpacebridgeError, patience: float) -> bool:
        """After the app did not answer: find out why, and wait if that helps; whether to try again."""
        try:
            record = await self.look()
        except errors.SpaceNotFound as unknown:
            raise unknown from error
        except errors.SpacebridgeError as unknown:
            logger.debug("the Hub does not say why: %s", unknown)
            return False
        if isinstance(error, errors.NotGradio) and record.outlook == "running" and record.sdk not in ("", "gradio"):
            raise record.not_gradio() from error
        if await self._running(record, patience):
            return True
        if _now() > min(self._settles_at, patience):
            return False
        await asyncio.sleep(_FIRST_PAUSE)  # it runs, but its address does not lead there yet
        return True

    async def _running(self, record: SpaceRecord, patience: float) -> bool:
        """Wait until the Space runs; whether it did not at first."""
        waited = False
        limit = asyncio.timeout_at(None if patience == inf else patience)
        try:
            async with limit:
                async for now in self._watch(record):
                    record = now
                    waited = waited or record.outlook != "running"
        except TimeoutError:
            if not limit.expired():
                raise
            raise _not_in_time(record, self._way.timeouts.wake or 0.0) from None
        if waited:
            self._settles_at = _now() + _SETTLING
        self.url = self.url or record.host or await self._host()
        return waited

    def _patience(self) -> float:
        """Until when the Space is waited for."""
        wake = self._way.timeouts.wake
        return inf if wake is None else _now() + wake

    async def _watch(self, record: SpaceRecord) -> AsyncGenerator[SpaceRecord]:
        """The record, again and again until the Space runs."""
        told, polls, pause = "", 0, _FIRST_PAUSE
        while True:
            if trouble := record.trouble():
                raise trouble
            yield record
            if record.outlook == "running":
                return
            if record.stage != told:
                told = record.stage
                self._way.tell(Notice(level="progress", text=record.describe()))
            if record.outlook == "asleep" and polls % _KNOCKS == 0:
                await self._knock(record)
            await asyncio.sleep(pause)
            polls, pause = polls + 1, min(pause * _PACE, _LONGEST_PAUSE)
            record = self.record = await self._looked_again(record)

    async def _looked_again(self, record: SpaceRecord) -> SpaceRecord:
        try:
            return with_runtime(record, await self._get(f"/api/spaces/{quote(record.id)}/runtime"))
        except errors.RateLimited as error:
            await asyncio.sleep(error.retry_after or _LONGEST_PAUSE)
        except (errors.ConnectionLost, errors.TimedOut, errors.SpaceUnavailable):
            pass  # a fault of the moment; the limit for waking ends it
        return record

    async def _knock(self, record: SpaceRecord) -> None:
        """Visit the Space, as a browser would: that wakes it. What it says meanwhile is of no interest."""
        url = self.url or record.host
        if not url:
            return
        way = self._way
        http = HttpClient(
            url,
            headers=for_space(url, self.token),
            secrets=(self.token.text,) if self.token else (),
            proxy=way.proxy,
            timeouts=way.timeouts,
            trace=way.trace,
        )
        async with http:
            with contextlib.suppress(errors.SpacebridgeError):
                await http.get("/")

    async def _host(self) -> str:
        host = as_text(as_object(await self._get(f"/api/spaces/{quote(self._name)}/host")).get("host"))
        if not host:
            raise errors.ProtocolError(f"Hugging Face does not say where {self._name} is served.")
        return host.rstrip("/")

    async def _get(self, route: str) -> Any:
        return decode_json(await self._http.get(route))

    def _unknown(self, shown: str, error: errors.ServerRefused) -> errors.SpacebridgeError:
        """What it means that the Hub shows no such Space; it does not tell what is private from what is not there."""
        if self.token is None:
            return errors.SpaceNotFound(
                f"Hugging Face has no Space {shown}, or it is private.",
                status=error.status,
                hint="Check its name. For a private one give a token: token=, HF_TOKEN, or `hf auth login`.",
            )
        if isinstance(error, errors.LoginRequired):
            return errors.LoginRequired(
                f"Hugging Face refused the token (from {self.token.source}).",
                status=error.status,
                hint="Give another one, or none (token=False). https://huggingface.co/settings/tokens lists yours.",
            )
        return errors.SpaceNotFound(
            f"Hugging Face has no Space {shown}, or the token (from {self.token.source}) may not see it.",
            status=error.status,
            hint="Check its name, and whose token it is.",
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _not_in_time(record: SpaceRecord, seconds: float) -> errors.SpacebridgeError:
    if record.outlook == "asleep":
        return errors.SpaceAsleep(
            f"The Space {record.id} sleeps, and did not wake within {seconds:g} s.",
            hint=f"Ask again later, raise Timeouts.wake, or look at {record.page}.",
        )
    return errors.TimedOut(
        f"The Space {record.id} did not run within {seconds:g} s ({record.stage}).",
        limit="wake",
        seconds=seconds,
        hint=f"Ask again later, or raise Timeouts.wake. {record.page} shows how far it is.",
    )
