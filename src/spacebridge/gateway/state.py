"""All that a running gateway holds, and how it begins, changes and ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from spacebridge import errors
from spacebridge.gateway.config import default_store
from spacebridge.gateway.fetching import Fetcher
from spacebridge.gateway.keys import Keys
from spacebridge.gateway.metrics import Metrics
from spacebridge.gateway.models import Models
from spacebridge.gateway.resting import RestingStore
from spacebridge.gateway.sessions import Sessions
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.telemetry import Telemetry
from spacebridge.log import logger
from spacebridge.store import open_store

if TYPE_CHECKING:
    from collections.abc import Generator

    from spacebridge.gateway.keys import Client
    from spacebridge.gateway.options import Config

__all__ = ["Gateway", "Stopping"]


class Stopping(errors.SpacebridgeError):
    """The server is being stopped, and the answer could not be waited for."""

    default_hint = "Ask again."


class Gateway:
    """The state of a gateway. ``start`` makes it ready, ``aclose`` ends it.

    Args:
        config: in force until ``configure`` brings another one.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.metrics = Metrics()
        self.telemetry = Telemetry(wanted=config.server.telemetry)
        self.models = Models()
        self.keys = Keys(config.keys)
        self.fetcher = Fetcher(config.fetch)
        self.draining = False
        """Whether no more requests are taken."""
        self._store: RestingStore | None = None
        self._sessions: Sessions | None = None
        self._running: dict[asyncio.Task[object], str] = {}
        self._stopped: set[asyncio.Task[object]] = set()
        self._turns: dict[str, int] = {}
        self._hurried = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def store(self) -> RestingStore:
        """Where conversations are kept."""
        if self._store is None:
            raise errors.StoreFailed("The gateway has not been started.")
        return self._store

    @property
    def sessions(self) -> Sessions:
        """The conversations."""
        if self._sessions is None:
            raise errors.StoreFailed("The gateway has not been started.")
        return self._sessions

    async def start(self) -> None:
        """Open the store and begin to connect to the Spaces.

        Raises:
            StoreFailed: the store can't be opened.
        """
        options = self.config.store
        self._store = RestingStore(await open_store(options.url or default_store()))
        self._sessions = Sessions(self._store, expire=options.expire, live=options.live)
        self.metrics.watch(self.models, self._sessions, self._store)
        self.models.configure(self.config)
        self._watching = asyncio.create_task(self.models.watch(), name="watch the Spaces")

    async def configure(self, config: Config) -> None:
        """Take over another configuration. Answers under way are not disturbed.

        The address and the store stay as they are; that they differ is only logged.
        """
        for name in ("host", "port", "telemetry"):
            if getattr(config.server, name) != getattr(self.config.server, name):
                logger.warning("Another server.%s takes effect when the gateway is started anew.", name)
        if config.store.url != self.config.store.url:
            logger.warning("Another store takes effect when the gateway is started anew.")
        old_fetcher = self.fetcher
        self.config = config
        self.keys = Keys(config.keys)
        self.fetcher = Fetcher(config.fetch)
        self.models.configure(config)
        self.models.look_soon()
        if self._sessions is not None:
            self._sessions.expire = config.store.expire
            self._sessions.live_limit = config.store.live
        # A file that is being fetched is lost; the next one is fetched under the new rules.
        await old_fetcher.aclose()

    async def missing(self) -> list[str]:
        """What is not there that requests need: ``server``, if it is being stopped, ``spaces`` or ``store``."""
        missing = ["server"] if self.draining else []
        if not any(model.servable for model in self.models):
            missing.append("spaces")
        try:
            await self.store.set("ready", b"", seconds=60)  # a full disk can still be read
        except errors.StoreFailed:
            missing.append("store")
        return missing

    async def admit(self, client: Client, prompt_tokens: int) -> None:
        """See whether a client has not asked too often.

        Raises:
            RateLimited: it has; ``retry_after`` says when it may ask again.
        """
        options = client.options
        if options is None:
            return
        for kind, amount, limit in (
            ("requests", 1, options.requests_per_minute),
            ("tokens", prompt_tokens, options.tokens_per_minute),
        ):
            if limit is None:
                continue
            try:
                wait = await self.store.spend(f"{kind}:{client.name}", amount, capacity=limit, per_second=limit / 60)
            except errors.StoreFailed:  # better too many answers than none
                return
            if wait > 0:
                raise errors.RateLimited(
                    f"The key {client.name} may use {limit:g} {kind} a minute.", status=429, retry_after=wait
                )

    async def spent(self, client: Client, completion_tokens: int) -> None:
        """Count the tokens of an answer; they were used already."""
        options = client.options
        if options is None or options.tokens_per_minute is None:
            return
        limit = options.tokens_per_minute
        with contextlib.suppress(errors.StoreFailed):
            await self.store.spend(
                f"tokens:{client.name}", completion_tokens, capacity=limit, per_second=limit / 60, owed=True
            )

    @contextlib.contextmanager
    def turns_of(self, client: Client, turns: int) -> Generator[None]:
        """So many of the turns that a key may have at once.

        Raises:
            RateLimited: it has them already.
            Problem: 400; it may never have so many.
        """
        limit = client.options.turns if client.options is not None else None
        now = self._turns.get(client.scope, 0)
        if limit is not None and now + turns > limit:
            told = f"The key {client.name} may have {limit} turns at once."
            if turns > limit:
                raise Problem(f"{told} {turns} answers were asked for.", code="invalid_value", param="n")
            raise errors.RateLimited(told, status=429, retry_after=1)
        self._turns[client.scope] = now + turns
        try:
            yield
        finally:
            left = self._turns[client.scope] - turns
            if left:
                self._turns[client.scope] = left
            else:
                del self._turns[client.scope]

    # The end

    @contextlib.contextmanager
    def running(self, request: str) -> Generator[None]:
        """A request that a stop waits for."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - requests are served in tasks
        self._running[task] = request
        try:
            yield
        finally:
            del self._running[task]
            self._stopped.discard(task)

    def was_stopped(self) -> bool:
        """Whether this request was ended by ``drain``."""
        return asyncio.current_task() in self._stopped

    async def drain(self, seconds: float) -> None:
        """Wait for the requests under way; after so many seconds, or when ``hurry`` is called, end them."""
        self.draining = True
        if self._running:
            logger.info("Waiting for %d requests, at most %g s.", len(self._running), seconds)
            hurried = asyncio.create_task(self._hurried.wait())
            ended = asyncio.create_task(self._all_ended())
            await asyncio.wait({hurried, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            hurried.cancel()
            ended.cancel()
        for task in self._running:
            self._stopped.add(task)
            task.cancel()
        await self._all_ended()

    def hurry(self) -> None:
        """Wait no longer."""
        self._hurried.set()

    async def _all_ended(self) -> None:
        while self._running:
            await asyncio.wait(list(self._running))

    async def aclose(self) -> None:
        """Let go of everything."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        if self._sessions is not None:
            await self._sessions.aclose()
        await self.models.aclose()
        await self.fetcher.aclose()
        await asyncio.to_thread(self.telemetry.close)
        if self._store is not None:
            await self._store.aclose()
