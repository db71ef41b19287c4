from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from spacebridge.gradio.trace import Trace, redact_url

TOKEN = "hf_SecretSecretSecret"
AWKWARD = 'pä/ss"wo\\rd<&+ é'


def recorded(*secrets: str) -> tuple[Trace, io.BytesIO]:
    file = io.BytesIO()
    return Trace(file, secrets=secrets), file


def lines(file: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_turn_is_a_line_for_each_thing_on_the_wire():
    trace, file = recorded()
    trace.request("POST", "http://host/queue/join?x=1", b'{"data":["hi"]}')
    trace.reply(200, [("Content-Type", "application/json"), ("Date", "today")], b'{"event_id":"e"}')
    trace.request("GET", "http://host/queue/data", None)
    trace.reply(200, [("content-type", "text/event-stream")], None)
    trace.frame(b'{"msg":"heartbeat"}')
    trace.frame(b"no json \xff")
    trace.note("lost")
    told = lines(file)
    assert all(isinstance(line.pop("t"), float) for line in told)
    assert told == [
        {"dir": ">", "method": "POST", "url": "http://host/queue/join?x=1", "body": {"data": ["hi"]}},
        {"dir": "<", "status": 200, "headers": {"content-type": "application/json"}, "body": {"event_id": "e"}},
        {"dir": ">", "method": "GET", "url": "http://host/queue/data", "body": None},
        {"dir": "<", "status": 200, "headers": {"content-type": "text/event-stream"}, "body": None},
        {"dir": "<", "data": {"msg": "heartbeat"}},
        {"dir": "<", "data": "no json \\xff"},
        {"dir": "-", "note": "lost"},
    ]


@pytest.mark.parametrize("secret", [TOKEN, AWKWARD, "密码", "a", "null"], ids=ascii)
def test_a_secret_never_appears_wherever_it_stands(secret: str):
    trace, file = recorded(secret)
    as_json = json.dumps({"data": [f"say {secret}", {secret: secret}]})
    trace.request("POST", f"http://host/x?q={secret}", as_json.encode())
    trace.request("POST", f"http://host/x?q={quote(secret)}&r={quote(secret, safe='')}", None)
    trace.request("POST", "http://host/x", json.dumps([secret], ensure_ascii=False).encode())
    trace.request("POST", "http://host/x", f"not json {secret}".encode())
    trace.reply(200, [("location", f"/x?{secret}"), ("set-cookie", secret), ("server", secret)], secret.encode())
    trace.frame(as_json.encode())
    trace.frame(f"broken {secret}".encode())
    trace.note(f"could not {secret}")
    written = file.getvalue().decode()
    for form in {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret),
        quote(secret, safe=""),
    }:
        if len(form) > 4:  # shorter ones are in the names of fields
            assert form not in written
    for line in lines(file):
        values = str([value for key, value in line.items() if key not in ("t", "dir")])
        assert len(secret) < 5 or secret not in values


def test_secrets_that_are_told_later():
    trace, file = recorded()
    trace.hide(TOKEN, "")
    trace.note(f"here: {TOKEN}")
    assert lines(file)[0]["note"] == "here: ***"


def test_a_login_is_recorded_without_what_was_sent():
    trace, file = recorded()
    trace.request("POST", "http://host/app/login", b"username=u&password=p")
    trace.request("POST", "http://host/login?x=1", b"username=u&password=p")
    assert [line["body"] for line in lines(file)] == ["***", "***"]


def test_headers_with_secrets_are_not_recorded():
    trace, file = recorded()
    trace.reply(
        200, [("Set-Cookie", "access-token=x"), ("Authorization", "y"), ("X-Other", "z"), ("Retry-After", "3")], b""
    )
    assert lines(file)[0]["headers"] == {"retry-after": "3"}


@pytest.mark.parametrize(
    "url, shown",
    [
        ("http://host/x", "http://host/x"),
        ("http://user:pass@host:80/x", "http://host:80/x"),
        ("socks5://u:p@127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        ("http://u:p@a@host/x", "http://host/x"),
        ("http://host/x?__sign=abc&y=1", "http://host/x?__sign=***&y=1"),
        ("http://host/x?y=1&TOKEN=abc", "http://host/x?y=1&TOKEN=***"),
        ("http://host/x?access_token=a&token=b&sign=", "http://host/x?access_token=***&token=***&sign=***"),
        ("http://host/x?mytoken=a", "http://host/x?mytoken=a"),
        ("http://[::1]:7860/x", "http://[::1]:7860/x"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, shown: str):
    assert redact_url(url) == shown


def test_a_location_is_shown_without_its_signature():
    trace, file = recorded()
    trace.reply(302, [("Location", "https://u:p@other/x?__sign=abc")], b"")
    assert lines(file)[0]["headers"] == {"location": "https://other/x?__sign=***"}


def test_a_secret_that_is_part_of_another_does_not_uncover_it():
    trace, file = recorded("abc", "abcdef")
    trace.note("abcdef abc")
    assert lines(file)[0]["note"] == "*** ***"


def test_what_is_nested_too_deep_is_noted():
    for secrets in ((), ("secret",)):
        trace, file = recorded(*secrets)
        trace.frame(b"[" * 900 + b"]" * 900)
        trace.frame(b"[" * 100_000)
        assert len(lines(file)) == 2


def test_a_url_that_is_none_is_shown_without_user():
    assert redact_url("http://user:pass@[host/x?token=1") == "http://[host/x"


def test_a_file_of_ones_own_is_closed_and_anothers_is_not(tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    trace = Trace(path)
    trace.note("a")
    trace.close()
    trace.note("after the end")
    trace.close()
    assert [json.loads(line)["note"] for line in path.read_text().splitlines()] == ["a"]
    other, file = recorded()
    other.close()
    other.note("b")
    assert len(lines(file)) == 1
