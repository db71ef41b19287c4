"""Stream chat models out of Gradio apps into Python, the shell and every OpenAI client.

::

    async with Space("http://127.0.0.1:7860") as space:
        async for text in space.conversation().text("Hello"):
            print(text, end="")

Names load on first use, so that ``import spacebridge`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from spacebridge.version import __version__

if TYPE_CHECKING:
    from spacebridge.chat.conversation import Conversation
    from spacebridge.chat.events import (
        Answer,
        Attachment,
        AttachmentAdded,
        AttachmentRemoved,
        Event,
        Finished,
        Notice,
        Offered,
        Option,
        Queued,
        ReasoningDelta,
        ReasoningRewritten,
        Rewritten,
        Started,
        TextDelta,
        Thought,
        ToolStep,
        Uploading,
    )
    from spacebridge.chat.resume import JsonConversation
    from spacebridge.chat.turn import Turn
    from spacebridge.errors import SpacebridgeError
    from spacebridge.gradio.upload import UploadFile
    from spacebridge.options import Limits, Timeouts
    from spacebridge.providers import Qwen_Qwen_2_5M
    from spacebridge.spaces.space import Space

__all__ = [
    "Answer",
    "Attachment",
    "AttachmentAdded",
    "AttachmentRemoved",
    "Conversation",
    "Event",
    "Finished",
    "JsonConversation",
    "Limits",
    "Notice",
    "Offered",
    "Option",
    "Queued",
    "Qwen_Qwen_2_5M",
    "ReasoningDelta",
    "ReasoningRewritten",
    "Rewritten",
    "Space",
    "SpacebridgeError",
    "Started",
    "TextDelta",
    "Thought",
    "Timeouts",
    "ToolStep",
    "Turn",
    "UploadFile",
    "Uploading",
    "__version__",
]

_HOMES = {
    "Conversation": "chat.conversation",
    "JsonConversation": "chat.resume",
    "Limits": "options",
    "Qwen_Qwen_2_5M": "providers",
    "Space": "spaces.space",
    "SpacebridgeError": "errors",
    "Timeouts": "options",
    "Turn": "chat.turn",
    "UploadFile": "gradio.upload",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOMES.get(name, 'chat.events')}")
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
