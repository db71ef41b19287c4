r"""Server-sent events out of raw chunks, without I/O.

Gradio writes one JSON document per event as ``data: {…}\n\n``; nothing else of the format is used by it. The
splitter nevertheless follows the WHATWG rules (any line ending, comments, several ``data`` lines), because proxies
stand between. It costs a search and a slice per event, and time linear in the bytes, however they are cut.
"""

from __future__ import annotations

from spacebridge.errors import FrameTooLarge

__all__ = ["FrameSplitter"]


class FrameSplitter:
    """Collects chunks of a ``text/event-stream`` and gives the data of each whole event.

    Args:
        limit: the most bytes one event may have, or None.
    """

    __slots__ = ("_buffer", "_data", "_limit", "_scanned", "_size", "_skip_newline")

    def __init__(self, limit: int | None = None) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._limit = limit
        self._data: list[bytes] = []
        self._size = 0
        self._skip_newline = False

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
            if chunk.startswith(b"data: ", start) and chunk.find(b"\n", start, end) < 0:
                self._check(end - start - 6)
                events.append(chunk[start + 6 : end])
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
        while True:
            feed = buffer.find(b"\n", self._scanned)
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
        if start:
            del buffer[:start]
            self._scanned -= start
        self._check(len(buffer) - len(b"data: "))

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            if not self._data:
                return None
            event = b"\n".join(self._data)
            self._data.clear()
            self._size = 0
            return event
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            self._size += len(self._data[-1]) + 1  # with the line's end: an empty line costs, too
            self._check(-1)
        return None

    def _check(self, extra: int) -> None:
        if self._limit is not None and self._size + extra > self._limit:
            raise FrameTooLarge(f"An event of the stream is larger than {self._limit} bytes.")
