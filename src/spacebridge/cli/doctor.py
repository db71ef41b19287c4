"""What works here, and on the way to a Space: checks, one after another, each with what to do about it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import socket
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec

from spacebridge import errors
from spacebridge.cli.exits import hint_for
from spacebridge.gradio.http import is_loopback
from spacebridge.gradio.trace import redact_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from spacebridge.cli.options import SpaceOptions

__all__ = ["Check", "check_here", "check_space"]

_NEEDED = ("aiohttp", "aiohttp-socks", "msgspec", "prompt_toolkit", "rich", "typer")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SECONDS = 10.0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "missing", "failed"]
    """``missing`` is something that nobody needs who does not want it."""
    said: str
    hint: str = ""
    error: str = ""
    """Name of the error, where there was one."""


def check_here(*, local: bool = False) -> Iterator[Check]:
    """Look at this machine.

    Args:
        local: whether the embedded Space is needed.
    """
    yield _ok("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    for name in _NEEDED:
        yield _package(name)
    yield from _embedded(needed=local)
    yield from _environment()


def _package(name: str) -> Check:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return _ok(name, importlib.metadata.version(name))
    return _failed(name, "is not installed", f"pip install {name}")


def _extra(name: str, modules: tuple[str, ...], what: str, command: str, *, needed: bool = False) -> Check:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        state: Literal["failed", "missing"] = "failed" if needed else "missing"
        return Check(
            name=f"extra {name}", state=state, said=f"{what}: {', '.join(missing)} not installed", hint=command
        )
    return _ok(f"extra {name}", f"{what}: {', '.join(_versioned(module) for module in modules)}")


def _versioned(module: str) -> str:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return f"{module} {importlib.metadata.version(module)}"
    return module


def _embedded(*, needed: bool) -> Iterator[Check]:
    from spacebridge.local.parts import INSTALL_EXTRA
    from spacebridge.local.weights import find_weights

    yield _extra("local", ("gradio", "xllamacpp"), "the embedded Space", INSTALL_EXTRA, needed=needed)
    try:
        path = find_weights()
        yield _ok("model", f"{path.name}, {path.stat().st_size / 1e6:.0f} MB")
    except errors.SpacebridgeError as error:
        state: Literal["failed", "missing"] = "failed" if needed else "missing"
        yield Check(name="model", state=state, said=error.message, hint=error.hint, error=type(error).__name__)
    with contextlib.suppress(OSError):
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").partition("\nflags")[2]
        if flags and platform.machine() in ("x86_64", "AMD64"):
            if " avx2 " in flags.partition("\n")[0] + " ":
                yield _ok("processor", "AVX2")
            else:
                what, why = "no AVX2", "The embedded model's runtime needs it; other Spaces do not."
                yield Check(name="processor", state="failed" if needed else "missing", said=what, hint=why)


def _environment() -> Iterator[Check]:
    proxies = {
        name: value for name in (*_PROXIES, *(name.upper() for name in _PROXIES)) if (value := os.environ.get(name))
    }
    said = ", ".join(
        f"{name}={value if 'no_' in name.lower() else redact_url(value)}" for name, value in proxies.items()
    )
    yield _ok("proxies", said or "none in the environment")
    yield _ok("token", "HF_TOKEN is set" if os.environ.get("HF_TOKEN") else "no HF_TOKEN: public Spaces only")
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    if encoding.replace("-", "") == "utf8":
        yield _ok("output", f"{encoding}, TERM={os.environ.get('TERM', '')}")
    else:
        hint = "Other characters are shown as `?`; a UTF-8 locale, such as LC_ALL=C.UTF-8, shows them."
        yield Check(name="output", state="missing", said=encoding, hint=hint)


async def check_space(options: SpaceOptions) -> AsyncIterator[Check]:
    """Look at the way to a Space, step by step, as far as it goes."""
    from spacebridge.spaces.resolve import resolve

    async with contextlib.AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(resolve(options.address))
        except errors.SpacebridgeError as error:
            yield _error("address", error)
            return
        yield _ok("address", redact_url(url))
        async for check in _network(url, options):
            yield check
            if check.state == "failed":
                return
        async for check in _app(url, options):
            yield check


async def _network(url: str, options: SpaceOptions) -> AsyncIterator[Check]:
    """Names, TCP and TLS: to the proxy where there is one, which then does the rest."""
    target = urlsplit(url)
    proxy = _proxy_for(url, options)
    if proxy:
        yield _ok("proxy", f"by way of {redact_url(proxy)}")
        target = urlsplit(proxy)
    host, secure = target.hostname or "", target.scheme == "https"
    try:
        port = target.port or (443 if secure else 80)
    except ValueError:
        port = 0
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_limit(options)):
            found = await loop.getaddrinfo(host, port, type=1)
    except (OSError, UnicodeError, TimeoutError) as error:
        yield _failed("name", f"{host} is not known ({_short(error)})", "Check the spelling, and the network.")
        return
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    yield _ok("name", f"{host} is {', '.join(addresses)}" if addresses != [host] else host)
    try:
        async with asyncio.timeout(_limit(options)):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except (OSError, TimeoutError) as error:
        hint = f"Is the app running, and is {port} its port? Is a firewall or proxy in between?"
        yield _failed("TCP", f"no connection to {host}:{port} ({_short(error)})", hint)
        return
    yield _ok("TCP", f"connected to port {port}")
    if secure:
        yield await _tls(host, port, options)


async def _tls(host: str, port: int, options: SpaceOptions) -> Check:
    try:
        async with asyncio.timeout(_limit(options)):
            _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        hint = "Its certificate is not one that this machine trusts; SSL_CERT_FILE names others."
        return _failed("TLS", f"the certificate is refused: {error.verify_message}", hint)
    except (OSError, TimeoutError) as error:
        return _failed("TLS", f"not agreed on ({_short(error)})", "Perhaps the address should begin with http://.")
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    return _ok("TLS", str(version))


async def _app(url: str, options: SpaceOptions) -> AsyncIterator[Check]:
    """HTTP, Gradio, its protocol, login, chat."""
    from spacebridge.cli.describe import describe
    from spacebridge.gradio.generations import generation_of

    space = options.space(url)
    try:
        async with space:
            yield _ok("HTTP", f"{space.url}/config answers")
            config = space.config
            yield _ok("Gradio", f"{config.version_text} ({config.title or 'no title'})")
            yield _ok("login", "logged in" if options.auth else "none needed")
            try:
                yield _ok("protocol", f"{config.protocol} ({generation_of(config, url)})")
            except errors.ProtocolError as error:
                yield _error("protocol", error)
            yield _chat(describe(space))
    except errors.SpacebridgeError as error:
        for name, said in _passed(error):
            yield _ok(name, said)
        yield _error(_step(error), error)


def _chat(found: dict[str, Any]) -> Check:
    chat = found["chat"]
    if chat is None:
        return Check(
            name="chat",
            state="failed",
            said=found["message"],
            hint="; ".join(found["looked_at"]),
            error="NoChatFound",
        )
    box, output = chat["box"], chat["output"]
    return _ok("chat", f"{box['type']} {box['id']} to {output['type']} {output['id']}")


def _passed(error: errors.SpacebridgeError) -> Iterator[tuple[str, str]]:
    """Steps that went well before an error."""
    if isinstance(error, errors.NotJSON):
        yield "HTTP", "answers"
    elif isinstance(error, errors.LoginRequired | errors.AccessDenied) and error.status:
        yield "HTTP", f"answers with {error.status}"


def _step(error: errors.SpacebridgeError) -> str:
    """Which step an error is of."""
    if isinstance(error, errors.LoginRequired | errors.AccessDenied):
        return "login"
    return "Gradio" if isinstance(error, errors.ProtocolError) else "HTTP"


def _proxy_for(url: str, options: SpaceOptions) -> str | None:
    """The proxy that requests take, if any."""
    if options.proxy or is_loopback(url):
        return options.proxy
    import urllib.request

    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _limit(options: SpaceOptions) -> float:
    return min(_SECONDS, options.timeout or _SECONDS)


def _ok(name: str, said: str) -> Check:
    return Check(name=name, state="ok", said=said)


def _failed(name: str, said: str, hint: str) -> Check:
    return Check(name=name, state="failed", said=said, hint=hint)


def _error(name: str, error: errors.SpacebridgeError) -> Check:
    return Check(name=name, state="failed", said=error.message, hint=hint_for(error), error=type(error).__name__)


def _short(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not error.args:
        return "no answer in time"
    number = (
        error.errno if isinstance(error, OSError) and not isinstance(error, ssl.SSLError | socket.gaierror) else None
    )
    if number is not None and number > 0:
        return os.strerror(number)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
