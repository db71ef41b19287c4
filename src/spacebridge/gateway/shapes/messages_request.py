"""Requests of ``/v1/messages``, Anthropic's API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from spacebridge.gateway.shapes import files
from spacebridge.gateway.shapes.body import Extension, convert, read
from spacebridge.gateway.shapes.chat_request import chosen, unused
from spacebridge.gateway.shapes.json_text import compact
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.structured import Format, json_format
from spacebridge.gateway.shapes.tools import Tool, ToolUse
from spacebridge.gateway.shapes.transcript import Scribe

__all__ = ["parse", "parse_count"]


class Base64Source(msgspec.Struct, tag_field="type", tag="base64"):
    data: str
    media_type: str | None = None


class URLSource(msgspec.Struct, tag_field="type", tag="url"):
    url: str


class TextSource(msgspec.Struct, tag_field="type", tag="text"):
    data: str


class FileSource(msgspec.Struct, tag_field="type", tag="file"):
    file_id: str


class TextBlock(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class ImageBlock(msgspec.Struct, tag_field="type", tag="image"):
    source: Base64Source | URLSource | FileSource


class ContentSource(msgspec.Struct, tag_field="type", tag="content"):
    content: str | list[TextBlock | ImageBlock]


class DocumentBlock(msgspec.Struct, tag_field="type", tag="document"):
    source: Base64Source | URLSource | TextSource | ContentSource | FileSource
    title: str | None = None
    context: str | None = None


class SearchResultBlock(msgspec.Struct, tag_field="type", tag="search_result"):
    source: str
    title: str
    content: list[TextBlock]


class ToolUseBlock(msgspec.Struct, tag_field="type", tag="tool_use"):
    id: str
    name: str
    input: dict[str, Any]


class ToolResultBlock(msgspec.Struct, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[TextBlock | ImageBlock | DocumentBlock | SearchResultBlock] | None = None
    is_error: bool | None = None


class ThinkingBlock(msgspec.Struct, tag_field="type", tag="thinking"):
    thinking: str


class RedactedThinkingBlock(msgspec.Struct, tag_field="type", tag="redacted_thinking"):
    data: str


Block = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ToolUseBlock
    | ToolResultBlock
    | ThinkingBlock
    | RedactedThinkingBlock
)


class Message(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class ToolDefinition(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    description: str | None = None
    input_schema: dict[str, Any] | None = None


class Choice(msgspec.Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class JSONFormat(msgspec.Struct):
    schema: dict[str, Any]
    type: Literal["json_schema"] = "json_schema"


class OutputConfig(msgspec.Struct):
    format: JSONFormat | None = None


class Thinking(msgspec.Struct):
    type: str


class Metadata(msgspec.Struct):
    user_id: str | None = None


class CountBody(msgspec.Struct, kw_only=True):
    """The body of a request to count tokens."""

    model: str
    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    system: str | list[TextBlock] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Choice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None


class MessagesBody(CountBody, kw_only=True):
    """The body of a request."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1)]
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    metadata: Metadata | None = None
    spacebridge: Extension | None = None


def parse(body: bytes) -> Request:
    """What a request asks for.

    Raises:
        Problem: 400; it names the field that is wrong.
    """
    asked, raw = read(body, MessagesBody)
    request, left_out = _request(asked)
    parameters = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
        "max_tokens": asked.max_tokens,
    }
    return msgspec.structs.replace(
        request,
        stream=bool(asked.stream),
        stop=tuple(filter(None, asked.stop_sequences or ())),
        max_tokens=asked.max_tokens,
        parameters={name: value for name, value in parameters.items() if value is not None},
        extension=asked.spacebridge or Extension(),
        user=asked.metadata.user_id if asked.metadata is not None else None,
        ignored=(*unused(raw, MessagesBody), *left_out),
        body=raw,
    )


def parse_count(body: bytes) -> Request:
    """What a request to count tokens counts. Errors as those of ``parse``."""
    return _request(read(body, CountBody)[0])[0]


def _request(asked: CountBody) -> tuple[Request, list[str]]:
    scribe = Scribe()
    if isinstance(asked.system, str):
        scribe.system(asked.system)
    for block in asked.system if isinstance(asked.system, list) else ():
        scribe.system(block.text)
    for number, message in enumerate(asked.messages):
        _take_down(message, scribe, f"messages[{number}].content")
    tools, left_out = _tool_use(asked)
    system, transcript = scribe.taken()
    request = Request(
        model=asked.model,
        system="\n\n".join(filter(None, (system, tools.briefing()))),
        transcripts=(transcript,),
        tools=tools,
        format=_format(asked.output_config),
    )
    return request, left_out


def _take_down(message: Message, scribe: Scribe, param: str) -> None:
    blocks: list[Block] = [TextBlock(message.content)] if isinstance(message.content, str) else message.content
    for number, block in enumerate(blocks):
        at = f"{param}[{number}]"
        match block:
            case ThinkingBlock() | RedactedThinkingBlock():
                pass  # models are not told again what they thought
            case ToolUseBlock():
                scribe.call(block.id, block.name, compact(block.input))
            case ToolResultBlock():
                content = [TextBlock(block.content)] if isinstance(block.content, str) else block.content or []
                said = [_said(one, f"{at}.content[{place}]") for place, one in enumerate(content)]
                text = "\n".join(filter(None, (text for text, _ in said)))
                found = tuple(file for _, files_ in said for file in files_)
                scribe.result(block.tool_use_id, f"Error: {text}" if block.is_error else text, found)
            case _ if message.role == "assistant":
                scribe.assistant(_said(block, at)[0])
            case _ if message.role == "system":
                scribe.system(_said(block, at)[0])
            case _:
                scribe.user(*_said(block, at))


def _said(
    block: TextBlock | ImageBlock | DocumentBlock | SearchResultBlock, param: str
) -> tuple[str, tuple[files.File, ...]]:
    """The text and the files of a block."""
    match block:
        case TextBlock():
            return block.text, ()
        case SearchResultBlock():
            return "\n".join([f"{block.title} ({block.source})", *(one.text for one in block.content)]), ()
        case ImageBlock():
            return "", (_file(block.source, "", f"{param}.source"),)
        case DocumentBlock():
            about = "\n".join(filter(None, (block.title, block.context)))
            match block.source:
                case TextSource():
                    return "\n".join(filter(None, (about, block.source.data))), ()
                case ContentSource():
                    content = block.source.content
                    inner = [TextBlock(content)] if isinstance(content, str) else content
                    said = [_said(one, f"{param}.source.content[{place}]") for place, one in enumerate(inner)]
                    found = tuple(file for _, files_ in said for file in files_)
                    return "\n".join(filter(None, (about, *(text for text, _ in said)))), found
                case source:
                    return block.context or "", (_file(source, block.title or "", f"{param}.source"),)


def _file(source: Base64Source | URLSource | FileSource, name: str, param: str) -> files.File:
    match source:
        case Base64Source():
            return files.from_base64(source.data, name, source.media_type, f"{param}.data")
        case URLSource():
            return files.from_address(source.url, name, f"{param}.url")
        case FileSource():
            raise Problem(
                "Files are not kept here; give the file itself, as base64.",
                code="unsupported_value",
                param=f"{param}.file_id",
            )


def _tool_use(asked: CountBody) -> tuple[ToolUse, list[str]]:
    """The tools, and the names of those that can't be served: they would run at Anthropic's, or have no schema."""
    tools: list[Tool] = []
    left_out: list[str] = []
    for number, raw in enumerate(asked.tools or []):
        if raw.get("type") not in (None, "custom"):
            left_out.append(f"tools[{number}]")
            continue
        tool = convert(raw, ToolDefinition, f"tools[{number}]")
        tools.append(Tool(name=tool.name, description=tool.description, parameters=tool.input_schema))
    choice = asked.tool_choice or Choice("auto")
    only = choice.name if choice.type == "tool" else None
    if choice.type == "tool" and not only:
        param = "tool_choice.name"
        raise Problem(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)
    mode: Literal["none", "auto", "required"] = "auto" if tools else "none"
    if choice.type in ("any", "tool"):
        mode = "required"
    elif choice.type == "none":
        mode = "none"
    return chosen(tools, mode, None, only, parallel=not choice.disable_parallel_tool_use), left_out


def _format(config: OutputConfig | None) -> Format | None:
    if config is None or config.format is None:
        return None
    return json_format(config.format.schema, None, "output_config.format.schema")
