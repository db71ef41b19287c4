"""The page: a Gradio chat with the model, as any Space has one."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import gradio as gr

from spacebridge.local.model import (
    MAX_TOKENS,
    SYSTEM_PROMPT,
    TEMPERATURE,
    TOP_P,
    LocalModel,
    Message,
    ModelError,
)

# How many turns may wait in the queue, for each one that is being answered.
_WAITING = 16


def build_app(model: LocalModel) -> gr.ChatInterface:
    """Make the page: a chat, and the system prompt and the sampling as further inputs."""

    async def chat(
        message: str,
        history: Sequence[Mapping[str, Any]],
        system: str | None,
        temperature: float,
        top_p: float,
        max_tokens: float,
    ) -> AsyncGenerator[str]:
        """Answer the message, streaming."""
        answer = ""
        pieces = model.stream(
            _conversation(system or "", history, message),
            temperature=temperature,
            top_p=top_p,
            max_tokens=int(max_tokens),
        )
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    answer += piece
                    yield answer
        except ModelError as error:
            raise gr.Error(str(error), title="Model error", print_exception=False) from error
        if not answer:
            message = "The model ended without a word. Ask again, or ask otherwise."
            raise gr.Error(message, title="Empty answer", print_exception=False)

    page = gr.ChatInterface(
        chat,
        chatbot=gr.Chatbot(label=model.path.stem, reasoning_tags=[("<think>", "</think>")]),
        title=f"{model.path.stem}, on this machine",
        description="A small model is quick, and often wrong.",
        additional_inputs=[
            gr.Textbox(SYSTEM_PROMPT, label="System prompt", lines=2),
            gr.Slider(0.0, 2.0, TEMPERATURE, step=0.05, label="Temperature"),
            gr.Slider(0.05, 1.0, TOP_P, step=0.05, label="Top-p"),
            gr.Slider(1, model.context, min(MAX_TOKENS, model.context), step=1, label="Max tokens"),
        ],
        additional_inputs_accordion="Settings",
        flagging_mode="never",
        analytics_enabled=False,
        api_name="chat",
    )
    page.queue(
        default_concurrency_limit=model.parallel,
        max_size=model.parallel * _WAITING,
    )
    return page


def _conversation(system: str, history: Sequence[Mapping[str, Any]], message: str) -> list[Message]:
    """Put into the model's form what Gradio keeps of a conversation."""
    messages = [Message(role="system", content=system)] if system.strip() else []
    for earlier in history:
        metadata = cast("Mapping[str, Any]", earlier.get("metadata") or {})
        if metadata.get("title"):  # a thought; models are not told what they thought before
            continue
        messages.append(Message(role=earlier["role"], content=_plain(earlier["content"])))
    messages.append(Message(role="user", content=message))
    return messages


def _plain(content: object) -> str:
    """Flatten a message's content (a text, or a list of typed blocks) to its text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    blocks = cast("list[Mapping[str, Any]]", content)
    return "\n".join(str(block["text"]) for block in blocks if block.get("type") == "text")
