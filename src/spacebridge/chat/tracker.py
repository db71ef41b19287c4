"""The growing answer: from a chatbot's value, as it changes, to deltas, rewrites, reasoning and steps.

The text contract is in ``docs/text.md``. In short: the deltas joined are the final text, unless a rewrite came; what
is provisional is held back where that can be known; reasoning and tool steps are never mixed with the answer.

An operation that appends to the place that grew last is passed on without a look at the rest of the value, so that a
token costs the same however long the chat is.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, cast

from spacebridge import errors
from spacebridge.chat.events import Finished, ReasoningDelta, ReasoningRewritten, Rewritten, TextDelta
from spacebridge.chat.extras import Extras
from spacebridge.chat.footers import footer_suffix, is_footer, is_footer_apart
from spacebridge.chat.readers import Reader, plain_reader
from spacebridge.chat.rules import (
    CURSORS,
    WINDOW,
    TextRules,
    closing_suffix,
    cursor_suffix,
    ends_in_tail,
    held_suffix,
    may_close,
    opens_details,
    provisional_suffix,
    split_reasoning,
    stands_for_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.chat.attachment import Attachment
    from spacebridge.chat.bubbles import Bubble
    from spacebridge.chat.events import Event
    from spacebridge.chat.files import FileValue
    from spacebridge.gradio.diff import Operation
    from spacebridge.page.values import LiveValue

__all__ = ["AnswerTracker"]

_SEPARATOR = "\n\n"
_SPEAKING = ("text", "thought")
# A text that had no provisional end gets one by more text only if that goes on with one of a few short words.
_OPENING = 32
# Every such end has one of these in it, and most text has none.
_MARKS = re.compile(r"""[`<(="]""")
# So often a line may have looked like a live footer and been text all the same; then it is looked for no more.
_MISTAKES = 3


class AnswerTracker:
    """Follows one chatbot through one turn.

    Args:
        before: the chatbot's value before the turn.
        prompt: what was asked.
        rules: how the Space decorates its answers.
        tags: opening and closing tags that the chatbot turns into thought bubbles (``reasoning_tags``).
        provisional: matches the end of a text that the chatbot will rewrite when more comes.
        emit: takes the events.
        attachment: makes an attachment of a file as the app names it.
        turn_id: of the turn.
        limit: the most characters of an answer.
        at_end: whether the text is given once, whole, at the end.
        may_be_empty: whether no answer at all is no error.
        read: reads the chatbot's value.
    """

    def __init__(
        self,
        before: object,
        prompt: str,
        *,
        rules: TextRules,
        tags: tuple[str, ...] = (),
        provisional: re.Pattern[str] | None = None,
        emit: Callable[[Event], None],
        attachment: Callable[[FileValue], Attachment],
        turn_id: str = "",
        limit: int | None = None,
        at_end: bool = False,
        may_be_empty: bool = False,
        read: Reader = plain_reader,
    ) -> None:
        self._rules = rules
        self._read_value = read
        self._provisional = provisional
        self._recent = ""
        self._tags = tags
        self._starts = frozenset(tag[:1] for tag in tags)
        self._emit = emit
        self.extras = Extras(emit, attachment, turn_id)
        self._turn_id = turn_id
        self._limit = limit
        self._at_end = at_end
        self._may_be_empty = may_be_empty
        self.prompt = prompt
        """What was asked."""
        self._before = _Side(read(before, final=False))
        self._floor: int | None = None
        self._first = 0
        """The item of the value that asks; those before it are not read again while they stay as they are."""
        self._written = False
        self._value: LiveValue | None = None
        self._text = io.StringIO()
        self._length = 0
        self._reasoning = io.StringIO()
        self._bubble = 0
        self._hot: list[Any] | None = None
        self._hot_reasoning = False
        self._tails: dict[int, bool] = {}
        self._steps_seen: dict[int, set[str]] = {}
        self._placeholder_seen = False
        self._footer: str | None = None
        """The text with its end, where that was held back because it may be a live footer."""
        self._mistakes = 0
        self._shaky: str | None = None
        """The whole text as it was, since its end was rewritten: only what two steps agree on is given."""
        self.layout_changed = False
        self.rewritten = False

    @property
    def text(self) -> str:
        """The answer as streamed so far."""
        return self._text.getvalue()

    @property
    def reasoning(self) -> str:
        """The reasoning as streamed so far."""
        return self._reasoning.getvalue()

    @property
    def begun(self) -> bool:
        """Whether anything of the answer has been seen."""
        return bool(self._length or self._reasoning.tell() or self.extras.begun)

    def update(self, value: LiveValue, operations: list[Operation] | None) -> None:
        """Take a change of the chatbot's value.

        Raises:
            AnswerTooLarge: the answer is over the limit.
        """
        self._value = value
        self._written = True
        if operations is not None and self._hot is not None and self._grow(operations):
            return
        if operations is None or not all(_is_from(self._first, operation) for operation in operations):
            self._first = 0
        self._look(final=False)

    def finish(self) -> Finished:
        """The answer is complete: give what was held back, and the last event.

        Raises:
            EmptyAnswer: nothing was said.
        """
        if self._value is not None:
            self._first = 0
            self._look(final=True)
            said = _SEPARATOR.join(self.extras.said)
            if said and not self.text.strip():  # each bubble may have a title: the name of the agent that speaks
                self._to_text(said, said, final=True)
        text, reasoning = self.text, self.reasoning
        if not text.strip() and not self.extras.attachments and not self._may_be_empty:
            also = " There was reasoning, but no answer." if reasoning else ""
            raise errors.EmptyAnswer(f"The turn ended without an answer.{also}", partial=text)
        return Finished(
            turn_id=self._turn_id,
            text=text,
            reasoning=reasoning,
            layout_changed=self.layout_changed,
            options=self.extras.options,
        )

    # The ordinary token

    def _grow(self, operations: list[Operation]) -> bool:
        hot, reasoning = self._hot, self._hot_reasoning
        starts = self._starts | {"<"} if reasoning else self._starts
        for name, path, value in operations:
            if name != "append" or path != hot or not isinstance(value, str):
                return False
            if (
                value[-1:] in CURSORS
                or (starts and any(start in value for start in starts))
                or (reasoning and value.endswith("\n"))
                or ("\n" in value and value[-1] != "\n" and is_footer(value.rpartition("\n")[2]))
            ):
                return False
            if self._provisional is not None:
                self._recent = self._recent[-_OPENING:] + value
                if _MARKS.search(self._recent) and self._provisional.search(self._recent):
                    return False
        for _, _, value in operations:
            self._say(value, reasoning=reasoning)
        return True

    def _say(self, delta: str, *, reasoning: bool = False) -> None:
        if not delta:
            return
        self._length += len(delta)
        if self._limit is not None and self._length > self._limit:
            self._count(0)
        if reasoning:
            self._reasoning.write(delta)
            self._emit(ReasoningDelta(turn_id=self._turn_id, bubble=self._bubble, text=delta))
        else:
            self._text.write(delta)
            self._emit(TextDelta(turn_id=self._turn_id, bubble=self._bubble, text=delta))

    def _count(self, more: int) -> None:
        self._length += more
        if self._limit is not None and self._length > self._limit:
            raise errors.AnswerTooLarge(f"The answer is longer than {self._limit} characters.", partial=self.text)

    # Everything else

    def _look(self, *, final: bool) -> None:
        """Read the whole value and give what is new."""
        self._hot = None
        bubbles = self._answers(final=final)
        texts: list[str] = []
        thoughts: list[str] = []
        raw: list[str] = []
        speaking = [index for index, bubble in enumerate(bubbles) if bubble.kind in _SPEAKING and bubble.text]
        for index, bubble in enumerate(bubbles):
            hot: bool | None = None
            whole = final or index < max(speaking, default=0)
            if bubble.kind == "text":
                thought, text, hot, held = self._read(index, bubble, whole=whole, final=final)
                thoughts.append(thought)
                texts.append(text)
                raw.append(text + held)
                if text:
                    self._bubble = index
            elif bubble.kind == "thought":
                held = 0 if whole else held_suffix(bubble.text, self._tags)
                thoughts.append(bubble.text[: len(bubble.text) - held])
                hot = True if bubble.text and not held else None
            if index == len(bubbles) - 1 and hot is not None and bubble.path is not None:
                self._hot, self._hot_reasoning = list(bubble.path), hot
        self.extras.look(bubbles, final=final)
        text = _SEPARATOR.join(filter(None, texts))
        self._to_reasoning(_SEPARATOR.join(filter(None, thoughts)), text)
        if not self._at_end or final:
            self._to_text(text, _SEPARATOR.join(filter(None, raw)), final=final)
            if self._shaky is not None:
                self._hot = None
        elif not self._hot_reasoning:
            self._hot = None  # the text is not given before the end

    def _answers(self, *, final: bool) -> list[Bubble]:
        """The bubbles that answer: after the last user bubble; where no new one shows, those that differ."""
        if self._value is None:
            return []
        value = self._value.get()
        now = _Side(self._read_value(value, final=final, first=self._first))
        if self._first and not now.users:  # what was asked has gone
            now = _Side(self._read_value(value, final=final))
        if self._floor is None:
            before = self._before
            if (above := now.above(before)) is not None:
                return above
            if now.users > before.users or now.last_user != before.last_user:
                self._floor = 0
            else:
                same = _common(now.after, before.after)
                if same < len(now.after):
                    self._floor = same
                elif final and self._written and (not now.users or now.last_user.strip() == self.prompt.strip()):
                    self._floor = 0  # asked the same, answered the same, shown in the same place
                else:
                    return []
        self._first = now.item
        return now.after[self._floor :]

    def _read(self, index: int, bubble: Bubble, *, whole: bool, final: bool) -> tuple[str, str, bool | None, str]:
        """Reasoning and answer in a text bubble, what an append to it is, and what of its end is held back.

        An append is text (False), reasoning (True), or not known (None). A bubble is whole at the end, or when a later
        one speaks: then nothing of it is held back.
        """
        rules, raw = self._rules, bubble.text
        text = self._without_tail(index, raw, final=final) if rules.tail is not None else raw
        if text.strip() in rules.placeholders:
            self._placeholder_seen = True
            return "", "", None, ""
        settled = rules.tail is None or (self._tails.get(index) is False and bool(text))
        thought, is_open = "", False
        if rules.reasoning:
            thought, text, is_open = split_reasoning(text, final=whole)
        held = 0 if whole or is_open else self._held(text)
        if held:
            return thought, text[:-held], None, text[-held:]
        hot: bool | None = None
        if is_open:
            hot = True if thought and raw.endswith(thought) and settled and not may_close(raw) else None
        elif text and settled and raw.endswith(text):  # else an append does not go on with the text
            hot = False
        return thought, text, hot, ""

    def _held(self, text: str) -> int:
        """How much of the end of a text is not yet what it will be."""
        if not self._text.tell() and stands_for_answer(text):
            return len(text)
        held = max(cursor_suffix(text), closing_suffix(text), self._footer_of(text))
        if self._tags:
            held = max(held, held_suffix(text, self._tags))
        if self._provisional is not None:
            held = max(held, provisional_suffix(text, self._provisional))
            self._recent = text[-WINDOW:]
        return held

    def _footer_of(self, text: str) -> int:
        """How much of the end of a text may be a footer that the next step rewrites."""
        before, self._footer = self._footer, None
        if before is not None and len(text) > len(before) and text.startswith(before):
            self._mistakes += 1
        if self._mistakes >= _MISTAKES or not (size := footer_suffix(text)):
            return 0
        if size == len(text) and self._text.tell():  # the answer's own first line
            return 0
        self._footer = text
        return size

    def _without_tail(self, index: int, raw: str, *, final: bool) -> str:
        tail = cast("str", self._rules.tail)
        start = ends_in_tail(raw, tail)
        body = raw if start is None else raw[:start]
        if not body.strip() and start is None:
            return raw
        if body.strip() in self._rules.placeholders:
            return body
        steps = self._steps_seen.setdefault(index, set())
        if len(steps) < 2:
            steps.add(body)
        if start is None:
            self._tails[index] = False
            return raw
        if not self._tails.setdefault(index, True):
            return raw
        if final and len(steps) == 1 and not self._placeholder_seen and opens_details(body):
            return raw  # all there is to go by is one text, and it ends in the summary of its own block
        return body

    def _to_reasoning(self, reasoning: str, text: str) -> None:
        so_far = self._reasoning.getvalue()
        if reasoning.startswith(so_far):
            self._say(reasoning[len(so_far) :], reasoning=True)
            return
        if not reasoning and so_far.strip() not in text:
            return  # the app shows it no more; what it thought it did think
        self._count(len(reasoning) - len(so_far))
        keep = _common(so_far, reasoning)
        self._reasoning = io.StringIO()
        self._reasoning.write(reasoning)
        self._emit(
            ReasoningRewritten(turn_id=self._turn_id, bubble=self._bubble, keep=keep, replacement=reasoning[keep:])
        )

    def _to_text(self, text: str, raw: str, *, final: bool) -> None:
        """Go on to a text, which is ``raw`` without what is held back of it."""
        so_far = self._text.getvalue()
        if self._shaky is not None:
            text = raw = self._firm(text, so_far, final=final)
        if text.startswith(so_far):
            self._say(text[len(so_far) :])
            return
        if raw.startswith(so_far):
            return  # what is held back now was given before it looked provisional
        kind = "layout" if _bare(text).startswith(_bare(so_far)) else "content"
        keep = _common(so_far, text)
        if kind == "content" and not final and keep < len(text) and is_footer_apart(so_far, keep):
            # A footer, most likely: what follows it now has one, too, and the next step shows where it begins.
            self._shaky, text = text, text[:keep]
        self._count(len(text) - len(so_far))
        if kind == "layout":
            self.layout_changed = True
        self.rewritten = True
        self._text = io.StringIO()
        self._text.write(text)
        self._emit(Rewritten(turn_id=self._turn_id, bubble=self._bubble, kind=kind, keep=keep, replacement=text[keep:]))

    def _firm(self, text: str, so_far: str, *, final: bool) -> str:
        """As much of a text as the next step will most likely leave as it is."""
        before, self._shaky = self._shaky or "", text
        if final or (len(text) > len(before) and text.startswith(before)):
            self._shaky = None
            return text
        if text == before and text.startswith(so_far):
            return so_far
        return text[: _common(before, text)]


class _Side:
    """A chatbot's bubbles, seen from the last thing the user said."""

    def __init__(self, bubbles: list[Bubble]) -> None:
        last = -1
        self.users = 0
        for index, bubble in enumerate(bubbles):
            if bubble.role == "user":
                last = index
                self.users += 1
        self.last_user = bubbles[last].text if last >= 0 else ""
        path = bubbles[last].path if last >= 0 else None
        self.item = path[0] if path and isinstance(path[0], int) else 0
        """Of the value, that has the last thing the user said; 0 where that is not known."""
        self.after = [bubble for bubble in bubbles[last + 1 :] if bubble.role == "assistant"]
        self._all = bubbles

    def above(self, before: _Side) -> list[Bubble] | None:
        """The answer where an app shows the newest first: what stands above all that was there before."""
        new = len(self._all) - len(before._all)
        if new <= 0 or not before.users or _common(self._all[new:], before._all) < len(before._all):
            return None
        if [bubble.text for bubble in self._all[: len(before._all)]] == [bubble.text for bubble in before._all]:
            return None  # asked the same, answered the same: below, as everywhere else
        return _Side(self._all[:new]).after


def _is_from(first: int, operation: Operation) -> bool:
    """Whether an operation leaves the items before one as they are."""
    path = operation[1]
    return bool(path) and isinstance(path[0], int) and path[0] >= first


def _common(one: Any, other: Any) -> int:
    """How many items or characters two sequences have in common at their beginning."""
    size = min(len(one), len(other))
    if isinstance(one, str):
        low, high = 0, size
        while low < high:  # the greatest length at which they agree
            middle = (low + high + 1) // 2
            if one[:middle] == other[:middle]:
                low = middle
            else:
                high = middle - 1
        return low
    for index in range(size):
        if _said(one[index]) != _said(other[index]):
            return index
    return size


def _said(bubble: Bubble) -> tuple[object, ...]:
    return bubble.kind, bubble.text, bubble.title, bubble.file and bubble.file.key


def _bare(text: str) -> str:
    return "".join(text.split())
