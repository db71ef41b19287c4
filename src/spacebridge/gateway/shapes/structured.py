"""Answers in JSON: asked for in the prompt, taken out of the answer, and checked against the schema."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec

from spacebridge.gateway.shapes.json_text import compact, found_in
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.shape import is_object

__all__ = ["Format", "json_format"]

_MOST_ERRORS = 5
_LONGEST_ERROR = 300
# A pattern that takes longer than this to match, on purpose or not, would stop all streams meanwhile.
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """What JSON an answer must be: any object, or what a schema says."""

    schema: dict[str, Any] | None = None
    description: str | None = None

    def closing(self) -> str:
        """What is said behind the last message."""
        if self.schema is None:
            return "Answer with one JSON object and nothing else: no explanation, no Markdown."
        about = f" {self.description.strip()}" if self.description else ""
        return (
            f"Answer with JSON and nothing else: no explanation, no Markdown.{about} "
            f"It must be valid by this JSON schema:\n{compact(self.schema)}"
        )

    def taken_from(self, answer: str) -> tuple[str, str]:
        """The JSON in an answer, and what is wrong with it; one of the two is empty."""
        first = ""
        for value, text in found_in(answer):
            wrong = self._wrong(value)
            if not wrong:
                return text, ""
            first = first or wrong
        return "", first or "- There is no valid JSON in it."

    def reminder(self, wrong: str) -> str:
        """What is said where the answer was not right."""
        what = "JSON object" if self.schema is None else "JSON by the schema"
        return f"Your answer can't be used:\n{wrong}\nAnswer again, with nothing but the corrected {what}."

    def _wrong(self, value: Any) -> str:
        if self.schema is None:
            return "" if is_object(value) else "- It is JSON, but no object."
        lines: list[str] = []
        for error in _validator(self.schema).iter_errors(value):
            path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
            lines.append(f"- at ${path}: {error.message[:_LONGEST_ERROR]}")
            if len(lines) == _MOST_ERRORS:
                break
        return "\n".join(lines)


def json_format(schema: dict[str, Any] | None, description: str | None, param: str) -> Format:
    """What JSON an answer must be.

    Args:
        schema: the schema; without one, any object will do.
        description: of the format, for the model.
        param: the field of the request that holds the schema.

    Raises:
        Problem: 400; the schema is none.
    """
    try:
        if schema is not None:
            _validator(schema)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Problem(f"Invalid schema in '{param}': {reason}.", code="invalid_json_schema", param=param) from None
    return Format(schema=schema, description=description)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator that fetches nothing: a reference to another host is an error of the schema."""
    return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True, pattern_options=_PATTERNS)
