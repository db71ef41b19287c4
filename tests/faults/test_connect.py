"""No server, no name, no TLS, no Gradio: what stands between an address and a connected Space."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from spacebridge import Space, Timeouts, errors
from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import Action, FaultServer, raw, respond
from tests.doubles.http import Exchange
from tests.faults.lab import ANSWER, Lab, answered, failure, work_left
from tests.real.process import free_port


async def refused(lab: Lab, address: str | FaultServer, kind: type[errors.SpacebridgeError], **options: Any) -> Any:
    """The error of exactly this kind that connecting gives."""
    with pytest.raises(errors.SpacebridgeError) as caught:
        async with asyncio.timeout(12):
            await lab.space(address, **options)
    assert type(caught.value) is kind, repr(caught.value)
    assert work_left() == []
    return caught.value


async def test_nobody_listens(lab: Lab) -> None:
    error = await refused(lab, f"http://127.0.0.1:{free_port()}", errors.CannotConnect)
    assert error.hint
    assert isinstance(error, aiohttp.ClientError)


async def test_server_goes_away_between_turns(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    await server.aclose()
    await failure(conversation, kind=errors.CannotConnect)


async def test_no_such_name(lab: Lab) -> None:
    error = await refused(lab, "http://nowhere.invalid", errors.CannotConnect)
    assert "nowhere.invalid" in str(error)


@pytest.mark.parametrize(
    "failed", [OSError(-3, "Temporary failure in name resolution"), UnicodeError("label too long")]
)
async def test_resolver_fails(lab: Lab, monkeypatch: pytest.MonkeyPatch, failed: Exception) -> None:
    async def getaddrinfo(*args: object, **options: object) -> list[Any]:
        raise failed

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(errors.SpacebridgeError):
        await lab.space("http://some-name.example")


async def test_name_that_cannot_be_one(lab: Lab) -> None:
    for host in ("a" * 70 + ".example", "a..b", "xn--\u00fc.example"):
        with pytest.raises(errors.SpacebridgeError):
            await lab.space(f"http://{host}")


async def test_connection_that_never_comes_about(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*args: object, **options: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    error = await refused(lab, "http://192.0.2.1", errors.TimedOut, timeouts=Timeouts(connect=0.3))
    assert error.limit == "connect"
    assert error.seconds == 0.3
    assert not error.still_running


# TLS


async def test_self_signed(lab: Lab, tmp_path: Path) -> None:
    context, _ = fault.certificate(tmp_path)
    server = await lab.server(tls=context)
    error = await refused(lab, server, errors.CertificateRefused)
    assert "certificate" in str(error).lower()
    assert isinstance(error, aiohttp.ClientError)


async def test_trusted_certificate(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusting = fault.certificate(tmp_path)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    server = await lab.server(tls=context)
    assert await answered(await lab.conversation(server)) == ANSWER


async def test_certificate_of_another_host(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusting = fault.certificate(tmp_path)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    server = await lab.server(tls=context)
    server.host = "127.0.0.2"  # routed to the same machine, but not in the certificate
    listening = await asyncio.start_server(lambda r, w: None, "127.0.0.2", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    await refused(lab, f"https://127.0.0.2:{port}", errors.CertificateRefused)
    listening.close()


async def test_https_to_a_plain_port(lab: Lab) -> None:
    server = await lab.server()
    error = await refused(lab, server.url.replace("http:", "https:"), errors.CertificateRefused)
    assert "http://" in error.hint


async def test_http_to_a_tls_port(lab: Lab, tmp_path: Path) -> None:
    context, _ = fault.certificate(tmp_path)
    server = await lab.server(tls=context)
    await refused(lab, server.url.replace("https:", "http:"), errors.ConnectionLost)


async def test_old_tls(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusting = fault.certificate(tmp_path)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(errors.CannotConnect):
        await lab.space(await lab.server(tls=context))


# Not a Gradio app

OTHERS: dict[str, Action] = {
    "html": respond(200, "<html><head><title>Welcome to nginx!</title></head></html>"),
    "object": respond(200, {"message": "Hello World"}),
    "gradio-like": respond(200, {"components": {}, "dependencies": []}),
    "list": respond(200, [1, 2, 3]),
    "null": respond(200, b"null"),
    "number": respond(200, b"12"),
    "text": respond(200, b"pong", {"content-type": "text/plain"}),
    "empty": respond(200, b""),
    "204": respond(204, b""),
    "half": respond(200, b'{"version": "4.44.0", "components": ['),
    "not utf-8": respond(200, b'{"components": [], "dependencies": [], "title": "\xff\xfe"}'),
    "deep": respond(200, b"[" * 200_000 + b"]" * 200_000),
    "deep inside": respond(200, b'{"components": ' + b"[" * 200_000 + b"]" * 200_000 + b', "dependencies": []}'),
    "binary": respond(200, bytes(range(256)) * 50, {"content-type": "application/octet-stream"}),
    "page without config": respond(200, "<script>window.gradio_config = {oops};</script>"),
}


@pytest.mark.parametrize("other", OTHERS)
async def test_something_else_answers(lab: Lab, other: str) -> None:
    server = await lab.server()
    server.on("GET", "/", OTHERS[other])
    error = await refused(lab, server, errors.NotGradio)
    assert isinstance(error, json.JSONDecodeError)
    assert server.url in str(error)
    assert len(str(error)) < 400


async def test_a_page_but_no_config(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/", respond(200, "<html>A page of something else</html>"))
    server.on("GET", "/config", respond(404, "<html>not here</html>"))
    await refused(lab, server, errors.NotGradio)


ODD_CONFIGS: dict[str, dict[str, Any]] = {
    "no version": {"version": None},
    "odd version": {"version": "main-4.x"},
    "numbers as text": {"max_file_size": "5mb", "space_id": 5, "app_id": None, "title": 3, "root": 7},
    "odd components": {"components": [None, 3, [], {}, {"id": "x", "type": "textbox"}, {"id": 1, "type": 2}]},
    "odd dependencies": {"dependencies": [None, 3, [], {"id": True}, {"id": 0, "targets": 5, "inputs": "ab"}]},
    "no chat": {"dependencies": []},
    "unknown protocol": {"protocol": "carrier-pigeon"},
}


@pytest.mark.parametrize("odd", ODD_CONFIGS)
async def test_odd_config(lab: Lab, odd: str) -> None:
    """A configuration that makes half sense gives an answer, or an error of the tree."""
    server = await lab.server()
    server.config |= ODD_CONFIGS[odd]
    if odd in ("no version", "odd version", "numbers as text"):
        assert await answered(await lab.conversation(server)) == ANSWER
    else:
        with pytest.raises((errors.NoChatFound, errors.ProtocolError)):
            await lab.conversation(server)


# Broken replies

BROKEN: dict[str, tuple[Action, type[errors.SpacebridgeError]]] = {
    "reset": (fault.dropped("rst"), errors.ConnectionLost),
    "closed": (fault.dropped("fin"), errors.ConnectionLost),
    "short": (fault.short_body(), errors.ConnectionLost),
    "chunks": (fault.broken_chunks(), errors.ConnectionLost),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), errors.ConnectionLost),
    "half a head": (raw(b"HTTP/1.1 200 OK\r\ncontent-le"), errors.ConnectionLost),
    "lying length": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: abc\r\n\r\n{}"), errors.ConnectionLost),
    "two lengths": (
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}"),
        errors.ConnectionLost,
    ),
    "huge head": (raw(b"HTTP/1.1 200 OK\r\nx-filler: " + b"a" * 100_000 + b"\r\n\r\n"), errors.ConnectionLost),
    "not gzip": (respond(200, b"{}", {"content-encoding": "gzip"}), errors.ConnectionLost),
    "hangs": (fault.hang(), errors.TimedOut),
    "hangs in the body": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", end="hang"), errors.TimedOut),
}


@pytest.mark.parametrize("path, method", [("/config", "GET"), ("/login", "POST")])
@pytest.mark.parametrize("broken", BROKEN)
async def test_broken_reply(lab: Lab, broken: str, path: str, method: str) -> None:
    server = await lab.server()
    action, kind = BROKEN[broken]
    server.on(method, path, action)
    options: dict[str, Any] = {"auth": ("ada", "secret")} if path == "/login" else {}
    timeouts = Timeouts(connect=0.5 if kind is errors.TimedOut else 5)
    error = await refused(lab, server, kind, timeouts=timeouts, **options)
    assert isinstance(error, aiohttp.ClientError)


async def test_slow_drip(lab: Lab) -> None:
    """Bytes keep coming, but the reply never ends."""

    async def drip(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "application/json"})
        while not exchange.gone.is_set():
            await exchange.send(b" ")
            await asyncio.sleep(0.02)

    server = await lab.server()
    server.on("GET", "/config", drip)
    error = await refused(lab, server, errors.TimedOut, timeouts=Timeouts(connect=0.5))
    assert error.limit == "connect"


async def test_endless_reply(lab: Lab) -> None:
    from spacebridge import Limits

    server = await lab.server()
    server.on("GET", "/config", fault.endless(b" " * 65536))
    error = await refused(lab, server, errors.FrameTooLarge, limits=Limits(frame=1_000_000))
    assert "1000000" in str(error)


@pytest.mark.parametrize("status", [403, 500])
async def test_endless_refusal(lab: Lab, status: int) -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.head(status, {"content-type": "text/html"})
        while not exchange.gone.is_set():
            await exchange.send(b"<p>" * 100)
            await asyncio.sleep(0.01)

    server = await lab.server()
    server.on("GET", "/config", endless)
    kind = errors.AccessDenied if status == 403 else errors.ServerRefused
    await refused(lab, server, kind, timeouts=Timeouts(connect=0.5))


# What a healthy server may do, too


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed(lab: Lab, encoding: str) -> None:
    """All replies compressed, the stream piece by piece."""

    async def compressed(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        head, _, body = bytes(capture).partition(b"\r\n\r\n")
        streamed = b"chunked" in head
        if streamed:
            lines = body.split(b"\r\n")
            pieces = lines[1::2]
        else:
            pieces = [body]
        packer = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
        kind = "text/event-stream" if streamed else "application/json"
        await exchange.head(200, {"content-type": kind, "content-encoding": encoding, "set-cookie": "a=b"})
        for piece in pieces:
            await exchange.send(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
        await exchange.send(packer.flush())
        await exchange.end()

    server = await lab.server()
    server.on("*", "/", compressed)
    conversation = await lab.conversation(server)
    assert await answered(conversation) == ANSWER
    assert await answered(conversation) == ANSWER


async def test_gzip_bomb(lab: Lab) -> None:
    from spacebridge import Limits

    bomb = gzip.compress(b" " * 20_000_000)
    server = await lab.server()
    server.on("GET", "/config", respond(200, bomb, {"content-encoding": "gzip"}))
    await refused(lab, server, errors.FrameTooLarge, limits=Limits(frame=1_000_000))


ROOTS = [
    "",
    "/",
    "http://127.0.0.1:1",
    "http://127.0.0.1:1/other/path",
    "https://internal.example/app",
    "/nowhere",
    "nowhere",
    "@127.0.0.1:1/x",
    "http://[bad",
    "http://127.0.0.1:99999/x",
    "//elsewhere.example/x",
    "\u00fc\u0000 \n",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("root", ROOTS)
async def test_root_that_is_wrong(lab: Lab, root: str) -> None:
    """Behind a proxy the app often knows a wrong address of itself: the one that answered goes on being used."""
    server = await lab.server()
    server.config["root"] = root
    space = await lab.space(server)
    assert space.url == server.url
    assert await answered(space.conversation()) == ANSWER


async def test_root_with_another_path(lab: Lab) -> None:
    """The app is mounted below, and only its configuration is served above, too."""
    server = await lab.server()
    server.config["root"] = f"{server.url}/app"

    async def mounted(exchange: Exchange) -> None:
        if exchange.request.path.startswith("/app/"):
            exchange.request.path = exchange.request.path.removeprefix("/app")
            await server.healthy(exchange)
        elif exchange.request.path == "/config":
            await server.healthy(exchange)
        else:
            await exchange.reply(404, {"detail": "Not Found"})

    server.on("*", "/", mounted)
    space = await lab.space(server)
    assert space.url == f"{server.url}/app"
    assert await answered(space.conversation()) == ANSWER


async def test_root_of_another_app(lab: Lab) -> None:
    server = await lab.server()
    server.config["root"] = f"{server.url}/app"

    server.on("GET", "/app/config", respond(200, wire.qwen_config(server.url) | {"app_id": 999}))
    space = await lab.space(server)
    assert space.url == server.url


@pytest.mark.parametrize("prefix", ["@127.0.0.1:1", ".elsewhere.example", ":1", "gradio_api", "//elsewhere.example", 5])
async def test_api_prefix_stays_on_the_host(lab: Lab, prefix: Any) -> None:
    """An app does not get requests sent to another host by naming it in its configuration."""
    other = await lab.server()
    server = await lab.server()
    server.config["api_prefix"] = prefix.replace(":1", f":{other.port}") if isinstance(prefix, str) else prefix
    conversation = await lab.conversation(server, headers={"X-Secret": "s3cret"})
    try:
        assert await answered(conversation) == ANSWER
    except errors.SpacebridgeError as error:
        assert type(error) is errors.SpaceNotFound, repr(error)
    assert other.connections == 0


async def test_api_prefix_of_another_name(lab: Lab) -> None:
    server = await lab.server()
    server.config["api_prefix"] = "/other_api/"

    async def prefixed(exchange: Exchange) -> None:
        assert exchange.request.path.startswith("/other_api/")
        exchange.request.path = exchange.request.path.removeprefix("/other_api")
        await server.healthy(exchange)

    server.on("*", "/other_api", prefixed)
    assert await answered(await lab.conversation(server)) == ANSWER


async def test_the_same_space_after_a_failure(lab: Lab) -> None:
    """A Space that could not be connected can be tried again."""
    server = await lab.server()
    server.on("GET", "/config", respond(503, {"detail": "Starting"}), nth=1)
    space = Space(server.url)
    with pytest.raises(errors.SpaceUnavailable):
        await space.connect()
    with pytest.raises(errors.ConnectionLost):
        space.conversation()
    async with space:
        assert await answered(space.conversation()) == ANSWER
    with pytest.raises(errors.ConnectionLost):
        space.conversation()


@pytest.mark.parametrize(
    "address",
    ["", " ", "http://", "https://:80", "http://host:99999", "http://[::1", "ftp://host", "file:///etc/passwd",
     "http://ho st", "http://host\n", "a b", "http://\u0000", "javascript:1", "//host"],
)  # fmt: skip
async def test_unreadable_address(lab: Lab, address: str) -> None:
    with pytest.raises(errors.SpacebridgeError) as caught:
        await lab.space(address)
    assert isinstance(caught.value, errors.AddressError | errors.CannotConnect), repr(caught.value)
