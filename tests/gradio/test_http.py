from __future__ import annotations

import pytest

from spacebridge.gradio.http import HttpClient, is_loopback


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


def test_the_host_is_named_without_user_and_password():
    assert HttpClient("http://u:p@host:7860/app/").host == "host:7860"
    assert HttpClient("http://u:p@host:7860/app/").base == "http://u:p@host:7860/app"


def test_cookies_that_were_given_are_kept():
    assert HttpClient("http://host", cookies={"a": "1"}).cookies() == {"a": "1"}
