"""Chatbot values of every shape, made by hand: short to write in tests, and as Gradio sends them."""

from __future__ import annotations

from typing import Any

__all__ = ["block_message", "bot", "file_data", "message", "pair", "pro"]


def message(role: str, content: Any, **more: Any) -> dict[str, Any]:
    """A message of 5.x."""
    return {"role": role, "metadata": None, "content": content, "options": None} | more


def block_message(role: str, *texts: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    """A message of 6.x, whose content is a list of blocks."""
    blocks = [{"text": text, "type": "text"} if isinstance(text, str) else text for text in texts]
    return message(role, blocks, **more)


def thought(text: str, title: str = "Thinking", **more: Any) -> dict[str, Any]:
    """A message that the page shows as an accordion."""
    return message("assistant", text, metadata={"title": title, **more})


def pair(user: Any, answer: Any = None) -> list[Any]:
    """A turn of ``type="tuples"``."""
    return [user, answer]


def bot(text: str | None, files: list[Any] | None = None) -> dict[str, Any]:
    """One side of a pair of modelscope's chatbot."""
    return {
        "id": None,
        "elem_id": None,
        "elem_classes": None,
        "name": None,
        "text": text,
        "flushing": None,
        "avatar": "",
        "files": files,
    }


def pro(role: str, *items: dict[str, Any]) -> dict[str, Any]:
    """A message of modelscope's ``pro`` chatbot."""
    return {"role": role, "key": "k", "status": "done", "loading": False, "content": list(items)}


def file_data(path: str = "/kept/gradio/a1/a.png", **more: Any) -> dict[str, Any]:
    """Gradio's FileData."""
    return {
        "path": path,
        "url": f"http://host/file={path}",
        "size": 5,
        "orig_name": "a.png",
        "mime_type": "image/png",
        "is_stream": False,
        "meta": {"_type": "gradio.FileData"},
    } | more
