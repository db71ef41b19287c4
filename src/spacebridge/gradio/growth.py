r"""Messages that repeat every output whole, read as what changed since the message before. Without I/O.

Gradio 3, and 4 up to 4.16, sends with each ``process_generating`` the full value of each output: of a chat of 50 turns
some 25 KB for each token. Here such a message is decoded only where it differs. After the first of an event, its
outputs are the operations that :mod:`spacebridge.gradio.diff` applies, as later releases send them.

It is done on the bytes. A message is taken apart into what stands before the array of outputs (``head``), the array,
and the rest. In the array a few texts are known to change, the leaves; all around them stays as it is::

    {"msg": "process_generating", "output": {"data": [[["Hello", "How are y"]], null], "is_generating": true, …
    └───────────────────── head ────────────────────┘└─ before ─┘└─ raw ─┘└─ after ──┘└──────── rest ────────

What stays is compared as bytes, and where they are the same, so is what they mean: nothing of it is decoded. What is
new of a leaf is decoded from where the old text ended, which is never within an escape or a character. Head and rest,
with a number for the array, are decoded as a message of their own: that gives the other fields, and proves that the
array is the ``data`` of the ``output``. A message that does not fit is decoded whole and compared with the one before,
which is decoded again; the texts that changed are the new leaves.
"""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from spacebridge.gradio.diff import Operation, difference
from spacebridge.gradio.frames import data_of
from spacebridge.gradio.messages import Message, Output, decode_message
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from spacebridge.gradio.frames import Frame

__all__ = ["GrowthDecoder"]

_FULL = ("process_generating", "process_streaming")
_MOST_LEAVES = 8
_MOST_EVENTS = 16
_TRIES = 4
# Stands for the array. Nobody can guess it, so that where it is found again it is in the array's place.
_MARK = [random.getrandbits(62)]
_MARKED = msgspec.json.encode(_MARK)

_DATA = re.compile(rb'"data"[ \t\n\r]*:[ \t\n\r]*(?=\[)')
_LOW_SURROGATE = re.compile(rb"\\u[dD][c-fC-F]")
_BACKSLASH = 0x5C
_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")

_texts = msgspec.json.Decoder(str)
_scanner = json.JSONDecoder()


class GrowthDecoder:
    """Decodes the messages of one session's stream, or of one connection.

    Of each event the outputs of the first ``process_generating`` are as they were sent; those of the others are lists
    of operations on the value before. All other messages are as :func:`decode_message` gives them.
    """

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: dict[str | None, _Event] = {}

    def decode(self, data: bytes, start: int = 0, stop: int | None = None) -> Message | None:
        """Decode one message; None if it is none.

        Args:
            data: has the message in it; what is around it is not looked at, and the message is not copied.
            start: where the message begins.
            stop: where it ends; default is the end of the bytes.
        """
        stop = len(data) if stop is None else stop
        for event in self._events.values():
            message = event.follow(data, start, stop)
            if message is not None:
                return message
        frame = data[start:stop]
        message = decode_message(frame)
        if message is None:
            return None
        if message.msg == "process_completed":
            self._events.pop(message.event_id, None)
        elif _tells(message):
            event = self._events.get(message.event_id)
            if event is None:
                if len(self._events) == _MOST_EVENTS:  # more than a page has at once: the first are dead
                    del self._events[next(iter(self._events))]
                self._events[message.event_id] = _Event(frame)
            else:
                event.compare(frame, message)
        return message


class _Leaf:
    """A text in the array of outputs that has changed, and where it stands."""

    __slots__ = ("before", "path", "position", "raw")

    def __init__(self, position: int, path: list[Any], before: bytes, raw: bytes) -> None:
        self.position = position
        """Of the output."""
        self.path = path
        """Within the output."""
        self.before = before
        """What stands between the leaf before, or the beginning of the array, and this one's text."""
        self.raw = raw
        """The text, as it is in the message."""


class _Event:
    """The outputs of one event.

    Args:
        frame: the first message with outputs.
    """

    __slots__ = ("_after", "_anchored", "_count", "_event_id", "_head", "_last", "_leaves", "_missed")

    def __init__(self, frame: bytes) -> None:
        self._last: Frame = (frame, 0, len(frame))
        """The last message with outputs."""
        self._event_id: str | None = None
        self._count = 0
        self._anchored = False
        """Whether the last message could be taken apart; then come its parts."""
        self._head = b""
        self._leaves: list[_Leaf] = []
        self._after = b""
        self._missed = 0
        """How many messages in a row did not fit."""

    def follow(self, data: bytes, start: int, stop: int) -> Message | None:
        """Take the next message if it differs from the last only in leaves and outside of the array; else None."""
        if not self._anchored:
            return None
        head = self._head
        if not data.startswith(head, start):
            found = _DATA.search(data, start, stop)
            if found is None:
                return None
            head = data[start : found.end()]
        at = start + len(head)
        changes: list[list[Operation]] = [[] for _ in range(self._count)]
        texts: list[bytes] = []
        for leaf in self._leaves:
            if not data.startswith(leaf.before, at):
                return None
            at += len(leaf.before)
            change = _change(leaf, data, at, stop)
            if change is None:
                return None
            end, operation = change
            if operation is not None:
                changes[leaf.position].append(operation)
            texts.append(data[at:end])
            at = end
        if not data.startswith(self._after, at):
            return None
        message = _decode_around(head, data[at + len(self._after) : stop])
        if message is None or message.event_id != self._event_id or not _tells(message):
            return None
        cast("Output", message.output).data = changes
        self._head, self._last, self._missed = head, (data, start, stop), 0
        for leaf, raw in zip(self._leaves, texts, strict=True):
            leaf.raw = raw
        return message

    def compare(self, frame: bytes, message: Message) -> None:
        """Take the next message, whatever it is like, and put what changed of the outputs into the place of them."""
        old, new = _outputs(decode_message(data_of(self._last))), _outputs(message)
        changes = [difference(one, other) for one, other in zip(old, new, strict=False)]
        changes += [[["replace", [], value]] for value in new[len(old) :]]
        cast("Output", message.output).data = changes
        self._last = frame, 0, len(frame)
        self._missed += 1
        # Where nothing ever fits, taking messages apart is in vain: it is tried less and less often.
        worth_it = self._missed <= _TRIES or not self._missed & (self._missed - 1)
        self._anchored = worth_it and self._anchor(frame, message.event_id, changes)

    def _anchor(self, frame: bytes, event_id: str | None, changes: list[list[Operation]]) -> bool:
        """Take a message apart at the texts that just changed and those that changed before; whether it could be."""
        found = _DATA.search(frame)
        if found is None:
            return False
        # Each byte a character, so that places are the same; what is looked at is ASCII.
        text = frame.decode("latin-1")
        places = [
            (position, path)
            for position, operations in enumerate(changes)
            for name, path, value in operations
            if name in ("append", "replace") and isinstance(value, str)
        ]
        places += [(leaf.position, leaf.path) for leaf in self._leaves if (leaf.position, leaf.path) not in places]
        head = frame[: found.end()]
        spans: list[tuple[int, int, int, list[Any]]] = []
        try:
            _, stop = _scanner.raw_decode(text, len(head))
            for position, path in places[:_MOST_LEAVES]:
                span = _locate(text, len(head), [position, *path])
                if span is not None:
                    spans.append((*span, position, path))
        except (ValueError, RecursionError):
            return False
        if _decode_around(head, frame[stop:]) is None:
            return False
        self._event_id, self._count, self._head = event_id, len(changes), head
        self._leaves = []
        at = len(head)
        for start, end, position, path in sorted(spans):
            self._leaves.append(_Leaf(position, path, frame[at:start], frame[start:end]))
            at = end
        self._after = frame[at:stop]
        return True


def _tells(message: Message) -> bool:
    """Whether a message tells outputs in mid-run."""
    output = message.output
    return message.msg in _FULL and message.success is not False and output is not None and output.data is not None


def _outputs(message: Message | None) -> list[Any]:
    return [] if message is None or message.output is None else message.output.data or []


def _change(leaf: _Leaf, data: bytes, at: int, stop: int) -> tuple[int, Operation | None] | None:
    """Read a leaf's text that begins at a place: its end, and what changed of it. None if there is no such text."""
    begin = at
    grown = data.startswith(leaf.raw, at)
    if grown:
        begin += len(leaf.raw)
        # It may be the second half of a character.
        if data.startswith(b"\\u", begin) and _LOW_SURROGATE.match(data, begin):
            grown, begin = False, at
    end = _closing_quote(data, begin, stop)
    if end < 0:
        return None
    if grown and end == begin:
        return end, None
    text = _decode_text(data[begin:end])
    return None if text is None else (end, ["append" if grown else "replace", [*leaf.path], text])


def _closing_quote(data: bytes, begin: int, stop: int) -> int:
    """Where the text ends that goes on at a place, or -1: at the first quote behind no odd number of backslashes."""
    end = data.find(b'"', begin, stop)
    while end > begin and data[end - 1] == _BACKSLASH:
        first = end - 1
        while first > begin and data[first - 1] == _BACKSLASH:
            first -= 1
        if (end - first) % 2 == 0:
            break
        end = data.find(b'"', end + 1, stop)
    return end


def _decode_text(raw: bytes) -> str | None:
    """Decode what stands between the quotes of a text as :func:`decode_message` does; None if it is none."""
    quoted = b'"%b"' % raw
    try:
        return _texts.decode(quoted)
    except NOT_JSON:
        pass
    try:
        return json.loads(quoted)
    except ValueError:
        return None


def _decode_around(head: bytes, rest: bytes) -> Message | None:
    """Decode a message without its outputs; None if what stood between the two parts was not the outputs."""
    message = decode_message(head + _MARKED + rest)
    if message is None or message.output is None or message.output.data != _MARK:
        return None
    return message


def _locate(text: str, at: int, path: list[Any]) -> tuple[int, int] | None:
    """Where the text at a path of some JSON begins and ends, without its quotes; None if there is none."""
    for step in path:
        place = _item(text, at, step) if isinstance(step, int) else _member(text, at, step)
        if place is None:
            return None
        at = place
    if not text.startswith('"', at):
        return None
    return at + 1, _skip(text, at) - 1


def _item(text: str, at: int, index: int) -> int | None:
    """Where an item of the array at a place begins."""
    if not text.startswith("[", at):
        return None
    at = _end(_SPACE, text, at + 1)
    for _ in range(index):
        if text.startswith("]", at) or (comma := _COMMA.match(text, _skip(text, at))) is None:
            return None
        at = comma.end()
    return None if text.startswith("]", at) else at


def _member(text: str, at: int, name: str) -> int | None:
    """Where the value of a member of the object at a place begins."""
    if not text.startswith("{", at) or not name.isascii():
        return None
    at = _end(_SPACE, text, at + 1)
    place = None
    while text.startswith('"', at):
        found, at = _scanner.raw_decode(text, at)
        at = _end(_COLON, text, at)
        if found == name:  # of two that have it the last one counts
            place = at
        comma = _COMMA.match(text, _skip(text, at))
        if comma is None:
            break
        at = comma.end()
    return place


def _skip(text: str, at: int) -> int:
    """The end of the JSON value at a place."""
    return _scanner.raw_decode(text, at)[1]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
