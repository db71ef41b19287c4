"""Requests of ``/v1/responses``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from spacebridge.gateway.shapes import files
from spacebridge.gateway.shapes.body import Extension, convert, read
from spacebridge.gateway.shapes.chat_request import AudioPart, chosen, unused
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.structured import Format, json_format
from spacebridge.gateway.shapes.tools import Tool, ToolUse
from spacebridge.gateway.shapes.transcript import Memory, Scribe
from spacebridge.shape import as_list, as_object, as_text, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Asked", "input_items", "output_items", "read_body"]

_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}
"""How the identifiers of items begin."""


class InputText(msgspec.Struct, tag_field="type", tag="input_text"):
    text: str


class PlainText(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class OutputText(msgspec.Struct, tag_field="type", tag="output_text"):
    text: str


class Refusal(msgspec.Struct, tag_field="type", tag="refusal"):
    refusal: str


class InputImage(msgspec.Struct, tag_field="type", tag="input_image"):
    image_url: str | None = None
    file_id: str | None = None


class InputFile(msgspec.Struct, tag_field="type", tag="input_file"):
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    file_id: str | None = None


Part = InputText | PlainText | OutputText | Refusal | InputImage | InputFile | AudioPart
Content = str | list[Part]


class MessageItem(msgspec.Struct):
    role: Literal["user", "assistant", "system", "developer"]
    content: Content


class CallItem(msgspec.Struct):
    call_id: str
    name: str
    arguments: str


class ResultItem(msgspec.Struct):
    call_id: str
    output: Content


class FunctionTool(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class TextFormat(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    schema: dict[str, Any] | None = None
    description: str | None = None


class TextOptions(msgspec.Struct):
    format: TextFormat | None = None


class ToolName(msgspec.Struct):
    name: str
    type: Literal["function"] = "function"


class NamedChoice(msgspec.Struct, tag_field="type", tag="function"):
    name: str


class AllowedChoice(msgspec.Struct, tag_field="type", tag="allowed_tools"):
    tools: list[ToolName]
    mode: Literal["auto", "required"] = "auto"


class ResponsesBody(msgspec.Struct):
    """The body of a request."""

    model: str
    input: str | Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedChoice | AllowedChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    spacebridge: Extension | None = None


class Asked:
    """A request that was read, but may go on with what was said before.

    Attributes:
        previous: the response that it goes on with.
        references: items of earlier responses that its input names.
        store: whether the response is to be kept.
    """

    def __init__(self, body: ResponsesBody, raw: dict[str, Any]) -> None:
        self._body = body
        self._raw = raw
        self.previous = body.previous_response_id
        self.store = body.store is not False
        self._items = [{"role": "user", "content": body.input}] if isinstance(body.input, str) else body.input
        self.references = tuple(as_text(item.get("id")) for item in self._items if _kind(item) == "item_reference")

    def request(self, before: Memory | None = None, items: Mapping[str, dict[str, Any]] | None = None) -> Request:
        """What is asked for.

        Args:
            before: what the server keeps of the response that it goes on with.
            items: the items that ``references`` names, as far as they are known.

        Raises:
            Problem: 400; it names the field that is wrong. 404; what it goes on with is not known.
        """
        body = self._body
        if self.previous is not None and before is None:
            raise Problem(
                f"Previous response with id '{self.previous}' not found.",
                status=404,
                code="previous_response_not_found",
                param="previous_response_id",
            )
        scribe = Scribe()
        for number, item in enumerate(self._items):
            _take_down(item, scribe, f"input[{number}]", items or {})
        tools, left_out = _tool_use(body)
        standing, transcript = scribe.taken(before or Memory())
        max_tokens = body.max_output_tokens
        parameters = {"temperature": body.temperature, "top_p": body.top_p, "max_tokens": max_tokens}
        return Request(
            model=body.model,
            system="\n\n".join(filter(None, (body.instructions, standing, tools.briefing()))),
            standing=standing,
            transcripts=(transcript,),
            stream=bool(body.stream),
            max_tokens=max_tokens,
            parameters={name: value for name, value in parameters.items() if value is not None},
            extension=body.spacebridge or Extension(),
            tools=tools,
            format=_format(body.text),
            user=body.user,
            ignored=(*unused(self._raw, ResponsesBody), *left_out),
            body=self._raw,
        )


def read_body(body: bytes) -> Asked:
    """Read a request.

    Raises:
        Problem: 400; it names the field that is wrong.
    """
    asked, raw = read(body, ResponsesBody)
    if raw.get("conversation") is not None:
        raise Problem(
            "Conversations are not kept here; go on with 'previous_response_id'.",
            code="unsupported_parameter",
            param="conversation",
        )
    if raw.get("background"):  # who asks for it goes away and comes back for the answer
        raise Problem(
            "Nothing is answered in the background here: ask without 'background', and stay until the answer is there.",
            code="unsupported_parameter",
            param="background",
        )
    return Asked(asked, raw)


def _kind(item: dict[str, Any]) -> str:
    """The type of an item, which messages and references need not say."""
    return as_text(item.get("type")) or ("item_reference" if "role" not in item and "id" in item else "message")


def _take_down(item: dict[str, Any], scribe: Scribe, param: str, known: Mapping[str, dict[str, Any]]) -> None:
    match _kind(item):
        case "message":
            message = convert(item, MessageItem, param)
            text, found = _content(message.content, f"{param}.content")
            match message.role:
                case "user":
                    scribe.user(text, found)
                case "assistant":
                    scribe.assistant(text)
                case _:
                    scribe.system(text)
        case "function_call":
            call = convert(item, CallItem, param)
            scribe.call(call.call_id, call.name, call.arguments)
        case "function_call_output":
            result = convert(item, ResultItem, param)
            scribe.result(result.call_id, *_content(result.output, f"{param}.output"))
        case "reasoning":
            pass  # models are not told again what they thought
        case "item_reference":
            found_item = known.get(as_text(item.get("id")))
            if found_item is None:
                raise Problem(
                    f"Item with id '{item.get('id')}' not found.",
                    status=404,
                    code="item_not_found",
                    param=f"{param}.id",
                )
            _take_down(found_item, scribe, param, {})
        case kind:
            raise Problem(
                f"Items of the type '{kind}' can't be told to a Space.", code="unsupported_value", param=f"{param}.type"
            )


def _content(content: Content, param: str) -> tuple[str, tuple[files.File, ...]]:
    if isinstance(content, str):
        return content, ()
    texts: list[str] = []
    found: list[files.File] = []
    for number, part in enumerate(content):
        at = f"{param}[{number}]"
        match part:
            case InputText() | PlainText() | OutputText():
                texts.append(part.text)
            case Refusal():
                texts.append(part.refusal)
            case InputImage():
                found.append(files.from_address(_given(part.image_url, f"{at}.image_url"), "", f"{at}.image_url"))
            case AudioPart():
                found.append(files.from_audio(part.input_audio.data, part.input_audio.format, f"{at}.input_audio.data"))
            case InputFile() if part.file_url is not None:
                found.append(files.from_address(part.file_url, part.filename or "", f"{at}.file_url"))
            case InputFile():
                data = _given(part.file_data, f"{at}.file_data")
                found.append(files.from_base64(data, part.filename or "", None, f"{at}.file_data"))
    return "\n".join(texts), tuple(found)


def _given(value: str | None, param: str) -> str:
    if value is None:
        raise Problem(
            f"Missing required parameter: '{param}'. Files are not kept here, so 'file_id' names none.",
            code="missing_required_parameter",
            param=param,
        )
    return value


def _tool_use(body: ResponsesBody) -> tuple[ToolUse, list[str]]:
    """The tools, and the names of those that can't be served: they would run at OpenAI's."""
    tools: list[Tool] = []
    left_out: list[str] = []
    for number, raw in enumerate(body.tools or []):
        if raw.get("type", "function") != "function":
            left_out.append(f"tools[{number}]")
            continue
        tool = convert(raw, FunctionTool, f"tools[{number}]")
        tools.append(Tool(name=tool.name, description=tool.description, parameters=tool.parameters))
    mode: Literal["none", "auto", "required"] = "auto" if tools else "none"
    names: list[str] | None = None
    only: str | None = None
    match body.tool_choice:
        case NamedChoice(name=name):
            mode, only = "required", name
        case AllowedChoice(tools=allowed, mode=allowed_mode):
            mode, names = allowed_mode, [tool.name for tool in allowed]
        case None:
            pass
        case _:
            mode = body.tool_choice
    return chosen(tools, mode, names, only, parallel=body.parallel_tool_calls is not False), left_out


def _format(options: TextOptions | None) -> Format | None:
    asked = options.format if options is not None else None
    if asked is None or asked.type == "text":
        return None
    schema = asked.schema if asked.type == "json_schema" else None
    return json_format(schema, asked.description, "text.format.schema")


def input_items(asked: object) -> list[dict[str, Any]]:
    """What a request said, as items with identifiers, in the form in which OpenAI's API tells them again.

    Args:
        asked: its field ``input``, of a request that was read.
    """
    given: list[Any] = [{"role": "user", "content": asked}] if isinstance(asked, str) else as_list(asked)
    return [_as_item(item) for item in given if is_object(item) and _kind(item) != "item_reference"]


def _as_item(item: dict[str, Any]) -> dict[str, Any]:
    kind = _kind(item)
    named = {"id": as_text(item.get("id")) or f"{_PREFIXES.get(kind, 'item')}_{secrets.token_hex(24)}", "type": kind}
    if kind != "message":
        return {"status": "completed", **item, **named}
    content = item.get("content")
    if isinstance(content, str):
        more: dict[str, Any] = {"annotations": []} if item.get("role") == "assistant" else {}
        text = "output_text" if item.get("role") == "assistant" else "input_text"
        content = [{"type": text, "text": content, **more}]
    return {"status": "completed", **item, **named, "content": content}


def output_items(response: object) -> dict[str, dict[str, Any]]:
    """The items of a response that was kept, by their identifiers: what ``Asked.request`` can be given."""
    items: list[Any] = as_object(response).get("output") or []
    return {as_text(item.get("id")): item for item in items if is_object(item)}
