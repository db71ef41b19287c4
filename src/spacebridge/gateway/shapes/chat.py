"""Replies of ``/v1/chat/completions``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from spacebridge.chat.events import TextDelta
from spacebridge.gateway.shapes import sse
from spacebridge.gateway.shapes.encoder import Encoder as BaseEncoder
from spacebridge.gateway.shapes.problem import openai_body
from spacebridge.gateway.shapes.reply import Called, Spoken
from spacebridge.gateway.shapes.transcript import Said, Scribe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.chat.events import Event
    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.shapes.reply import Piece
    from spacebridge.gateway.shapes.request import Request

__all__ = ["Encoder"]

_TEXT = secrets.token_hex(16)
"""Stands for a text, and in nothing that a client sends."""


class Encoder(BaseEncoder):
    """Writes ``chat.completion.chunk`` objects, or one ``chat.completion``. Arguments as those of the base."""

    done: ClassVar[bytes] = sse.DONE
    prefix: ClassVar[str] = "chatcmpl-"

    def __init__(
        self, request: Request, *, limited: bool = True, identifier: str = "", created: float | None = None
    ) -> None:
        super().__init__(request, limited=limited, identifier=identifier, created=created)
        self._around: dict[int, tuple[bytes, bytes]] = {}
        """What stands before and behind the text in the events of a choice."""

    def told(self, event: Event, choice: int = 0) -> bytes:
        """The server-sent events that an event of a turn leads to."""
        # What there is most of differs in nothing but its text.
        if not isinstance(event, TextDelta) or not self._request.stream:
            return super().told(event, choice)
        if (text := self._replies[choice].spoken(event)) is None:
            return super().told(event, choice)
        if not text:
            return b""
        if (around := self._around.get(choice)) is None:
            before, _, behind = self.sse([self._chunk(choice, {"content": _TEXT})]).partition(sse.to_json(_TEXT))
            around = self._around[choice] = (before, behind)
        return around[0] + sse.to_json(text) + around[1]

    def said(self, choice: int = 0) -> Said:
        """The answer, as it will stand in the next request's transcript."""
        reply, scribe = self._replies[choice], Scribe()
        scribe.assistant(reply.text)
        for call in reply.calls:
            scribe.call(call.id, call.name, call.arguments)
        return scribe.answer()

    def whole(self) -> dict[str, Any]:
        """The whole reply."""
        return {
            "id": self.identifier,
            "object": "chat.completion",
            "created": self._created,
            "model": self._request.model,
            "choices": [
                {
                    "index": choice,
                    "message": self._message(choice),
                    "logprobs": None,
                    "finish_reason": self._reason(choice),
                }
                for choice in range(self._request.choices)
            ],
            "usage": self.usage.openai(),
        }

    def sse(self, events: Iterable[dict[str, Any]]) -> bytes:
        """Events as server-sent ones."""
        return sse.data(events)

    @staticmethod
    def error_body(problem: Problem) -> dict[str, Any]:
        """The body of a reply that is an error."""
        return openai_body(problem)

    def _begin(self) -> list[dict[str, Any]]:
        return [self._chunk(n, {"role": "assistant", "content": ""}) for n in range(self._request.choices)]

    def _write(self, choice: int, pieces: list[Piece]) -> list[dict[str, Any]]:
        chunks: list[dict[str, Any]] = []
        for piece in pieces:
            if isinstance(piece, Spoken):
                chunks.append(self._chunk(choice, {"content": piece.text}))
            elif isinstance(piece, Called) and self._request.tools.legacy:
                chunks.append(self._chunk(choice, {"function_call": {"name": piece.name, "arguments": ""}}))
                chunks.append(self._chunk(choice, {"function_call": {"arguments": piece.arguments}}))
            elif isinstance(piece, Called):
                function = {"name": piece.name, "arguments": ""}
                call = {"index": piece.number, "id": piece.id, "type": "function", "function": function}
                chunks.append(self._chunk(choice, {"tool_calls": [call]}))
                more = {"index": piece.number, "function": {"arguments": piece.arguments}}
                chunks.append(self._chunk(choice, {"tool_calls": [more]}))
            else:
                chunks.append(self._chunk(choice, {"reasoning_content": piece.text, "reasoning": piece.text}))
        return chunks

    def _tell(self, choice: int, event: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._chunk(choice, {}) | {"spacebridge": {"event": event}}]

    def _finish(self, choice: int) -> list[dict[str, Any]]:
        return [self._chunk(choice, {}, self._reason(choice)) | self._extra(choice)]

    def _end(self) -> list[dict[str, Any]]:
        if not self._request.include_usage:
            return []
        return [self._chunk(0, {}) | {"choices": [], "usage": self.usage.openai()}]

    def _reason(self, choice: int) -> str:
        reason = self._replies[choice].reason
        return "function_call" if reason == "tool_calls" and self._request.tools.legacy else reason

    def _chunk(self, choice: int, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        chunk: dict[str, Any] = {
            "id": self.identifier,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._request.model,
            "choices": [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": reason}],
        }
        if self._request.include_usage:
            chunk["usage"] = None
        return chunk

    def _message(self, choice: int) -> dict[str, Any]:
        reply = self._replies[choice]
        message: dict[str, Any] = {
            "role": "assistant",
            "content": reply.text or (None if reply.calls else ""),
            "refusal": None,
        }
        if reply.reasoning:
            message |= {"reasoning_content": reply.reasoning, "reasoning": reply.reasoning}
        if reply.calls and self._request.tools.legacy:
            call = reply.calls[0]
            message["function_call"] = {"name": call.name, "arguments": call.arguments}
        elif reply.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in reply.calls
            ]
        return message | self._extra(choice)
