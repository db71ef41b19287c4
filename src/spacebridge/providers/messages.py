"""OpenAI-shaped messages, as one prompt and the files in it."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from spacebridge import errors
from spacebridge.gradio.upload import UploadFile
from spacebridge.shape import as_list, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Messages",
    "checked",
    "files_of",
    "format_prompt",
    "last_user_message",
    "text_of",
]

Messages = list[dict[str, Any]]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whatever form its content has.

    Raises:
        InvalidMessages: the content is of no known form.
    """
    content = message.get("content")
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not is_list(content):
        raise errors.InvalidMessages(
            f"A message's content must be a text or a list of parts, not {type(content).__name__}."
        )
    texts: list[str] = []
    for part in as_list(content):
        if isinstance(part, str):
            texts.append(part)
        elif is_object(part) and isinstance(as_object(part).get("text"), str):
            texts.append(as_object(part)["text"])
        else:
            _file(part)  # a part is a text or a file, or an error
    return "\n".join(texts)


def files_of(message: dict[str, Any]) -> list[UploadFile]:
    """The files, images and sounds of a message.

    Raises:
        InvalidMessages: a part is of no known form.
        FileRefused: a file can't be read.
    """
    parts = as_list(message.get("content"))
    return [_file(part) for part in parts if is_object(part) and not isinstance(as_object(part).get("text"), str)]


def format_prompt(messages: Messages) -> str:
    """All messages as one prompt: a single user message as it is, more with their roles.

    Raises:
        InvalidMessages: there is nothing in them.
    """
    said = [(_role(message), text_of(message)) for message in checked(messages)]
    if len(said) == 1 and said[0][0] == "user":
        return said[0][1]
    lines = [f"{role.capitalize()}: {text}" for role, text in said if text.strip()]
    return "\n".join([*lines, "Assistant:"]) if lines else ""


def last_user_message(messages: Messages) -> dict[str, Any]:
    """The last message of the user.

    Raises:
        InvalidMessages: there is none.
    """
    for message in reversed(checked(messages)):
        if _role(message) == "user":
            return message
    raise errors.InvalidMessages("None of the messages is the user's.", hint='Add one with "role": "user".')


def checked(messages: object) -> Messages:
    """The messages as a list of dicts; a text is a message of the user.

    Raises:
        InvalidMessages: they are none.
    """
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if not isinstance(messages, list | tuple) or not messages:
        raise errors.InvalidMessages("The messages must be a list with at least one message.")
    items = list(cast("Sequence[Any]", messages))
    for message in items:
        if not is_object(message):
            raise errors.InvalidMessages(
                f"A message must be a dict, not {type(message).__name__}.",
                hint='Example: {"role": "user", "content": "Hello"}',
            )
    return cast("Messages", items)


def _role(message: dict[str, Any]) -> str:
    role = message.get("role")
    if not isinstance(role, str) or not role:
        raise errors.InvalidMessages("A message has no role.", hint='Example: {"role": "user", "content": "Hello"}')
    return role


def _file(part: object) -> UploadFile:
    """A part that is no text, as a file."""
    if is_object(part):
        fields = as_object(part)
        for key in ("image_url", "file", "input_audio", "audio_url", "video_url", "image", "input_image", "input_file"):
            if key in fields:
                found = _value(fields[key])
                if found is not None:
                    return found
    shown = as_object(part).get("type") if is_object(part) else type(part).__name__
    raise errors.InvalidMessages(
        f"A part of a message is of an unknown form: {shown!r}.", hint="Known: text, image_url, file, input_audio."
    )


def _value(value: object) -> UploadFile | None:
    match value:
        case UploadFile():
            return value
        case Path():
            return UploadFile.of(value)
        case bytes() | bytearray():
            return UploadFile.from_bytes(bytes(value), "file")
        case str():
            return _address(value, None)
        case tuple() | list() if len(items := cast("Sequence[Any]", value)) == 2:
            return _pair(items[0], items[1])
        case dict():
            return _object(cast("dict[str, Any]", value))
        case _:
            return None


def _pair(one: object, other: object) -> UploadFile | None:
    """A content and its name, in either order."""
    name, data = (one, other) if isinstance(one, str) and not isinstance(other, str) else (other, one)
    if isinstance(data, bytes | bytearray):
        return UploadFile.from_bytes(bytes(data), str(name or "file"))
    return UploadFile.of(data) if isinstance(data, str | Path) else None


def _object(fields: dict[str, Any]) -> UploadFile | None:
    named = fields.get("filename") or fields.get("name")
    name = named if isinstance(named, str) else None
    if isinstance(fields.get("data"), str) and "format" in fields:  # input_audio
        return _decoded(fields["data"], name or f"audio.{fields['format']}", None)
    for key in ("url", "file_data", "path"):
        if isinstance(fields.get(key), str):
            return _address(fields[key], name)
    return None


def _address(text: str, name: str | None) -> UploadFile:
    if text.startswith("data:"):
        header, _, data = text[5:].partition(",")
        mime_type = header.split(";")[0] or "application/octet-stream"
        name = name or f"file{mimetypes.guess_extension(mime_type) or ''}"
        if header.endswith(";base64"):
            return _decoded(data, name, mime_type)
        return UploadFile.from_bytes(unquote_to_bytes(data), name, mime_type)
    if text.startswith(("http://", "https://")):
        return UploadFile.from_url(text, name)
    if len(text) > 4096:
        return _decoded(text, name or "file", None)
    return UploadFile.of(text.removeprefix("file://"))


def _decoded(data: str, name: str, mime_type: str | None) -> UploadFile:
    try:
        return UploadFile.from_bytes(base64.b64decode(data, validate=True), name, mime_type)
    except (binascii.Error, ValueError) as error:
        raise errors.InvalidMessages(f"The file {name} in a message is no valid base64.") from error
