"""Requests of ``/v1/chat/completions``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from spacebridge.gateway.shapes import files
from spacebridge.gateway.shapes.body import Extension, convert, read
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.structured import Format, json_format
from spacebridge.gateway.shapes.tools import Tool, ToolUse
from spacebridge.gateway.shapes.transcript import Scribe

__all__ = ["Sampling", "parse", "stop_sequences", "unused"]


class ImageURL(msgspec.Struct):
    url: str


class TextPart(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class RefusalPart(msgspec.Struct, tag_field="type", tag="refusal"):
    refusal: str


class ImagePart(msgspec.Struct, tag_field="type", tag="image_url"):
    image_url: ImageURL | str


class VideoPart(msgspec.Struct, tag_field="type", tag="video_url"):
    video_url: ImageURL | str


class AudioData(msgspec.Struct):
    data: str
    format: str


class AudioPart(msgspec.Struct, tag_field="type", tag="input_audio"):
    input_audio: AudioData


class FileData(msgspec.Struct):
    file_data: str | None = None
    filename: str | None = None
    file_id: str | None = None


class FilePart(msgspec.Struct, tag_field="type", tag="file"):
    file: FileData


Part = TextPart | RefusalPart | ImagePart | VideoPart | AudioPart | FilePart
Content = str | list[Part]


class FunctionCall(msgspec.Struct):
    name: str
    arguments: str


class ToolCall(msgspec.Struct):
    function: FunctionCall
    id: str = ""
    type: Literal["function"] = "function"


class SystemMessage(msgspec.Struct, tag_field="role", tag="system"):
    content: str | list[TextPart]


class DeveloperMessage(msgspec.Struct, tag_field="role", tag="developer"):
    content: str | list[TextPart]


class UserMessage(msgspec.Struct, tag_field="role", tag="user"):
    content: Content


class AssistantMessage(msgspec.Struct, tag_field="role", tag="assistant"):
    content: Content | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: FunctionCall | None = None


class ToolMessage(msgspec.Struct, tag_field="role", tag="tool"):
    content: Content
    tool_call_id: str


class FunctionMessage(msgspec.Struct, tag_field="role", tag="function"):
    name: str
    content: Content | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage


class FunctionDefinition(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class FunctionTool(msgspec.Struct):
    function: FunctionDefinition


class NamedFunction(msgspec.Struct):
    name: str


class NamedTool(msgspec.Struct):
    function: NamedFunction
    type: Literal["function"] = "function"


class NamedChoice(msgspec.Struct, tag_field="type", tag="function"):
    function: NamedFunction


class AllowedTools(msgspec.Struct):
    tools: list[NamedTool]
    mode: Literal["auto", "required"] = "auto"


class AllowedChoice(msgspec.Struct, tag_field="type", tag="allowed_tools"):
    allowed_tools: AllowedTools


class JSONSchema(msgspec.Struct):
    name: str = ""
    description: str | None = None
    schema: dict[str, Any] | None = None


class ResponseFormat(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JSONSchema | None = None


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class Sampling(msgspec.Struct):
    """The parameters that chats and completions share. Those with a range are checked against OpenAI's."""

    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=128)] | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    repetition_penalty: float | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    spacebridge: Extension | None = None


class ChatBody(Sampling, kw_only=True):
    """The body of a request. Other fields may be in it; ``unused`` names them."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedChoice | AllowedChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: list[FunctionDefinition] | None = None
    function_call: Literal["none", "auto"] | NamedFunction | None = None
    response_format: ResponseFormat | None = None
    metadata: dict[str, str] | None = None


PARAMETERS = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "max_tokens",
)


def parse(body: bytes) -> Request:
    """What a request asks for.

    Raises:
        Problem: 400; it names the field that is wrong.
    """
    asked, raw = read(body, ChatBody)
    scribe = Scribe()
    for number, message in enumerate(asked.messages):
        _take_down(message, scribe, f"messages[{number}]")
    tools, left_out = _tool_use(asked)
    system, transcript = scribe.taken()
    max_tokens = asked.max_completion_tokens or asked.max_tokens
    return Request(
        model=asked.model,
        system="\n\n".join(filter(None, (system, tools.briefing()))),
        transcripts=(transcript,),
        stream=bool(asked.stream),
        n=asked.n or 1,
        stop=stop_sequences(asked.stop),
        max_tokens=max_tokens,
        parameters=sampling(asked, max_tokens),
        extension=asked.spacebridge or Extension(),
        tools=tools,
        format=_format(asked.response_format),
        include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        user=asked.user,
        ignored=(*unused(raw, ChatBody), *left_out),
        body=raw,
    )


def stop_sequences(stop: str | list[str] | None) -> tuple[str, ...]:
    """The stop sequences; an empty one would stop everything, and is none."""
    return tuple(filter(None, [stop] if isinstance(stop, str) else stop or []))


def sampling(asked: Sampling, max_tokens: int | None) -> dict[str, Any]:
    """The sampling parameters that were given."""
    found = {name: getattr(asked, name) for name in PARAMETERS} | {"max_tokens": max_tokens}
    return {name: value for name, value in found.items() if value is not None}


def unused(raw: dict[str, Any], kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of fields that were given and that nothing reads."""
    return tuple(name for name, value in raw.items() if value is not None and name not in kind.__struct_fields__)


def _take_down(message: Message, scribe: Scribe, param: str) -> None:
    match message:
        case SystemMessage() | DeveloperMessage():
            scribe.system(_content([*_parts(message.content)], param)[0])
        case UserMessage():
            scribe.user(*_content(_parts(message.content), param))
        case AssistantMessage():
            scribe.assistant(_content(_parts(message.content or message.refusal or ""), param)[0])
            for call in message.tool_calls or []:
                scribe.call(call.id, call.function.name, call.function.arguments)
            if message.function_call is not None:
                scribe.call("", message.function_call.name, message.function_call.arguments)
        case ToolMessage():
            scribe.result(message.tool_call_id, *_content(_parts(message.content), param))
        case FunctionMessage():
            scribe.result("", *_content(_parts(message.content or ""), param))


def _parts(content: Content | list[TextPart]) -> list[Part]:
    return [TextPart(content)] if isinstance(content, str) else [*content]


def _content(parts: list[Part], param: str) -> tuple[str, tuple[files.File, ...]]:
    """The text and the files of a message."""
    texts: list[str] = []
    found: list[files.File] = []
    for number, part in enumerate(parts):
        at = f"{param}.content[{number}]"
        match part:
            case TextPart():
                texts.append(part.text)
            case RefusalPart():
                texts.append(part.refusal)
            case ImagePart():
                url = part.image_url if isinstance(part.image_url, str) else part.image_url.url
                found.append(files.from_address(url, "", f"{at}.image_url.url"))
            case VideoPart():
                url = part.video_url if isinstance(part.video_url, str) else part.video_url.url
                found.append(files.from_address(url, "", f"{at}.video_url.url"))
            case AudioPart():
                sound = part.input_audio
                found.append(files.from_audio(sound.data, sound.format, f"{at}.input_audio.data"))
            case FilePart():
                found.append(_file(part.file, f"{at}.file"))
    return "\n".join(texts), tuple(found)


def _file(file: FileData, param: str) -> files.File:
    if file.file_data is None:
        raise Problem(
            f"Missing required parameter: '{param}.file_data'. Files are not kept here, so 'file_id' names none.",
            code="missing_required_parameter",
            param=f"{param}.file_data",
        )
    return files.from_base64(file.file_data, file.filename or "", None, f"{param}.file_data")


def _tool_use(asked: ChatBody) -> tuple[ToolUse, list[str]]:
    """The tools, and the names of those that are of another kind than functions, which can't be told to a Space."""
    if asked.functions and not asked.tools:
        return _function_use(asked.functions, asked.function_call), []
    tools: list[Tool] = []
    left_out: list[str] = []
    for number, raw in enumerate(asked.tools or []):
        if raw.get("type", "function") != "function":
            left_out.append(f"tools[{number}]")
            continue
        tool = convert(raw, FunctionTool, f"tools[{number}]").function
        tools.append(Tool(name=tool.name, description=tool.description, parameters=tool.parameters))
    mode: Literal["none", "auto", "required"] = "auto" if tools else "none"
    names: list[str] | None = None
    only: str | None = None
    match asked.tool_choice:
        case NamedChoice(function=function):
            mode, only = "required", function.name
        case AllowedChoice(allowed_tools=allowed):
            mode, names = allowed.mode, [tool.function.name for tool in allowed.tools]
        case None:
            pass
        case _:
            mode = asked.tool_choice
    return chosen(tools, mode, names, only, parallel=asked.parallel_tool_calls is not False), left_out


def _function_use(
    functions: list[FunctionDefinition], choice: Literal["none", "auto"] | NamedFunction | None
) -> ToolUse:
    """Tools in the form that was OpenAI's first: one may be called at a time, and calls have no names of their own."""
    tools = [Tool(name=one.name, description=one.description, parameters=one.parameters) for one in functions]
    named = isinstance(choice, NamedFunction)
    if named and choice.name not in {tool.name for tool in tools}:
        raise Problem(
            f"Invalid value for 'function_call': there is no function {choice.name!r}.",
            code="invalid_value",
            param="function_call",
        )
    return ToolUse(
        tools=tuple(tools),
        choice="required" if named else choice or "auto",
        only=choice.name if named else None,
        parallel=False,
        legacy=True,
    )


def chosen(
    tools: list[Tool],
    mode: Literal["none", "auto", "required"],
    names: list[str] | None,
    only: str | None,
    *,
    parallel: bool,
) -> ToolUse:
    """The tools that may be called.

    Args:
        tools: all that were given.
        mode: whether one may or must be called.
        names: the tools to choose from, if not all.
        only: the one tool that must be called.
        parallel: whether several may be called at once.

    Raises:
        Problem: 400; a tool is demanded that was not given.
    """
    known = {tool.name for tool in tools}
    missing = [name for name in [*(names or []), *([only] if only else [])] if name not in known]
    if missing or (mode == "required" and not tools):
        which = f": there is no tool {missing[0]!r}" if missing else ", since there are no tools"
        raise Problem(f"Invalid value for 'tool_choice'{which}.", code="invalid_value", param="tool_choice")
    offered = [tool for tool in tools if names is None or tool.name in names]
    return ToolUse(tools=tuple(offered), choice=mode, only=only, parallel=parallel)


def _format(asked: ResponseFormat | None) -> Format | None:
    if asked is None or asked.type == "text":
        return None
    if asked.type == "json_object":
        return json_format(None, None, "response_format")
    param = "response_format.json_schema"
    if asked.json_schema is None:
        raise Problem(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)
    return json_format(asked.json_schema.schema, asked.json_schema.description, f"{param}.schema")
