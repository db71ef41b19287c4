"""Files of messages: what is fetched, and what never is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from spacebridge.gateway.fetching import Fetcher, is_public
from spacebridge.gateway.options import Fetching
from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from tests.doubles.http import Exchange, HttpDouble


class Files(HttpDouble):
    """Serves files, and sends on."""

    async def handle(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if path == "/picture.png":
            await exchange.reply(200, b"picture", {"content-type": "image/png"})
        elif path == "/large":
            await exchange.reply(200, b"x" * 5000)
        elif path == "/on":
            await exchange.reply(302, "", {"location": "/picture.png"})
        elif path == "/round":
            await exchange.reply(302, "", {"location": "/round"})
        elif path == "/inside":
            await exchange.reply(302, "", {"location": "http://10.0.0.1/secret"})
        elif path == "/file":
            await exchange.reply(302, "", {"location": "file:///etc/hostname"})
        elif path == "/slow":
            await exchange.gone.wait()
        else:
            await exchange.reply(404, "no")


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    server = Files()
    await server.start()
    yield server
    await server.aclose()


def url(address: str) -> File:
    return File(name="file", url=address)


async def got(address: str, *, allowed: Callable[[str], bool] = lambda ip: ip == "127.0.0.1", **options: Any) -> Any:
    async with Fetcher(Fetching(**{"allow": True, "max_size": 1000, **options}), allowed=allowed) as fetcher:
        return await fetcher.get(url(address))


async def test_data_needs_no_fetching():
    async with Fetcher(Fetching()) as fetcher:
        file = await fetcher.get(File(name="a.txt", mime_type="text/plain", data=b"abc"))
    assert (file.name, file.mime_type, file.content) == ("a.txt", "text/plain", b"abc")


async def test_a_file_is_fetched_where_that_is_allowed(files: Files):
    for path in ("/picture.png", "/on"):
        file = await got(files.url + path)
        assert (file.content, file.mime_type) == (b"picture", "image/png")


async def test_nothing_is_fetched_by_default(files: Files):
    with pytest.raises(Problem, match="does not fetch"):
        await got(f"{files.url}/picture.png", allow=False)


@pytest.mark.parametrize("path, code", [
    ("/large", "file_too_large"),
    ("/nothing", "file_not_fetched"),
    ("/round", "file_not_fetched"),
    ("/inside", "url_not_allowed"),
    ("/file", "url_not_allowed"),
])  # fmt: skip
async def test_what_can_not_be_had_is_told(files: Files, path: str, code: str):
    with pytest.raises(Problem) as caught:
        await got(files.url + path)
    assert (caught.value.status, caught.value.code) == (400, code)


async def test_a_file_that_does_not_come_is_given_up(files: Files):
    with pytest.raises(Problem, match="in time"):
        await got(f"{files.url}/slow", timeout=0.2)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254", "192.168.0.1", "[fd00::1]", "[fe80::1]", "localhost.",
])  # fmt: skip
async def test_private_addresses_are_never_asked(files: Files, host: str):
    """However they are written, and wherever their name leads."""
    before = len(files.requests)
    with pytest.raises(Problem) as caught:
        await got(f"http://{host}:{files.port}/picture.png", allowed=is_public, timeout=5)
    assert caught.value.code in ("url_not_allowed", "file_not_fetched")
    assert len(files.requests) == before


async def test_only_named_hosts(files: Files):
    await got(f"{files.url}/picture.png", hosts=("127.0.0.1",))
    for host in ("example.org", "ample.org"):
        with pytest.raises(Problem, match="fetches no files from"):
            await got(f"http://an-{host}/x", hosts=("example.org", "127.0.0.1"))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["", "x", "127.0.0.1", "10.1.2.3", "100.64.0.1", "169.254.169.254", "224.0.0.1", "::", "::1", "fc00::1", "fe80::1%eth0",
     "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1", "192.0.2.1", "198.18.0.1", "255.255.255.255"],
)  # fmt: skip
def test_not_public(address: str):
    assert not is_public(address)
