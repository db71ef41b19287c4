"""What a page lets a user set for an answer: sliders, boxes and menus that the chat's functions read."""

from __future__ import annotations

import difflib
import math
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from spacebridge import errors
from spacebridge.shape import as_list, as_number, is_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spacebridge.gradio.config import Component
    from spacebridge.page.graph import EventGraph

__all__ = ["Setting", "check_settings", "find_settings"]

_KINDS = frozenset(
    {"slider", "number", "checkbox", "checkboxgroup", "dropdown", "radio", "textbox", "textarea", "json", "code"}
)
# OpenAI's names where they mean the same, in the order in which they are tried.
_NAMES: tuple[tuple[str, str], ...] = (
    (
        "max_tokens",
        r"max(imum)?[\s_-]*(new[\s_-]*)?(output[\s_-]*)?(tokens?|length)|最大.*(长度|token)|макс.*(токен|длин)|最大トークン",
    ),
    ("top_p", r"top[\s_-]*p\b|nucleus|核采样"),
    ("top_k", r"top[\s_-]*k\b"),
    ("temperature", r"temperature|\btemp\b|温度|温度|температур|temperatura"),
    ("repetition_penalty", r"repetition|repeat[\s_-]*penalty|重复|повтор"),
    ("frequency_penalty", r"frequency[\s_-]*penalty"),
    ("presence_penalty", r"presence[\s_-]*penalty"),
    ("seed", r"\bseed\b|种子|シード|сид"),
    ("system", r"system|instruction|系统|システム|систем|sistema"),
    ("model", r"\bmodel\b|模型|モデル|модель|modelo|\bagents?\b"),
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be set."""

    name: str
    """OpenAI's name where it means the same, else made from the label."""
    label: str
    component: int
    type: str
    value: Any = None
    choices: tuple[Any, ...] = ()
    """Allowed values, where they are few."""
    labels: tuple[str, ...] = ()
    """What the page calls the choices."""
    minimum: float | None = None
    maximum: float | None = None
    multiple: bool = False
    custom: bool = False
    """Whether other values than the choices are allowed."""

    def allowed(self) -> str:
        """The allowed values, for a message."""
        if self.choices:
            return "one of " + ", ".join(repr(label) for label in self.labels)
        if self.minimum is not None or self.maximum is not None:
            low = "" if self.minimum is None else f"{self.minimum:g}"
            high = "" if self.maximum is None else f"{self.maximum:g}"
            return f"{low} to {high}"
        return {"checkbox": "true or false", "number": "a number", "slider": "a number"}.get(self.type, "a text")

    def check(self, value: Any) -> Any:
        """The value as the app wants it.

        Raises:
            InvalidSetting: it is not allowed.
        """
        if self.type in ("slider", "number"):
            return self._number(value)
        if self.type == "checkbox":
            return self._truth(value)
        if self.choices:
            if self.multiple:
                items = list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]
                return [self._choice(item) for item in items]
            return self._choice(value)
        if self.type in ("textbox", "textarea", "code"):
            return value if isinstance(value, str) else str(value)
        return value

    def _number(self, value: Any) -> float | int:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise self._refused(value) from None
        too_low = self.minimum is not None and number < self.minimum
        too_high = self.maximum is not None and number > self.maximum
        if isinstance(value, bool) or not math.isfinite(number) or too_low or too_high:
            raise self._refused(value)
        return int(number) if number == int(number) and isinstance(self.value, int) else number

    def _truth(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        if (truth := words.get(str(value).lower())) is None:
            raise self._refused(value)
        return truth

    def _choice(self, value: Any) -> Any:
        for choice, label in zip(self.choices, self.labels, strict=True):
            if value in (choice, label):
                return choice
        for choice, label in zip(self.choices, self.labels, strict=True):
            if str(value).lower() in (str(choice).lower(), label.lower()):
                return choice
        if self.custom:
            return value
        raise self._refused(value)

    def _refused(self, value: Any) -> errors.InvalidSetting:
        return errors.InvalidSetting(
            f"The setting {self.name} ({self.label}) can't be {value!r}.", hint=f"Allowed: {self.allowed()}."
        )


def find_settings(graph: EventGraph, edges: tuple[int, ...], *, skip: set[int | None]) -> tuple[Setting, ...]:
    """The settings that the functions on the way to an answer read, in the page's order."""
    used: set[str] = set()
    found: list[Setting] = []
    numbers = dict.fromkeys(i for edge in edges for i in graph.dependencies[edge].inputs if i not in skip)
    for number in numbers:
        component = graph.components.get(number)
        if component is None or component.type not in _KINDS or not component.visible:
            continue
        name = _name(component, used)
        used.add(name)
        found.append(_setting(component, name))
    return tuple(found)


def check_settings(settings: tuple[Setting, ...], wanted: Mapping[str, Any]) -> dict[int, Any]:
    """Component ids and values for settings by name, label or ``elem_id``.

    Raises:
        UnknownSetting: the app has none of this name; the message lists the known.
        InvalidSetting: a value is not allowed.
    """
    by_name = {_slug(key): setting for setting in reversed(settings) for key in (setting.label, setting.name) if key}
    values: dict[int, Any] = {}
    for name, value in wanted.items():
        setting = by_name.get(_slug(name))
        if setting is None:
            known = ", ".join(setting.name for setting in settings) or "it has none"
            close = difflib.get_close_matches(_slug(name), by_name, n=1)
            meant = f" Did you mean {by_name[close[0]].name}?" if close else ""
            raise errors.UnknownSetting(f"The app has no setting {name!r}.", hint=f"Known: {known}.{meant}")
        values[setting.component] = setting.check(value)
    return values


def _setting(component: Component, name: str) -> Setting:
    props = component.props
    choices: list[Any] = []
    labels: list[str] = []
    raw = props.get("choices")
    for choice in as_list(raw):
        pair = as_list(choice) if is_list(choice) else [choice, choice]
        if len(pair) == 2:
            labels.append(str(pair[0]))
            choices.append(pair[1])
    return Setting(
        name=name,
        label=component.label or name,
        component=component.id,
        type=component.type,
        value=props.get("value"),
        choices=tuple(choices),
        labels=tuple(labels),
        minimum=as_number(props.get("minimum")),
        maximum=as_number(props.get("maximum")),
        multiple=component.type == "checkboxgroup" or props.get("multiselect") is True,
        custom=props.get("allow_custom_value") is True,
    )


def _name(component: Component, used: set[str]) -> str:
    elem_id = component.props.get("elem_id")
    words = f"{component.label} {elem_id if isinstance(elem_id, str) else ''}"
    for name, pattern in _NAMES:
        if name not in used and re.search(pattern, words, re.IGNORECASE):
            return name
    plain = (
        _slug(component.label)
        or _slug(elem_id if isinstance(elem_id, str) else "")
        or f"{component.type}_{component.id}"
    )
    return plain if plain not in used else f"{plain}_{component.id}"


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")
