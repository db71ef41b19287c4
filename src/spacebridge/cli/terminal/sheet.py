"""Facts in lines: headings, fields and what belongs to them, folded to the width of a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from spacebridge.cli.terminal.clean import clean, clean_line

if TYPE_CHECKING:
    from spacebridge.cli.terminal.streams import Output

__all__ = ["Sheet"]

_INDENT = 2
_NARROWEST = 24


class Sheet:
    """Collects lines for an output.

    Args:
        output: they are made for.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._width = max(output.size[0], _NARROWEST) if output.is_terminal else 10_000
        self._lines: list[str] = []

    def heading(self, text: str) -> None:
        """Begin a part."""
        if self._lines:
            self._lines.append("")
        shown = clean_line(text)
        self._lines.append(f"\x1b[1m{shown}\x1b[0m" if self._output.moves else shown)

    def field(self, name: str, value: object, *, column: int = 14) -> None:
        """A fact with its name; nothing, if it is empty."""
        text = clean_line(str(value))
        if text:
            width = column if self._width > column * 3 else len(name) + 1
            self.line(f"{name:<{width}}{text}", hanging=min(width, 14))

    def line(self, text: str, *, level: int = 1, hanging: int = 2) -> None:
        """A line, folded where it is too long."""
        indent = " " * (_INDENT * level)
        shown = clean(text).replace("\n", " ").replace("\t", " ")
        self._lines += textwrap.wrap(
            shown,
            self._width,
            initial_indent=indent,
            subsequent_indent=indent + " " * hanging,
            drop_whitespace=True,
            break_on_hyphens=False,
        ) or [""]

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines) + "\n"
