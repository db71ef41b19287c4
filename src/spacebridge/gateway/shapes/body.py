"""The body of a request: JSON, read into a struct, or a problem that names the field that is wrong."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any, TypeVar

import msgspec

from spacebridge.gateway.shapes.problem import Problem
from spacebridge.shape import NOT_JSON, is_object

__all__ = ["Extension", "convert", "read"]

_T = TypeVar("_T", bound=msgspec.Struct)

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which some programs put before UTF-8 and a reader may pass over (RFC 8259, 8.1)."""

_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")


class Extension(msgspec.Struct):
    """The field ``spacebridge`` of a request."""

    settings: dict[str, Any] = {}
    """The app's own settings, by name or label."""
    events: bool = False
    """Whether the reply tells every event of the library."""


def read(body: bytes, kind: type[_T]) -> tuple[_T, dict[str, Any]]:
    """The body as a struct, and as it came. Unknown fields are only in the latter.

    Raises:
        Problem: 400; it is no JSON, or a field is missing or of a wrong type.
    """
    body = body.removeprefix(_MARK)
    try:
        raw = msgspec.json.decode(body)
    except NOT_JSON as error:
        raise Problem(f"The body is no JSON: {_reason(body, error)}.", code="invalid_json") from None
    if not is_object(raw):
        raise Problem("The body must be a JSON object.", code="invalid_json")
    return convert(raw, kind, ""), raw


def _reason(body: bytes, error: Exception) -> str:
    """The parser's words, but where it takes for a body that ends too soon what is none."""
    told = str(error).replace(" - at `$[...]`", "")
    if not body.strip():
        return "it is empty"
    if "truncated" in told:
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(body)  # takes it: then it is as whole as it should be
            return "a text holds half of a surrogate pair, such as \\ud83d without its other half"
    return told


def convert(raw: object, kind: type[_T], at: str) -> _T:
    """A part of a body as a struct.

    Args:
        raw: the part as it came.
        kind: what it should be.
        at: where it stands in the body.

    Raises:
        Problem: 400; a field is missing or of a wrong type.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _named(str(error), at) from None
    except RecursionError:
        raise Problem("The body is nested too deeply.", code="invalid_json") from None


def _named(text: str, at: str) -> Problem:
    """The validator's words, in which it says the path last."""
    found = _AT.search(text)
    # Which key of an object it is, the validator does not say.
    path = f"{at}.{found['path'] if found else ''}".replace("[...]", "").strip(".")
    reason = text[: found.start()] if found else text
    if missing := _MISSING.fullmatch(reason):
        param = f"{path}.{missing['field']}".lstrip(".")
        return Problem(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)
    return Problem(f"Invalid value for '{path}': {reason}.", code="invalid_value", param=path)
