r"""Server-sent events out of raw chunks, without I/O.

Gradio writes one JSON document per event as ``data: {…}\n\n``; nothing else of the format is used by it. The
splitter nevertheless follows the WHATWG rules (any line ending, comments, several ``data`` lines), because proxies
stand between. It costs a search and a slice per event, and time linear in the bytes, however they are cut.
"""

from __future__ import annotations

from spacebridge.errors import FrameTooLarge

__all__ = ["FrameSplitter"]

_FIELD = b"data: "
_MARK = b"\xef\xbb\xbf"


class FrameSplitter:
    """Collects chunks of a ``text/event-stream`` and gives the data of each whole event.

    Args:
        limit: the most bytes the data of one event may have, or None.
    """

    __slots__ = ("_begun", "_buffer", "_data", "_limit", "_scanned", "_size", "_skip_newline")

    def __init__(self, limit: int | None = None) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._limit = limit
        self._data: list[bytes] = []
        self._size = 0
        """Bytes of the event's data so far, with a line feed for each line but the first."""
        self._skip_newline = False
        self._begun = False

    @property
    def pending(self) -> bool:
        """Whether the beginning of an event has come and its end has not."""
        return bool(self._buffer) or bool(self._data)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; return the data of every event that it completes, in order.

        Raises:
            FrameTooLarge: an event is over the limit; ``frames`` has the events before it.
        """
        events: list[bytes] = []
        try:
            if not self._buffer and not self._data and b"\r" not in chunk and not self._skip_newline:
                self._feed_whole(chunk, events)
            else:
                self._feed_lines(chunk, events)
        except FrameTooLarge as error:
            error.frames = events
            raise
        return events

    def _feed_whole(self, chunk: bytes, events: list[bytes]) -> None:
        """The ordinary case: nothing is pending and lines end with a line feed."""
        start = 0
        while (end := chunk.find(b"\n\n", start)) >= 0:
            if chunk.startswith(_FIELD, start) and chunk.find(b"\n", start, end) < 0:
                self._check(end - start)
                events.append(chunk[start + len(_FIELD) : end])
                self._begun = True
            else:
                self._feed_lines(chunk[start : end + 2], events)
            start = end + 2
        rest = chunk[start:]
        if rest:
            self._feed_lines(rest, events)

    def _feed_lines(self, chunk: bytes, events: list[bytes]) -> None:
        buffer = self._buffer
        if self._skip_newline and chunk:  # the second half of a CRLF that was cut
            chunk = chunk.removeprefix(b"\n")
            self._skip_newline = False
        buffer += chunk
        start = 0
        feed = buffer.find(b"\n", self._scanned)
        while True:
            carriage = buffer.find(b"\r", self._scanned, feed if feed >= 0 else len(buffer))
            end = carriage if carriage >= 0 else feed
            if end < 0:
                self._scanned = len(buffer)
                break
            after = end + 1
            if carriage >= 0:
                if after == len(buffer):
                    self._skip_newline = True
                elif buffer[after] == 0x0A:
                    after += 1
            event = self._line(bytes(buffer[start:end]))
            if event is not None:
                events.append(event)
            start = self._scanned = after
            if 0 <= feed < after:
                feed = buffer.find(b"\n", after)
        if start:
            del buffer[:start]
            self._scanned -= start
        self._check(len(buffer))

    def _line(self, line: bytes) -> bytes | None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_MARK)
        if not line:
            if not self._data:
                return None
            event = b"\n".join(self._data)
            self._data.clear()
            self._size = 0
            return event
        self._check(len(line))
        if line.startswith(b"data:") or line == b"data":
            value = line[5:].removeprefix(b" ")
            self._size += len(value) + bool(self._data)
            self._data.append(value)
            self._check(0)
        return None

    def _check(self, line: int) -> None:
        """Guard the limit, with so many bytes of a line that is not counted yet."""
        if self._limit is not None and self._size + max(0, line - len(_FIELD)) > self._limit:
            raise FrameTooLarge(f"An event of the stream is larger than {self._limit} bytes.")
