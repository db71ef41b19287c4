"""The Qwen2.5-1M demo Space, as a provider class."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.restart import remembers
from spacebridge.chat.resume import JsonConversation
from spacebridge.options import Limits, Timeouts
from spacebridge.providers import debug
from spacebridge.providers.base import AsyncGeneratorProvider, AsyncResult, ProviderModelMixin
from spacebridge.providers.messages import (
    Messages,
    checked,
    files_of,
    format_prompt,
    last_user_message,
    text_of,
)
from spacebridge.spaces.catalogue import QWEN_2_5_1M
from spacebridge.spaces.space import Space, as_dumped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.chat.conversation import Conversation
    from spacebridge.gradio.upload import UploadFile

__all__ = ["Qwen_Qwen_2_5M"]

_ENDPOINT = "/run/predict?__theme=light"
_SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "seed",
    "repetition_penalty",
    "frequency_penalty",
    "presence_penalty",
)


class Qwen_Qwen_2_5M(AsyncGeneratorProvider, ProviderModelMixin):
    """Asks the Qwen2.5-1M demo Space, or a copy of it.

    ::

        async for item in Qwen_Qwen_2_5M.create_async_generator(
            model="qwen-2.5-1m-demo", messages=[{"role": "user", "content": "Hello, how are you?"}]
        ):
            print(item, end="")

    A subclass with another ``url`` asks the copy there. What the app looks like is read from its ``/config``.
    """

    label = "Qwen Qwen-2.5M"
    url = "https://qwen-qwen2-5-1m-demo.hf.space"
    api_endpoint = f"{url}{_ENDPOINT}"

    working = True
    supports_stream = True
    supports_system_message = True
    supports_message_history = False

    default_model = "qwen-2.5-1m-demo"
    model_aliases: ClassVar[dict[str, str]] = {"qwen-2.5-1m": default_model}
    models: ClassVar[list[str]] = list(model_aliases.keys())

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "url" in vars(cls) and "api_endpoint" not in vars(cls):
            cls.api_endpoint = f"{cls.url}{_ENDPOINT}"

    @classmethod
    async def create_async_generator(
        cls,
        model: str,
        messages: Messages,
        proxy: str | None = None,
        return_conversation: bool = False,
        conversation: JsonConversation | None = None,
        **kwargs: Any,
    ) -> AsyncResult:
        """Ask; yield the answer as the model speaks.

        Args:
            model: id or alias; empty for the default.
            messages: OpenAI-shaped. In a first call all of them go into the prompt; with ``conversation`` only the
                last user message, since the Space remembers the rest. Files and images in them are uploaded.
            proxy: URL of an HTTP or SOCKS proxy.
            return_conversation: yield a :class:`JsonConversation` first, with which a later call goes on.
            conversation: what an earlier call gave.
            **kwargs: ``timeout``: seconds for the whole answer. ``stream_timeout``: seconds of silence that are put up
                with. ``url``: of a copy of the Space. ``settle="end"``: the text once, whole, at the end. ``token``:
                for a private copy on Hugging Face. ``auth``: user and password of the copy's own login. ``media``:
                files as ``(bytes or path, name)``. ``headers``. ``timeouts``, ``limits``: in detail. Names of settings
                such as ``temperature`` are used where the app has them; all other keywords are ignored.

        Yields:
            ``str``, and first a ``JsonConversation`` if that was asked for.

        Raises:
            aiohttp.ClientError: trouble with the connection, a time limit, a refusal.
            json.JSONDecodeError: a reply that should have been JSON was not.
            SpacebridgeError: base of these and of all other errors, see :mod:`spacebridge.errors`.
        """
        cls.get_model(model)
        as_dumped(conversation)
        messages = checked(messages)
        if conversation is None:
            prompt, files = format_prompt(messages), [file for message in messages for file in files_of(message)]
        else:
            last = last_user_message(messages)
            prompt, files = text_of(last), files_of(last)
        files += _media(kwargs.get("media"))
        if not prompt.strip() and not files:
            raise errors.InvalidMessages("There is nothing to say: the messages hold no text.")
        url = str(kwargs.get("url") or cls.url)
        rules = msgspec.structs.replace(QWEN_2_5_1M.rules, reasoning=False)
        space = Space(
            url,
            token=kwargs.get("token"),
            auth=kwargs.get("auth"),
            proxy=proxy,
            timeouts=_timeouts(kwargs),
            limits=kwargs.get("limits") or Limits(),
            headers=kwargs.get("headers"),
            row=msgspec.structs.replace(QWEN_2_5_1M, address=url, rules=rules),
            trace=kwargs.get("trace"),
            on_broken_line=lambda line: debug.log("Could not parse JSON:", line.decode("utf-8", "replace")),
        )
        if conversation is not None:
            space.use_cookies(getattr(conversation, "cookies", None) or {})
        async with space:
            session = space.conversation(conversation)
            kept = _kept(session) if conversation is None else conversation
            if return_conversation:
                yield kept
            settings = {setting.name for setting in space.layout.settings}
            output = AppendOnly()
            async with session.stream(
                prompt,
                files=files,
                settings={
                    name: kwargs[name] for name in _SETTINGS if name in settings and kwargs.get(name) is not None
                },
                settle=kwargs.get("settle", "now"),
            ) as turn:
                async for event in turn:
                    if piece := output.feed(event):
                        yield piece
            if not remembers(space.config, space.layout.chat):
                vars(kept).update(session.dump().get_dict())


def _media(media: Sequence[Any] | None) -> list[UploadFile]:
    """Files beside the messages, as ``(content, name)`` pairs or alone."""
    return files_of({"content": [{"file": item} for item in media or ()]})


def _timeouts(options: dict[str, Any]) -> Timeouts:
    timeouts: Timeouts = options.get("timeouts") or Timeouts()
    if total := options.get("timeout"):
        # The limit is for the whole call, and connecting is a part of it.
        most = float(total)
        connect, wake = (most if limit is None else min(limit, most) for limit in (timeouts.connect, timeouts.wake))
        timeouts = msgspec.structs.replace(timeouts, total=most, connect=connect, wake=wake)
    if silence := options.get("stream_timeout"):
        timeouts = msgspec.structs.replace(timeouts, idle=float(silence), first_text=float(silence))
    return timeouts


def _kept(session: Conversation) -> JsonConversation:
    """What a later call needs. It is made before the turn, so it can't hold what the turn brings."""
    dumped = session.dump().get_dict()
    fields = {key: dumped[key] for key in ("session_hash", "version", "address", "app_id", "cookies")}
    return _conversation_class()(**fields)


def _conversation_class() -> type[JsonConversation]:
    """The class of conversations to give; where g4f is in use, one that its client knows, too."""
    theirs = getattr(sys.modules.get("g4f.providers.response"), "JsonConversation", None)
    return JsonConversation if theirs is None else type("JsonConversation", (JsonConversation, theirs), {})
