"""Files from addresses: the app's own, and those of strangers, who get to know nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from spacebridge import errors
from spacebridge.gradio.fetch import Fetcher, _may_be_public, _PublicResolver
from spacebridge.gradio.http import HttpClient
from spacebridge.options import Limits, Timeouts

SECRETS = ("authorization", "x-hf-authorization", "cookie", "x-own")
CONTENT = bytes(range(256)) * 5000


class Site:
    """A server that gives files away and remembers what it was asked."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.asked: list[Any] = []
        app = web.Application()
        app.router.add_get("/{rest:.*}", self.answer)
        self.server = TestServer(app, host=host)
        self.redirect = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        what = request.path.rsplit("/", 1)[-1]
        if what.startswith("to"):
            return web.Response(status=302, headers={"Location": self.redirect})
        if what.isdecimal():
            return web.Response(status=int(what), text="no")
        if what == "named":
            return web.Response(
                body=b"x",
                headers={"Content-Disposition": 'attachment; filename="é 1.png"', "Content-Type": "image/png"},
            )
        if what == "part":
            return web.Response(status=206, body=b"cde", headers={"Content-Range": "bytes 2-4/9"})
        if what == "chunked":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(10):
                await response.write(b"x" * 1000)
            return response
        if what == "cut":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"x" * 10)
            assert request.transport is not None
            request.transport.close()
            return response
        return web.Response(body=CONTENT, content_type="application/pdf")

    @property
    def url(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")


@contextlib.asynccontextmanager
async def running(*sites: Site, **options: Any) -> AsyncIterator[tuple[Fetcher, HttpClient]]:
    """The first site is the app's."""
    async with contextlib.AsyncExitStack() as stack:
        for site in sites:
            await site.server.start_server()
            stack.push_async_callback(site.server.close)
        http = HttpClient(
            sites[0].url,
            headers={"X-Own": "secret"},
            cookies={"session": "secret"},
            timeouts=Timeouts(connect=20, idle=20),
            **options,
        )
        await stack.enter_async_context(http)
        yield Fetcher(http), http


async def fetched(fetcher: Fetcher, url: str, **options: Any) -> tuple[Any, bytes]:
    async with fetcher.open(url, **options) as download:
        return download, b"".join([piece async for piece in download.pieces])


def told(request: Any) -> list[str]:
    return [name for name in SECRETS if name in {each.lower() for each in request.headers}]


async def test_the_apps_own_files_are_asked_for_with_its_headers_and_cookies():
    app = Site()
    async with running(app) as (fetcher, _):
        download, content = await fetched(fetcher, f"{app.url}/file=/kept/a%20b.pdf")
        assert content == CONTENT
        assert (download.name, download.mime_type, download.size) == ("a b.pdf", "application/pdf", len(CONTENT))
        download, _ = await fetched(fetcher, f"{app.url}/named")
        assert (download.name, download.mime_type) == ("é 1.png", "image/png")
    assert [told(request) for request in app.asked] == [["cookie", "x-own"]] * 2


async def test_another_host_gets_to_know_nothing():
    app, other = Site(), Site()
    async with running(app, other) as (fetcher, _):
        assert (await fetched(fetcher, f"{other.url}/a.pdf"))[1] == CONTENT  # the same host's name, another port
        app.redirect = f"{other.url}/b.pdf"
        assert (await fetched(fetcher, f"{app.url}/to"))[1] == CONTENT
        other.redirect = f"{app.url}/c.pdf"
        assert (await fetched(fetcher, f"{other.url}/to"))[1] == CONTENT
    assert [told(request) for request in other.asked] == [[]] * 3
    assert [told(request) for request in app.asked] == [["cookie", "x-own"]] * 2


async def test_private_networks_are_asked_only_where_the_caller_says_so():
    app, other = Site(), Site("127.0.0.2")
    async with running(app, other) as (fetcher, _):
        with pytest.raises(errors.FileUnavailable, match="private network"):
            await fetched(fetcher, f"{other.url}/a.pdf")
        app.redirect = f"{other.url}/a.pdf"
        with pytest.raises(errors.FileUnavailable, match="private network"):
            await fetched(fetcher, f"{app.url}/to")
        assert other.asked == []
        assert (await fetched(fetcher, f"{other.url}/a.pdf", named_by_caller=True))[1] == CONTENT
        other.redirect = "http://127.0.0.3/a.pdf"
        with pytest.raises(errors.FileUnavailable, match="private network"):
            await fetched(fetcher, f"{other.url}/to", named_by_caller=True)


async def test_names_of_private_networks_are_no_way_round():
    app = Site()
    async with running(app) as (fetcher, _):
        with pytest.raises(errors.ConnectionLost, match=r"private network|localhost"):
            await fetched(fetcher, "http://localhost:9/a.pdf")
        resolver = _PublicResolver()
        with pytest.raises(OSError, match="private network"):
            await resolver.resolve("localhost", 80)
        await resolver.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "224.0.0.1",
    ],
)
def test_addresses_that_are_not_public(host: str):
    assert not _may_be_public(host)


@pytest.mark.parametrize("host", ["example.org", "93.184.216.34", "2606:2800:220:1::1"])
def test_addresses_that_may_be_public(host: str):
    assert _may_be_public(host)


@pytest.mark.parametrize("status", [403, 404, 410, 500])
async def test_a_file_that_is_not_there(status: int):
    app = Site()
    async with running(app) as (fetcher, _):
        with pytest.raises(errors.FileUnavailable, match=str(status)) as caught:
            await fetched(fetcher, f"{app.url}/{status}")
    assert caught.value.status == status
    assert caught.value.hint


@pytest.mark.parametrize(
    "status, kind", [(401, errors.LoginRequired), (429, errors.RateLimited), (503, errors.SpaceUnavailable)]
)
async def test_what_the_app_says_of_itself_is_told_as_such(status: int, kind: type[errors.ServerRefused]):
    app, other = Site(), Site()
    async with running(app, other) as (fetcher, _):
        with pytest.raises(kind):
            await fetched(fetcher, f"{app.url}/{status}")
        with pytest.raises(errors.FileUnavailable):
            await fetched(fetcher, f"{other.url}/{status}")


async def test_a_part_is_asked_for_and_told_as_such():
    app = Site()
    async with running(app) as (fetcher, _):
        download, content = await fetched(fetcher, f"{app.url}/part", part="bytes=2-4")
        assert (content, download.part, download.size, download.in_parts) == (b"cde", "bytes 2-4/9", 3, True)
        download, content = await fetched(fetcher, f"{app.url}/a.pdf", part="bytes=2-4")
        assert (content, download.part, download.in_parts) == (CONTENT, None, False)
        with pytest.raises(errors.FileUnavailable):  # nothing says which part it is
            await fetched(fetcher, f"{app.url}/206")
    assert [request.headers.get("Range") for request in app.asked] == ["bytes=2-4", "bytes=2-4", None]


@pytest.mark.parametrize("what", ["a.pdf", "chunked"])
async def test_a_file_over_the_limit(what: str):
    app = Site()
    async with running(app, limits=Limits(file=5000)) as (fetcher, _):
        with pytest.raises(errors.FileUnavailable, match="larger than 5000"):
            await fetched(fetcher, f"{app.url}/{what}")


async def test_a_file_that_is_cut():
    app = Site()
    async with running(app) as (fetcher, _):
        with pytest.raises(errors.ConnectionLost, match="after 10 bytes"):
            await fetched(fetcher, f"{app.url}/cut")


async def test_a_circle_of_redirects():
    app = Site()
    async with running(app) as (fetcher, _):
        app.redirect = f"{app.url}/to"
        with pytest.raises(errors.FileUnavailable, match="again and again"):
            await fetched(fetcher, f"{app.url}/to")
    assert len(app.asked) == 6


@pytest.mark.parametrize(
    "url", ["", "ftp://x/y", "file:///etc/passwd", "http://", "http://[", "http://h:99999/", "javascript:1", "/x"]
)
async def test_what_is_no_address(url: str):
    app = Site()
    async with running(app) as (fetcher, _):
        with pytest.raises(errors.FileUnavailable, match="no address"):
            await fetched(fetcher, url)


async def test_nothing_is_fetched_from_a_space_that_was_closed():
    app = Site()
    async with running(app) as (fetcher, http):
        await http.aclose()
        with pytest.raises(errors.ConnectionLost, match="closed"):
            await fetched(fetcher, f"{app.url}/a.pdf")


def test_behind_a_proxy_the_scheme_is_that_of_the_app():
    fetcher = Fetcher(HttpClient("https://space.example/base"))
    assert fetcher._normalized("http://space.example/file=/a b#c") == "https://space.example/file=/a%20b"
    assert fetcher._normalized("http://space.example:81/x") == "http://space.example:81/x"
    assert fetcher._normalized("http://other.example/x") == "http://other.example/x"
