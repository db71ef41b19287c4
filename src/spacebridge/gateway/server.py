"""Runs the gateway: the web server, signals, reading the configuration anew, and a stop that lets answers end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from spacebridge import errors
from spacebridge.gateway.app import Application
from spacebridge.gateway.config import InvalidConfig, is_loopback
from spacebridge.gateway.logs import set_up
from spacebridge.gateway.protocol import BoundedProtocol
from spacebridge.gateway.state import Gateway
from spacebridge.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from spacebridge.gateway.options import Config

__all__ = ["run"]

_BACKLOG = 2048
_KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept: longer than by clients, so that none is closed as it is used."""
_AFTER_GRACE = 10
"""Seconds in which the web server lets go of its connections, once the requests have ended."""


_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 60_000}
"""When a client counts as gone that says nothing at all any more, as behind a cable that was pulled: after a minute.
By itself the system looks after hours, and in the meantime the client would hold its place on a Space."""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: what a signal does is decided here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


class CannotListen(errors.SpacebridgeError, OSError):
    """The address or port can't be listened on."""


def run(load: Callable[[], Config], announce: Callable[[str, Config], None]) -> int:
    """Serve until a signal ends it.

    Args:
        load: reads the configuration; called again on SIGHUP.
        announce: told the URL when the server listens, and the configuration.

    Returns:
        The process's exit code.

    Raises:
        InvalidConfig: the configuration can't be used.
        CannotListen: the address can't be listened on.
        StoreFailed: the store can't be opened.
    """
    config = load()
    runner: Any = asyncio.run
    if sys.platform != "win32":
        import uvloop

        runner = uvloop.run
    return runner(_run(config, load, announce))


async def _run(config: Config, load: Callable[[], Config], announce: Callable[[str, Config], None]) -> int:
    set_up(config.server.log_format)
    listening = _listen(config.server.host, config.server.port)
    gateway = Gateway(config)
    try:
        await gateway.start()
        server = _Server(
            uvicorn.Config(
                Application(gateway),
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_AFTER_GRACE,
            )
        )
        ending = _Ending(gateway, server)
        ending.handle(load)
        serving = asyncio.create_task(server.serve([listening]))
        # It has been listening since the socket was bound: who asks from now on is answered.
        announce(_url(listening, config.server.host), config)
        await serving
        await ending.wait()
        return 0
    finally:
        listening.close()
        await gateway.aclose()


class _Ending:
    """What signals do."""

    def __init__(self, gateway: Gateway, server: uvicorn.Server) -> None:
        self._gateway = gateway
        self._server = server
        self._draining: asyncio.Task[None] | None = None
        self._reloading: asyncio.Task[None] | None = None

    def handle(self, load: Callable[[], Config]) -> None:
        """Take the signals."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._reload, load)

    async def wait(self) -> None:
        """Wait for the end, if it has begun."""
        if self._draining is not None:
            await self._draining

    def _end(self) -> None:
        """Stop, once the requests under way have ended; a second signal does not wait for them."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        else:
            self._gateway.hurry()

    async def _drain(self) -> None:
        logger.info("Stopping.")
        # Requests still get an answer that says so, until all have ended.
        await self._gateway.drain(self._gateway.config.server.grace)
        self._server.should_exit = True

    def _reload(self, load: Callable[[], Config]) -> None:
        try:
            config = load()
        except (InvalidConfig, errors.FileRefused) as error:
            logger.error("The configuration stays as it is. %s", error)
            return
        if not config.keys and not is_loopback(self._gateway.config.server.host):
            logger.error("The configuration stays as it is: %s needs a key.", self._gateway.config.server.host)
            return
        set_up(config.server.log_format)
        self._reloading = asyncio.create_task(self._configure(config))

    async def _configure(self, config: Config) -> None:
        await self._gateway.configure(config)
        logger.info("The configuration was read anew.")


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # connections inherit it, and these
            for name, value in _ALIVE.items():
                if (option := getattr(socket, name, None)) is not None:  # not every system has all
                    listening.setsockopt(socket.IPPROTO_TCP, option, value)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        why = error.strerror or error
        raise CannotListen(
            f"The gateway can't listen on {host}, port {port}: {why}.", hint="Take another port with --port."
        ) from error
    listening.setblocking(False)  # noqa: FBT003 - the standard library's
    return listening


def _url(listening: socket.socket, host: str) -> str:
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
