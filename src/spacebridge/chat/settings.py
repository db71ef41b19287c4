"""What a page lets a user set for an answer: sliders, boxes and menus that the chat's functions read."""

from __future__ import annotations

import collections
import difflib
import itertools
import math
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from spacebridge import errors
from spacebridge.chat.names import Trait, known_name
from spacebridge.page.user import events_of_change
from spacebridge.shape import NOT_JSON, as_list, as_number, as_text, is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spacebridge.gradio.config import Component, Dependency
    from spacebridge.page.graph import EventGraph

__all__ = ["Setting", "check_settings", "find_settings", "read_setting", "setting_named"]

_KINDS = frozenset(
    {"slider", "number", "checkbox", "checkboxgroup", "dropdown", "radio", "textbox", "textarea", "json", "code"}
)
_TEXTS = frozenset({"textbox", "textarea", "code"})
_LISTS = frozenset({"dropdown", "radio", "checkboxgroup"})
_FEW = 30
_FEW_WORDS = 4
_SECRET = re.compile(r"api[ _-]?key|(?:access )?token|password|key", re.IGNORECASE)
"""What a placeholder says of a box for a secret."""


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
    step: float | None = None
    """What a slider moves by; of a number, 1 where only whole ones are allowed."""
    multiple: bool = False
    most: int | None = None
    """How many choices at most, where several can be chosen."""
    custom: bool = False
    """Whether other values than the choices are allowed."""
    longest: int | None = None
    """Characters of a text at most."""
    secret: bool = False
    """Whether the page shows it as dots: a key, a password."""
    also: tuple[str, ...] = ()
    """Other names: its ``elem_id``, its parameter."""
    button: int | None = None
    """What is pressed once it is set, where only that makes the chat know of it."""

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed.

        Between the steps of a slider a page lets one type any number, and Gradio takes it; but a function that is meant
        for whole ones may fail on others.
        """
        first = isinstance(self.value, float) and not self.value.is_integer()
        return self.step is not None and self.step == int(self.step) and not first

    def allowed(self) -> str:
        """The allowed values, for a message."""
        if self.choices:
            return self._listed()
        if self.type in ("slider", "number"):
            return self._range()
        if self.type in _LISTS:
            return "what the page lists once it is opened"
        if self.type in _TEXTS:
            return "a text" if self.longest is None else f"a text of up to {self.longest} characters"
        return {"checkbox": "true or false", "json": "a JSON object or list"}.get(self.type, "a text")

    def _listed(self) -> str:
        listed = ", ".join(repr(label) for label in self.labels[:_FEW])
        if len(self.labels) > _FEW:
            listed += f" and {len(self.labels) - _FEW} more"
        found = f"{'any' if self.multiple else 'one'} of {listed}"
        if self.multiple and self.most is not None:
            found += f", at most {self.most}"
        return f"{found}, or another" if self.custom else found

    def _range(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.minimum is None and self.maximum is None:
            return kind
        if self.minimum is None or self.maximum is None:
            bound = f"{self.minimum:.10g} or more" if self.minimum is not None else f"{self.maximum:.10g} or less"
        else:
            bound = f"{self.minimum:.10g} to {self.maximum:.10g}"
        return f"{kind}, {bound}" if self.whole else bound

    def check(self, value: Any) -> Any:
        """The value as the app wants it.

        Raises:
            InvalidSetting: it is not allowed.
        """
        if self.type in ("slider", "number"):
            return self._number(value)
        if self.type == "checkbox":
            return self._truth(value)
        if self.type == "json":
            return self._json(value)
        if self.choices or self.multiple:
            return self._several(value) if self.multiple else self._choice(value)
        if self.type in _TEXTS:
            return self._text(value)
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
        if number == int(number):
            return int(number) if self.whole or isinstance(self.value, int) else number
        if self.whole:
            raise self._refused(value)
        return number

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

    def _json(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except NOT_JSON:
                raise self._refused(value) from None
        if not isinstance(value, dict | list):
            raise self._refused(value)
        return cast("Any", value)

    def _several(self, value: Any) -> list[Any]:
        items = list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]
        if self.most is not None and len(items) > self.most:
            raise self._refused(value)
        return [self._choice(item) for item in items] if self.choices else items

    def _choice(self, value: Any) -> Any:
        for choice, label in zip(self.choices, self.labels, strict=True):
            if value in (choice, label):
                return choice
        for choice, label in zip(self.choices, self.labels, strict=True):
            if str(value).lower() in (str(choice).lower(), label.lower()):
                return choice
        if self.custom and isinstance(value, str | int | float):
            return value
        raise self._refused(value)

    def _text(self, value: Any) -> str:
        if isinstance(value, list | tuple):  # such as the stop words of OpenAI
            value = ", ".join(str(item) for item in cast("Sequence[Any]", value))
        text = value if isinstance(value, str) else str(value)
        if self.longest is not None and len(text) > self.longest:
            raise self._refused(f"{text[:20]}… ({len(text)} characters)")
        return text

    def _refused(self, value: Any) -> errors.InvalidSetting:
        shown = "what was given" if self.secret else repr(value)
        return errors.InvalidSetting(
            f"The setting {self.name} ({self.label}) can't be {shown}.", hint=f"Allowed: {self.allowed()}."
        )


def find_settings(
    graph: EventGraph,
    edges: Iterable[int],
    *,
    skip: set[int | None],
    parameters: Mapping[int, str] | None = None,
) -> tuple[Setting, ...]:
    """What can be set for an answer: first what the functions on the way to it read, then what changes that.

    Args:
        graph: of the page.
        edges: the dependencies on the way.
        skip: components that are no settings: the message box, the chatbot.
        parameters: names that the app's functions have for components.
    """
    read = list(dict.fromkeys(i for edge in edges for i in graph.dependencies[edge].inputs if i not in skip))
    direct = [component for i in read if (component := graph.components.get(i)) is not None and _settable(component)]
    known, leading = {component.id for component in direct}, graph.leading_to(read)
    indirect = [
        component
        for component in graph.components.values()
        if component.id not in known | skip
        and _settable(component)
        and (_feeds(graph, component, leading) or _is_kept(graph, component))
    ]
    known |= {component.id for component in indirect}
    applied = {
        component.id: button
        for component, button, listener in _beside_buttons(graph, known, skip)
        if graph.may_write([listener], read) or _is_kept_alone(graph, component, listener)
    }
    found = [*direct, *indirect, *(graph.components[number] for number in applied)]
    named = _named(found, _hinted(graph, found, parameters or {}))
    return tuple(msgspec.structs.replace(setting, button=applied.get(setting.component)) for setting in named)


def setting_named(settings: tuple[Setting, ...], name: str) -> Setting | None:
    """The setting of this name, label, ``elem_id`` or parameter, or one that OpenAI's name for the words is."""
    by_slug: dict[str, Setting] = {}
    for names in ("also", "label", "name"):  # the last counts most, and of two settings the first
        for setting in reversed(settings):
            texts = setting.also if names == "also" else (getattr(setting, names),)
            by_slug |= {_slug(text): setting for text in texts}
    if found := by_slug.get(_slug(name)) if _slug(name) else None:
        return found
    meant = known_name([name], Trait(""))
    return next((setting for setting in settings if setting.name == meant), None)


def check_settings(settings: tuple[Setting, ...], wanted: Mapping[str, Any]) -> dict[int, Any]:
    """Component ids and values for settings by name, label, ``elem_id`` or parameter.

    Raises:
        UnknownSetting: the app has none of this name; the message lists the known.
        InvalidSetting: a value is not allowed.
    """
    values: dict[int, Any] = {}
    for name, value in wanted.items():
        setting = setting_named(settings, name)
        if setting is None:
            raise _unknown(settings, name)
        values[setting.component] = setting.check(value)
    return values


def read_setting(component: Component, name: str, also: tuple[str, ...] = ()) -> Setting:
    """A component as a setting of this name."""
    props = component.props
    choices: list[Any] = []
    labels: list[str] = []
    for choice in as_list(props.get("choices")):
        pair = as_list(choice) if is_list(choice) else [choice, choice]
        if len(pair) == 2:
            labels.append(str(pair[0]))
            choices.append(pair[1])
    kind = component.type
    most, longest = props.get("max_choices"), props.get("max_length")
    return Setting(
        name=name,
        label=component.label or name,
        component=component.id,
        type=kind,
        value=props.get("value"),
        choices=tuple(choices),
        labels=tuple(labels),
        minimum=as_number(props.get("minimum")),
        maximum=as_number(props.get("maximum")),
        step=_step(component),
        multiple=kind == "checkboxgroup" or (kind == "dropdown" and props.get("multiselect") is True),
        most=most if isinstance(most, int) and most > 0 else None,
        custom=props.get("allow_custom_value") is True,
        longest=longest if kind in _TEXTS and isinstance(longest, int) and longest > 0 else None,
        secret=_is_secret(component),
        also=also,
    )


def _step(component: Component) -> float | None:
    """A slider's step. A number's is only what its arrows do, so there it is the precision that counts."""
    if component.type == "slider":
        step = as_number(component.props.get("step"))
        return step if step is not None and step > 0 else None
    return 1.0 if component.type == "number" and component.props.get("precision") == 0 else None


def _settable(component: Component) -> bool:
    return component.type in _KINDS and component.visible and component.props.get("interactive") is not False


def _feeds(graph: EventGraph, component: Component, leading: set[int]) -> bool:
    """Whether changing a component fires what reads it and leads to what the chat's functions read."""
    return any(
        component.id in listener.inputs and listener.id in leading
        for event in events_of_change(component.type, enter=True)
        for listener in graph.listeners(component.id, event)
    )


def _is_kept(graph: EventGraph, component: Component) -> bool:
    """Whether the app takes a key, or what certainly is a setting, only to keep it: in a global, for all that follows.

    Then nothing leads from there to the chat. What takes a setting writes nothing else; what takes a key, maybe a note.
    """
    if not _is_clear(component):
        return False
    return any(
        component.id in listener.inputs and (_is_secret(component) or {component.id}.issuperset(listener.outputs))
        for event in events_of_change(component.type, enter=True)
        for listener in graph.listeners(component.id, event)
        if listener.backend_fn
    )


def _is_kept_alone(graph: EventGraph, component: Component, listener: Dependency) -> bool:
    """Whether a button takes a key and no text that means nothing here, as the name beside the password of a login."""
    others = [graph.components[i] for i in listener.inputs if i in graph.components and i != component.id]
    return _is_secret(component) and all(other.type not in _TEXTS or _is_clear(other) for other in others)


def _beside_buttons(
    graph: EventGraph, known: set[int], skip: set[int | None]
) -> Iterator[tuple[Component, int, Dependency]]:
    """What certainly is a setting and is read when a button is pressed, as that beside a system prompt or a key is.

    A button that reads the message box, too, is no such one: it sends.
    """
    for button, listeners in graph.events("click"):
        for listener in listeners:
            if button in skip or not skip.isdisjoint(listener.inputs):
                continue
            for number in listener.inputs:
                component = graph.components.get(number)
                if component is None or component.id in known or not _settable(component):
                    continue
                if _is_clear(component):
                    yield component, button, listener


def _is_clear(component: Component) -> bool:
    """Whether a component is certainly a setting: its words say which, or it is for a key."""
    return _is_secret(component) or known_name(_words(component, {}), _trait(component)) is not None


def _is_secret(component: Component) -> bool:
    return component.type == "textbox" and component.props.get("type") == "password"


def _trait(component: Component) -> Trait:
    minimum, maximum = (as_number(component.props.get(bound)) for bound in ("minimum", "maximum"))
    choices = (as_list(choice)[0] if as_list(choice) else choice for choice in as_list(component.props.get("choices")))
    return Trait(component.type, minimum, maximum, tuple(each for each in choices if isinstance(each, str)))


def _named(components: list[Component], parameters: Mapping[int, str]) -> Iterable[Setting]:
    """Settings with names: clear words before vague ones, and what the functions read before what feeds it."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for vague, component in itertools.product((False, True), components):
        if component.id in names:
            continue
        name = known_name(_words(component, parameters), _trait(component), vague=vague)
        if name is not None and name not in taken:
            names[component.id] = name
            taken.add(name)
    for component in components:
        words = _words(component, parameters)
        name = names.get(component.id)
        if name is None:
            name = next((slug for text in words if (slug := _slug(text))), f"{component.type}_{component.id}")
            name = f"{name}_{component.id}" if name in taken else name
            taken.add(name)
        yield read_setting(component, name, tuple(word for word in words[1:] if word))


def _hinted(graph: EventGraph, components: list[Component], parameters: Mapping[int, str]) -> dict[int, str]:
    """Parameters, and for what has no name at all what stands in it, or around it alone: ``model_selector_row``."""
    hinted = dict(parameters)
    held = collections.Counter(holder for component in components for holder in graph.around(component.id))
    for component in components:
        if any(_words(component, parameters)):
            continue
        placeholder = as_text(component.props.get("placeholder"))
        secret = _SECRET.search(placeholder) if component.props.get("type") == "password" else None
        hint = secret[0] if secret else " ".join(placeholder.split()[:_FEW_WORDS])
        around = [graph.components.get(number) for number in graph.around(component.id) if held[number] == 1]
        for elem_id in (as_text(holder.props.get("elem_id")) for holder in around if holder is not None):
            if known_name([elem_id], _trait(component)) is not None:
                hint = elem_id
        if hint:
            hinted[component.id] = hint
    return hinted


def _words(component: Component, parameters: Mapping[int, str]) -> tuple[str, ...]:
    """What a component is called: by its label, its ``elem_id``, the parameter that it becomes."""
    return component.label, as_text(component.props.get("elem_id")), parameters.get(component.id, "")


def _unknown(settings: tuple[Setting, ...], name: str) -> errors.UnknownSetting:
    known = ", ".join(setting.name for setting in settings) or "it has none"
    by_slug = {_slug(text): setting.name for setting in reversed(settings) for text in (setting.label, setting.name)}
    close = difflib.get_close_matches(_slug(name), by_slug, n=1)
    meant = f" Did you mean {by_slug[close[0]]}?" if close else ""
    return errors.UnknownSetting(f"The app has no setting {name!r}.", hint=f"Known: {known}.{meant}")


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")
