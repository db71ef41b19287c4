"""Replies of ``/v1/messages``, Anthropic's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spacebridge.gateway.shapes import sse
from spacebridge.gateway.shapes.encoder import Encoder as BaseEncoder
from spacebridge.gateway.shapes.json_text import parsed
from spacebridge.gateway.shapes.problem import anthropic_body
from spacebridge.gateway.shapes.reply import Called, Spoken
from spacebridge.gateway.shapes.transcript import Said, Scribe
from spacebridge.gateway.shapes.usage import Usage
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.gateway.shapes.problem import Problem
    from spacebridge.gateway.shapes.reply import Piece
    from spacebridge.gateway.shapes.request import Request

__all__ = ["Encoder", "count"]

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


class Encoder(BaseEncoder):
    """Writes a message and the events of its making. Arguments as those of the base.

    Reasoning is told as thinking blocks to clients that asked for thinking; others take the first block for the answer.
    """

    prefix: ClassVar[str] = "msg_"

    def __init__(
        self, request: Request, *, limited: bool = True, identifier: str = "", created: float | None = None
    ) -> None:
        super().__init__(request, limited=limited, identifier=identifier, created=created)
        self._thinking = as_object(request.body.get("thinking")).get("type") not in (None, "disabled")
        self._content: list[dict[str, Any]] = []
        self._open: list[str] = []
        """The text so far of the block that is being written; it is the last of the content."""

    def said(self, choice: int = 0) -> Said:  # noqa: ARG002 - there is only one here
        """The answer, as it will stand in the next request's transcript."""
        scribe = Scribe()
        calls = iter(self._replies[0].calls)
        for block in self._content:
            if block["type"] == "text":
                scribe.assistant(block["text"])
            elif block["type"] == "tool_use":
                scribe.call(block["id"], block["name"], next(calls).arguments)
        return scribe.answer()

    def whole(self) -> dict[str, Any]:
        """The whole reply."""
        return self._message(self._content) | {"usage": self._usage()} | self._ending() | self._extra(0)

    def sse(self, events: Iterable[dict[str, Any]]) -> bytes:
        """Events as server-sent ones."""
        return sse.named(events)

    @staticmethod
    def error_body(problem: Problem) -> dict[str, Any]:
        """The body of a reply that is an error."""
        return anthropic_body(problem)

    def _begin(self) -> list[dict[str, Any]]:
        message = self._message([]) | {
            "usage": self._usage() | {"output_tokens": 0},
            "stop_reason": None,
            "stop_sequence": None,
        }
        return [{"type": "message_start", "message": message}, {"type": "ping"}]

    def _write(self, choice: int, pieces: list[Piece]) -> list[dict[str, Any]]:  # noqa: ARG002 - there is only one here
        events: list[dict[str, Any]] = []
        for piece in pieces:
            if isinstance(piece, Called):
                events += self._close()
                events += self._call(piece)
                continue
            spoken = isinstance(piece, Spoken)
            if not spoken and not self._thinking:
                continue
            kind, delta = ("text", "text_delta") if spoken else ("thinking", "thinking_delta")
            if not self._open or self._content[-1]["type"] != kind:
                events += self._close()
                events += self._begin_block(_block(kind, ""))
            self._open.append(piece.text)
            events.append(self._delta({"type": delta, kind: piece.text}))
        return events

    def _tell(self, choice: int, event: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG002 - there is only one here
        return [{"type": "ping", "spacebridge": {"event": event}}]

    def _finish(self, choice: int) -> list[dict[str, Any]]:  # noqa: ARG002 - there is only one here
        return self._close()

    def _end(self) -> list[dict[str, Any]]:
        return [
            {"type": "message_delta", "delta": self._ending(), "usage": self._usage()} | self._extra(0),
            {"type": "message_stop"},
        ]

    # Blocks

    def _begin_block(self, block: dict[str, Any]) -> list[dict[str, Any]]:
        self._content.append(block)
        return [{"type": "content_block_start", "index": len(self._content) - 1, "content_block": block}]

    def _close(self) -> list[dict[str, Any]]:
        """The end of the block that is being written, if one is."""
        if not self._open:
            return []
        kind = self._content[-1]["type"]
        self._content[-1] = _block(kind, "".join(self._open))
        self._open = []
        events = [self._delta({"type": "signature_delta", "signature": ""})] if kind == "thinking" else []
        return [*events, {"type": "content_block_stop", "index": len(self._content) - 1}]

    def _call(self, call: Called) -> list[dict[str, Any]]:
        block: dict[str, Any] = {
            "type": "tool_use",
            "id": f"toolu_{call.id.removeprefix('call_')}",
            "name": call.name,
            "input": {},
        }
        events = self._begin_block(block)
        events.append(self._delta({"type": "input_json_delta", "partial_json": call.arguments}))
        events.append({"type": "content_block_stop", "index": len(self._content) - 1})
        self._content[-1] = block | {"input": parsed(call.arguments)}
        return events

    def _delta(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": len(self._content) - 1, "delta": delta}

    # The message

    def _message(self, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.identifier,
            "type": "message",
            "role": "assistant",
            "model": self._request.model,
            "content": [*content],
        }

    def _ending(self) -> dict[str, Any]:
        reply = self._replies[0]
        stopped = reply.stop_sequence if reply.reason == "stop" else None
        return {"stop_reason": "stop_sequence" if stopped else _REASONS[reply.reason], "stop_sequence": stopped}

    def _usage(self) -> dict[str, Any]:
        used = self.usage
        return {"input_tokens": used.prompt_tokens, "output_tokens": used.completion_tokens, "estimated": True}


def count(request: Request) -> dict[str, Any]:
    """The reply of ``/v1/messages/count_tokens``."""
    return {"input_tokens": Usage(request.weight(), 0, 0).prompt_tokens, "estimated": True}


def _block(kind: str, text: str) -> dict[str, Any]:
    if kind == "text":
        return {"type": kind, "text": text}
    return {"type": kind, "thinking": text, "signature": ""}
