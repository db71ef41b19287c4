"""The class-shaped interface: providers as classes with model names, used without an instance."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar

from spacebridge import errors
from spacebridge.portal import Portal

if TYPE_CHECKING:
    from collections.abc import Generator

    from spacebridge.chat.resume import JsonConversation
    from spacebridge.providers.messages import Messages

__all__ = ["AsyncGeneratorProvider", "AsyncResult", "ProviderModelMixin"]

AsyncResult = AsyncGenerator["str | JsonConversation", None]

_PARAMETERS = frozenset(
    {"model", "messages", "stream", "timeout", "proxy", "conversation", "return_conversation", "media", "url", "settle"}
)


class _Params:
    """``get_params()`` as a property of the class itself."""

    def __get__(self, instance: object, owner: type[AsyncGeneratorProvider]) -> str:
        return owner.get_params()


class AsyncGeneratorProvider(ABC):
    """Base of providers that stream.

    A provider is a class; its methods are class methods. Subclasses implement ``create_async_generator``.
    """

    label: ClassVar[str] = ""
    url: ClassVar[str] = ""
    working: ClassVar[bool] = False
    supports_stream: ClassVar[bool] = True
    supports_system_message: ClassVar[bool] = False
    supports_message_history: ClassVar[bool] = False

    # Read by programs that use providers of this shape: whether to list it, whether it wants a key, how often it was
    # refreshed, and which time limit they put on a chunk.
    active_by_default: ClassVar[bool | None] = None
    needs_auth: ClassVar[bool] = False
    live: ClassVar[int] = 0
    use_stream_timeout: ClassVar[bool] = True
    default_reasoning_effort: ClassVar[str] = "none"
    quota_url: ClassVar[str | None] = None
    health_url: ClassVar[str | None] = None

    @classmethod
    @abstractmethod
    def create_async_generator(cls, model: str, messages: Messages, **kwargs: Any) -> AsyncResult:
        """Ask; yield the answer piece by piece."""

    @classmethod
    async def create_async(cls, model: str, messages: Messages, **kwargs: Any) -> str:
        """Ask; return the whole answer."""
        kwargs.pop("return_conversation", None)
        pieces = [
            piece async for piece in cls.create_async_generator(model, messages, **kwargs) if isinstance(piece, str)
        ]
        return "".join(pieces)

    @classmethod
    def create_completion(
        cls, model: str, messages: Messages, stream: bool = True, **kwargs: Any
    ) -> Generator[str | JsonConversation]:
        """Ask from synchronous code, also where an event loop runs; yield the answer piece by piece.

        With ``stream=False`` the answer is one piece.
        """
        with Portal() as portal:
            if stream:
                yield from portal.iterate(cls.create_async_generator(model, messages, **kwargs))
            else:
                yield portal.call(cls.create_async(model, messages, **kwargs))

    @classmethod
    def get_parameters(cls, as_json: bool = False) -> dict[str, Any]:
        """The parameters of ``create_async_generator``, by name; with ``as_json`` their defaults."""
        found = {
            name: parameter
            for name, parameter in inspect.signature(cls.create_async_generator).parameters.items()
            if name in _PARAMETERS
        }
        if not as_json:
            return dict(found)
        empty = inspect.Parameter.empty
        values: dict[str, Any] = {
            name: None if parameter.default is empty else parameter.default for name, parameter in found.items()
        }
        return {
            **values,
            "provider": cls.__name__,
            "model": getattr(cls, "default_model", None) or "",
            "messages": [{"role": "system", "content": ""}, {"role": "user", "content": ""}],
            "stream": cls.supports_stream,
        }

    @classmethod
    def get_params(cls) -> str:
        """The parameters as text."""
        lines: list[str] = []
        for name, parameter in cls.get_parameters().items():
            default = getattr(cls, "default_model", None) if name == "model" else parameter.default
            shown = "" if default is inspect.Parameter.empty else f" = {default!r}"
            lines.append(f"    {name}: {parameter.annotation}{shown},")
        return f"{cls.__name__} supports: (\n" + "\n".join(lines) + "\n)"

    params = _Params()

    @classmethod
    def get_dict(cls) -> dict[str, str]:
        """What the provider is, for listings."""
        return {"name": cls.__name__, "url": cls.url, "label": cls.label}

    @classmethod
    def get_parent(cls) -> str:
        """Under which name keys for it are kept."""
        return str(getattr(cls, "parent", cls.__name__))


class ProviderModelMixin:
    """Model names and their aliases."""

    default_model: ClassVar[str] = ""
    models: ClassVar[list[str]] = []
    model_aliases: ClassVar[dict[str, str]] = {}

    # As above: read by programs that use providers of this shape.
    image_models: ClassVar[list[str]] = []
    vision_models: ClassVar[list[str]] = []
    video_models: ClassVar[list[str]] = []
    audio_models: ClassVar[dict[str, Any]] = {}
    models_count: ClassVar[dict[str, int]] = {}
    models_tags: ClassVar[dict[str, list[str]] | None] = None
    models_loaded: ClassVar[bool] = True
    last_model: ClassVar[str | None] = None

    @classmethod
    def get_models(cls, **_: Any) -> list[str]:
        """Names of the models."""
        return list(cls.models) or [cls.default_model]

    @classmethod
    def get_model(cls, model: str | None, **_: Any) -> str:
        """The model's id for a name: an id, an alias, or nothing for the default.

        Raises:
            UnknownModel: there is none of this name.
        """
        if not model or model == "auto":
            return cls.default_model
        if model in cls.model_aliases:
            return cls.model_aliases[model]
        known = dict.fromkeys([cls.default_model, *cls.model_aliases, *cls.model_aliases.values(), *cls.models])
        if model in known:
            return model
        name = getattr(cls, "label", "") or cls.__name__
        raise errors.UnknownModel(f"{name} has no model {model!r}.", hint=f"Known: {', '.join(known)}.")
