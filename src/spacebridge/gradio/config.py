"""``GET /config``: what an app tells about itself, as typed structs.

The document is read leniently: a field of the wrong kind counts as missing, a component or dependency without an id
is dropped (and named in ``Config.oddities``), so that an app of an unknown version degrades instead of failing.
Source of the field names: ``gradio/blocks.py`` (``Blocks.get_config_file``) of the releases 3.50 to 6.31.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import msgspec

from spacebridge.errors import NotGradio, ProtocolError
from spacebridge.shape import NOT_JSON, as_list, as_number, as_object, as_text, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Component", "Config", "Dependency", "Target", "parse_config", "parse_dependencies", "parse_parents"]

_I18N = "__i18n__"
# From this release on a page does not make what is hidden (gradio-app/gradio#11427 and #11768).
_LEAVES_HIDDEN_OUT = (5, 36)
_SCRAPE = re.compile(rb"window\.gradio_config\s*=\s*(\{.*?\})\s*;?\s*</script>", re.DOTALL)

Follows = Literal["then", "success", "failure"]


class Component(msgspec.Struct, frozen=True):
    """One component of the page: a box, a button, a chatbot, a State."""

    id: int
    type: str
    """Gradio's name for it in lower case: ``textbox``, ``chatbot``, ``state``, or a custom component's own."""
    props: dict[str, Any]

    @property
    def label(self) -> str:
        """The label shown on the page, or an empty string."""
        return _translated(as_text(self.props.get("label")))

    @property
    def visible(self) -> bool:
        """Whether the page shows it. 6.x also has the value ``"hidden"``."""
        return self.props.get("visible", True) is True


def _translated(text: str) -> str:
    """A text that the page would translate, as the last word of its key; 6.x sends ``__i18n__`` and the key as JSON."""
    if not text.startswith(_I18N):
        return text
    try:
        key = as_object(msgspec.json.decode(text.removeprefix(_I18N))).get("key")
    except NOT_JSON:
        key = None
    return as_text(key).rpartition(".")[2].replace("_", " ")


class Target(msgspec.Struct, frozen=True):
    """What fires a dependency: an event of a component. ``id`` is None for ``.then`` and the like."""

    id: int | None
    event: str


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """One event listener of the app: Gradio's "dependency"."""

    id: int
    """What Gradio calls ``fn_index``."""
    targets: tuple[Target, ...] = ()
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    api_name: str | None = None
    queue: bool = True
    backend_fn: bool = True
    js: bool = False
    reads_address: bool = False
    """Whether its JavaScript reads what stands behind the ``?`` of the page's address."""
    cancels: tuple[int, ...] = ()
    trigger_after: int | None = None
    follows: Follows = "then"
    """On which end of ``trigger_after`` it runs: ``then`` on any, ``success``, ``failure``."""
    trigger_mode: Literal["once", "multiple", "always_last"] = "once"
    collects_event_data: bool = False
    generator: bool = False
    private: bool = False
    component_prop_inputs: frozenset[int] = frozenset()
    """Positions in ``inputs`` at which all props of the component are sent instead of its value (6.x)."""
    rendered_in: int | None = None
    every: float | None = None
    """Seconds after which the server runs it anew, without end (3.x, and 4.x until timers came)."""
    renders: bool = False
    """Whether it draws components (``gr.render``) instead of giving values."""
    stream: bool = False
    """``connection: "stream"``: an event for microphones and cameras, which are not replayed here."""

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"/{self.api_name}" if self.api_name else f"fn {self.id}"


class Config(msgspec.Struct, frozen=True, kw_only=True, eq=False, weakref=True):
    """What an app tells about itself."""

    version: tuple[int, ...]
    """Gradio's release, such as ``(6, 31, 0)``."""
    version_text: str
    protocol: str
    """How queued events travel: ``ws``, ``sse``, ``sse_v1`` … ``sse_v3``."""
    api_prefix: str
    mode: str
    root: str
    title: str
    space_id: str | None
    app_id: str
    show_error: bool
    max_file_size: int | None
    components: dict[int, Component]
    dependencies: dict[int, Dependency]
    oddities: tuple[str, ...] = ()
    """What was passed over because it made no sense, a line each."""
    unmounted: frozenset[int] = frozenset()
    """Components that a browser does not make when it opens the page, so that they keep a value of null."""
    parents: dict[int, int] = {}
    """Which component holds which: a tab its boxes, say."""


def parse_config(body: bytes, *, where: str) -> Config:
    """Read the body of ``GET /config``, or a page of an old app that embeds it.

    Args:
        body: the reply's body.
        where: the address, for error messages.

    Raises:
        NotGradio: it is neither.
        ProtocolError: it is of a release before 3.
    """
    try:
        raw: object = msgspec.json.decode(body)
    except NOT_JSON:
        match = _SCRAPE.search(body)
        if match is None:
            raise _not_gradio(where, body, "the reply is not JSON") from None
        try:
            raw = msgspec.json.decode(match[1])
        except NOT_JSON:
            raise _not_gradio(where, body, "the configuration in the page is not JSON") from None
    if not is_object(raw):
        raise _not_gradio(where, body, "the reply is JSON, but no object")
    doc = as_object(raw)
    if not is_list(doc.get("components")) or not is_list(doc.get("dependencies")):
        if is_list(doc.get("input_components")):
            raise ProtocolError(
                f"{where} runs gradio {_text(doc, 'version') or '2'}, which is too old to be spoken with.",
                hint="Its owner would have to move it to version 3 or later.",
            )
        raise _not_gradio(where, body, "the reply has no components and dependencies")
    oddities: list[str] = []
    version_text = _text(doc, "version").strip()
    components = parse_components(as_list(doc["components"]), oddities)
    queued = bool(doc.get("enable_queue", True))
    dependencies = parse_dependencies(as_list(doc["dependencies"]), components, oddities, queued=queued)
    version = tuple(int(part) for part in re.findall(r"\d{1,9}", version_text)[:3])
    max_file_size = doc.get("max_file_size")
    space_id = doc.get("space_id")
    return Config(
        version=version,
        version_text=version_text or "unknown",
        protocol=_text(doc, "protocol") or "ws",
        api_prefix=_path(_text(doc, "api_prefix")),
        mode=_text(doc, "mode"),
        root=_text(doc, "root"),
        title=_text(doc, "title"),
        space_id=space_id if isinstance(space_id, str) else None,
        app_id=str(doc.get("app_id") or ""),
        show_error=bool(doc.get("show_error")),
        max_file_size=max_file_size if isinstance(max_file_size, int) and max_file_size > 0 else None,
        components=components,
        dependencies={dependency.id: dependency for dependency in dependencies},
        oddities=tuple(oddities),
        unmounted=frozenset(_unmounted(as_object(doc.get("layout")), components, version)),
        parents=parse_parents(doc.get("layout")),
    )


def parse_parents(layout: object) -> dict[int, int]:
    """Which component holds which, by the tree of a page or of what it renders; the root holds nothing by itself."""
    parents: dict[int, int] = {}
    waiting: list[tuple[object, int | None]] = [(layout, None)]
    while waiting:
        node, parent = waiting.pop()
        entry = as_object(node)
        number = entry.get("id")
        if _is_id(number):
            if parent is not None:
                parents.setdefault(number, parent)
            parent = number
        waiting += [(child, parent) for child in as_list(entry.get("children"))]
    return parents


def _unmounted(layout: dict[str, Any], components: dict[int, Component], version: tuple[int, ...]) -> Iterator[int]:
    """What is not made at first: what is hidden, from 5.36 on; from 6 on also what closed accordions and tabs hold."""
    waiting = [(layout, False)] if version >= _LEAVES_HIDDEN_OUT else []
    lazy = version >= (6,)
    while waiting:
        node, hidden = waiting.pop()
        component = _placed(node, components)
        kind, props = ("", dict[str, Any]()) if component is None else (component.type, component.props)
        if component is not None and (hidden := hidden or not component.visible):
            yield component.id
        children = [as_object(child) for child in as_list(node.get("children"))]
        if not lazy:
            waiting += [(child, hidden) for child in children]
        elif kind == "tabs":
            waiting += [(child, hidden or not shown) for child, shown in _tabs(children, props, components)]
        else:
            closed = kind == "accordion" and props.get("open") is False
            waiting += [(child, hidden or closed) for child in children]


def _placed(node: dict[str, Any], components: dict[int, Component]) -> Component | None:
    """The component that stands at a place of the layout."""
    number = node.get("id")
    return components.get(number) if _is_id(number) else None


def _tabs(
    children: list[dict[str, Any]], props: dict[str, Any], components: dict[int, Component]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Tabs, each with whether its contents are made at first: those of the one that is selected, else of the first."""
    tabs = [_placed(child, components) for child in children]
    names = [tab.props.get("id") or tab.id for tab in tabs if tab is not None]
    selected = props.get("selected")
    first = selected if selected in names else next(iter(names), None)
    for child, tab in zip(children, tabs, strict=True):
        given = {} if tab is None else tab.props
        yield child, tab is None or given.get("render_children") is True or (given.get("id") or tab.id) == first


def parse_components(raw: list[Any], oddities: list[str]) -> dict[int, Component]:
    """Read a list of components; what makes no sense goes into ``oddities``."""
    components: dict[int, Component] = {}
    for item in raw:
        entry: dict[str, Any] = as_object(item)
        number, kind, props = entry.get("id"), entry.get("type"), entry.get("props")
        if not _is_id(number) or not isinstance(kind, str):
            oddities.append(f"a component without id or type: {str(item)[:80]}")
            continue
        components[number] = Component(number, kind.lower(), as_object(props))
    return components


def parse_dependencies(
    raw: list[Any], components: dict[int, Component], oddities: list[str], *, queued: bool = True
) -> list[Dependency]:
    """Read a list of dependencies, of ``/config`` or of a ``render_config``.

    Args:
        raw: the list.
        components: which there are.
        oddities: takes what makes no sense.
        queued: whether those are queued that leave it to the app (before 5).
    """
    dependencies: list[Dependency] = []
    for position, item in enumerate(raw):
        if not is_object(item):
            oddities.append(f"dependency {position} is no object")
            continue
        entry = as_object(item)
        number = entry.get("id", position)
        if not _is_id(number):
            oddities.append(f"dependency {position} has no usable id")
            continue
        missing = [i for key in ("inputs", "outputs") for i in _ids(entry, key) if i not in components]
        if missing:
            oddities.append(f"dependency {number} names components that do not exist: {missing}")
        dependencies.append(_dependency(number, entry, components, queued=queued))
    return dependencies


def _dependency(number: int, entry: dict[str, Any], components: dict[int, Component], *, queued: bool) -> Dependency:
    types = as_object(entry.get("types"))
    api_name = entry.get("api_name")
    follows: Follows = "then"
    if entry.get("trigger_only_on_failure") is True:
        follows = "failure"
    elif entry.get("trigger_only_on_success") is True:
        follows = "success"
    mode = entry.get("trigger_mode")
    after = entry.get("trigger_after")
    rendered_in = entry.get("rendered_in")
    return Dependency(
        id=number,
        targets=tuple(_targets(entry)),
        inputs=tuple(_ids(entry, "inputs")),
        outputs=tuple(_ids(entry, "outputs")),
        api_name=api_name if isinstance(api_name, str) and api_name else None,
        queue=queued if entry.get("queue") is None else entry["queue"] is not False,
        backend_fn=entry.get("backend_fn", True) is not False,
        js=bool(entry.get("js")),
        reads_address="location.search" in as_text(entry.get("js")),
        cancels=tuple(_ids(entry, "cancels")),
        trigger_after=after if _is_id(after) else None,
        follows=follows,
        trigger_mode=mode if mode in ("once", "multiple", "always_last") else "once",
        collects_event_data=entry.get("collects_event_data") is True,
        generator=types.get("generator") is True,
        private=entry.get("api_visibility") == "private" or entry.get("show_api") is False,
        component_prop_inputs=frozenset(_ids(entry, "component_prop_inputs")),
        rendered_in=rendered_in if _is_id(rendered_in) else None,
        every=as_number(entry.get("every")),
        renders=_renders(entry, components),
        stream=entry.get("connection") == "stream",
    )


def _renders(entry: dict[str, Any], components: dict[int, Component]) -> bool:
    """Whether a dependency draws: as of 5 it has the id of what it draws; on 4 it is known by where it draws."""
    if "render_id" in entry:
        return _is_id(entry["render_id"])
    holders = [components[number].type for number in _ids(entry, "outputs") if number in components]
    return holders == ["column"] and entry.get("trigger_mode") == "always_last"


def _targets(entry: dict[str, Any]) -> list[Target]:
    targets: list[Target] = []
    raw = entry.get("targets")
    for pair in as_list(raw):
        if is_list(pair) and len(as_list(pair)) == 2:
            number, event = as_list(pair)
            if isinstance(event, str) and (number is None or _is_id(number)):
                targets.append(Target(number, event))
        elif _is_id(pair) and isinstance(entry.get("trigger"), str):  # early 3.x: ids, and one event for all
            targets.append(Target(pair, entry["trigger"]))
    return targets


def _ids(entry: dict[str, Any], key: str) -> list[int]:
    raw = entry.get(key)
    return [i for i in as_list(raw) if _is_id(i)] if is_list(raw) else []


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(doc: dict[str, Any], key: str) -> str:
    value = doc.get(key)
    return value if isinstance(value, str) else ""


def _path(text: str) -> str:
    """A path that can follow a host's name: without the slash it would go on with the name itself."""
    path = text.strip("/")
    return f"/{path}" if path else ""


def _not_gradio(where: str, body: bytes, why: str) -> NotGradio:
    start = body[:200].decode("utf-8", "replace").strip()
    shown = f" It begins with {start[:80]!r}." if start else " It is empty."
    return NotGradio(f"{where} is no Gradio app: {why}.{shown}", doc=start)
