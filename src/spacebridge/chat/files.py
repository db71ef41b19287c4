"""Files in what a chatbot shows, of every shape: FileData, components, tuples, what a text shows; without I/O."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from spacebridge.shape import as_list, as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileValue", "files_in_text", "files_of", "is_path"]

_DEEPEST = 40
# What names a file by what it is in; everything else is told from the file's type.
_SHOWN_AS = frozenset({"image", "audio", "video", "model3d"})
# Components whose value is no file, but something to be kept as one.
_DATA = frozenset({"plot", "dataframe", "json", "label", "html", "highlightedtext"})

_CODE = re.compile(
    r"(?:^|\n)[ ]{0,3}(`{3,}|~{3,})[^\n]*(?:\n.*?(?:\n[ ]{0,3}\1|$)|$)|(`+)(?!`)[^\n]{0,2000}?(?<!`)\2(?!`)", re.DOTALL
)
_ADDRESS = r"<?((?:[^()\s<>]++|\([^()\s]*+\))++)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*"
_PICTURE = re.compile(rf"!\[([^\[\]]*)\]\(\s*{_ADDRESS}\)")
_LINK = re.compile(rf"(?<!!)\[([^\[\]]*)\]\(\s*{_ADDRESS}\)")
_TAG = re.compile(r"<(img|video|audio|source|embed|a)\b([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(src|href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_MOST_IN_TEXT = 1000


class FileValue(msgspec.Struct, frozen=True):
    """A file in a bubble, as the app names it."""

    path: str = ""
    url: str = ""
    name: str = ""
    mime_type: str | None = None
    size: int | None = None
    alt_text: str | None = None
    kind: str = "file"
    raw: Any = None

    @property
    def key(self) -> str:
        """Tells one file from another."""
        return self.path or self.url or repr(self.raw)


def files_of(item: object, component: str = "") -> Iterator[FileValue]:
    """The files of a value: FileData, an object around it, a component that shows some, 3.x's dicts, a path.

    Args:
        item: the value.
        component: what shows it, as far as that is known already.
    """
    yield from _files(item, component.lower(), None, 0)


def _files(item: object, component: str, alt_text: str | None, depth: int) -> Iterator[FileValue]:
    if isinstance(item, str):
        item = {"path": item}
    if is_list(item):
        parts = as_list(item)
        if component == "gallery" and len(parts) == 2 and is_object(parts[0]) and not is_object(parts[1]):
            # an entry of 3.x's: a file and its caption
            yield from _files(parts[0], component, _text(parts[1]), depth + 1)
            return
        for part in parts if depth < _DEEPEST else ():
            yield from _files(part, component, None, depth + 1)
        return
    if not is_object(item) or depth > _DEEPEST:
        return
    fields = as_object(item)
    alt_text = _text(fields.get("alt_text")) or _text(fields.get("caption")) or alt_text
    if isinstance(fields.get("component"), str):
        component = fields["component"].lower()
        if component in _DATA:
            yield from _data(component, fields.get("value"))
            return
    for key in ("file", "value", "video", "image"):  # wrapped: by a message, a component, a video, a gallery
        inner = fields.get(key)
        if is_object(inner) or is_list(inner) or (key in ("file", "value") and isinstance(inner, str) and inner):
            yield from _files(inner, component, alt_text, depth + 1)
            return
    yield from _file(fields, component, alt_text)


def _file(data: dict[str, Any], component: str, alt_text: str | None) -> Iterator[FileValue]:
    path = data.get("path") or data.get("name")
    url = data.get("url")
    if not isinstance(url, str):  # 3.x has what is no file on the server in the value itself
        url = data.get("data")
    where, address = _text(path) or "", _text(url) or ""
    if not where and not address:
        return
    name = _text(data.get("orig_name")) or _last(where or address)
    mime_type = _text(data.get("mime_type")) or _guess(address) or _guess(name)
    yield FileValue(
        where if not address.startswith("data:") else "",
        url=address,
        name=name,
        mime_type=mime_type,
        size=data["size"] if isinstance(data.get("size"), int) else None,
        alt_text=alt_text,
        kind=component if component in _SHOWN_AS else _kind(mime_type),
        raw=data,
    )


def _data(component: str, value: Any) -> Iterator[FileValue]:
    """What a component shows that is no file."""
    if value is None:
        return
    fields = as_object(value)
    plot = fields.get("plot")
    if component == "plot" and isinstance(plot, str) and plot.startswith("data:"):  # matplotlib's: a picture
        mime_type = _guess(plot)
        yield FileValue("", url=plot, name=_named("plot", mime_type), mime_type=mime_type, kind="plot", raw=value)
        return
    if component == "plot" and not isinstance(plot, str):
        return
    mime_type = {"html": "text/html", "dataframe": "text/csv"}.get(component, "application/json")
    yield FileValue("", name=_named(component, mime_type), mime_type=mime_type, kind=component, raw=value)


def files_in_text(text: str) -> list[FileValue]:
    """Pictures, films and sounds that a text shows, and files of the app that it links to; none in code."""
    if "](" not in text and "<" not in text:
        return []
    text = _CODE.sub("\n", text)
    found: dict[str, FileValue] = {}
    for match in _PICTURE.finditer(text):
        _add(found, match[2], "image", match[1])
    for match in _LINK.finditer(text):
        if _is_apps_own(match[2]):
            _add(found, match[2], "", match[1])
    for match in _TAG.finditer(text):
        tag = match[1].lower()
        said = {each[1].lower(): each[2] or each[3] or each[4] or "" for each in _ATTRIBUTE.finditer(match[2])}
        address = said.get("href" if tag == "a" else "src", "")
        if tag != "a" or _is_apps_own(address):
            _add(found, address, {"img": "image", "video": "video", "audio": "audio"}.get(tag, ""), said.get("alt", ""))
        if len(found) > _MOST_IN_TEXT:
            break
    return list(found.values())


def _add(found: dict[str, FileValue], address: str, kind: str, alt_text: str) -> None:
    shown = address.startswith(("http://", "https://", "data:")) or _is_apps_own(address)
    if not shown or address in found or len(found) >= _MOST_IN_TEXT:
        return
    name = unquote(_last(address.partition("?")[0])) if not address.startswith("data:") else ""
    mime_type = _guess(address) or _guess(name)
    kind = kind or _kind(mime_type)
    found[address] = FileValue(
        "",
        url=address,
        name=name or _named(kind, mime_type),
        mime_type=mime_type,
        alt_text=alt_text or None,
        kind=kind,
    )


def _is_apps_own(address: str) -> bool:
    """Whether an address in a text is that of a file which the app serves."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return path.startswith(("/file=", "file=", "/gradio_api/file=", "gradio_api/file="))


def is_path(text: str) -> bool:
    """Whether a text is a path or an address, and not something said: how 3.x names files in a pair."""
    return text.startswith(("/", "http://", "https://", "file=")) and "\n" not in text


def _kind(mime_type: str | None) -> str:
    kind = (mime_type or "").partition("/")[0]
    return kind if kind in _SHOWN_AS else "file"


def _guess(where: str) -> str | None:
    """The type of a file, by its name or by its ``data:`` address."""
    if where.startswith("data:"):
        return where[5:].partition(",")[0].partition(";")[0].lower() or "text/plain"
    return mimetypes.guess_type(where.rsplit("/", 1)[-1])[0] if where else None


def _named(kind: str, mime_type: str | None) -> str:
    return f"{kind}{mimetypes.guess_extension(mime_type or '') or ''}"


def _last(where: str) -> str:
    return "" if where.startswith("data:") else where.rstrip("/").rsplit("/", 1)[-1]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
