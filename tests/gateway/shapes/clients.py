"""The real clients, answered by an encoder: nothing is between them but bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import openai

from spacebridge.gateway.shapes import (
    chat,
    chat_request,
    completions,
    messages,
    messages_request,
    responses,
    responses_request,
)
from spacebridge.gateway.shapes.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.chat.events import Event
    from spacebridge.gateway.shapes.encoder import Encoder
    from spacebridge.gateway.shapes.request import Request

__all__ = ["Served", "anthropic_client", "openai_client", "played"]

APIS: dict[str, tuple[Any, type[Encoder]]] = {
    "/v1/chat/completions": (chat_request.parse, chat.Encoder),
    "/v1/completions": (completions.parse, completions.Encoder),
    "/v1/responses": (lambda body: responses_request.read_body(body).request(), responses.Encoder),
    "/v1/messages": (messages_request.parse, messages.Encoder),
}


def played(encoder: Encoder, request: Request, turns: Iterable[list[Event]]) -> list[dict[str, Any]]:
    """All events of a reply: as many turns as there are choices, and then those of repairs."""
    more = iter(turns)
    events = encoder.begin()
    for choice in range(request.choices):
        while True:
            for event in next(more):
                events += encoder.feed(event, choice)
                if encoder.is_over(choice):
                    break
            if encoder.repair(choice) is None:
                break
        try:
            events += encoder.finish(choice)
        except Problem as problem:
            return [*events, *encoder.fail(problem)]
    return events


class Served(httpx2.BaseTransport):
    """Answers requests by turns of the library; remembers what was asked."""

    def __init__(self, turns: list[list[Event]]) -> None:
        self._turns = iter(turns)
        self.asked: list[Request] = []
        self.encoders: list[Encoder] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        parse, kind = APIS[request.url.path]
        try:
            asked: Request = parse(request.read())
        except Problem as problem:
            return httpx2.Response(problem.status, json=kind.error_body(problem))
        encoder = kind(asked)
        self.asked.append(asked)
        self.encoders.append(encoder)
        events = played(encoder, asked, self._turns)
        if asked.stream:
            body = encoder.sse(events) + encoder.done
            return httpx2.Response(200, content=body, headers={"content-type": "text/event-stream"})
        assert encoder.sse(events) == b""
        return httpx2.Response(200, json=encoder.whole())


def openai_client(*turns: list[Event]) -> tuple[openai.OpenAI, Served]:
    served = Served([*turns])
    return openai.OpenAI(
        api_key="k", base_url="http://h/v1", http_client=httpx2.Client(transport=served), max_retries=0
    ), served


def anthropic_client(*turns: list[Event]) -> tuple[anthropic.Anthropic, Served]:
    served = Served([*turns])
    http = httpx2.Client(transport=served)
    return anthropic.Anthropic(api_key="k", base_url="http://h", http_client=http, max_retries=0), served
