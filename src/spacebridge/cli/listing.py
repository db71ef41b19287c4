"""The catalogue as plain data, and as a table for a person."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from spacebridge.cli.terminal.clean import clean_line
from spacebridge.cli.terminal.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spacebridge.cli.terminal.streams import Output
    from spacebridge.spaces.catalogue import Row
    from spacebridge.spaces.visits import Visit

__all__ = ["described", "listed"]

_WIDE = 100
_PIPE = 200


def described(rows: Sequence[Row], seen: Mapping[str, Visit] | None) -> list[dict[str, Any]]:
    """The rows as plain data that JSON can hold."""
    found: list[dict[str, Any]] = []
    for row in rows:
        fact: dict[str, Any] = {
            name: getattr(row, name) for name in ("name", "address", "title", "models", "verified", "notes")
        }
        if seen is not None:
            visit = seen[row.name]
            fact["check"] = {"state": visit.state, "said": visit.said}
        found.append(fact)
    return found


def listed(rows: Sequence[Row], seen: Mapping[str, Visit] | None, output: Output) -> str:
    """The rows for a person: a table where there is room, else a few lines for each."""
    width = output.size[0] if output.is_terminal else _PIPE
    return _table(rows, seen, output, width) if width >= _WIDE else _sheet(rows, seen, output)


def _table(rows: Sequence[Row], seen: Mapping[str, Visit] | None, output: Output, width: int) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "address", "verified"):
        table.add_column(heading, no_wrap=True)
    if seen is not None:
        table.add_column("now", no_wrap=True)
    table.add_column("about")
    for row in rows:
        cells = [row.name, row.address, row.verified]
        if seen is not None:
            cells.append(seen[row.name].state)
        table.add_row(*map(Text, cells), Text(_about(row, seen)))
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=output.moves,
        color_system=None,
        no_color=not output.colours,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _sheet(rows: Sequence[Row], seen: Mapping[str, Visit] | None, output: Output) -> str:
    page = Sheet(output)
    for row in rows:
        page.heading(row.name)
        page.line(row.address)
        verified = f"verified: {row.verified}"
        page.line(verified if seen is None else f"now: {seen[row.name].state}; {verified}")
        if about := _about(row, seen):
            page.line(about)
    return page.text()


def _about(row: Row, seen: Mapping[str, Visit] | None) -> str:
    if seen is not None:
        return clean_line(seen[row.name].said)
    return f"{row.title}. {row.notes}".rstrip()
