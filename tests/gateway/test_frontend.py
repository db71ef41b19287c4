"""The page's files, as any client gets them; what they do in a browser is in test_page."""

from __future__ import annotations

import re

import aiohttp
import pytest

from tests.gateway.served import Served

pytestmark = pytest.mark.servers


async def get(served: Served, path: str) -> tuple[int, dict[str, str], str]:
    async with aiohttp.ClientSession() as http, http.get(f"{served.url}{path}") as reply:
        return reply.status, {name.lower(): value for name, value in reply.headers.items()}, await reply.text()


async def test_each_visit_has_a_policy_of_its_own(served: Served):
    visits = [await get(served, "/") for _ in range(2)]
    nonces = [re.findall(r"'nonce-([\w-]{20,})'", headers["content-security-policy"]) for _, headers, _ in visits]
    assert [len(found) for found in nonces] == [1, 1]
    assert nonces[0] != nonces[1]
    for (status, headers, text), (nonce,) in zip(visits, nonces, strict=True):
        assert status == 200
        assert headers["cache-control"] == "no-store"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["img-src"] == "'self' data: blob:"
        assert "unsafe" not in headers["content-security-policy"]
        assert nonce in text
        assert "__NONCE__" not in text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), "no script stands in the page itself"


async def test_files_are_kept_for_ever_under_their_names(served: Served):
    _, _, text = await get(served, "/")
    files = re.findall(r'(?:src|href)="\.(/page/[^"]+)"', text)
    assert {file.rpartition(".")[2] for file in files} == {"css", "js", "svg"}
    for file in files:
        status, headers, _ = await get(served, file)
        assert status == 200
        assert "immutable" in headers["cache-control"]
        assert headers["x-content-type-options"] == "nosniff"
        assert re.match(r"text/(css|javascript)|image/svg", headers["content-type"])


@pytest.mark.parametrize("path", ["/page/none.js", "/page/", "/page/../app.py", "/page/%2e%2e/index.html", "/page"])
async def test_there_is_nothing_else(served: Served, path: str):
    status, headers, text = await get(served, path)
    assert status in (404, 405)
    assert "immutable" not in headers.get("cache-control", "")
    assert '"error"' in text
