"""HTML of apps as plain text, without I/O: what a reader would see of it."""

from __future__ import annotations

import html
import re

__all__ = ["html_to_text", "without_tags"]

_BLOCKS = frozenset(
    "address article aside blockquote center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 "  # noqa: SIM905 - to be read
    "h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_INLINE = frozenset(
    "a abbr audio b bdi bdo big br button cite code del dfn em font i iframe img input ins kbd label mark meter object "  # noqa: SIM905 - to be read
    "option output path picture progress q rp rt ruby s samp select small source span strike strong sub sup svg td "
    "textarea th time u var video wbr".split()
)
_UNSEEN = frozenset({"head", "noscript", "script", "style", "template", "title"})
_KNOWN = _BLOCKS | _INLINE | _UNSEEN | {"body", "html"}
# A tag ends at the next tag at the latest, so that reading takes no more time than the text is long.
_TAG = re.compile(
    r"""<!--.*?(?:-->|$)|<!doctype[^<>]*>|<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)"""
    r"""(?P<more>(?:[\s/](?:[^<>"']++|"[^"]*+"|'[^']*+')*+)?)>""",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""\b(href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def without_tags(text: str) -> str:
    """A message of an app as text: as it is, unless there are tags of HTML in it.

    What only looks like a tag stays: ``List<int>``, ``a <b and c> d``.
    """
    if any((match["name"] or "b").lower() in _KNOWN for match in _TAG.finditer(text)):
        return html_to_text(text)
    return text


def html_to_text(source: str) -> str:
    """What is to be read of HTML: blocks begin lines, items have dashes, cells are apart, links say where they lead."""
    reader, place = _Reader(), 0
    for match in _TAG.finditer(source):
        reader.text(source[place : match.start()])
        place = match.end()
        name = (match["name"] or "").lower()
        if name in _KNOWN:
            reader.tag(name, match["more"], ends=bool(match["end"]))
        elif name:  # none of HTML's: it is text
            reader.text(match[0])
    reader.text(source[place:])
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader:
    """Puts together what is to be read."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._unseen = ""
        """The element that is open and not shown."""
        self._links: list[tuple[str, int]] = []

    def text(self, text: str) -> None:
        if not self._unseen and text:
            self.parts.append(html.unescape(text).replace("\n", " "))

    def tag(self, name: str, more: str, *, ends: bool) -> None:
        if self._unseen or name in _UNSEEN:
            opens = not self._unseen and not ends and not more.endswith("/")
            self._unseen = name if opens else "" if ends and name == self._unseen else self._unseen
        elif name == "a":
            self._link(more, ends=ends)
        elif name in ("br", *_BLOCKS):
            self.parts.append("\n- " if name == "li" and not ends else "\n")
        elif name in ("td", "th"):
            self.parts.append(" ")
        elif name == "img":
            self.text(_attributes(more).get("alt", ""))

    def _link(self, more: str, *, ends: bool) -> None:
        if not ends:
            self._links.append((html.unescape(_attributes(more).get("href", "")), len(self.parts)))
        elif self._links:
            address, start = self._links.pop()
            if address.startswith(("http://", "https://")) and address != "".join(self.parts[start:]).strip():
                self.parts.append(f" ({address})")


def _attributes(more: str) -> dict[str, str]:
    return {each[1].lower(): each[2] or each[3] or each[4] or "" for each in _ATTRIBUTE.finditer(more)}
