from __future__ import annotations

import inspect

import pytest

from spacebridge import errors
from spacebridge.gateway.shapes import problem
from spacebridge.gateway.shapes.problem import Problem, anthropic_body, openai_body

STATUSES = {
    errors.UnknownModel("?"): 404,
    errors.SpaceNotFound("?", status=404): 404,
    errors.LoginRequired("?", status=401): 401,
    errors.AccessDenied("?", status=403): 403,
    errors.RateLimited("?", status=429): 429,
    errors.QueueFull("?", status=503): 429,
    errors.QuotaExceeded("?"): 429,
    errors.SpaceAsleep("?", status=503): 503,
    errors.SpacePaused("?"): 503,
    errors.SpaceBuildFailed("?"): 503,
    errors.SpaceUnavailable("?", status=502): 503,
    errors.ServerRefused("?", status=500): 502,
    errors.RedirectRefused("?", location="x"): 502,
    errors.TimedOut("?", limit="idle", seconds=1): 504,
    errors.CannotConnect("?"): 503,
    errors.ConnectionLost("?"): 502,
    errors.StreamCut("?"): 502,
    errors.NotGradio("?"): 502,
    errors.AppFailed("?"): 502,
    errors.EmptyAnswer("?"): 502,
    errors.NoChatFound("?"): 502,
    errors.TurnCancelled("?"): 502,
    errors.InvalidSetting("?"): 400,
    errors.UnknownSetting("?"): 400,
    errors.InvalidMessages("?"): 400,
    errors.FileRefused("?"): 400,
    errors.UploadRefused("?", status=413): 400,
    errors.ValidationRefused("?"): 400,
    errors.MissingPart("?"): 500,
}


@pytest.mark.parametrize("error, status", STATUSES.items(), ids=lambda value: type(value).__name__)
def test_each_error_has_its_status(error: errors.SpacebridgeError, status: int):
    told = problem.of(error)
    assert (told.status, told.message) == (status, str(error))
    assert told.code
    assert (told.retry_after is not None) == (status == 429)


def test_where_things_are_kept_is_not_told():
    told = problem.of(errors.StoreFailed("The store /var/lib/x failed: database is locked."))
    assert (told.status, told.code) == (503, "store_failed")
    assert "/var" not in told.message
    assert told.retry_after


def test_no_error_of_the_tree_is_unknown():
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.SpacebridgeError)
    ]
    for kind in kinds:
        error = kind.__new__(kind)
        Exception.__init__(error, "?")
        error.message, error.hint, error.partial = "?", "", ""
        if kind is errors.NoChatFound:
            continue  # tested above; it needs more to be told
        assert problem.of(error).status in (400, 401, 403, 404, 429, 500, 502, 503, 504), kind


def test_codes_are_for_programs():
    assert problem.of(errors.UnknownModel("?")).code == "model_not_found"
    assert problem.of(errors.RateLimited("?")).code == "rate_limit_exceeded"
    assert problem.of(errors.QuotaExceeded("?")).code == "quota_exceeded"
    assert problem.of(errors.NotJSON("?")).code == "not_json"
    assert problem.of(errors.SpaceBuildFailed("?")).code == "space_build_failed"


def test_when_to_come_back_is_told():
    assert problem.of(errors.RateLimited("?", retry_after=7)).retry_after == 7
    quota = errors.QuotaExceeded("?")
    quota.retry_after = 3600
    assert problem.of(quota).retry_after == 3600


def test_what_is_none_of_ours_keeps_its_words_to_itself():
    told = problem.of(RuntimeError("secret"))
    assert (told.status, told.code) == (500, "internal_error")
    assert "secret" not in told.message


def test_the_shapes_of_errors():
    wrong = Problem("No.", param="n", code="invalid_value")
    assert problem.of(wrong) is wrong
    assert openai_body(wrong) == {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "invalid_value"}
    }
    assert anthropic_body(wrong) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "No."},
    }
    kinds = {
        400: ("invalid_request_error", "invalid_request_error"),
        401: ("authentication_error", "authentication_error"),
        403: ("permission_error", "permission_error"),
        404: ("invalid_request_error", "not_found_error"),
        413: ("invalid_request_error", "request_too_large"),
        429: ("rate_limit_error", "rate_limit_error"),
        500: ("server_error", "api_error"),
        502: ("server_error", "api_error"),
        503: ("server_error", "overloaded_error"),
        504: ("server_error", "timeout_error"),
    }
    for status, (openai, anthropic) in kinds.items():
        told = Problem("?", status=status)
        assert openai_body(told)["error"]["type"] == openai
        assert anthropic_body(told)["error"]["type"] == anthropic
