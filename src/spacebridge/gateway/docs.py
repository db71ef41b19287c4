"""The OpenAPI document, and a page that shows it without loading anything from elsewhere."""

from __future__ import annotations

import functools
import html
import re
from typing import Any

import msgspec

from spacebridge.gateway.shapes.chat_request import ChatBody
from spacebridge.gateway.shapes.completions import CompletionBody
from spacebridge.gateway.shapes.messages_request import CountBody, MessagesBody
from spacebridge.gateway.shapes.responses_request import ResponsesBody
from spacebridge.version import __version__

__all__ = ["openapi", "page"]

_REF = "#/components/schemas/{name}"
_ERRORS = {
    "400": "The request is wrong; `param` names the field.",
    "401": "The key is missing or wrong, or the Space wants a login.",
    "403": "The Space may not be used with what the gateway has.",
    "404": "There is no such model.",
    "408": "The body did not come.",
    "413": "The body is too large.",
    "415": "The body is compressed.",
    "429": "Too many requests, a spent quota or a full queue; `Retry-After` says when to come back.",
    "500": "The gateway failed.",
    "502": "The Space failed.",
    "503": "The Space does not run, or rests.",
    "504": "A time limit passed.",
}


class _Posted(msgspec.Struct, frozen=True):
    """An endpoint that takes a body."""

    path: str
    title: str
    body: Any
    text: str


POSTED = (
    _Posted(
        "/v1/chat/completions",
        "Chat completions",
        ChatBody,
        "OpenAI's chat completions. Unknown fields are accepted; parameters for which the app has no setting are "
        "ignored and named in the header x-spacebridge-ignored; those brought within the app's bounds are told in "
        "x-spacebridge-adjusted. x-spacebridge-conversation says how the app knew what was said before: new, "
        "continued, injected or flattened.",
    ),
    _Posted(
        "/v1/completions",
        "Completions",
        CompletionBody,
        "OpenAI's older completions: each prompt is a message to the Space.",
    ),
    _Posted(
        "/v1/responses",
        "Responses",
        ResponsesBody,
        "OpenAI's responses. One that is kept (`store`, which is true by default) can be gone on with by "
        "`previous_response_id`, fetched and deleted at /v1/responses/{id}.",
    ),
    _Posted(
        "/v1/responses/input_tokens",
        "Count input tokens",
        ResponsesBody,
        "How many tokens the input of a response would be, by estimate.",
    ),
    _Posted("/v1/messages", "Messages", MessagesBody, "Anthropic's messages; errors are in Anthropic's shape, too."),
    _Posted("/v1/messages/count_tokens", "Count tokens", CountBody, "How many tokens a message would be, by estimate."),
)


_PLAIN: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("get", "/v1/models", "Models", "What can be served; the field `spacebridge` tells the live state.", ("401",)),
    ("get", "/v1/models/{id}", "A model", "One model, with what its app lets be set.", ("401", "404")),
    ("get", "/v1/responses/{id}", "A response", "A response that was kept.", ("400", "401", "404", "503")),
    (
        "get",
        "/v1/responses/{id}/input_items",
        "What was asked",
        "The items of the request that a response answers; `limit`, `order` and `after` as at OpenAI's.",
        ("400", "401", "404", "503"),
    ),
    (
        "post",
        "/v1/responses/{id}/cancel",
        "Cancel a response",
        "A 400: nothing is made in the background. Who wants an answer no longer closes the connection.",
        ("400", "401", "404", "503"),
    ),
    ("delete", "/v1/responses/{id}", "Forget a response", "It can't be gone on with.", ("401", "404", "503")),
    (
        "get",
        "/v1/attachments/{id}/{name}",
        "A file of an answer",
        "Its address is in the answer; no key is needed.",
        ("404", "502", "503", "504"),
    ),
    ("get", "/health", "Health", "Whether the server runs. No key is needed.", ()),
    ("get", "/ready", "Readiness", "Whether a request would find a Space to ask. No key is needed.", ("503",)),
    ("get", "/metrics", "Metrics", "Numbers in Prometheus' form.", ("401",)),
    ("get", "/status", "Status", "How the Spaces do, now and in their latest turns.", ("401",)),
)
"""Method, path, title, text and refusals of the endpoints that take no body."""


@functools.cache
def openapi() -> dict[str, Any]:
    """The document."""
    bodies = [posted.body for posted in POSTED]
    schemas, components = msgspec.json.schema_components(bodies, ref_template=_REF)
    components = {
        **components,
        "Error": {
            "type": "object",
            "properties": {
                "error": {
                    "type": "object",
                    "properties": {
                        "message": {"type": "string"},
                        "type": {"type": "string"},
                        "param": {"type": ["string", "null"]},
                        "code": {"type": ["string", "null"]},
                    },
                }
            },
        },
    }
    error = {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}
    failures = {status: {"description": text, "content": error} for status, text in _ERRORS.items()}
    paths: dict[str, Any] = {}
    for posted, schema in zip(POSTED, schemas, strict=True):
        paths[posted.path] = {
            "post": {
                "summary": posted.title,
                "description": posted.text,
                "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                "responses": {
                    "200": {
                        "description": "The answer; with `stream` as server-sent events.",
                        "content": {"application/json": {}, "text/event-stream": {}},
                    },
                    **failures,
                },
            }
        }
    for method, path, title, text, refusals in _PLAIN:
        told: dict[str, Any] = {
            "summary": title,
            "description": text,
            "responses": {"200": {"description": title}, **{status: failures[status] for status in refusals}},
        }
        if names := re.findall(r"{(\w+)}", path):
            string = {"type": "string"}
            told["parameters"] = [{"name": name, "in": "path", "required": True, "schema": string} for name in names]
        paths.setdefault(path, {})[method] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "spacebridge", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }


@functools.cache
def page() -> str:
    """The document for people: plain HTML, no script."""
    document = openapi()
    parts = [_HEAD]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            parts.append(f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>")
            parts.append(f"<p><b>{html.escape(told['summary'])}.</b> {html.escape(told['description'])}</p>")
            if body := told.get("requestBody"):
                schema = body["content"]["application/json"]["schema"]
                parts.append(_fields(document, schema))
                parts.append("<p>Errors</p><table>")
                parts += [
                    f"<tr><td><code>{status}</code></td><td>{html.escape(text)}</td></tr>"
                    for status, text in _ERRORS.items()
                ]
                parts.append("</table>")
    parts.append("</body></html>")
    return "\n".join(parts)


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> str:
    named = schema.get("$ref", "").rpartition("/")[2]
    properties: dict[str, Any] = document["components"]["schemas"].get(named, schema).get("properties", {})
    rows = [
        f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(_type(field))}</td></tr>"
        for name, field in properties.items()
    ]
    return f"<table><tr><th>field</th><th>type</th></tr>{''.join(rows)}</table>"


def _type(field: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(each) for each in field["anyOf"] if each != {"type": "null"}))
    if "enum" in field:
        return " or ".join(map(repr, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("type", "anything"))


_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>spacebridge: the API</title><style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
vertical-align: top } h2 { margin-top: 2.5rem }
</style></head><body>
<h1>spacebridge: the API</h1>
<p>The whole document, for programs: <a href="openapi.json">openapi.json</a>.</p>"""
