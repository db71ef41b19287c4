"""Requests and replies of ``/v1/completions``, the older API: prompts are said as messages of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from spacebridge.gateway.shapes import sse
from spacebridge.gateway.shapes.body import Extension, read
from spacebridge.gateway.shapes.chat_request import Sampling, sampling, stop_sequences, unused
from spacebridge.gateway.shapes.encoder import Encoder as BaseEncoder
from spacebridge.gateway.shapes.problem import Problem, openai_body
from spacebridge.gateway.shapes.reply import Called, Spoken
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.transcript import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacebridge.gateway.shapes.reply import Piece

__all__ = ["Encoder", "parse"]


class CompletionBody(Sampling, kw_only=True):
    """The body of a request."""

    prompt: str | Annotated[list[str | int | list[int]], msgspec.Meta(min_length=1, max_length=128)]
    echo: bool | None = None


def parse(body: bytes) -> Request:
    """What a request asks for.

    Raises:
        Problem: 400; it names the field that is wrong.
    """
    asked, raw = read(body, CompletionBody)
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    texts = [prompt for prompt in prompts if isinstance(prompt, str)]
    if len(texts) < len(prompts):
        raise Problem(
            "Invalid value for 'prompt': it must be a text or a list of texts. Tokens can't be read here.",
            code="invalid_value",
            param="prompt",
        )
    return Request(
        model=asked.model,
        transcripts=tuple((Said("user", text),) for text in texts),
        stream=bool(asked.stream),
        n=asked.n or 1,
        stop=stop_sequences(asked.stop),
        max_tokens=asked.max_tokens,
        parameters=sampling(asked, asked.max_tokens),
        extension=asked.spacebridge or Extension(),
        include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        user=asked.user,
        ignored=unused(raw, CompletionBody),
        body=raw,
    )


class Encoder(BaseEncoder):
    """Writes ``text_completion`` objects. Arguments as those of the base."""

    done: ClassVar[bytes] = sse.DONE
    prefix: ClassVar[str] = "cmpl-"

    def __init__(
        self, request: Request, *, limited: bool = True, identifier: str = "", created: float | None = None
    ) -> None:
        super().__init__(request, limited=limited, identifier=identifier, created=created)
        self._echo = bool(request.body.get("echo"))

    def said(self, choice: int = 0) -> Said:
        """The answer, as it will stand in the next request's transcript."""
        return Said("assistant", self._replies[choice].text)

    def whole(self) -> dict[str, Any]:
        """The whole reply."""
        choices: list[dict[str, Any]] = []
        for number, reply in enumerate(self._replies):
            thought = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
            choices.append(
                self._choice(number, self._echoed(number) + reply.text, reply.reason) | thought | self._extra(number)
            )
        return self._object(choices) | {"usage": self.usage.openai()}

    def sse(self, events: Iterable[dict[str, Any]]) -> bytes:
        """Events as server-sent ones."""
        return sse.data(events)

    @staticmethod
    def error_body(problem: Problem) -> dict[str, Any]:
        """The body of a reply that is an error."""
        return openai_body(problem)

    def _begin(self) -> list[dict[str, Any]]:
        if not self._echo:
            return []
        return [self._object([self._choice(n, self._echoed(n))]) for n in range(self._request.choices)]

    def _write(self, choice: int, pieces: list[Piece]) -> list[dict[str, Any]]:
        chunks: list[dict[str, Any]] = []
        for piece in pieces:
            if isinstance(piece, Spoken):
                chunks.append(self._object([self._choice(choice, piece.text)]))
            elif not isinstance(piece, Called):  # there are no tools here
                chunks.append(self._object([self._choice(choice, "") | {"reasoning_content": piece.text}]))
        return chunks

    def _tell(self, choice: int, event: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._object([self._choice(choice, "")]) | {"spacebridge": {"event": event}}]

    def _finish(self, choice: int) -> list[dict[str, Any]]:
        return [self._object([self._choice(choice, "", self._replies[choice].reason)]) | self._extra(choice)]

    def _end(self) -> list[dict[str, Any]]:
        return [self._object([]) | {"usage": self.usage.openai()}] if self._request.include_usage else []

    def _echoed(self, choice: int) -> str:
        return self._request.transcript(choice)[-1].text if self._echo else ""

    def _choice(self, choice: int, text: str, reason: str | None = None) -> dict[str, Any]:
        return {"index": choice, "text": text, "logprobs": None, "finish_reason": reason}

    def _object(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.identifier,
            "object": "text_completion",
            "created": self._created,
            "model": self._request.model,
            "choices": choices,
        } | ({"usage": None} if self._request.include_usage else {})
