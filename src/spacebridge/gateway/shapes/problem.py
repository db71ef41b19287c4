"""What an API says went wrong: a status, and the fields of its error object."""

from __future__ import annotations

import re
from typing import Any

from spacebridge import errors

__all__ = ["Problem", "anthropic_body", "of", "openai_body"]

_WAIT = 30.0
"""Seconds to wait where a refusal asks for patience and nobody said how long."""

_STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (errors.UnknownModel, 404),
    (errors.AddressError, 404),
    (errors.SpaceNotFound, 404),
    (errors.LoginRequired, 401),
    (errors.AccessDenied, 403),
    (errors.RateLimited, 429),
    (errors.QueueFull, 429),
    (errors.QuotaExceeded, 429),
    (errors.UploadRefused, 400),
    (errors.CannotConnect, 503),
    (errors.SpaceUnavailable, 503),
    (errors.GpuUnavailable, 503),
    (errors.TimedOut, 504),
    (errors.InvalidMessages, 400),
    (errors.UnknownSetting, 400),
    (errors.InvalidSetting, 400),
    (errors.FileRefused, 400),
    (errors.ValidationRefused, 400),
    (errors.NotOffered, 400),
    (errors.TurnInProgress, 503),
    (errors.InvalidConversation, 500),
    (errors.MissingPart, 500),
    (errors.SpacebridgeError, 502),
)
"""The first that fits. What stands for itself comes before what it is a kind of."""

_OPENAI = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_ANTHROPIC = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class Problem(Exception):
    """An error as an API tells it.

    Attributes:
        message: for people.
        status: of HTTP; what it would have been where the reply has already begun.
        code: for programs, such as ``model_not_found``.
        param: the field of the request that is wrong, such as ``messages[0].content``.
        retry_after: seconds after which another try makes sense.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after


def of(error: BaseException) -> Problem:
    """How an API tells an error of the library. What is none of the library's is told without its words."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, errors.StoreFailed):  # where it is, and why it fails, is the operator's affair
        told = "What the gateway keeps can't be reached now. Ask again later."
        return Problem(told, status=503, code="store_failed", retry_after=_WAIT)
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            retry_after = getattr(error, "retry_after", None)
            if status == 429 and retry_after is None:
                retry_after = _WAIT
            return Problem(str(error), status=status, code=_code(error, status), retry_after=retry_after)
    return Problem("The gateway failed.", status=500, code="internal_error")


def _code(error: BaseException, status: int) -> str:
    if status == 404:
        return "model_not_found"
    if isinstance(error, errors.RateLimited):
        return "rate_limit_exceeded"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def openai_body(problem: Problem) -> dict[str, Any]:
    """The error in OpenAI's shape, for a reply and for a stream."""
    kind = _OPENAI.get(problem.status, "invalid_request_error" if problem.status < 500 else "server_error")
    return {"error": {"message": problem.message, "type": kind, "param": problem.param, "code": problem.code}}


def anthropic_body(problem: Problem) -> dict[str, Any]:
    """The error in Anthropic's shape, for a reply and for a stream."""
    kind = _ANTHROPIC.get(problem.status, "invalid_request_error" if problem.status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": problem.message}}
