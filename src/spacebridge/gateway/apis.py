"""The APIs that ask models: where each is, how its requests are read, and what is kept of its replies."""

from __future__ import annotations

import abc
import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spacebridge import errors
from spacebridge.gateway.shapes import (
    chat,
    chat_request,
    completions,
    messages,
    messages_request,
    responses_request,
    sse,
)
from spacebridge.gateway.shapes import responses as responses_reply
from spacebridge.gateway.shapes.transcript import Memory
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gateway.shapes.encoder import Encoder
    from spacebridge.gateway.shapes.request import Request
    from spacebridge.store.base import Store

__all__ = ["APIS", "RESPONSES", "Api", "KeptResponses"]


class KeptResponses:
    """Responses that later requests may go on with, each for the client that was given it.

    Args:
        store: keeps them.
        scope: whose they are.
        seconds: for which they are kept.
    """

    def __init__(self, store: Store, scope: str, seconds: float) -> None:
        self._store = store
        self._scope = scope
        self._seconds = seconds

    async def keep(self, encoder: responses_reply.Encoder) -> None:
        """Keep a response and its items."""
        whole = encoder.whole()
        with contextlib.suppress(errors.StoreFailed):
            await self._set("memory", encoder.identifier, msgspec.json.encode(encoder.memory()))
            await self._set("response", encoder.identifier, sse.to_json(whole))
            await self._set("input", encoder.identifier, sse.to_json(encoder.input_items()))
            for identifier, item in responses_request.output_items(whole).items():
                await self._set("item", identifier, sse.to_json(item))

    async def memory(self, identifier: str) -> Memory | None:
        """What was said up to a response."""
        data = await self._get("memory", identifier)
        try:
            return None if data is None else msgspec.json.decode(data, type=Memory)
        except (*NOT_JSON, msgspec.ValidationError):  # of another version
            return None

    async def response(self, identifier: str) -> bytes | None:
        """A response as JSON."""
        return await self._get("response", identifier)

    async def input(self, identifier: str) -> list[dict[str, Any]] | None:
        """The items of the request that a response answers; None if it is not known."""
        data = await self._get("input", identifier)
        return None if data is None else msgspec.json.decode(data)

    async def items(self, identifiers: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """Items of responses, as far as they are known."""
        found = {identifier: await self._get("item", identifier) for identifier in identifiers}
        return {identifier: msgspec.json.decode(data) for identifier, data in found.items() if data is not None}

    async def delete(self, identifier: str) -> bool:
        """Forget a response and all that belongs to it; False if there was none."""
        if (whole := await self.response(identifier)) is not None:
            for item in responses_request.output_items(msgspec.json.decode(whole)):
                await self._store.delete(self._name("item", item))
        for kind in ("memory", "input"):
            await self._store.delete(self._name(kind, identifier))
        return await self._store.delete(self._name("response", identifier))

    async def _set(self, kind: str, identifier: str, value: bytes) -> None:
        await self._store.set(self._name(kind, identifier), value, seconds=self._seconds)

    async def _get(self, kind: str, identifier: str) -> bytes | None:
        return await self._store.get(self._name(kind, identifier))

    def _name(self, kind: str, identifier: str) -> str:
        return f"{kind}:{self._scope}:{identifier}"


class Api(abc.ABC):
    """One API."""

    path: ClassVar[str]
    encoder: ClassVar[type[Encoder]]

    @abc.abstractmethod
    async def read(self, body: bytes, kept: KeptResponses) -> Request:
        """What a request asks for.

        Raises:
            Problem: it is wrong, and how.
        """

    @abc.abstractmethod
    async def finished(self, encoder: Encoder, kept: KeptResponses) -> None:
        """The reply is complete, and about to be sent: keep what may be asked for."""


class _Plain(Api):
    """An API whose requests say everything."""

    parse: ClassVar[Callable[[bytes], Request]]

    async def read(self, body: bytes, kept: KeptResponses) -> Request:  # noqa: ARG002 - nothing is gone on with
        return type(self).parse(body)

    async def finished(self, encoder: Encoder, kept: KeptResponses) -> None:
        pass  # conversations are known again by what was said


class _Chat(_Plain):
    path = "/v1/chat/completions"
    encoder = chat.Encoder
    parse = staticmethod(chat_request.parse)


class _Completions(_Plain):
    path = "/v1/completions"
    encoder = completions.Encoder
    parse = staticmethod(completions.parse)


class _Messages(_Plain):
    path = "/v1/messages"
    encoder = messages.Encoder
    parse = staticmethod(messages_request.parse)


class _Responses(Api):
    path = "/v1/responses"
    encoder = responses_reply.Encoder

    async def read(self, body: bytes, kept: KeptResponses) -> Request:
        asked = responses_request.read_body(body)
        before = await kept.memory(asked.previous) if asked.previous is not None else None
        return asked.request(before, await kept.items(asked.references))

    async def finished(self, encoder: Encoder, kept: KeptResponses) -> None:
        if isinstance(encoder, responses_reply.Encoder) and encoder.stored:
            await kept.keep(encoder)


RESPONSES = _Responses()
APIS: tuple[Api, ...] = (_Chat(), _Completions(), RESPONSES, _Messages())
