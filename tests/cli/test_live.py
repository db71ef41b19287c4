"""The live area, seen by a terminal that knows what we send."""

import re

from hypothesis import given
from hypothesis import strategies as st

from spacebridge.cli.show.markup import Line
from spacebridge.cli.terminal.live import LiveArea
from tests.cli.screens import Screen

COLUMNS, ROWS = 10, 6


class Emulator:
    """As much of a terminal as the live area needs; lines that scroll out of it are kept."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        for part in re.findall(r"\x1b\[\d*[A-Z]|[\r\n]|[^\x1b\r\n]", text):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self._down()
                self.column = 0  # as the line discipline does
            elif part.endswith("A") and part[0] == "\x1b":
                self.row -= int(part[2:-1])
                assert self.row >= max(0, len(self.lines) - ROWS), "above the screen"
                self.column = min(self.column, COLUMNS - 1)
            elif part == "\x1b[K":
                self.lines[self.row] = self.lines[self.row][: min(self.column, COLUMNS - 1)]
            elif part == "\x1b[J":
                self.lines[self.row] = self.lines[self.row][: min(self.column, COLUMNS - 1)]
                del self.lines[self.row + 1 :]
            else:
                self._put(part)

    def _put(self, char: str) -> None:
        if self.column == COLUMNS:
            self._down()
            self.column = 0
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + char + line[self.column + 1 :]
        self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")


class Recorded(Screen):
    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self._size = COLUMNS, ROWS
        self.emulator = Emulator()
        self.writes = 0

    def write_now(self, text: str) -> None:
        self.writes += 1
        self.emulator.write(text)


def lines(*texts: str) -> list[Line]:
    return [Line(text, len(text)) for text in texts]


TEXTS = st.lists(st.text("abc", max_size=COLUMNS), max_size=9)


@given(st.lists(st.tuples(TEXTS, st.lists(st.text("xyz", max_size=25), max_size=3))))
def test_what_stays_stays_and_what_grows_is_replaced(updates: list[tuple[list[str], list[str]]]):
    screen = Recorded()
    area = LiveArea(screen)
    kept: list[str] = []
    for growing, above in updates:
        area.update(lines(*growing), above=lines(*above))
        for text in above:
            kept += [text[i : i + COLUMNS] for i in range(0, len(text), COLUMNS)] or [""]
        shown = growing[-(ROWS - 1) :]
        assert screen.emulator.lines == [*kept, *(shown or [""])]


def test_only_what_changed_is_written():
    screen = Recorded()
    area = LiveArea(screen)
    area.update(lines("one", "two"))
    area.update(lines("one", "two"))
    assert screen.writes == 1
    area.clear()
    assert screen.emulator.lines == [""]
