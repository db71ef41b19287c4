"""Pieces of Markdown as lines for a terminal. The only module that imports rich's Markdown."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.color import ColorSystem
from rich.console import Console
from rich.markdown import Heading, Markdown
from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

from spacebridge.cli.terminal.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from spacebridge.cli.show.blocks import Block
    from spacebridge.cli.terminal.streams import Output

__all__ = ["Line", "Painter"]

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}
_CODE_THEME = "ansi_dark"
_NARROWEST = 8
_LANGUAGE = re.compile(r"^[\w+#.-]+")
_THEME = Theme(
    {
        "markdown.h1": "bold underline",
        "markdown.h2": "bold underline",
        "markdown.h3": "bold",
        "markdown.h4": "bold",
        "markdown.code": "bold cyan",
        "markdown.block_quote": "italic",
        "markdown.link": "underline",
        "markdown.link_url": "underline dim",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.hr": "dim",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
    }
)


class Line(msgspec.Struct, frozen=True):
    """A line that is ready for the terminal."""

    text: str
    width: int
    """Cells that it takes."""
    blank: bool = False
    """Whether there is nothing to be seen on it."""


class _Heading(Heading):
    """A heading on the left, without a frame, in every release of rich."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.text


class _Markdown(Markdown):
    """Markdown in which nothing gets lost: HTML is text, line ends are line ends, links and images show their URL."""

    elements: ClassVar = {**Markdown.elements, "heading_open": _Heading}
    _parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")

    def __init__(self, source: str) -> None:
        super().__init__("", code_theme=_CODE_THEME, hyperlinks=False)
        self.markup = source
        self.parsed = self._parser.parse(source)
        for token in self.parsed:
            if token.children:
                token.children = list(_shown(token.children))


class Painter:
    """Renders blocks for one terminal.

    Args:
        output: the terminal.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            theme=_THEME,
            legacy_windows=False,
            emoji=False,
            markup=False,
            highlight=False,
            safe_box=not output.unicode,
        )
        name = self._console.color_system if output.moves else None
        self._colours = _SYSTEMS.get(name or "")

    def markdown(self, source: str) -> list[Line]:
        """A piece of Markdown."""
        try:
            return _trimmed(self._lines(_Markdown(clean(source))))
        except Exception:  # noqa: BLE001 - no text of others may break the display of it
            return self.plain(source)

    def code(self, blocks: Sequence[Block], *, before: Sequence[Block] = (), fold: bool) -> list[Line]:
        """Lines of code, highlighted.

        Args:
            blocks: the lines.
            before: lines of the same code that stand before them.
            fold: break long lines; else the terminal does it, and copying gives them whole.
        """
        if not blocks:
            return []
        code = "\n".join(clean(block.source) for block in (*before, *blocks))
        fence = blocks[0].fence
        language = _LANGUAGE.match(fence.info) if fence is not None else None
        text = self._highlight(code, language[0] if language else "text")
        lines = list(text.split("\n", allow_blank=True))[len(before) : len(before) + len(blocks)]
        return [made for line in lines for made in self._fold(line, fold=fold)]

    def plain(self, text: str, style: str = "") -> list[Line]:
        """Text as it is, folded to the width."""
        shown = Text(clean(text), style=style)
        shown.expand_tabs(8)
        return self._lines(shown)

    def fence(self, block: Block) -> Line:
        """The line that opens or closes code."""
        line = " ".join(clean(block.source).split())[: self._width()]
        return Line(f"\x1b[2m{line}\x1b[0m", len(line))

    def _highlight(self, code: str, language: str) -> Text:
        try:
            text = Syntax(code, language, theme=_CODE_THEME, background_color="default").highlight(code)
        except Exception:  # noqa: BLE001 - highlighting is a luxury
            return Text(code)
        return text if text.plain.rstrip("\n") == code.rstrip("\n") else Text(code)

    def _fold(self, line: Text, *, fold: bool) -> Iterable[Line]:
        if not fold:
            yield self._line(list(line.render(self._console)))
            return
        line.expand_tabs(8)
        for part in line.wrap(self._console, self._width(), overflow="fold", no_wrap=False) or [line]:
            yield self._line(list(part.render(self._console)))

    def _lines(self, renderable: RenderableType) -> list[Line]:
        options = self._console.options.update_width(self._width())
        if not self._output.unicode:
            options.encoding = "ascii"  # draw tables with what there is
        return [self._line(line) for line in self._console.render_lines(renderable, options, pad=False)]

    def _line(self, segments: list[Segment]) -> Line:
        if not self._output.colours:
            segments = list(Segment.remove_color(segments))
        shown = [(text, style) for text, style, control in segments if not control and text != "\n"]
        while shown and not shown[-1][0].strip():  # rich fills lines up
            shown.pop()
        if shown:
            shown[-1] = shown[-1][0].rstrip(), shown[-1][1]
        parts: list[str] = []
        width = 0
        for text, style in shown:
            # Once more: character references and percent signs may have become control characters.
            safe = clean(text).replace("\n", " ")
            width += Segment(safe).cell_length
            parts.append((style or Style.null()).render(safe, color_system=self._colours))
        return Line("".join(parts), width, blank=not shown)

    def _width(self) -> int:
        return max(self._output.size[0], _NARROWEST)


def _trimmed(lines: list[Line]) -> list[Line]:
    """Lines without the blank ones around them: how far apart pieces stand is told elsewhere."""
    filled = [number for number, line in enumerate(lines) if not line.blank]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _shown(tokens: list[Token]) -> Iterable[Token]:
    """Inline tokens, changed so that rich shows all there is."""
    for position, token in enumerate(tokens):
        if token.type == "softbreak":  # Gradio's chatbots break lines where the text does
            yield Token("hardbreak", "br", 0)
        elif token.type == "image":
            source, alt = str(token.attrs.get("src", "")), token.content
            yield _text(f"[image{': ' + alt if alt else ''}] ({source})")
        elif token.type in ("link_open", "link_close") and _bare(tokens, position):
            continue
        else:
            yield token


def _bare(tokens: list[Token], position: int) -> bool:
    """Whether a link shows nothing but its URL, so that it need not be said twice."""
    opening: Any = tokens[position]
    while opening.type != "link_open":
        position -= 1
        opening = tokens[position]
    label = tokens[position + 1]
    return label.type == "text" and label.content in (opening.attrs.get("href"), str(opening.attrs.get("href"))[7:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
