"""Terminals that are not there."""

import io

from spacebridge.cli.terminal.streams import Output


class Screen(Output):
    """A terminal of a certain width."""

    def __init__(self, columns: int = 60) -> None:
        super().__init__(io.StringIO())
        self.is_terminal = self.moves = self.unicode = True
        self.colours = False
        self._size = columns, 24

    @property
    def size(self) -> tuple[int, int]:
        return self._size
