"""Answers for surfaces that can only append: ``str`` generators, OpenAI streams, a pipe."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from spacebridge import errors
from spacebridge.chat.events import Finished, Rewritten, TextDelta

if TYPE_CHECKING:
    from spacebridge.chat.events import Event

__all__ = ["AppendOnly"]


class AppendOnly:
    """Turns events into text that is only ever appended.

    After a layout rewrite the text goes on behind the place that corresponds, white space aside, to what was sent.
    After a content rewrite nothing more is sent, unless the final text goes on from what was sent after all.
    """

    def __init__(self) -> None:
        self._sent = io.StringIO()
        self._now = self._sent
        """The text as it is now: what was sent, until something is rewritten."""
        self._stuck = False
        self._hopeless = False
        """Whether deltas alone can't lead back to what was sent."""

    def feed(self, event: Event) -> str:
        """What to append because of an event; often nothing.

        Raises:
            AnswerRewritten: with ``Finished``, where the answer can't be reached by appending; it carries the text.
        """
        if isinstance(event, TextDelta):
            self._now.write(event.text)
            if not self._stuck:
                if self._now is not self._sent:
                    self._sent.write(event.text)
                return event.text
            if self._hopeless or self._now.tell() < self._sent.tell():
                return ""
            return self._catch_up(self._now.getvalue(), layout=False)
        if isinstance(event, Rewritten):
            text = self._now.getvalue()[: event.keep] + event.replacement
            self._now = io.StringIO()
            self._now.write(text)
            return self._catch_up(text, layout=event.kind == "layout")
        if isinstance(event, Finished):
            rest = self._catch_up(event.text, layout=event.layout_changed)
            if self._stuck:
                sent = self._sent.getvalue()
                raise errors.AnswerRewritten(
                    "The app changed the answer after parts of it had been sent.", text=event.text, partial=sent
                )
            return rest
        return ""

    def _send(self, text: str) -> str:
        self._sent.write(text)
        return text

    def _catch_up(self, text: str, *, layout: bool) -> str:
        """Go on to a text from what was sent; where its layout changed, from the place that corresponds."""
        sent = self._sent.getvalue()
        if text.startswith(sent):
            self._stuck = False
            return self._send(text[len(sent) :])
        place = _aligned(sent, text) if layout else None
        self._stuck = place is None
        self._hopeless = len(text) >= len(sent)
        return "" if place is None else self._send(text[place:])


def _aligned(sent: str, text: str) -> int | None:
    """The place in a text up to which it equals what was sent, white space aside; None if it does not."""
    position = 0
    for char in sent:
        if char.isspace():
            continue
        while position < len(text) and text[position].isspace():
            position += 1
        if position == len(text) or text[position] != char:
            return None
        position += 1
    trailing = sent[len(sent.rstrip()) :]
    blank = text[position : len(text) - len(text[position:].lstrip())]
    return position + (len(trailing) if blank.startswith(trailing) else len(blank))
