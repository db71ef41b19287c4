from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

import pytest

from spacebridge.errors import AddressError
from spacebridge.spaces import resolve as module
from spacebridge.spaces.resolve import Place, Way, canonical, resolve


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
        ("https://owner-name.hf.space", "huggingface:https://owner-name.hf.space"),
        ("https://owner-name.hf.space/app/?x=1", "huggingface:https://owner-name.hf.space/app"),
        ("http://owner-name.hf.space", "huggingface:http://owner-name.hf.space"),
        ("owner-name.hf.space", "huggingface:https://owner-name.hf.space"),
        ("https://owner-name.hf.space.example.org", "https://owner-name.hf.space.example.org"),
        ("https://example.org/owner-name.hf.space", "https://example.org/owner-name.hf.space"),
        ("owner/name", "huggingface:owner/name"),
        ("Qwen/Qwen2.5-1M-Demo", "huggingface:Qwen/Qwen2.5-1M-Demo"),
        ("spaces/owner/name", "huggingface:owner/name"),
        ("hf://spaces/owner/name", "huggingface:owner/name"),
        ("https://huggingface.co/spaces/owner/name", "huggingface:owner/name"),
        ("https://www.huggingface.co/spaces/owner/name/", "huggingface:owner/name"),
        ("http://hf.co/spaces/owner/name/tree/main/x?y#z", "huggingface:owner/name"),
        ("huggingface.co/spaces/owner/name", "huggingface:owner/name"),
        ("huggingface:owner/name", "huggingface:owner/name"),
        ("local", "local"),
        ("local:some/model.gguf", "local:some/model.gguf"),
        ("example.org/app", "http://example.org/app"),
        ("localhost", "http://localhost"),
        ("localhost:7860", "http://localhost:7860"),
        ("127.0.0.1:7860/app", "http://127.0.0.1:7860/app"),
        ("example.org", "http://example.org"),
        ("box:7860", "http://box:7860"),
        ("[::1]:7860", "http://[::1]:7860"),
        ("qwen-2.5-1m-demo", "huggingface:https://qwen-qwen2-5-1m-demo.hf.space"),
    ],
)
def test_addresses(address: str, expected: str):
    assert canonical(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "http://", "https://", "http:///path", "http://:80", "http://host:99999", "http://host:0", "http://host:port",
        "http://[host", "ftp://host", "file:///etc/passwd", "nothing", "two words", "a/b/c", "javascript:alert(1)", "\n",
        "https://huggingface.co", "https://huggingface.co/Qwen/Qwen3-8B", "https://huggingface.co/spaces/Qwen",
        "https://huggingface.co/chat", "hf.co/spaces/", "hf://Qwen/Qwen3-8B", "https://huggingface.co:x/spaces/a/b",
    ],
)  # fmt: skip
async def test_what_is_no_address(address: str):
    with pytest.raises(AddressError) as caught:
        async with resolve(address):
            pass
    assert caught.value.hint


def test_the_pages_of_another_hub(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example:8443/")
    assert canonical("https://mirror.example:8443/spaces/owner/name") == "huggingface:owner/name"
    assert canonical("https://mirror.example/spaces/owner/name") == "https://mirror.example/spaces/owner/name"
    with pytest.raises(AddressError):
        canonical("https://mirror.example:8443/owner/name")


def test_a_password_in_an_address_is_not_told():
    with pytest.raises(AddressError) as caught:
        canonical("http://user:passpass@host:99999")
    assert "passpass" not in str(caught.value)


def test_an_unknown_name_says_what_was_meant():
    with pytest.raises(AddressError, match=r"Did you mean qwen-2\.5-1m-demo\?"):
        canonical("qwen2.5-1m-demo")
    with pytest.raises(AddressError) as caught:
        canonical("nothing-like-it")
    assert "mean" not in str(caught.value)
    assert "spacebridge spaces" in caught.value.hint


def test_a_way_shows_no_secrets():
    assert "hf_secret" not in repr(Way(token="hf_secret", proxy="http://ada:hf_secret@proxy"))


@contextlib.asynccontextmanager
async def served(address: str, way: Way) -> AsyncGenerator[Place]:
    closed.append("open")
    yield Place(f"http://served/{address}")
    closed.append("closed")


closed: list[str] = []


async def test_a_resolver_is_imported_on_use_and_open_for_as_long_as_the_block(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(module.RESOLVERS, "mine", f"{__name__}:served")
    closed.clear()
    for address in ("mine", "mine:path/x"):
        async with resolve(address) as found:
            assert found == Place(f"http://served/{address}")
            assert closed[-1] == "open"
        assert closed[-1] == "closed"
