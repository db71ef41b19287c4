"""The lowest lines of a terminal, repainted while what they show grows; what is complete scrolls up for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.cli.show.markup import Line
    from spacebridge.cli.terminal.streams import Output

__all__ = ["LiveArea"]


class LiveArea:
    """Writes lines to stay, and below them lines that are replaced.

    Each repaint is one write, begins at the first line that changed, and erases nothing before it is overwritten: no
    flicker.

    Args:
        output: the terminal; nobody else may write to it while lines to be replaced are shown.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown: list[Line] = []

    def update(self, lines: Sequence[Line], *, above: Sequence[Line] = ()) -> None:
        """Replace the lines that are shown.

        Args:
            lines: as many of them, from the end, as there is room for.
            above: lines to stay, put before them.
        """
        columns, rows = self._output.size
        lines = _last(lines, columns, max(rows - 1, 1))
        kept = 0
        if not above:
            while kept < min(len(lines), len(self._shown)) and lines[kept] == self._shown[kept]:
                kept += 1
            if kept == len(lines) == len(self._shown):
                return
            if kept == len(lines) and kept:  # fewer lines than before: the last one is written again
                kept -= 1
        back = sum(_rows(line, columns) for line in self._shown[kept:])
        parts = ["\r"]
        if kept == len(self._shown) and kept:  # the cursor is in the last of them
            parts.append("\n")
        elif back > 1:
            parts.append(f"\x1b[{back - 1}A")
        ahead = sum(_rows(line, columns) for line in (*above, *lines[kept:]))
        if ahead < back or any(line.width > columns for line in above):
            parts.append("\x1b[J")
        parts += [f"{_erasing(line, columns)}\n" for line in above]
        parts.append("\n".join(_erasing(line, columns) for line in lines[kept:]))
        self._shown = list(lines)
        self._output.write_now("".join(parts))
        self._output.at_line_start = not lines

    def clear(self) -> None:
        """Take the lines away."""
        if self._shown:
            self.update([])


def _erasing(line: Line, columns: int) -> str:
    # Behind a full line the cursor still stands on its last character, which must stay.
    return f"{line.text}\x1b[K" if line.width < columns else line.text


def _rows(line: Line, columns: int) -> int:
    return max(1, -(-line.width // columns))


def _last(lines: Sequence[Line], columns: int, rows: int) -> list[Line]:
    taken: list[Line] = []
    for line in reversed(lines):
        rows -= _rows(line, columns)
        if rows < 0 and taken:
            break
        taken.append(line)
    return taken[::-1]
