"""Replies of ``/v1/responses``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from spacebridge.gateway.shapes import sse
from spacebridge.gateway.shapes.encoder import Encoder as BaseEncoder
from spacebridge.gateway.shapes.problem import openai_body
from spacebridge.gateway.shapes.reply import Called, Spoken
from spacebridge.gateway.shapes.responses_request import input_items
from spacebridge.gateway.shapes.transcript import Memory, Said, Scribe
from spacebridge.gateway.shapes.usage import Usage
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.shapes.reply import Piece
    from spacebridge.gateway.shapes.request import Request

__all__ = ["Encoder", "count"]

_Status = Literal["in_progress", "completed", "incomplete", "failed"]

_ECHOED = ("instructions", "max_output_tokens", "previous_response_id", "temperature", "top_p", "user")
"""Fields of a request that its reply repeats as they are."""
_CODES = {400: "invalid_prompt", 429: "rate_limit_exceeded"}


class Encoder(BaseEncoder):
    """Writes a response and the events of its making. Arguments as those of the base."""

    prefix: ClassVar[str] = "resp_"

    def __init__(
        self, request: Request, *, limited: bool = True, identifier: str = "", created: float | None = None
    ) -> None:
        super().__init__(request, limited=limited, identifier=identifier, created=created)
        self._sequence = 0
        self._status: _Status = "in_progress"
        self._error: dict[str, Any] | None = None
        self._output: list[dict[str, Any]] = []
        self._open: list[str] = []
        """The text so far of the item that is being written; it is the last of the output."""

    @property
    def stored(self) -> bool:
        """Whether the client wants the response to be kept."""
        return self._request.body.get("store") is not False

    def memory(self) -> Memory:
        """What to keep, to go on with this response."""
        return Memory(self._request.standing, (*self._request.transcript(0), self.said()))

    def input_items(self) -> list[dict[str, Any]]:
        """What the request itself said, to be kept."""
        return input_items(self._request.body.get("input"))

    def said(self, choice: int = 0) -> Said:  # noqa: ARG002 - there is only one here
        """The answer, as it will stand in the next request's transcript."""
        scribe = Scribe()
        for item in self._output:
            if item["type"] == "message":
                scribe.assistant("\n".join(part["text"] for part in item["content"]))
            elif item["type"] == "function_call":
                scribe.call(item["call_id"], item["name"], item["arguments"])
        return scribe.answer()

    def whole(self) -> dict[str, Any]:
        """The whole reply."""
        body, tools = self._request.body, self._request.tools
        used = self.usage
        return {
            "id": self.identifier,
            "object": "response",
            "created_at": self._created,
            "status": self._status,
            "background": False,
            "error": self._error,
            "incomplete_details": {"reason": "max_output_tokens"} if self._status == "incomplete" else None,
            "model": self._request.model,
            "output": [*self._output],
            "parallel_tool_calls": tools.parallel,
            "reasoning": {"effort": None, "summary": None},
            "store": self.stored,
            "text": {"format": as_object(body.get("text")).get("format") or {"type": "text"}},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": False,
                }
                for tool in tools.tools
            ],
            "truncation": "disabled",
            "metadata": body.get("metadata") or {},
            "usage": None
            if self._status == "in_progress"
            else {
                "input_tokens": used.prompt_tokens,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": used.completion_tokens,
                "output_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
                "total_tokens": used.prompt_tokens + used.completion_tokens,
                "estimated": True,
            },
            **{name: body.get(name) for name in _ECHOED},
            **self._extra(0),
        }

    def sse(self, events: Iterable[dict[str, Any]]) -> bytes:
        """Events as server-sent ones."""
        return sse.named(events)

    @staticmethod
    def error_body(problem: Problem) -> dict[str, Any]:
        """The body of a reply that is an error."""
        return openai_body(problem)

    def fail(self, problem: Problem) -> list[dict[str, Any]]:
        """The last events of a stream that can't go on."""
        self._status = "failed"
        self._error = {"code": _CODES.get(problem.status, "server_error"), "message": problem.message}
        if self._open and self._output:
            self._fill("incomplete")
        return [self._event("response.failed", response=self.whole())]

    def _begin(self) -> list[dict[str, Any]]:
        return [
            self._event("response.created", response=self.whole()),
            self._event("response.in_progress", response=self.whole()),
        ]

    def _write(self, choice: int, pieces: list[Piece]) -> list[dict[str, Any]]:  # noqa: ARG002 - there is only one here
        events: list[dict[str, Any]] = []
        for piece in pieces:
            if isinstance(piece, Called):
                events += self._close()
                events += self._call(piece)
                continue
            kind = "message" if isinstance(piece, Spoken) else "reasoning"
            if not self._open or self._output[-1]["type"] != kind:
                events += self._close()
                events += self._begin_item(kind)
            self._open.append(piece.text)
            more: dict[str, Any] = {"logprobs": []} if kind == "message" else {}
            name = "output_text" if kind == "message" else "reasoning_text"
            events.append(self._event(f"response.{name}.delta", **self._place(), delta=piece.text, **more))
        return events

    def _tell(self, choice: int, event: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG002 - there is only one here
        return [self._event("response.spacebridge", spacebridge={"event": event})]

    def _finish(self, choice: int) -> list[dict[str, Any]]:
        self._status = "incomplete" if self._replies[choice].reason == "length" else "completed"
        return self._close()

    def _end(self) -> list[dict[str, Any]]:
        return [self._event(f"response.{self._status}", response=self.whole())]

    # Items

    def _begin_item(self, kind: str) -> list[dict[str, Any]]:
        more: dict[str, Any] = {"role": "assistant"} if kind == "message" else {"summary": []}
        name = "msg" if kind == "message" else "rs"
        item: dict[str, Any] = {"id": _new_id(name), "type": kind, "status": "in_progress", **more, "content": []}
        self._output.append(item)
        return [
            self._event("response.output_item.added", output_index=len(self._output) - 1, item=item),
            self._event("response.content_part.added", **self._place(), part=_part(kind, "")),
        ]

    def _close(self) -> list[dict[str, Any]]:
        """The end of the item that is being written, if one is."""
        if not self._open:
            return []
        part = self._fill("incomplete" if self._status == "incomplete" else "completed")
        item, place = self._output[-1], self._place()
        more: dict[str, Any] = {"logprobs": []} if item["type"] == "message" else {}
        return [
            self._event(f"response.{part['type']}.done", **place, text=part["text"], **more),
            self._event("response.content_part.done", **place, part=part),
            self._event("response.output_item.done", output_index=place["output_index"], item=item),
        ]

    def _fill(self, status: str) -> dict[str, Any]:
        """Put what was written into the item; its only part."""
        item = self._output[-1]
        part = _part(item["type"], "".join(self._open))
        # A new one: the item may stand in an event that was not sent yet.
        self._output[-1] = item | {"status": status, "content": [part]}
        self._open = []
        return part

    def _call(self, call: Called) -> list[dict[str, Any]]:
        item = {"id": _new_id("fc"), "type": "function_call", "call_id": call.id, "name": call.name}
        done = item | {"arguments": call.arguments, "status": "completed"}
        self._output.append(done)
        place = {"item_id": item["id"], "output_index": len(self._output) - 1}
        return [
            self._event(
                "response.output_item.added",
                output_index=place["output_index"],
                item=item | {"arguments": "", "status": "in_progress"},
            ),
            self._event("response.function_call_arguments.delta", **place, delta=call.arguments),
            self._event("response.function_call_arguments.done", **place, name=call.name, arguments=call.arguments),
            self._event("response.output_item.done", output_index=place["output_index"], item=done),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._output[-1]["id"], "output_index": len(self._output) - 1, "content_index": 0}

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        event = {"type": kind, "sequence_number": self._sequence, **fields}
        self._sequence += 1
        return event


def count(request: Request) -> dict[str, Any]:
    """The reply of ``/v1/responses/input_tokens``."""
    tokens = Usage(request.weight(), 0, 0).prompt_tokens
    return {"object": "response.input_tokens", "input_tokens": tokens, "estimated": True}


def _part(kind: str, text: str) -> dict[str, Any]:
    if kind == "message":
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "reasoning_text", "text": text}


def _new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(24)}"
