"""Where files go into a chat: its message box, and components beside it that feed the chat's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge import errors
from spacebridge.shape import as_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spacebridge.chat.gates import Gate
    from spacebridge.gradio.config import Component
    from spacebridge.gradio.upload import UploadFile
    from spacebridge.page.graph import EventGraph

__all__ = ["Inlet", "assign", "find_inlets"]

_IMAGES = frozenset({"image", "imageeditor", "sketchpad", "paint", "imagemask"})
_EDITORS = _IMAGES - {"image"}
_FILES = frozenset({"file", "uploadbutton"})
_OTHERS = frozenset({"audio", "video", "gallery", "model3d"})
_EVENTS = ("upload", "change", "input", "select", "submit")
"""What such a component fires when it is given a file."""
_UNKNOWN = "application/octet-stream"
_ONE_IS_ONE = (5, 6)
"""Until then a message box that says ``single`` takes another file after each (gradio, pull request 9946)."""


class Inlet(msgspec.Struct, frozen=True, kw_only=True):
    """A place where files go in."""

    component: int
    type: str
    label: str = ""
    box: bool = False
    """Whether it is the message box."""
    types: tuple[str, ...] = ()
    """``image``, ``audio``, ``video``, ``text``, suffixes such as ``.pdf``, MIME types; empty: anything."""
    several: bool = True
    """Whether it takes more than one file."""
    button: int | None = None
    """What is pressed once the files are in, where only that has the chat get them."""

    def takes(self, file: UploadFile) -> bool:
        """Whether a file is of a type that it takes, as far as can be told before it is sent."""
        name, mime_type = file.name.lower(), file.mime_type.lower()
        if not self.types or (mime_type == _UNKNOWN and (file.url or "." not in name)):
            return True
        for wanted in self.types:
            each = wanted.lower()
            if each.startswith("."):
                fits = name.endswith(each)
            elif "/" in each:
                fits = mime_type == each or (each.endswith("/*") and mime_type.startswith(each[:-1]))
            else:
                fits = each == "file" or mime_type.startswith(f"{each}/")
            if fits:
                return True
        return False

    def describe(self) -> str:
        """The inlet in a few words."""
        place = (
            "the message box" if self.box else f"{self.type} {self.component}{f' {self.label!r}' if self.label else ''}"
        )
        return f"{place}: {'any number' if self.several else 'one'} of {', '.join(self.types) or 'any type'}"

    def wants_content(self, version: tuple[int, ...]) -> bool:
        """Whether it takes a file's content and not its path, as pictures do in 3 (``gradio/components/image.py``)."""
        return version < (4,) and self.type in _IMAGES

    def value(self, files: Sequence[dict[str, Any]], version: tuple[int, ...]) -> Any:
        """What the component holds when it was given these files (``FileData``); the message box's is another."""
        if self.type == "gallery":
            return [{"image": file, "caption": None} for file in files]
        if self.type in _FILES and self.several:
            return list(files)
        file = files[0]
        if self.wants_content(version):
            return file["data"]
        if self.type in _EDITORS:
            return {"background": file, "layers": [], "composite": file}
        # Until 6 a video came with its subtitles (gradio/components/video.py).
        return {"video": file, "subtitles": None} if self.type == "video" and (4,) <= version < (6,) else file


def find_inlets(
    graph: EventGraph,
    edges: Iterable[int],
    box: int | None,
    output: int,
    version: tuple[int, ...],
    sending: Iterable[int | None] = (),
    gates: Sequence[Gate] = (),
) -> tuple[Inlet, ...]:
    """Where files go in, the message box first, then what takes few types, then what takes any.

    Args:
        graph: of the page.
        edges: ids of the dependencies on the way to the answer.
        box: the message box, if it takes files.
        output: the chatbot.
        version: of Gradio.
        sending: where messages are written and sent, with files or without.
        gates: what is done before the first message; some of it wants a file.
    """
    boxes = {box, *sending}
    found = [_inlet(graph.components[box], box=True, more=version < _ONE_IS_ONE)] if box is not None else []
    read = {number for edge in edges for number in graph.dependencies[edge].inputs} - {box}
    pressed = [gate for gate in gates if gate.act == "click"]
    read |= {i for gate in gates if gate.act != "click" for edge in gate.edges for i in graph.dependencies[edge].inputs}
    beside: list[Inlet] = []
    for component in graph.components.values():
        if component.id == box or component.type not in _IMAGES | _FILES | _OTHERS or not _usable(component):
            continue
        if _feeds(graph, component.id, read, output):
            beside.append(_inlet(component))
        elif gate := next((each for each in pressed if _reads(graph, each, component.id)), None):
            beside.append(msgspec.structs.replace(_inlet(component), button=gate.component))
        elif (button := _processing(graph, component.id, read - {output}, boxes)) is not None:
            beside.append(msgspec.structs.replace(_inlet(component), button=button))
    return (*found, *sorted(beside, key=lambda inlet: not inlet.types))


def assign(inlets: Sequence[Inlet], files: Sequence[UploadFile], *, where: str) -> dict[int, list[int]]:
    """Which files go where: for each component the indexes of its files.

    Raises:
        FileRefused: the app takes no files, not these, or not so many.
    """
    if files and not inlets:
        raise errors.FileRefused(
            f"The chat of {where} takes no files.",
            hint="Its message box is for text only, and nothing beside it takes any.",
        )
    found: dict[int, list[int]] = {}
    for index, file in enumerate(files):
        fitting = [inlet for inlet in inlets if inlet.takes(file)]
        free = [inlet for inlet in fitting if inlet.several or not found.get(inlet.component)]
        if not free:
            why = "no more files of this type" if fitting else f"no {file.mime_type} files"
            raise errors.FileRefused(
                f"The chat of {where} can't be sent {file.name}: it takes {why}.",
                hint=f"It takes {'; '.join(inlet.describe() for inlet in inlets)}.",
            )
        found.setdefault(free[0].component, []).append(index)
    return found


def _inlet(component: Component, *, box: bool = False, more: bool = False) -> Inlet:
    props, kind = component.props, component.type
    count = props.get("file_count")
    given: object = props.get("file_types")
    types = tuple(each for each in as_list(given) if isinstance(each, str))
    if kind in _IMAGES:
        types = ("image",)
    elif kind in ("audio", "video"):
        types = (kind,)
    elif kind == "gallery":
        types = types or ("image", "video")
    elif kind == "model3d":
        types = (".obj", ".glb", ".gltf", ".stl", ".splat", ".ply")
    elif "file" in types or count == "directory":  # any type, as a browser takes it
        types = ()
    several = kind == "gallery" or count in ("multiple", "directory") or (box and (count is None or more))
    return Inlet(
        component=component.id,
        type=kind,
        label=component.label,
        box=box,
        types=types,
        several=several,
    )


def _usable(component: Component) -> bool:
    props = component.props
    sources: object = props.get("sources")
    uploads = sources is None or "upload" in as_list(sources)
    return (
        component.visible and props.get("interactive") is not False and uploads and props.get("streaming") is not True
    )


def _feeds(graph: EventGraph, component: int, read: set[int], output: int) -> bool:
    """Whether the chat's functions get a component's file: they read it, or what it sets off writes what they read."""
    wanted = read | {output}
    return component in read or any(
        not wanted.isdisjoint(graph.dependencies[number].outputs) for number in _set_off(graph, component)
    )


def _reads(graph: EventGraph, gate: Gate, component: int) -> bool:
    return any(component in graph.dependencies[edge].inputs for edge in gate.edges)


def _processing(graph: EventGraph, component: int, read: set[int], sending: set[int | None]) -> int | None:
    """The button with which a component's files are made known to the chat, such as ``Create vector database``.

    One that sends a message, too, is none, nor is one that only writes the chatbot: that is an answer about the files.
    """
    for button, listeners in graph.events("click"):
        reading = [each for each in listeners if component in each.inputs and sending.isdisjoint(each.inputs)]
        if reading and button not in sending and graph.may_write(reading, read):
            return button
    return None


def _set_off(graph: EventGraph, component: int) -> Iterator[int]:
    for event in _EVENTS:
        listeners = [each for each in graph.listeners(component, event) if component in each.inputs]
        yield from graph.reachable(listeners)
