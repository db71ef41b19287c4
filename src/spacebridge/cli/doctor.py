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
    from collections.abc import AsyncIterator, Callable, Iterator

    from spacebridge.chat.events import Notice
    from spacebridge.cli.options import SpaceOptions
    from spacebridge.spaces.record import SpaceRecord

__all__ = ["Check", "check_here", "check_space"]

_NEEDED = ("aiohttp", "aiohttp-socks", "msgspec", "prompt_toolkit", "rich", "typer")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SECONDS = 10.0
_OF_THE_HUB = ("CannotConnect", "ConnectionLost", "TimedOut", "RateLimited", "SpaceUnavailable")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "missing", "failed"]
    """``missing`` is something that nobody needs who does not want it."""
    said: str
    hint: str = ""
    error: str = ""
    """Name of the error, where there was one."""


async def check_here(options: SpaceOptions) -> AsyncIterator[Check]:
    """Look at this machine."""
    yield _ok("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    for name in _NEEDED:
        yield _package(name)
    for check in _embedded(needed=options.address.partition(":")[0] == "local"):
        yield check
    yield _extra("hub", ("huggingface_hub",), "renews a login by browser", "pip install 'spacebridge[hub]'")
    for check in _environment():
        yield check
    for check in await asyncio.to_thread(lambda: list(_hugging_face(options))):
        yield check


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
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    if encoding.replace("-", "") == "utf8":
        yield _ok("output", f"{encoding}, TERM={os.environ.get('TERM', '')}")
    else:
        hint = "Other characters are shown as `?`; a UTF-8 locale, such as LC_ALL=C.UTF-8, shows them."
        yield Check(name="output", state="missing", said=encoding, hint=hint)


def _hugging_face(options: SpaceOptions) -> Iterator[Check]:
    """What Spaces on Hugging Face are asked with; never the token itself."""
    from spacebridge.spaces.tokens import find_token

    token = find_token(options.token or None)
    yield _ok("token", f"from {token.source}" if token else "none found: public Spaces only")
    if endpoint := os.environ.get("HF_ENDPOINT"):
        yield _ok("Hub", f"{redact_url(endpoint)} (HF_ENDPOINT)")
    if inside := os.environ.get("SPACE_ID"):
        yield _ok("inside", f"the Space {inside}: its own ZeroGPU quota counts where no visitor's X-IP-Token is sent")


async def check_space(options: SpaceOptions, *, on_status: Callable[[Notice], None]) -> AsyncIterator[Check]:
    """Look at the way to a Space, step by step, as far as it goes.

    Args:
        options: which, and how to reach it.
        on_status: told what is waited for.
    """
    from spacebridge.spaces.resolve import HUGGING_FACE, canonical, resolve

    async with contextlib.AsyncExitStack() as stack:
        try:
            address = canonical(options.address)
            on_hub = address.partition(":")[0] == HUGGING_FACE
            url = "" if on_hub else (await stack.enter_async_context(resolve(address))).url
        except errors.SpacebridgeError as error:
            yield _error("address", error)
            return
        if on_hub:
            record, checks = await _record(address, options)
            for check in checks:
                yield check
            url = address.partition(":")[2] if "://" in address else record.host if record else ""
            if not url or checks[-1].state == "failed":
                return
        else:
            yield _ok("address", redact_url(url))
        async for check in _network(url, options):
            yield check
            if check.state == "failed":
                return
        # By its name, so that it is woken if it sleeps; an embedded Space has been started already.
        async for check in _app(options, None if on_hub else url, on_status):
            yield check


async def _record(address: str, options: SpaceOptions) -> tuple[SpaceRecord | None, list[Check]]:
    """What the Hub says about a Space."""
    from spacebridge.spaces.hub import hub_space

    name = address.partition(":")[2]
    checks = [_ok("address", f"{redact_url(name)} on Hugging Face")]
    async with hub_space(address, options.way()) as space:
        try:
            record = await space.look()
        except errors.SpacebridgeError as error:
            found = _error("Space", error)
            if "://" in name and found.error in _OF_THE_HUB:  # it may answer all the same
                found = msgspec.structs.replace(found, state="missing")
            return None, [*checks, found]
    facts = ("private" if record.private else "public", record.sdk, record.hardware)
    checks.append(_ok("Space", f"{record.id} ({', '.join(filter(None, facts))})"))
    if trouble := record.trouble():
        return record, [*checks, _error("stage", trouble)]
    wakes = " (a visit wakes it)" if record.outlook == "asleep" else ""
    return record, [*checks, _ok("stage", f"{record.stage or 'not told'}{wakes}")]


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


async def _app(options: SpaceOptions, address: str | None, on_status: Callable[[Notice], None]) -> AsyncIterator[Check]:
    """HTTP, Gradio, its protocol, login, chat."""
    from spacebridge.cli.describe import describe
    from spacebridge.gradio.generations import generation_of

    space = options.space(address, on_status=on_status)
    try:
        async with space:
            yield _ok("HTTP", f"{space.url}/config answers")
            config = space.config
            yield _ok("Gradio", f"{config.version_text} ({config.title or 'no title'})")
            yield _ok("login", "logged in" if options.auth else "none needed")
            try:
                yield _ok("protocol", f"{config.protocol} ({generation_of(config, space.url)})")
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
