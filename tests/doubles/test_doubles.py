"""The doubles do what they say, seen with plain aiohttp."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles import fault_server as fault
from tests.doubles import wire
from tests.doubles.fault_server import FaultServer
from tests.doubles.http import until
from tests.doubles.proxy import HttpProxy, Socks5Proxy
from tests.doubles.replay_server import ReplayServer, words
from tests.real.process import Process
from tests.real.readers import RawReader, raw_turn


@pytest.fixture
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


async def events(client: aiohttp.ClientSession, server: FaultServer, fn: int, data: list[Any]) -> list[dict[str, Any]]:
    """Join and read the stream, with diffs."""
    body = {"data": data, "fn_index": fn, "session_hash": "s"}
    async with client.post(f"{server.url}{server.prefix}/queue/join", json=body) as response:
        response.raise_for_status()
    async with client.get(f"{server.url}{server.prefix}/queue/data?session_hash=s") as response:
        return fault.pretty(await response.read())


@pytest.mark.parametrize("kind", ["qwen", "interface"])
async def test_a_healthy_app_holds_a_conversation(kind: str) -> None:
    async with FaultServer(kind) as server:
        server.answer = lambda said, session: ["You said ", said, f" after {len(session.history)}."]
        async with RawReader(server.url) as reader:
            assert (await reader.turn("Hello")).answer == "You said Hello after 0."
            assert (await reader.turn("Again")).answer == "You said Again after 2."
        assert (await raw_turn(server.url, "Other")).answer == "You said Other after 0."
        await until(lambda: server.open_connections == 0)


async def test_the_stream_has_diffs(client: aiohttp.ClientSession) -> None:
    async with FaultServer() as server:
        got = await events(client, server, 2, [[[wire.bubble("Hi"), None]], None, 1])
        assert got[3]["output"]["data"] == [[["append", [0, 1, 1, "text"], " there"]], [], []]
        assert [m["msg"] for m in got[-2:]] == ["process_completed", "close_stream"]
        assert got[-2]["output"]["data"][0][0][1][1]["text"] == "Hello there."


async def test_faults_strike_where_they_are_put(client: aiohttp.ClientSession) -> None:
    async with FaultServer() as server:
        server.on("GET", "/config", fault.html(502), nth=2)
        statuses = []
        for _ in range(3):
            async with client.get(f"{server.url}/config") as response:
                statuses.append((response.status, response.content_type))
        assert statuses == [(200, "application/json"), (502, "text/html"), (200, "application/json")]
        assert server.connections == 1

        for action in (fault.dropped("rst"), fault.dropped("fin"), fault.short_body(), fault.broken_chunks()):
            server.on("GET", "/config", action)
            with pytest.raises(aiohttp.ClientError):
                async with client.get(f"{server.url}/config") as response:
                    await response.read()

        server.on("GET", "/config", fault.hang())
        with pytest.raises(TimeoutError):
            async with client.get(f"{server.url}/config", timeout=aiohttp.ClientTimeout(total=0.1)):
                pass
        await until(lambda: server.open_connections == 0)


async def test_a_stream_is_cut_and_split_at_any_byte(client: aiohttp.ClientSession) -> None:
    async with FaultServer() as server:
        ask = {"data": [[[wire.bubble("Hi"), None]], None, 0], "fn_index": 2, "session_hash": "s"}
        for end in ("fin", "rst"):
            server.on("GET", "/queue/data", fault.tampered(fault.cut_after(700), end=end))
            await (await client.post(f"{server.url}/queue/join", json=ask)).read()
            with pytest.raises(aiohttp.ClientError):
                async with client.get(f"{server.url}/queue/data?session_hash=s") as response:
                    await response.read()
        server.on("GET", "/queue/data", fault.tampered(fault.split_at(1, 2, 5, 333, 334), end="keep"))
        assert [m["msg"] for m in await events(client, server, 2, ask["data"])][-1] == "close_stream"


async def test_a_cancel_ends_the_event(client: aiohttp.ClientSession) -> None:
    async with FaultServer() as server:
        server.pace, server.answer = 0.05, ["x "] * 100
        reading = asyncio.create_task(events(client, server, 2, [[[wire.bubble("Hi"), None]], None, 0]))
        await until(lambda: server.seen("/queue/data"))
        await asyncio.sleep(0.12)
        async with aiohttp.ClientSession() as other:
            running = server.running["s"]
            await (
                await other.post(f"{server.url}/cancel", json={"session_hash": "s", "fn_index": 2, "event_id": running})
            ).read()
        got = await asyncio.wait_for(reading, 2)
        assert got[-2] == wire.cancelled(running)
        assert server.cancels == [{"session_hash": "s", "fn_index": 2, "event_id": running}]


async def test_login_and_threads() -> None:
    with FaultServer("interface") as server:
        server.login = ("ada", "secret")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.get(f"{server.url}/config") as response:
                assert response.status == 401
            async with client.post(f"{server.url}/login", data={"username": "ada", "password": "secret"}) as response:
                assert response.status == 200
            async with client.get(f"{server.url}/config") as response:
                assert (await response.json())["mode"] == "chat_interface"


async def test_tls(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    server_context, client_context = fault.certificate(tmp_path)
    async with FaultServer(tls=server_context) as server:
        async with client.get(f"{server.url}/config", ssl=client_context) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"{server.url}/config", ssl=ssl.create_default_context())


async def test_http_proxy(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    server_context, client_context = fault.certificate(tmp_path)
    async with FaultServer() as plain, FaultServer(tls=server_context) as secure, HttpProxy("u", "p") as proxy:
        proxy.routes["nowhere.invalid", 80] = (plain.host, plain.port)
        async with client.get("http://nowhere.invalid/config", proxy=proxy.url) as response:
            assert response.status == 200
        async with client.get(f"{secure.url}/config", proxy=proxy.url, ssl=client_context) as response:
            assert response.status == 200
        assert [t.how for t in proxy.tunnels] == ["GET", "CONNECT"]
        async with client.get(f"{plain.url}/config", proxy=f"http://127.0.0.1:{proxy.port}") as response:
            assert response.status == 407


async def test_socks_proxy() -> None:
    async with FaultServer() as server, Socks5Proxy("u", "p") as proxy:
        proxy.routes["nowhere.invalid", 80] = (server.host, server.port)
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        writer.write(b"\x05\x01\x02" + b"\x01\x01u\x01p" + b"\x05\x01\x00\x03\x0fnowhere.invalid\x00\x50")
        assert await reader.readexactly(4) == b"\x05\x02\x01\x00"
        assert (await reader.readexactly(10))[1] == 0
        writer.write(b"GET /config HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()
        assert [(t.host, t.port, t.user) for t in proxy.tunnels] == [("nowhere.invalid", 80, "u")]


@pytest.mark.parametrize("kind", ["qwen", "interface"])
async def test_replay(client: aiohttp.ClientSession, kind: str) -> None:
    async with ReplayServer(words(500), kind=kind, burst=7) as server:
        prefix = "/gradio_api" if kind == "interface" else ""

        async def read(session: str) -> bytes:
            body = {"data": [], "fn_index": 2, "session_hash": session}
            await (await client.post(f"{server.url}{prefix}/queue/join", json=body)).read()
            async with client.get(f"{server.url}{prefix}/queue/data?session_hash={session}") as response:
                return await response.read()

        bodies = await asyncio.gather(*(read(f"s{i}") for i in range(20)))
        assert set(bodies) == {server.stream}
        assert (await raw_turn(server.url, "Hello")).answer == server.text


async def test_replay_as_a_process() -> None:
    script = Path(__file__).with_name("replay_server.py")
    with Process(script, "--tokens", "10") as process:
        assert (await raw_turn(process.url, "Hello")).answer == "".join(words(10))
