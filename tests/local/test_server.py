"""The process: how it starts, fails and ends, and that nothing of it stays."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from spacebridge.errors import SpaceUnavailable
from spacebridge.local import EmbeddedSpace, run_forever
from spacebridge.local.weights import find_weights

pytestmark = pytest.mark.timeout(120)

OWNER = """
import asyncio, sys
from spacebridge.local import EmbeddedSpace

async def main():
    space = EmbeddedSpace()
    starting = asyncio.create_task(space.start())
    while space.pid is None:
        await asyncio.sleep(0)
    print(space.pid, flush=True)
    print(await starting, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def title(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/config") as reply:
        return (await reply.json())["title"]


async def refuses(url: str) -> bool:
    try:
        await title(url)
    except aiohttp.ClientConnectorError:
        return True
    return False


def owner_started() -> tuple["subprocess.Popen[str]", int]:
    """Start a process that owns a Space; also return the id of the Space's process."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    return owner, os.pidfd_open(int(owner.stdout.readline()))


def ended(pidfd: int, seconds: float) -> bool:
    readable, _, _ = select.select([pidfd], [], [], seconds)
    os.close(pidfd)
    return bool(readable)


async def test_another_model_by_path(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "another-model.gguf").symlink_to(find_weights())
    monkeypatch.chdir(tmp_path)
    lines: list[str] = []
    async with EmbeddedSpace(model="another-model.gguf", log=lines.append) as space:
        url = space.url
        assert "another-model" in await title(url)
        assert url.startswith("http://127.0.0.1:")
    assert await refuses(url)
    assert lines == []
    assert os.listdir(tmp_path) == ["another-model.gguf"]
    assert os.listdir(scratch) == []
    with pytest.raises(RuntimeError, match="not running"):
        _ = space.url
    with pytest.raises(RuntimeError, match="starts once"):
        await space.start()


async def test_sigterm_ends_it_in_order_though_an_answer_runs(scratch: Path) -> None:
    async with EmbeddedSpace() as space, aiohttp.ClientSession(space.url) as http:
        async with http.get("/config") as reply:
            chats = [d["id"] for d in (await reply.json())["dependencies"] if d["api_name"] == "chat"]
        body = {
            "data": ["Write a very long story.", None, "", 0.2, 0.9, 2000],
            "fn_index": chats[0],
            "session_hash": "s",
        }
        await http.post("/gradio_api/queue/join", json=body)
        async with http.get("/gradio_api/queue/data?session_hash=s") as reply:
            async for line in reply.content:
                if b"process_generating" in line:
                    break
            assert space.pid is not None
            asked = time.monotonic()
            os.kill(space.pid, signal.SIGTERM)
            assert await space.wait() == 0
            assert time.monotonic() - asked < 4
    assert os.listdir(scratch) == []


async def test_killed_process_leaves_nothing_when_closed(scratch: Path) -> None:
    async with EmbeddedSpace() as space:
        assert space.pid is not None
        assert len(os.listdir(scratch)) == 1
        os.kill(space.pid, signal.SIGKILL)
        assert await space.wait() == -signal.SIGKILL
    assert os.listdir(scratch) == []


def test_owner_killed(scratch: Path) -> None:
    owner, pidfd = owner_started()
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("http://127.0.0.1:")
        owner.kill()
        assert ended(pidfd, 5)
    assert os.listdir(scratch) == []


def test_owner_killed_while_the_space_starts(scratch: Path) -> None:
    owner, pidfd = owner_started()
    with owner:
        owner.kill()
        assert ended(pidfd, 5)
    assert os.listdir(scratch) == []


async def test_start_cancelled(scratch: Path) -> None:
    space = EmbeddedSpace()
    starting = asyncio.create_task(space.start())
    while space.pid is None:
        await asyncio.sleep(0)
    pidfd = os.pidfd_open(space.pid)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert ended(pidfd, 0)
    assert os.listdir(scratch) == []


async def test_start_takes_too_long() -> None:
    with pytest.raises(SpaceUnavailable, match=r"did not answer within 0\.2 s"):
        await EmbeddedSpace(startup_timeout=0.2).start()


async def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SpaceUnavailable, match=f"port {port} .*in use") as caught:
            await EmbeddedSpace(port=port).start()
    assert "another port" in str(caught.value)


async def test_impossible_port() -> None:
    with pytest.raises(SpaceUnavailable, match="no port 70000"):
        await EmbeddedSpace(port=70000).start()


async def test_given_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with EmbeddedSpace(port=port) as space:
        assert space.url == f"http://127.0.0.1:{port}"


async def test_address_of_another_machine() -> None:
    with pytest.raises(SpaceUnavailable, match=r"192\.0\.2\.1"):
        await EmbeddedSpace(host="192.0.2.1").start()


async def test_broken_model_shows_what_the_engine_says(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(find_weights().read_bytes()[:100_000])
    with pytest.raises(SpaceUnavailable, match="cannot be loaded") as caught:
        await EmbeddedSpace(model=broken).start()
    assert "The end of its log" in str(caught.value)


def listening(pid: int) -> list[str]:
    """The TCP addresses, in the kernel's notation, that the process listens on."""
    sockets = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found: list[str] = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.append(fields[1])
    return found


async def test_nothing_listens_but_the_page() -> None:
    """The engine's own HTTP server is on no port."""
    async with EmbeddedSpace() as space:
        assert space.pid is not None
        port = int(space.url.rpartition(":")[2])
        assert listening(space.pid) == [f"0100007F:{port:04X}"]


async def test_run_forever_until_cancelled() -> None:
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_forever(announce=url.set_result))
    assert "SmolLM2" in await title(await url)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await refuses(url.result())
