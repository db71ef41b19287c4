"""Tools: what a model is told of them, and calls and results as it says and gets them.

The form is that of the Hermes and Qwen models: a ``<tools>`` block in the system message, ``<tool_call>`` around a JSON
object with ``name`` and ``arguments``, ``<tool_response>`` around a result in a message of the user. Other models use
it because they are told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from spacebridge.gateway.shapes.json_text import NOTHING, compact, found_in, mended, parsed
from spacebridge.shape import as_list, as_object, as_text, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["CLOSE", "OPEN", "Call", "Tool", "ToolUse", "calls_in", "render_call", "render_results", "with_calls"]

OPEN, CLOSE = "<tool_call>", "</tool_call>"

_BRIEFING = """\
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


class Call(NamedTuple):
    """A call of a tool."""

    name: str
    arguments: str
    """A JSON object, as text."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may have called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """A JSON schema of the arguments."""

    def signature(self) -> str:
        """As the model is told of it."""
        function: dict[str, Any] = {"name": self.name}
        if self.description:
            function["description"] = self.description
        function["parameters"] = self.parameters or {"type": "object", "properties": {}}
        return compact({"type": "function", "function": function})


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """Which tools may be called, and whether one must be."""

    tools: tuple[Tool, ...] = ()
    choice: Literal["none", "auto", "required"] = "none"
    only: str | None = None
    """The one tool that must be called."""
    parallel: bool = True
    legacy: bool = False
    """Whether they were given as ``functions``, the older form, in which the answer then has to tell a call."""

    @property
    def offered(self) -> bool:
        """Whether the answer may hold calls."""
        return bool(self.tools) and self.choice != "none"

    @property
    def demanded(self) -> bool:
        """Whether the answer must hold a call."""
        return self.offered and self.choice == "required"

    @property
    def names(self) -> frozenset[str]:
        """What may be called."""
        return frozenset({self.only} if self.only else {tool.name for tool in self.tools})

    def briefing(self) -> str:
        """What the model is told of the tools, in its system message; nothing where it may not call any."""
        return _BRIEFING.format(tools="\n".join(tool.signature() for tool in self.tools)) if self.offered else ""

    def closing(self) -> str:
        """What is said behind the last message; nothing where the model is free."""
        lines: list[str] = []
        if self.demanded:
            what = f"the function {self.only}" if self.only else "one of the functions"
            lines.append(f"Now call {what}: answer with <tool_call></tool_call> and nothing else.")
        if self.offered and not self.parallel:
            lines.append("Call at most one function.")
        return " ".join(lines)

    def reminder(self) -> str:
        """What is said where a call was demanded and none came."""
        what = f"the function {self.only}" if self.only else f"one of the functions {', '.join(sorted(self.names))}"
        return (
            f"Your answer holds no function call that can be read, but {what} must be called now. Answer with only\n"
            f'{OPEN}\n{{"name": <function-name>, "arguments": <args-json-object>}}\n{CLOSE}'
        )


def calls_in(body: str, names: Collection[str], *, missing: int = 0, mend: bool = True) -> list[Call]:
    """The calls that a text says, if it says nothing else and all tools in it are known; else none.

    Args:
        body: what stands between the tags: one call, a list of them, or one a line.
        names: of the tools that may be called.
        missing: how many closing brackets may be missing at the end.
        mend: whether what is nearly JSON counts.
    """
    value = mended(body, missing=missing) if mend else parsed(body.strip(), strict=False)
    values = as_list(value) if is_list(value) else [value]
    if value is NOTHING:
        lines = [line for line in body.splitlines() if line.strip()]
        values = [parsed(line) for line in lines] if len(lines) > 1 else []
    calls = [_call(value, names) for value in values]
    return [call for call in calls if call is not None] if None not in calls else []


def calls_anywhere(text: str, names: Collection[str]) -> list[Call]:
    """The first call that an answer says in any way: for answers of which a call was demanded."""
    for value, _ in found_in(text):
        values = as_list(value) if is_list(value) else [value]
        calls = [_call(value, names) for value in values]
        if calls and None not in calls:
            return [call for call in calls if call is not None]
    return []


def _call(value: object, names: Collection[str]) -> Call | None:
    if not is_object(value):
        return None
    said = as_object(value.get("function")) or value  # OpenAI puts the call into another object
    name = as_text(said.get("name"))
    arguments: Any = said.get("arguments", said.get("parameters"))
    if isinstance(arguments, str) and arguments.strip():
        arguments = parsed(arguments, strict=False)
    arguments = arguments or {}
    if name not in names or not is_object(arguments):
        return None
    return Call(name, compact(arguments))


def render_call(name: str, arguments: str) -> str:
    """A call as the model says it."""
    value: Any = parsed(arguments) if arguments.strip() else {}
    # What another program made up may be no JSON; it is shown as it is.
    body = arguments if value is NOTHING else compact(value)
    return f'{OPEN}\n{{"name": {compact(name)}, "arguments": {body}}}\n{CLOSE}'


def with_calls(text: str, calls: Iterable[tuple[str, str]]) -> str:
    """An answer as the model said it: its text, then its calls."""
    parts = [text.strip()] if text.strip() else []
    return "\n".join([*parts, *(render_call(name, arguments) for name, arguments in calls)])


def render_results(results: Iterable[str]) -> str:
    """The results of calls as the model gets them."""
    return "\n".join(f"<tool_response>\n{result}\n</tool_response>" for result in results)
