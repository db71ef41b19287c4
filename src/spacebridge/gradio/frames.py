r"""Server-sent events out of raw chunks, without I/O.

Gradio writes one JSON document per event as ``data: {…}\n\n``; nothing else of the format is used by it. The
splitter nevertheless follows the WHATWG rules (any line ending, comments, several ``data`` lines), because proxies
stand between. It costs a search per event, and time linear in the bytes, however they are cut. An event may have many
kilobytes, and hundreds may come in a second. So what is searched for is one byte, never two, which Python finds ten
times as slowly; and an event that came in one piece is not copied.
"""

from __future__ import annotations

import math

from spacebridge.errors import FrameTooLarge

__all__ = ["Frame", "FrameSplitter", "data_of"]

_FIELD = b"data: "
_MARK = b"\xef\xbb\xbf"

Frame = tuple[bytes, int, int]
"""The data of an event: bytes, and from where to where in them it stands."""


def data_of(frame: Frame) -> bytes:
    """The data of an event as bytes of its own."""
    data, start, stop = frame
    return data[start:stop]


class FrameSplitter:
    """Collects chunks of a ``text/event-stream`` and gives the data of each whole event.

    Args:
        limit: the most bytes the data of one event may have, or None.
    """

    __slots__ = ("_begun", "_data", "_limit", "_line", "_size", "_skip_newline")

    def __init__(self, limit: int | None = None) -> None:
        self._limit = math.inf if limit is None else limit
        self._line = bytearray()
        """A line whose end has not come."""
        self._data: list[bytes] = []
        """Lines of an event whose end has not come."""
        self._size = 0
        """Bytes of the event's data so far, with a line feed for each line but the first."""
        self._skip_newline = False
        self._begun = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take a chunk; return the data of every event that it completes, in order.

        Raises:
            FrameTooLarge: an event is over the limit; ``frames`` has the events before it.
        """
        events: list[Frame] = []
        start = 0
        if self._skip_newline and chunk:  # the second half of a CRLF that was cut
            chunk = chunk.removeprefix(b"\n")
            self._skip_newline = False
        if b"\r" in chunk:
            self._skip_newline = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        try:
            while (end := chunk.find(b"\n", start)) >= 0:
                if (
                    self._line
                    or self._data
                    or not chunk.startswith(_FIELD, start)
                    or not chunk.startswith(b"\n", end + 1)
                ):
                    self._take(chunk[start:end], events)
                    start = end + 1
                    continue
                # The ordinary case: the whole of an event.
                if end - start > self._limit:
                    self._check(end - start)
                events.append((chunk, start + len(_FIELD), end))
                self._begun = True
                start = end + 2
            if start < len(chunk):
                self._line += chunk[start:]
                self._check(len(self._line))
        except FrameTooLarge as error:
            error.frames = events
            raise
        return events

    def _take(self, line: bytes, events: list[Frame]) -> None:
        """Take the end of a line."""
        if self._line:
            self._line += line
            line = bytes(self._line)
            self._line.clear()
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_MARK)
        if not line:
            if self._data:
                data = b"\n".join(self._data)
                events.append((data, 0, len(data)))
                self._data.clear()
                self._size = 0
            return
        self._check(len(line))
        if line.startswith(b"data:") or line == b"data":
            value = line[6:] if line.startswith(_FIELD) else line[5:]
            self._size += len(value) + bool(self._data)
            self._data.append(value)
            self._check(0)

    def _check(self, line: int) -> None:
        """Guard the limit, with so many bytes of a line that is not counted yet."""
        if self._size + max(0, line - len(_FIELD)) > self._limit:
            raise FrameTooLarge(f"An event of the stream is larger than {self._limit} bytes.")
