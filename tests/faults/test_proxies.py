"""Proxies are really used, refuse and go away; what is secret stays where it belongs."""

from __future__ import annotations

import asyncio
import io
import json
import traceback
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from spacebridge import Space, Timeouts, errors
from spacebridge.gradio.http import HttpClient, is_loopback
from tests.doubles import fault_server as fault
from tests.doubles.fault_server import respond
from tests.doubles.http import Exchange
from tests.doubles.proxy import HttpProxy, Proxy, Socks5Proxy
from tests.faults.lab import ANSWER, SHORT, Lab, answered, failure
from tests.real.process import free_port

KINDS: dict[str, type[Proxy]] = {"http": HttpProxy, "socks5": Socks5Proxy}
NAME = "space.invalid"


@pytest.mark.parametrize("login", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_used(lab: Lab, kind: str, login: bool) -> None:
    """Every request of a turn goes through it, and names are resolved there."""
    server = await lab.server()
    proxy = await lab.add(
        KINDS[kind](*(("me", "p%ss:w\u00f6rd") if login and kind == "http" else ("me", "pw") if login else ()))
    )
    proxy.routes[NAME, 80] = (server.host, server.port)
    url = proxy.url
    if login and kind == "http":
        url = f"http://me:p%25ss%3Aw%C3%B6rd@{proxy.host}:{proxy.port}"
    conversation = await lab.conversation(f"http://{NAME}", proxy=url)
    assert await answered(conversation, files=[("a.txt", b"abc")]) == ANSWER
    assert {(t.host, t.port, t.user) for t in proxy.tunnels} == {(NAME, 80, "me" if login else None)}
    assert proxy.refused == 0
    assert not any("authorization" in name for request in server.requests for name in request.headers)
    if kind == "http":
        assert len(proxy.tunnels) == len(server.requests)


@pytest.mark.parametrize("kind", KINDS)
async def test_used_for_loopback_when_it_is_given(lab: Lab, kind: str) -> None:
    server = await lab.server()
    proxy = await lab.add(KINDS[kind]())
    assert await answered(await lab.conversation(server, proxy=proxy.url)) == ANSWER
    assert proxy.tunnels
    assert server.connections == len(proxy.tunnels)


@pytest.mark.parametrize("kind", KINDS)
async def test_used_for_tls(lab: Lab, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusting = fault.certificate(tmp_path)
    server = await lab.server(tls=context)
    proxy = await lab.add(KINDS[kind]())
    with pytest.raises(errors.CertificateRefused):
        await lab.space(server, proxy=proxy.url)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    assert await answered(await lab.conversation(server, proxy=proxy.url)) == ANSWER
    assert {t.how for t in proxy.tunnels} == {"CONNECT" if kind == "http" else "SOCKS5"}


@pytest.mark.parametrize("scheme", ["socks5h", "SOCKS5", "socks5"])
async def test_spellings_of_socks(lab: Lab, scheme: str) -> None:
    server = await lab.server()
    proxy = await lab.add(Socks5Proxy())
    proxy.routes[NAME, 80] = (server.host, server.port)
    url = f"{scheme}://{proxy.host}:{proxy.port}"
    assert await answered(await lab.conversation(f"http://{NAME}", proxy=url)) == ANSWER


async def no_proxy(lab: Lab, proxy: str, address: str = f"http://{NAME}") -> errors.SpacebridgeError:
    with pytest.raises(errors.SpacebridgeError) as caught:
        async with asyncio.timeout(10):
            await lab.space(address, proxy=proxy, timeouts=Timeouts(connect=2))
    error = caught.value
    told = "".join(traceback.format_exception(error)) + str(error) + repr(error)
    assert "topsecret" not in told
    return error


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_away(lab: Lab, kind: str, secure: bool) -> None:
    proxy = f"{kind}://me:topsecret@127.0.0.1:{free_port()}"
    error = await no_proxy(lab, proxy, f"http{'s' if secure else ''}://{NAME}")
    assert type(error) is errors.CannotConnect
    assert "proxy" in str(error)
    assert isinstance(error, aiohttp.ClientError)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_wrong_password(lab: Lab, kind: str, secure: bool) -> None:
    proxy = await lab.add(KINDS[kind]("me", "right"))
    error = await no_proxy(
        lab, f"{kind}://me:topsecret@{proxy.host}:{proxy.port}", f"http{'s' if secure else ''}://{NAME}"
    )
    assert type(error) is errors.CannotConnect
    assert "proxy" in str(error)
    assert proxy.refused
    error = await no_proxy(lab, f"{kind}://{proxy.host}:{proxy.port}", f"http{'s' if secure else ''}://{NAME}")
    assert type(error) is errors.CannotConnect
    assert "proxy" in str(error)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 7, 8, 99])
async def test_socks_refuses(lab: Lab, code: int) -> None:
    proxy = await lab.add(Socks5Proxy())
    proxy.refuse_with = code
    assert type(await no_proxy(lab, proxy.url)) is errors.CannotConnect


@pytest.mark.parametrize("status", [403, 407, 500, 502, 503])
async def test_connect_refused(lab: Lab, status: int) -> None:
    proxy = await lab.add(HttpProxy())
    proxy.refuse_with = status
    error = await no_proxy(lab, proxy.url, f"https://{NAME}")
    assert type(error) is errors.CannotConnect
    assert str(status) in str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["hang", "garbage", "closed"])
async def test_something_else_in_its_place(lab: Lab, kind: str, how: str) -> None:
    server = await lab.server()
    actions = {"hang": fault.hang(), "garbage": fault.raw(b"\x00\xff" * 50), "closed": fault.dropped("fin")}
    server.on("*", "", actions[how])
    error = await no_proxy(lab, f"{kind}://{server.host}:{server.port}", f"https://{NAME}")
    assert isinstance(error, errors.ConnectionLost | errors.TimedOut), repr(error)


@pytest.mark.parametrize(
    "proxy",
    ["ftp://127.0.0.1:1", "127.0.0.1:1", "nonsense", "http://", "socks5://", "socks9://me:topsecret@127.0.0.1:1",
     "http://[bad", "socks5://[bad", "http://me:topsecret@127.0.0.1:99999", "socks5://me:topsecret@127.0.0.1:99999",
     "socks5://me:topsecret@127.0.0.1", "://", " ", "quic://me:topsecret@127.0.0.1:1"],
)  # fmt: skip
async def test_unreadable(lab: Lab, proxy: str) -> None:
    """An address of a proxy that makes no sense is said to be that; nothing goes out without it."""
    server = await lab.server()
    error = await no_proxy(lab, proxy, server.url)
    assert isinstance(error, errors.AddressError | errors.CannotConnect), repr(error)
    assert "proxy" in str(error)
    assert server.connections == 0


async def test_goes_away_in_mid_turn(lab: Lab) -> None:
    server = await lab.server()
    for kind in KINDS.values():
        proxy = await lab.add(kind())
        conversation = await lab.conversation(server, proxy=proxy.url)
        assert await answered(conversation) == ANSWER
        await proxy.aclose()
        error = await failure(conversation)
        assert isinstance(error, errors.ConnectionLost)


# The environment


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_environment(lab: Lab, environment: pytest.MonkeyPatch) -> None:
    server = await lab.server()
    proxy = await lab.add(HttpProxy())
    proxy.routes[NAME, 80] = (server.host, server.port)
    environment.setenv("http_proxy", proxy.url)
    assert await answered(await lab.conversation(f"http://{NAME}")) == ANSWER
    assert proxy.tunnels
    proxy.tunnels.clear()
    for address in (server.url, f"http://localhost:{server.port}"):
        assert await answered(await lab.conversation(address)) == ANSWER
    assert proxy.tunnels == []


async def test_environment_that_is_wrong(lab: Lab, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("http_proxy", f"http://me:topsecret@127.0.0.1:{free_port()}")
    with pytest.raises(errors.CannotConnect) as caught:
        await lab.space(f"http://{NAME}")
    assert "of the environment" in str(caught.value)
    assert "topsecret" not in "".join(traceback.format_exception(caught.value))


async def test_proxy_that_is_given_goes_before_the_environment(lab: Lab, environment: pytest.MonkeyPatch) -> None:
    server = await lab.server()
    proxy = await lab.add(HttpProxy())
    environment.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    environment.setenv("no_proxy", "*")
    assert await answered(await lab.conversation(server, proxy=proxy.url)) == ANSWER
    assert proxy.tunnels


def test_loopback() -> None:
    for url in (
        "http://127.0.0.1:7860",
        "http://127.1.2.3",
        "http://localhost",
        "http://[::1]:80",
        "http://app.localhost",
    ):
        assert is_loopback(url), url
    for url in ("http://127.example.com", "http://localhost.example", "http://10.0.0.1", "https://x.hf.space"):
        assert not is_loopback(url), url


# Secrets


async def test_cookies_come_back(lab: Lab) -> None:
    """Replicas behind a balancer are told apart by a cookie."""
    server = await lab.server()
    space = await lab.space(server)
    assert await answered(space.conversation()) == ANSWER
    assert all(request.headers.get("cookie") == "sticky=replica-1" for request in server.requests[1:])
    assert space.cookies() == {"sticky": "replica-1"}
    dumped = space.conversation().dump()
    assert dumped.get_dict()["cookies"] == {"sticky": "replica-1"}


async def test_cookies_of_any_reply(lab: Lab) -> None:
    server = await lab.server()

    async def join(exchange: Exchange) -> None:
        with exchange.captured() as capture:
            await server.healthy(exchange)
        await exchange.raw(bytes(capture).replace(b"\r\n\r\n", b"\r\nset-cookie: joined=yes; Path=/\r\n\r\n", 1))

    server.on("POST", "/queue/join", join)
    assert await answered(await lab.conversation(server)) == ANSWER
    assert "joined=yes" in server.seen("/queue/data")[0].headers["cookie"]


async def test_cookies_for_another_host_are_not_taken(lab: Lab) -> None:
    server = await lab.server()
    server.on("GET", "/config", respond(200, server.config, {"set-cookie": "evil=1; Domain=elsewhere.example"}))
    space = await lab.space(server)
    assert space.cookies() == {}


async def test_token_is_not_sent_elsewhere(lab: Lab) -> None:
    server = await lab.server()
    conversation = await lab.conversation(server, token="hf_secret-token", headers={"X-Mine": "yes"})
    assert await answered(conversation) == ANSWER
    for request in server.requests:
        assert "hf_secret-token" not in str(request.headers) + request.target + request.body.decode("latin-1")
        assert request.headers["x-mine"] == "yes"
        assert request.headers["user-agent"].startswith("spacebridge/")


SECRETS = ("hf_secret-token", "ada-password", "proxy-password", "url-password")


def shown(error: BaseException) -> str:
    """All that a program may print of an error."""
    seen, text = [error], ""
    while seen:
        one = seen.pop()
        text += str(one) + repr(one) + repr(getattr(one, "args", "")) + repr(getattr(one, "__dict__", ""))
        seen += [e for e in (one.__cause__, None if one.__suppress_context__ else one.__context__) if e is not None]
    return text + "".join(traceback.format_exception(error))


ECHO: list[Any] = [
    respond(403, {"detail": "bad token hf_secret-token for ada-password"}),
    respond(200, b"<html>hf_secret-token ada-password</html>"),
    respond(200, {"message": "hf_secret-token"}),
    respond(302, "", {"location": "http://elsewhere.example/?x=hf_secret-token&token=ada-password"}),
    respond(500, b"Traceback (most recent call last)\nValueError: hf_secret-token"),
]


@pytest.mark.parametrize("number", range(len(ECHO)))
async def test_secrets_that_a_server_echoes(lab: Lab, number: int) -> None:
    """A server, or something before it, may put what it was sent into its reply."""
    server = await lab.server()
    for path in ("/config", "/run/", "/queue/join", "/queue/data"):
        server.clear()
        server.on("*", path, ECHO[number])
        sink = io.BytesIO()
        headers = {"X-HF-Authorization": "Bearer hf_secret-token"}
        space = Space(server.url, token="hf_secret-token", headers=headers, trace=sink, timeouts=SHORT)
        with pytest.raises(errors.SpacebridgeError) as caught:
            async with space:
                await space.conversation().ask("Hi")
        text = str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
        assert "hf_secret-token" not in text, path
        assert b"hf_secret-token" not in sink.getvalue()


async def test_secrets_in_errors_and_traces(lab: Lab) -> None:
    server = await lab.server()
    server.login = ("ada", "ada-password")
    proxy = await lab.add(HttpProxy("me", "proxy-password"))
    address = f"http://user:url-password@{server.host}:{server.port}"
    sink = io.BytesIO()
    options: dict[str, Any] = {
        "token": "hf_secret-token", "auth": ("ada", "ada-password"), "proxy": proxy.url, "timeouts": SHORT,
    }  # fmt: skip
    texts: list[str] = []
    space = Space(address, trace=sink, **options)
    async with space:
        texts.append(repr(space))
        conversation = space.conversation()
        assert (await conversation.ask("Hi")).text == ANSWER
        for action in (fault.dropped("rst"), respond(500, {"detail": "x"}), respond(200, b"<html>"), fault.html(502)):
            for path in ("/run/", "/queue/join", "/queue/data"):
                server.on("*", path, action)
                with pytest.raises(errors.SpacebridgeError) as caught:
                    await conversation.ask("Hi")
                texts.append(shown(caught.value))
                server.clear()
    for action in (respond(404, b""), respond(200, b"<html>"), respond(401, {}), fault.dropped("rst"), fault.hang()):
        server.clear()
        server.on("*", "/", action)
        with pytest.raises(errors.SpacebridgeError) as caught:
            async with Space(address, **{**options, "timeouts": Timeouts(connect=1)}):
                pass
        texts.append(shown(caught.value))
    proxy.password = "changed"
    with pytest.raises(errors.SpacebridgeError) as caught:
        async with Space(address, **options):
            pass
    texts.append(shown(caught.value))
    for secret in SECRETS:
        for text in texts:
            assert secret not in text
        assert secret.encode() not in sink.getvalue()
    for line in sink.getvalue().splitlines():
        json.loads(line)


@pytest.mark.parametrize("auth", [("a", "t"), ("user", "data"), ("admin", "1"), ('"', "\\"), ("x", "\u00fc")])
async def test_trace_stays_readable_with_short_secrets(lab: Lab, auth: tuple[str, str]) -> None:
    server = await lab.server()
    sink = io.BytesIO()
    async with Space(server.url, trace=sink, timeouts=SHORT) as space:
        space._connected().http.trace.hide(*auth)  # type: ignore[union-attr]
        assert (await space.conversation().ask("Hi")).text == ANSWER
    for line in sink.getvalue().splitlines():
        assert "dir" in json.loads(line)


async def test_closed_client_opens_nothing() -> None:
    client = HttpClient("http://127.0.0.1:1")
    await client.aclose()
    with pytest.raises(errors.ConnectionLost):
        await client.get("/config")
