from __future__ import annotations

import datetime as dt
import email.utils
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.gradio.failures import error_from_output, error_from_reply, parse_retry_after
from tests.strategies import json_values, many

NEW, OLD = (6, 31, 0), (4, 44, 1)
ASKED = "/chat of host:7860"
QUOTA = "You have exceeded your free ZeroGPU quota (60s requested vs. 42s left). Try again in 0:06:53."


def output(error: object, title: object = None, version: tuple[int, ...] = NEW) -> errors.SpacebridgeError:
    return error_from_output(error, title=title, version=version, asked=ASKED)


def reply(status: int, body: bytes | dict[str, Any] | list[Any] = b"", **headers: str) -> errors.SpacebridgeError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_reply(status, named, raw, asked="POST http://host/queue/join")


def app_failed(*args: Any, **kwargs: Any) -> errors.AppFailed:
    error = output(*args, **kwargs)
    assert isinstance(error, errors.AppFailed)
    return error


# What a function of the app raised


@pytest.mark.parametrize("hidden", [None, "None", "", " ", 7, {"a": 1}])
@pytest.mark.parametrize("version", [NEW, OLD, (3, 50, 2)])
def test_an_app_that_hides_why_it_failed(hidden: object, version: tuple[int, ...]):
    error = app_failed(hidden, version=version)
    assert type(error) is errors.AppFailed
    assert error.detail.strip() == ""
    assert "does not say why" in str(error)
    assert ASKED in str(error)
    assert "show_error" in error.hint


@pytest.mark.parametrize(
    "version, sent, detail",
    [
        ((3, 50, 2), "'shown error'", "shown error"),
        (OLD, "'shown error'", "shown error"),
        (OLD, '"it\'s shown"', "it's shown"),
        (OLD, "''", ""),
        (OLD, "'two\nlines'", "two\nlines"),
        (OLD, "plain secret", "plain secret"),
        (OLD, "'one' and 'other'", "one' and 'other"),
        (OLD, r"'two\nlines, \'quoted\' \\ and \u4e2d'", "two\nlines, 'quoted' \\ and \u4e2d"),
        (OLD, r"'a wrong escape \x'", r"a wrong escape \x"),
        (OLD, "'open", "'open"),
        (OLD, "'", "'"),
        ((5, 0, 0), "'shown error'", "'shown error'"),
        (NEW, '"shown"', '"shown"'),
    ],
)
def test_before_5_a_text_comes_in_quotes(version: tuple[int, ...], sent: str, detail: str):
    assert app_failed(sent, version=version).detail == detail


def test_html_of_a_message_is_kept_and_read_without_its_tags():
    error = app_failed('quota gone <b>now</b> &amp; for <a href="https://x/y">ever</a>', title="Oh")
    assert error.detail == 'quota gone <b>now</b> &amp; for <a href="https://x/y">ever</a>'
    assert str(error) == f"{ASKED} failed: Oh: quota gone now & for ever (https://x/y)"


def test_a_comparison_is_no_tag():
    assert str(app_failed("1 < 2 and 3 > 2, x<y")).endswith("failed: 1 < 2 and 3 > 2, x<y")


@pytest.mark.parametrize("title, heading", [("Oh no", "Oh no"), (None, "Error"), ("", "Error"), (7, "Error")])
def test_the_title_is_told(title: object, heading: str):
    error = app_failed("why", title=title)
    assert error.title == heading
    assert error.message == f"{ASKED} failed: " + ("why" if heading == "Error" else f"{heading}: why")


@pytest.mark.parametrize(
    "text, title, seconds",
    [
        (QUOTA, "ZeroGPU quota exceeded", 413.0),
        (QUOTA, None, 413.0),
        (f"'{QUOTA}'", "Error", 413.0),
        (
            'You have exceeded your GPU quota (60s requested vs. 0s left). <a href="x">Try again</a> in 1:02:03',
            None,
            3723.0,
        ),
        ("You have exceeded your GPU quota. Try again in 1 day, 2:00:00", None, 93600.0),
        ("You have exceeded your GPU quota. Try again in 2 days, 0:00:01", None, 172801.0),
        ("Try again in 23:59:59", "ZeroGPU quota exceeded", 86399.0),
        ("Space app has reached its GPU limit.", None, None),
        ("The requested GPU duration is larger than allowed", "ZeroGPU illegal duration", None),
        ("x", "ZeroGPU pending credits exceeded", None),
        ("", "ZeroGPU quota exceeded", None),
    ],
)
def test_quotas_with_the_seconds_to_wait(text: str, title: str | None, seconds: float | None):
    error = output(text, title, OLD)
    assert isinstance(error, errors.QuotaExceeded)
    assert error.retry_after == seconds


def test_a_quota_of_something_else_is_no_zerogpu_quota():
    assert type(output("Your OpenAI quota is gone. Try again in 0:01:00")) is errors.AppFailed


def test_a_validators_verdicts():
    error = output(
        [
            {"is_valid": False, "message": "Too short", "parameter_name": "name"},
            {"is_valid": True, "message": "fine", "parameter_name": "age"},
            {"is_valid": False, "message": "Bad", "parameter_name": None},
        ]
    )
    assert isinstance(error, errors.ValidationRefused)
    assert str(error).startswith(f"{ASKED} was refused: name: Too short; Bad.")


@many
@given(json_values, json_values)
def test_any_error_and_title_become_an_error(error: Any, title: Any):
    assert ASKED in str(output(error, title))


# What an HTTP status means


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (400, {"detail": "Incorrect credentials."}, errors.LoginRequired),
        (400, {"detail": "Session hash not found."}, errors.ServerRefused),
        (401, {"detail": "Not authenticated"}, errors.LoginRequired),
        (401, {"detail": {"error": "Not authenticated", "auth_message": None}}, errors.LoginRequired),
        (403, {"detail": "File not allowed: x"}, errors.AccessDenied),
        (404, {"detail": "Not Found"}, errors.SpaceNotFound),
        (413, {"detail": "maximum allowed size"}, errors.UploadRefused),
        (
            422,
            {"detail": [{"type": "missing", "loc": ["body", "data"], "msg": "Field required"}]},
            errors.ValidationRefused,
        ),
        (429, b"", errors.RateLimited),
        (500, b"Internal Server Error", errors.ServerRefused),
        (502, b"<html><title>Bad Gateway</title></html>", errors.SpaceUnavailable),
        (503, {"detail": "Queue is full. Max size is 1 and size is 1."}, errors.QueueFull),
        (503, {"detail": "Queue is stopped."}, errors.QueueFull),
        (503, b"<html>Service Unavailable</html>", errors.SpaceUnavailable),
        (504, b"", errors.SpaceUnavailable),
        (418, b"teapot", errors.ServerRefused),
        (304, b"", errors.ServerRefused),
    ],
)
def test_statuses(status: int, body: Any, kind: type[errors.SpacebridgeError]):
    error = reply(status, body)
    assert type(error) is kind
    assert str(error).startswith("POST http://host/queue/join ")
    if isinstance(error, errors.ServerRefused):
        assert error.status == status
        assert str(status) in error.message


@pytest.mark.parametrize(
    "body, said",
    [
        ({"detail": "Queue is full. Max size is 1."}, "Queue is full. Max size is 1"),
        ({"detail": {"error": "Not authenticated", "auth_message": None}}, "Not authenticated"),
        ({"error": "shown <b>error</b>"}, "shown error"),
        ({"message": "moved"}, "moved"),
        (b'"just a text"', "just a text"),
        (b"plain   text\nof two lines", "plain text of two lines"),
        (b"<html><head><title> Bad\nGateway </title></head><body>x", "an HTML page (Bad Gateway)"),
        (b"  <!doctype html><p>none", "an HTML page"),
        (b"Traceback (most recent call last):\n  File x\nKeyError: 7\n", "KeyError: 7"),
        (b"x" * 5000, "x" * 300),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_servers_own_words(body: Any, said: str):
    assert reply(500, body).message == f"POST http://host/queue/join was answered with 500: {said}."


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"[]", b"7", b'{"detail":null}', b'{"detail":7}', b"\x00", b"[" * 99_999]
)
def test_a_server_without_words(body: bytes):
    assert reply(500, body).message.startswith("POST http://host/queue/join was answered with 500")


def test_a_page_is_told_by_its_content_type_too():
    assert "an HTML page" in reply(502, b"Sorry!", Content_Type="text/html").message


def test_faults_of_a_form_name_their_places():
    error = reply(
        422, {"detail": [{"loc": ["body", "data"], "msg": "Field required"}, {"is_valid": False, "message": "No"}]}
    )
    assert "was refused: body.data: Field required; No." in str(error)


def test_retry_after_is_told():
    error = reply(429, b"", Retry_After="7")
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7
    assert "7 s" in error.hint
    unavailable = reply(503, b"", Retry_After="1.5x")
    assert isinstance(unavailable, errors.SpaceUnavailable)
    assert unavailable.retry_after is None


def _date(seconds: float) -> str:
    return email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True)


def test_retry_after_as_a_date():
    in_a_minute = parse_retry_after(_date(60))
    assert in_a_minute is not None
    assert 50 < in_a_minute <= 60
    assert parse_retry_after(_date(-60)) == 0.0
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00") == 0.0


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-3",
        "1.5",
        "²",
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "0 0 0",
    ],
)
def test_a_retry_after_that_makes_no_sense_is_none(value: str | None):
    assert parse_retry_after(value) is None


@pytest.mark.parametrize("value, seconds", [("0", 0.0), (" 120 ", 120.0), ("9" * 400, float("inf"))])
def test_retry_after_in_seconds(value: str, seconds: float):
    assert parse_retry_after(value) == seconds


@many
@given(st.text(alphabet="0123456789 ,:+-WedOctGMTZ²٣\x00", max_size=40))
def test_no_retry_after_raises(value: str):
    found = parse_retry_after(value)
    assert found is None or found >= 0


@many
@given(st.integers(300, 599), json_values)
def test_any_refusal_becomes_an_error(status: int, body: Any):
    assert str(error_from_reply(status, {}, json.dumps(body).encode(), asked="GET x")).startswith("GET x ")


@pytest.mark.parametrize("status", [500, 503])
def test_another_replica(status: int):
    """What gradio says where a function that was rendered in one process is asked for in another."""
    said = (
        "Event not found in queue. If you are deploying this Gradio app with multiple replicas, please enable stickiness "
        "to ensure that all requests from the same user are routed to the same instance."
    )
    error = reply(status, f"Traceback (most recent call last):\n  File x\nKeyError: '{said}'\n".encode())
    assert type(error) is errors.SessionLost
    assert "replicas" in error.hint
    assert type(output(said)) is errors.SessionLost


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"pages"; r = 0 ; t = 7'}, 7.0),
        ({"RateLimit": '"api";r=0;t=55', "Retry_After": "3"}, 3.0),
        ({"RateLimit": '"api";r=12;t=55'}, None),  # something else refused
        ({"RateLimit": "soon"}, None),
    ],
)
def test_rate_limits_of_hugging_face(headers: dict[str, str], seconds: float | None):
    error = reply(429, b"", **headers)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == seconds
