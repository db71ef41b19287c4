"""What the exceptions of aiohttp mean: one of ours for each, without I/O."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import aiohttp

from spacebridge import errors

if TYPE_CHECKING:
    from spacebridge.gradio.proxy import Proxy
    from spacebridge.options import Timeouts

__all__ = ["cut", "is_of_proxy", "proxy_failed", "translated"]


def translated(
    error: Exception,
    asked: str,
    *,
    host: str,
    proxy: Proxy | None,
    timeouts: Timeouts,
    limit: str,
    seconds: float | None,
) -> errors.SpacebridgeError:
    """What an exception of a request means.

    Args:
        error: the exception.
        asked: what was asked of whom.
        host: of the app.
        proxy: through which it was asked.
        timeouts: the time limits.
        limit: name of the one that held for the request.
        seconds: its value.
    """
    short = _short(error)
    match error:
        case aiohttp.ConnectionTimeoutError():
            found = _timed_out(asked, "connect", timeouts.connect)
        case TimeoutError():
            found = _timed_out(asked, limit, seconds, still_running=limit in ("idle", "first_text"))
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            found = proxy_failed(error, asked, proxy)
        case _ if is_of_proxy(error):
            found = proxy_failed(error, asked, proxy)
        case _ if _is_tls(error):
            found = errors.CertificateRefused(f"{asked}: no TLS with {host}: {short}.")
        case aiohttp.ClientConnectorDNSError():
            found = errors.CannotConnect(f"{asked}: the name {host} is not known.")
        case aiohttp.ClientConnectorError():
            found = errors.CannotConnect(f"{asked}: no connection to {host}: {_short(error.os_error)}.")
        case aiohttp.InvalidURL():
            found = errors.AddressError(f"{asked}: this is no URL.")
        case aiohttp.WSServerHandshakeError():
            found = errors.ProtocolError(f"{asked}: no websocket could be agreed on: {error.message}.")
        case aiohttp.ClientError() | OSError():
            found = errors.ConnectionLost(f"{asked}: the connection was lost: {short}.")
        case _:
            found = errors.ProtocolError(f"{asked}: the reply makes no sense: {short}.")
    return found


def cut(error: BaseException, asked: str, idle: float | None) -> errors.SpacebridgeError:
    """What an exception means that came while a stream was read; ``idle`` is the limit of that name."""
    if isinstance(error, TimeoutError):
        return _timed_out(asked, "idle", idle, still_running=True)
    return errors.StreamCut(f"{asked}: the stream was cut ({_short(error)}).")


def proxy_failed(error: Exception, asked: str, proxy: Proxy | None) -> errors.CannotConnect:
    """A proxy, that of the user or of the environment, was not passed."""
    where = proxy.shown if proxy else "of the environment"
    hint = "Check the proxy's address, user and password."
    short = f"it answered with {error.status}" if isinstance(error, aiohttp.ClientResponseError) else _short(error)
    return errors.CannotConnect(f"{asked}: the proxy {where} failed: {short}.", hint=hint)


def is_of_proxy(error: Exception) -> bool:
    """Whether one of the packages raised it that speak with SOCKS proxies. Theirs are no errors of aiohttp."""
    return type(error).__module__.partition(".")[0] in ("python_socks", "aiohttp_socks")


def _is_tls(error: BaseException) -> bool:
    """Whether TLS failed; behind a SOCKS proxy aiohttp wraps that in another exception."""
    kinds = (aiohttp.ClientSSLError, ssl.SSLError)
    return isinstance(error, kinds) or (isinstance(error, OSError) and isinstance(error.__cause__, kinds))


def _timed_out(asked: str, limit: str, seconds: float | None, *, still_running: bool = False) -> errors.TimedOut:
    return errors.TimedOut(
        f"{asked}: nothing came within {seconds or 0:g} s (limit {limit!r}).",
        limit=limit,
        seconds=seconds or 0.0,
        still_running=still_running,
    )


def _short(error: BaseException | str) -> str:
    if isinstance(error, aiohttp.ClientPayloadError):  # in aiohttp's words it would be a status 400
        return "its end did not come"
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:200].rstrip(".")
