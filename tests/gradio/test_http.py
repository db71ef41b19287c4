from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.gradio.http import HttpClient, Reply, decode_json, is_loopback


@pytest.mark.parametrize(
    "url, here",
    [
        ("http://localhost:7860", True),
        ("http://LOCALHOST", True),
        ("http://app.localhost/x", True),
        ("http://127.0.0.1:1/x", True),
        ("http://127.8.9.10", True),
        ("http://[::1]:7860/x", True),
        ("http://u:p@127.0.0.1/", True),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://128.0.0.1", False),
        ("http://[2001:db8::1]/", False),
        ("http://0.0.0.0", False),
        ("", False),
    ],
)
def test_is_loopback(url: str, here: bool):
    assert is_loopback(url) is here


class Redirect(SimpleNamespace):
    """As much of a response as following it needs."""

    released = False

    def release(self) -> None:
        self.released = True


def follow(url: str, location: str, *, method: str = "GET", status: int = 302) -> str:
    response: Any = Redirect(status=status, headers={"Location": location} if location else {})
    try:
        return HttpClient("http://host")._redirected(response, method, url, f"{method} {url}")
    finally:
        assert response.released


@pytest.mark.parametrize(
    "url, location, target",
    [
        ("http://host/config", "/app/config", "http://host/app/config"),
        ("http://host/a/b", "c", "http://host/a/c"),
        ("http://host/a", "?x=1", "http://host/a?x=1"),
        ("http://host:7860/a", "http://host:7860/b", "http://host:7860/b"),
        ("http://host/a", "http://HOST:80/b", "http://HOST:80/b"),
        ("http://host/a", "https://host/a", "https://host/a"),
        ("https://host/a", "https://host:443/a/", "https://host:443/a/"),
        ("http://host/a", "//host/b", "http://host/b"),
    ],
)
def test_redirects_within_a_host_are_followed(url: str, location: str, target: str):
    assert follow(url, location) == target


@pytest.mark.parametrize(
    "url, location",
    [
        ("http://host/a", "http://other/a"),
        ("http://host/a", "//other/a"),
        ("http://host/a", "http://sub.host/a"),
        ("http://host/a", "http://host:81/a"),
        ("http://host:7860/a", "https://host:7861/a"),
        ("http://host:7860/a", "https://host/a"),
        ("http://host/a", "http://host@other/a"),
        ("http://host/a", ""),
        ("http://host/a", "ftp://host/a"),
        ("http://host/a", "javascript:alert(1)"),
        ("https://host/a", "http://host/a"),
        ("https://host/a", "http://host:443/a"),
        ("http://host/a", "http://host:99999/a"),
        ("http://host/a", "http://[host/a"),
    ],
)
def test_other_redirects_are_refused(url: str, location: str):
    with pytest.raises(errors.RedirectRefused) as caught:
        follow(url, location)
    assert caught.value.status == 302


def test_a_refused_redirect_names_the_place_without_its_secrets():
    with pytest.raises(errors.RedirectRefused) as caught:
        follow("http://host/a", "https://user:pass@other/b?__sign=secret")
    assert caught.value.location == "https://other/b?__sign=***"
    assert "pass" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_is_not_turned_into_a_get(status: int):
    with pytest.raises(errors.RedirectRefused, match="would lose what is sent"):
        follow("http://host/a", "/b", method="POST", status=status)


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_sent_on_where_that_is_what_is_meant(status: int):
    assert follow("http://host/a", "/b", method="POST", status=status) == "http://host/b"


def test_json_of_a_reply():
    assert decode_json(Reply("", 200, {}, b'{"a":[1]}'), asked="GET x") == {"a": [1]}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"[" * 99_999], ids=lambda b: repr(b[:9]))
def test_a_reply_that_is_no_json(body: bytes):
    with pytest.raises(json.JSONDecodeError) as caught:
        decode_json(Reply("", 200, {"Content-Type": "text/html; charset=utf-8"}, body), asked="GET http://host/x")
    assert isinstance(caught.value, errors.NotJSON)
    assert "GET http://host/x was answered with text/html" in str(caught.value)
    assert "HTML" in caught.value.hint


def test_the_host_is_named_without_user_and_password():
    assert HttpClient("http://u:p@host:7860/app/").host == "host:7860"
    assert HttpClient("http://u:p@host:7860/app/").base == "http://u:p@host:7860/app"


def test_cookies_that_were_given_are_kept():
    assert HttpClient("http://host", cookies={"a": "1"}).cookies() == {"a": "1"}
