"""What a refusal means: from status codes and error payloads to our errors, without I/O."""

from __future__ import annotations

import ast
import contextlib
import datetime as dt
import email.utils
import html
import re
from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge import errors
from spacebridge.gradio.html import without_tags
from spacebridge.gradio.quota import gpu_refusal
from spacebridge.shape import NOT_JSON, as_list, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spacebridge.gradio.quota import GpuRefusal

__all__ = ["error_from_output", "error_from_reply", "parse_retry_after"]

_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,500}>")
_QUOTED = re.compile(r"^(['\"])(.*)\1$", re.DOTALL)
# `gradio/queueing.py`: the function that was asked for is not one of this process.
_REPLICAS = "enable stickiness"
# https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-09.html, as Hugging Face sends it.
_RATE_LIMIT = re.compile(r"\br\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})")
_REPR = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
_SHOWN = 300

_BY_STATUS: dict[int, tuple[type[errors.ServerRefused], str | None]] = {
    401: (errors.LoginRequired, None),
    403: (errors.AccessDenied, None),
    404: (errors.SpaceNotFound, None),
    413: (errors.UploadRefused, "The file or prompt is larger than the app allows."),
    429: (errors.RateLimited, None),
    502: (errors.SpaceUnavailable, None),
    503: (errors.SpaceUnavailable, None),
    504: (errors.SpaceUnavailable, None),
}


def error_from_reply(status: int, headers: Mapping[str, str], body: bytes, *, asked: str) -> errors.SpacebridgeError:
    """Tell what a reply with a status of 300 and more means.

    Args:
        status: HTTP status.
        headers: of the reply.
        body: of the reply.
        asked: what was asked of whom, such as ``POST http://host/queue/join``.
    """
    said = _reason(headers, body)
    message = f"{asked} was answered with {status}{f': {said}' if said else ''}."
    retry_after = parse_retry_after(headers.get("Retry-After"))
    if retry_after is None and status == 429:
        limit = _RATE_LIMIT.search(headers.get("RateLimit", ""))
        retry_after = float(limit[1]) if limit else None
    lower = said.lower()
    if _REPLICAS in lower:
        return _other_replica(asked)
    if status == 422:
        return errors.ValidationRefused(f"{asked} was refused: {said or 'invalid input'}.")
    kind, hint = _BY_STATUS.get(status, (errors.ServerRefused, None))
    if status == 400 and "credentials" in lower:
        kind = errors.LoginRequired
    elif status == 503 and "queue" in lower:
        kind = errors.QueueFull
    elif status == 429 and retry_after is not None:
        hint = f"Wait {retry_after:g} s before asking again."
    return kind(message, status=status, retry_after=retry_after, hint=hint)


def error_from_output(error: object, *, title: object, version: tuple[int, ...], asked: str) -> errors.SpacebridgeError:
    """Tell what a failed event means.

    Args:
        error: ``output.error``: the app's text; null or the text "None" where the app hides it.
        title: the title that came with it, or null.
        version: Gradio's release; before 5, texts of ``gr.Error`` come with the quotes of a ``repr``.
        asked: what was asked of whom.
    """
    if is_list(error):  # a validator's list, as of 5.45
        said = _validation(as_list(error))
        return errors.ValidationRefused(f"{asked} was refused: {said or 'invalid input'}.")
    detail = error if isinstance(error, str) and error != "None" else ""
    if version < (5,) and (quoted := _QUOTED.match(detail)):
        text = quoted[2]  # so the page shows it; what is escaped in the repr stands there with its backslashes
        with contextlib.suppress(ValueError, SyntaxError):
            text = str(ast.literal_eval(detail)) if _REPR.fullmatch(detail) else text
        detail = text
    heading = title if isinstance(title, str) and title else "Error"
    plain = without_tags(detail).strip()  # a page shows the HTML of an error as such
    if refusal := gpu_refusal(heading, plain):
        return _without_gpu(refusal, f"{asked} failed: {heading}: {plain}", heading, detail)
    if _REPLICAS in plain.lower():
        return _other_replica(asked)
    if not plain:
        return errors.AppFailed(
            f"{asked} failed, and the app does not say why.",
            title=heading,
            hint="Only its owner can see the reason, in the app's log (or with launch(show_error=True)).",
        )
    shown = plain if heading == "Error" else f"{heading}: {plain}"
    return errors.AppFailed(f"{asked} failed: {shown}", title=heading, detail=detail)


def _without_gpu(refusal: GpuRefusal, message: str, title: str, detail: str) -> errors.AppFailed:
    if refusal.kind == "busy":
        return errors.GpuUnavailable(message, title=title, detail=detail)
    hint = (
        "Waiting does not help: only accounts with longer limits may ask for so much."
        if refusal.kind == "duration"
        else None
    )
    quota = errors.QuotaExceeded(message, title=title, detail=detail, hint=hint)
    quota.retry_after, quota.requested, quota.left = refusal.retry_after, refusal.requested, refusal.left
    return quota


def _other_replica(asked: str) -> errors.SessionLost:
    return errors.SessionLost(
        f"{asked} came to another process of the app than the one that holds this session.",
        hint="Begin a new conversation. If it happens again, the app runs as several replicas, and only its owner can "
        "tie a visitor to one of them.",
    )


def parse_retry_after(value: str | None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3: seconds or a date), or None."""
    if not value:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    return max(0.0, (date - dt.datetime.now(dt.UTC)).total_seconds())


def _reason(headers: Mapping[str, str], body: bytes) -> str:
    """The server's own words, as short plain text."""
    text = body[:20_000].decode("utf-8", "replace")
    try:
        doc: object = msgspec.json.decode(body)
    except NOT_JSON:
        if "html" in headers.get("Content-Type", "") or text.lstrip()[:1] == "<":
            title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
            text = f"an HTML page ({title[1].strip()})" if title and title[1].strip() else "an HTML page"
        elif "Traceback (most recent call last)" in text:
            text = text.strip().rsplit("\n", 1)[-1]
    else:
        text = _said(doc)
    return " ".join(html.unescape(_TAG.sub("", text)).split())[:_SHOWN].rstrip(".")


def _said(doc: object) -> str:
    if isinstance(doc, str):
        return doc
    if is_list(doc):
        return _validation(as_list(doc))
    if is_object(doc):
        fields = as_object(doc)
        for key in ("detail", "error", "message"):
            if key in fields:
                return _said(fields[key])
    return ""


def _validation(items: list[Any]) -> str:
    """FastAPI's list of faults, or a validator's list of verdicts."""
    lines: list[str] = []
    for item in items:
        if not is_object(item):
            continue
        fields = as_object(item)
        if fields.get("is_valid") is True:
            continue
        said = fields.get("message") or fields.get("msg")
        loc = fields.get("loc")
        place = fields.get("parameter_name") or (".".join(map(str, as_list(loc))) if is_list(loc) else "")
        lines.append(": ".join(without_tags(str(part)) for part in (place, said) if part))
    return "; ".join(line for line in lines if line)
