from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from yarl import URL

from spacebridge import errors
from spacebridge.gradio.request import Reply, Request, decode_json

ASKED = Request(method="GET", url="http://host/x")


def follow(url: str, location: str, *, method: str = "GET", status: int = 302) -> str:
    request = Request(method=method, url=url)
    request.follow(status, location)
    return request.url


def test_what_was_asked_is_named_without_secrets():
    assert Request(method="GET", url="http://u:p@host/x?__sign=s&a=1").asked == "GET http://host/x?__sign=***&a=1"


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


@pytest.mark.parametrize(
    "base, location, follows",
    [
        ("http://a.example", "https://a.example/config", True),
        ("http://a.example:80", "https://a.example:443/config", True),
        ("https://a.example", "http://a.example/config", False),
        ("http://a.example", "https://a.example:8443/config", False),
        ("http://a.example", "http://a.example:8080/config", False),
        ("http://a.example", "http://A.EXAMPLE/config", True),
        ("http://a.example", "http://a.example./config", False),
        ("http://a.example", "http://b.a.example/config", False),
        ("http://a.example", "http://a.example@b.example/config", False),
        ("http://a.example", "/\\b.example/config", True),
        ("http://a.example", "///b.example/config", True),
    ],
)
def test_what_is_the_same_host(base: str, location: str, follows: bool):
    if follows:
        # As aiohttp reads it, which is what counts.
        assert URL(follow(f"{base}/config", location), encoded=True).host == urlsplit(base).hostname
    else:
        with pytest.raises(errors.RedirectRefused):
            follow(f"{base}/config", location)


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
    assert decode_json(Reply(ASKED, 200, {}, b'{"a":[1]}')) == {"a": [1]}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"[" * 99_999], ids=lambda b: repr(b[:9]))
def test_a_reply_that_is_no_json(body: bytes):
    with pytest.raises(json.JSONDecodeError) as caught:
        decode_json(Reply(ASKED, 200, {"Content-Type": "text/html; charset=utf-8"}, body))
    assert isinstance(caught.value, errors.NotJSON)
    assert "GET http://host/x was answered with text/html" in str(caught.value)
    assert "HTML" in caught.value.hint
