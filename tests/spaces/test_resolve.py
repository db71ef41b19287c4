from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

import pytest

from spacebridge.errors import AddressError
from spacebridge.spaces import resolve as module
from spacebridge.spaces.resolve import resolve


async def url(address: str) -> str:
    async with resolve(address) as found:
        return found


@pytest.mark.parametrize(
    "address, expected",
    [
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("http://127.0.0.1:7860/", "http://127.0.0.1:7860"),
        ("https://host/app/", "https://host/app"),
        ("https://host/app?x=1#y", "https://host/app"),
        ("http://user:pass@host:80/x", "http://user:pass@host:80/x"),
        ("http://[::1]:7860", "http://[::1]:7860"),
        ("  http://host  ", "http://host"),
        ("https://owner-name.hf.space", "https://owner-name.hf.space"),
        ("localhost", "http://localhost"),
        ("localhost:7860", "http://localhost:7860"),
        ("127.0.0.1:7860/app", "http://127.0.0.1:7860/app"),
        ("example.org", "http://example.org"),
        ("box:7860", "http://box:7860"),
        ("[::1]:7860", "http://[::1]:7860"),
        ("qwen-2.5-1m-demo", "https://qwen-qwen2-5-1m-demo.hf.space"),
    ],
)
async def test_addresses(address: str, expected: str):
    assert await url(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "http://", "https://", "http:///path", "http://:80", "http://host:99999", "http://host:0", "http://host:port",
        "http://[host", "ftp://host", "file:///etc/passwd", "nothing", "two words", "a/b/c", "javascript:alert(1)", "\n",
    ],
)  # fmt: skip
async def test_what_is_no_address(address: str):
    with pytest.raises(AddressError) as caught:
        await url(address)
    assert caught.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "owner/name",
        "Qwen/Qwen2.5-1M-Demo",
        "https://huggingface.co/spaces/owner/name",
        "https://hf.co/spaces/owner/name",
    ],
)
async def test_spaces_by_name_can_not_be_looked_up_yet(address: str):
    with pytest.raises(AddressError, match=r"hf\.space"):
        await url(address)


async def test_a_password_in_an_address_is_not_told():
    with pytest.raises(AddressError) as caught:
        await url("http://user:passpass@host:99999")
    assert "passpass" not in str(caught.value)


async def test_an_unknown_name_lists_what_is_known():
    with pytest.raises(AddressError, match=r"local, qwen-2\.5-1m-demo"):
        await url("nothing")


@contextlib.asynccontextmanager
async def served(address: str) -> AsyncGenerator[str]:
    closed.append("open")
    yield f"http://served/{address}"
    closed.append("closed")


closed: list[str] = []


async def test_a_resolver_is_imported_on_use_and_open_for_as_long_as_the_block(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(module.RESOLVERS, "mine", f"{__name__}:served")
    closed.clear()
    for address in ("mine", "mine:path/x"):
        async with resolve(address) as found:
            assert found == f"http://served/{address}"
            assert closed[-1] == "open"
        assert closed[-1] == "closed"
