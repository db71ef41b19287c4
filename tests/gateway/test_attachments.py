"""Files of answers through the gateway: an app that wants a login, which no client has."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from spacebridge import errors
from spacebridge.chat.attachment import Attachment
from spacebridge.chat.events import AttachmentAdded, AttachmentRemoved
from spacebridge.gateway.attachments import Attachments, Offered, _described
from spacebridge.gateway.models import Models
from spacebridge.store.memory import MemoryStore
from tests.gateway.served import Served, gateway
from tests.real.apps import APPS
from tests.real.process import Pool

pytestmark = pytest.mark.servers

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LOGIN = {"LOGIN": "ada:secret"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def options(servers: Pool, place: Path) -> list[str]:
    app = APPS["kinds_login"]
    parts = urlsplit(servers.get(app.script, *app.arguments))
    config = place / "spacebridge.toml"
    config.write_text(f'[models.m]\naddresses = ["{parts.scheme}://{parts.netloc}"]\nauth_env = "LOGIN"\n')
    return ["--config", str(config)]


@pytest.fixture(scope="module")
def served(options: list[str], place: Path) -> Iterator[Served]:
    with gateway(*options, store=f"sqlite:{place}/gateway.sqlite3", env=LOGIN) as running:
        yield running


async def files_of(served: Served, prompt: str) -> tuple[str, list[dict[str, Any]]]:
    """The text of an answer, and its files."""
    async with served.client() as client:
        done = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": prompt}])
    told = done.model_dump()["choices"][0]["message"]
    return told["content"], told["spacebridge"]["attachments"]


async def fetched(url: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    async with aiohttp.ClientSession() as http, http.request(method, url) as reply:
        return reply.status, await reply.read(), {name.lower(): value for name, value in reply.headers.items()}


async def test_a_picture_that_only_the_gateway_may_have(served: Served):
    _, (picture,) = await files_of(served, "image")
    assert picture["url"].startswith(f"{served.url}/v1/attachments/")
    assert picture["url"].endswith(".png")
    status, content, headers = await fetched(picture["url"])
    assert (status, content) == (200, PICTURE)
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"].startswith("inline; filename*=UTF-8''")
    assert headers["content-security-policy"].startswith("sandbox;")
    status, content, headers = await fetched(picture["url"], "HEAD")
    assert (status, content, headers["content-type"]) == (200, b"", "image/png")
    assert picture["url"].split("/")[5] not in served.process.wait_for_log("method=HEAD")


async def test_what_is_no_picture_is_for_saving(served: Served):
    _, (plan,) = await files_of(served, "download")
    status, content, headers = await fetched(plan["url"])
    assert (status, content.decode()) == (200, "A plan: é, 中.\n")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''plan.txt"


PLAN = "A plan: é, 中.\n".encode()


@pytest.mark.parametrize(
    "wanted, status, content, part",
    [
        ("bytes=2-5", 206, b"plan", "bytes 2-5/17"),
        ("bytes=-3", 206, PLAN[-3:], "bytes 14-16/17"),
        ("bytes=0-", 206, PLAN, "bytes 0-16/17"),
        ("bytes=99-", 416, None, None),
        ("bytes=0-1,4-5", 200, PLAN, None),
        ("lines=1-2", 200, PLAN, None),
    ],
)
async def test_players_ask_for_parts(served: Served, wanted: str, status: int, content: bytes | None, part: str | None):
    _, (plan,) = await files_of(served, "download")
    async with aiohttp.ClientSession() as http, http.get(plan["url"], headers={"range": wanted}) as reply:
        assert (reply.status, reply.headers.get("content-range")) == (status, part)
        if content is not None:
            assert await reply.read() == content
            assert (int(reply.headers["content-length"]), reply.headers["accept-ranges"]) == (len(content), "bytes")
    headers = {"range": wanted, "if-range": '"an older one"'}
    async with aiohttp.ClientSession() as http, http.get(plan["url"], headers=headers) as reply:
        assert (reply.status, await reply.read()) == (200, PLAN)


async def test_an_answer_that_is_nothing_but_a_file(served: Served):
    text, (picture,) = await files_of(served, "tuple")
    assert text == f"![a dot](<{picture['url']}>)"


async def test_nothing_of_the_space_is_told(served: Served, options: list[str]):
    address = Path(options[1]).read_text("utf-8").split('"')[1]
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "gallery"}]}
    async with aiohttp.ClientSession() as http, http.post(f"{served.url}/v1/chat/completions", json=body) as reply:
        told = await reply.text()
    assert told.count("/v1/attachments/") >= 2
    assert urlsplit(address).netloc not in told
    assert json.loads(told.split("data: ")[1])


class Space:
    url = "https://space.example"


class Place:
    """A Space that is reached."""

    address = "https://space.example/app"
    connected: Any = Space()


@pytest.mark.parametrize("url", ["", "data:text/plain,a", "https://other.example/a.png", "http://space.example/a.png"])
async def test_what_does_not_lie_on_the_space_stays_as_it_is(url: str):
    place: Any = Place()
    offered = Offered(Attachments(MemoryStore(), Models()), "http://gateway", seconds=60)
    event = AttachmentAdded(turn_id="t", attachment=Attachment(url=url, raw={"a": 1}))
    assert await offered.told(event, "m", place, "owner") is event


@pytest.mark.parametrize(
    "mime_type", ["image/png\r\nset-cookie: a=b", "image/", "image/png; x", "text/html", "image/é", "", None]
)
def test_a_type_that_is_none_gets_into_no_header(mime_type: str | None):
    """An app may call its files what it likes."""
    headers = _described(Attachment(name="a\r\nb: c.bin", mime_type=mime_type))
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment;")
    assert not any(sign in "".join(headers.values()) for sign in "\r\n")


async def test_a_file_that_is_taken_back_is_called_as_before():
    place: Any = Place()
    store = MemoryStore()
    offered = Offered(Attachments(store, Models()), "http://gateway", seconds=60)
    file = Attachment(url="https://space.example/file=/srv/a b.png", path="/srv/a b.png", raw={"path": "/srv/a b.png"})
    added = await offered.told(AttachmentAdded(turn_id="t", attachment=file), "m", place, "owner")
    assert added.attachment.url.startswith("http://gateway/v1/attachments/")
    assert (added.attachment.path, added.attachment.raw) == ("", None)
    removed = await offered.told(AttachmentRemoved(turn_id="t", attachment=file), "m", place, "owner")
    assert removed.attachment == added.attachment


async def test_without_a_store_the_space_s_own_address_is_told():
    class Broken(MemoryStore):
        async def set(self, name: str, value: bytes, *, seconds: float) -> None:
            raise errors.StoreFailed("It is gone.")

    place: Any = Place()
    offered = Offered(Attachments(Broken(), Models()), "http://gateway", seconds=60)
    event = AttachmentAdded(turn_id="t", attachment=Attachment(url="https://space.example/a.png"))
    assert await offered.told(event, "m", place, "owner") is event


@pytest.mark.parametrize("path", ["none/a.png", "none/"])
async def test_a_file_that_is_not_there(served: Served, path: str):
    status, content, _ = await fetched(f"{served.url}/v1/attachments/{path}")
    assert (status, json.loads(content)["error"]["code"]) == (404, "attachment_not_found")


async def test_files_outlive_the_gateway(served: Served, options: list[str], place: Path):
    _, (picture,) = await files_of(served, "image")
    with gateway(*options, store=f"sqlite:{place}/gateway.sqlite3", env=LOGIN) as other:
        status, content, _ = await fetched(other.url + urlsplit(picture["url"]).path)
    assert (status, content) == (200, PICTURE)
