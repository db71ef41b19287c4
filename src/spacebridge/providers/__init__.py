"""Providers: Spaces as classes, for programs that expect this shape."""

from __future__ import annotations

from spacebridge.chat.resume import JsonConversation
from spacebridge.providers import debug
from spacebridge.providers.base import AsyncGeneratorProvider, AsyncResult, ProviderModelMixin
from spacebridge.providers.messages import Messages, format_prompt
from spacebridge.providers.qwen_qwen_2_5m import Qwen_Qwen_2_5M
from spacebridge.spaces.space import generate_session_hash

__all__ = [
    "AsyncGeneratorProvider",
    "AsyncResult",
    "JsonConversation",
    "Messages",
    "ProviderModelMixin",
    "Qwen_Qwen_2_5M",
    "debug",
    "format_prompt",
    "generate_session_hash",
]
