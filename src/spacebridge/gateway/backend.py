"""One Space behind a model: its connection, its places, and whether it rests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec

from spacebridge import errors
from spacebridge.gateway.breaker import Breaker, is_fault
from spacebridge.gateway.line import Line
from spacebridge.log import logger
from spacebridge.options import Limits, Timeouts
from spacebridge.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Generator

    from spacebridge.chat.events import Notice
    from spacebridge.gateway.breaker import Attempt
    from spacebridge.gateway.options import Breaking, ModelOptions

__all__ = ["Backend", "State", "title_of"]

State = Literal["new", "connecting", "ready", "resting", "asleep", "away", "unusable"]

# Nothing that waits helps against these: somebody has to change the address, the app or the configuration.
_UNUSABLE = (
    errors.AddressError,
    errors.SpaceNotFound,
    errors.LoginRequired,
    errors.AccessDenied,
    errors.NotGradio,
    errors.NoChatFound,
    errors.MissingPart,
    errors.RedirectRefused,
)
_MOST_IDLE = 64
"""Connections that stay when nobody uses them."""
_ASLEEP = (errors.SpaceAsleep, errors.SpacePaused, errors.SpaceBuildFailed)


class _Connection:
    """A connection to the Space, and the cookies that the app set on it: so it is one client's."""

    def __init__(self) -> None:
        self.space: Space | None = None
        self.connecting: asyncio.Task[Space] | None = None

    async def aclose(self) -> None:
        """Leave its turns and close it."""
        if self.connecting is not None:
            self.connecting.cancel()
            await asyncio.wait({self.connecting})
        space, self.space = self.space, None
        if space is not None:
            await space.aclose()


class Backend:
    """A Space at one address, as the options of its model say.

    Each client has a connection of its own: an app may know its visitors by a cookie, and show one what another said.

    Args:
        address: of the Space.
        options: of the model.
        breaking: when it rests.
    """

    def __init__(self, address: str, options: ModelOptions, breaking: Breaking) -> None:
        self.address = address
        self.title = title_of(address)
        self.options = options
        self.line = Line(options.turns, options.waiting, f"the Space {self.title}")
        self.breaker = Breaker(breaking)
        self.timeouts = _timeouts(options)
        self.failure: BaseException | None = None
        """What went wrong last, until something goes well."""
        self.status = ""
        """What is waited for while it is reached."""
        self._unused: _Connection | None = None
        """Nobody's yet: made to see what the Space is. The first client gets it."""
        self._connections: OrderedDict[str, _Connection] = OrderedDict()
        """By client, the one used last at the end."""
        self._users: Counter[str] = Counter()
        self._closings: set[asyncio.Task[None]] = set()
        self._retired = False
        self._closing: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Backend({self.title!r})"

    @property
    def state(self) -> State:
        """What is known of it."""
        if isinstance(self.failure, _UNUSABLE):
            return "unusable"
        if self.breaker.state == "open":
            return "resting"
        if isinstance(self.failure, _ASLEEP):
            return "asleep"
        if self.connected is not None:
            return "ready"
        if any(connection.connecting for connection in self._all()):
            return "connecting"
        return "away" if self.failure is not None else "new"

    @property
    def connected(self) -> Space | None:
        """The Space as any client has it, if it is connected."""
        return next((connection.space for connection in self._all() if connection.space is not None), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Hosts and names by which errors may call it; not those of the catalogue, which everybody knows."""
        found = [host_of(space.url)] if (space := self.connected) is not None else []
        if "://" in self.address:
            found += [self.title, host_of(self.address)]
        elif "/" in self.title:  # on Hugging Face, which makes its host of its name
            found += [self.title, f"{re.sub('[^a-z0-9]+', '-', self.title.lower())}.hf.space"]
        return tuple(found)

    def _all(self) -> list[_Connection]:
        return [*self._connections.values(), *([self._unused] if self._unused is not None else [])]

    @contextlib.contextmanager
    def used(self, owner: str) -> Generator[None]:
        """While the block is open, a client's connection stays, even if the configuration no longer names the Space."""
        self._users[owner] += 1
        try:
            yield
        finally:
            self._users[owner] -= 1
            if not self._users[owner]:
                del self._users[owner]
            self._close_if_unused()

    async def space(self, owner: str) -> Space:
        """The connected Space for a client.

        Raises:
            SpacebridgeError: it can't be reached, or has no chat.
        """
        connection = self._connections.get(owner)
        if connection is None:
            connection, self._unused = self._unused or _Connection(), None
            self._connections[owner] = connection
            self._close_idle()
        self._connections.move_to_end(owner)
        return await self._space_of(connection)

    async def reach(self) -> None:
        """Connect, if nobody has; errors as those of ``space``."""
        if self.connected is None:
            connection = self._unused = self._unused or _Connection()
            await self._space_of(connection)

    async def _space_of(self, connection: _Connection) -> Space:
        if connection.space is not None:
            return connection.space
        if connection.connecting is None:
            connection.connecting = asyncio.create_task(self._connect(), name=f"connect {self.title}")
            connection.connecting.add_done_callback(lambda task: self._connected(connection, task))
        # Others may wait for the same connection: who leaves does not end it.
        return await asyncio.shield(connection.connecting)

    async def _connect(self) -> Space:
        options = self.options
        auth: tuple[str, str] | None = None
        if options.auth_env is not None:
            user, _, password = os.environ.get(options.auth_env, "").partition(":")
            auth = (user, password)
        space = Space(
            self.address,
            token=os.environ.get(options.token_env) or None if options.token_env is not None else None,
            auth=auth,
            proxy=options.proxy,
            chat=options.chat,
            timeouts=self.timeouts,
            limits=Limits(turns=None),  # the line here gives the places
            on_status=self._tell,
        )
        try:
            await space.connect()
            _ = space.layout  # says so if there is no chat
        except BaseException:
            await space.aclose()
            raise
        return space

    def _tell(self, notice: Notice) -> None:
        self.status = notice.text

    def _connected(self, connection: _Connection, task: asyncio.Task[Space]) -> None:
        connection.connecting = None
        self.status = ""
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self.failure = error
            logger.warning("The Space %s can't be used: %s", self.title, error)
            return
        connection.space = task.result()
        self.failure = None
        self._close_if_unused()

    def succeeded(self, attempt: Attempt) -> None:
        """A turn went well."""
        self.failure = None
        self.breaker.succeeded(attempt)

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        """A turn, or the attempt to reach the Space, failed."""
        self.breaker.failed(attempt, error)
        if is_fault(error):
            self.failure = error

    def retire(self) -> None:
        """Close it as soon as nobody uses it any more."""
        self._retired = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._retired and not self._users and self._closing is None:
            self._closing = asyncio.create_task(self.aclose(), name=f"close {self.title}")

    def _close_idle(self) -> None:
        """Let go of the connections that were not used for longest, if there are many."""
        idle = [owner for owner in self._connections if not self._users[owner]]
        for owner in idle[: max(0, len(idle) - _MOST_IDLE)]:
            closing = asyncio.create_task(self._connections.pop(owner).aclose(), name=f"close {self.title}")
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)

    async def aclose(self) -> None:
        """Leave all turns and close the connections."""
        self._retired = True
        connections, self._unused = self._all(), None
        self._connections.clear()
        await asyncio.gather(*(connection.aclose() for connection in connections), *self._closings)

    def describe(self) -> dict[str, Any]:
        """What may be told of it to whoever uses the model: neither its address nor its errors."""
        state = self.state
        told: dict[str, Any] = {
            "state": state,
            "busy": self.line.busy,
            "places": self.line.places,
            "waiting": self.line.waiting,
        }
        if state == "resting":
            told["rests_for"] = round(self.breaker.wait, 1)
        if state == "connecting" and self.status:
            told["waits_for"] = self.status
        if (space := self.connected) is not None and state not in ("unusable", "away"):
            layout = space.layout
            told["title"] = layout.title
            told["gradio"] = layout.version
            told["takes_files"] = layout.chat.multimodal
            told["settings"] = [
                {
                    "name": setting.name,
                    "label": setting.label,
                    "type": setting.type,
                    "default": setting.value,
                    "choices": list(setting.labels) or None,
                    "minimum": setting.minimum,
                    "maximum": setting.maximum,
                    "step": setting.step,
                }
                for setting in layout.settings
            ]
        return told


def title_of(address: str) -> str:
    """An address as it may be logged and told: without user, password and parameters."""
    if "://" not in address:
        return address.partition("?")[0].rpartition("@")[2]
    parts = urlsplit(address)
    return f"{host_of(address)}{parts.path.rstrip('/')}"


def host_of(url: str) -> str:
    """The host of a URL, and its port."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _timeouts(options: ModelOptions) -> Timeouts:
    given = msgspec.structs.asdict(options.timeouts)
    return msgspec.structs.replace(Timeouts(), **{name: value for name, value in given.items() if value is not None})
