"""What an answer holds besides text: thoughts and steps with titles, files, options; told as events when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.chat.bubbles import is_tooling
from spacebridge.chat.events import AttachmentAdded, AttachmentRemoved, Offered, Thought, ToolStep
from spacebridge.chat.files import files_in_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spacebridge.chat.attachment import Attachment
    from spacebridge.chat.bubbles import Bubble
    from spacebridge.chat.events import Event, Option
    from spacebridge.chat.files import FileValue

__all__ = ["Extras"]


class Extras:
    """Follows them through one turn.

    Args:
        emit: takes the events.
        attachment: makes an attachment of a file as the app names it.
        turn_id: of the turn.
    """

    def __init__(
        self, emit: Callable[[Event], None], attachment: Callable[[FileValue], Attachment], turn_id: str
    ) -> None:
        self._emit = emit
        self._attachment = attachment
        self._turn_id = turn_id
        self._thoughts: dict[str, Thought] = {}
        self._tools: dict[str, ToolStep] = {}
        self._files: dict[str, tuple[int, Attachment]] = {}
        self.options: tuple[Option, ...] = ()
        """What is offered now."""

    @property
    def thoughts(self) -> tuple[Thought, ...]:
        """Reasoning that has a title, as it is now."""
        return tuple(self._thoughts.values())

    @property
    def steps(self) -> tuple[ToolStep, ...]:
        """Tool steps as they are now."""
        return tuple(self._tools.values())

    @property
    def said(self) -> tuple[str, ...]:
        """What titled bubbles say that are no tool's as far as can be told: names of agents stand as titles, too."""
        return tuple(
            step.text
            for step in self._tools.values()
            if step.text.strip() and step.status is None and step.duration is None and not is_tooling(step.title)
        )

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Files as the app shows them now."""
        return tuple(attachment for _, attachment in self._files.values())

    @property
    def begun(self) -> bool:
        """Whether there is anything."""
        return bool(self._thoughts or self._tools or self._files)

    def look(self, bubbles: Sequence[Bubble], *, final: bool) -> None:
        """Take the bubbles of the answer as they are now, and tell what is new.

        Args:
            bubbles: of the answer.
            final: whether they are whole. Until then files that a text shows are not looked for.
        """
        files: dict[str, tuple[int, FileValue]] = {}
        options: tuple[Option, ...] = ()
        for index, bubble in enumerate(bubbles):
            if bubble.kind == "thought" and bubble.title:
                self._thought(index, bubble)
            elif bubble.kind == "tool":
                self._tool(index, bubble)
            options += bubble.options
            found: Iterable[FileValue] = (bubble.file,) if bubble.file is not None else ()
            if final and bubble.kind in ("text", "tool"):
                found = files_in_text(bubble.text)
            for file in found:
                if final or file.kind != "html":  # which is both text and a file, and may still grow
                    files.setdefault(file.key, (index, file))
        self._show(files)
        if options != self.options:
            self.options = options
            if options:
                self._emit(Offered(turn_id=self._turn_id, options=options))

    def _show(self, files: dict[str, tuple[int, FileValue]]) -> None:
        before, self._files = self._files, {}
        for key in before.keys() - files.keys():
            index, attachment = before[key]
            self._emit(AttachmentRemoved(turn_id=self._turn_id, bubble=index, attachment=attachment))
        for key, (index, file) in files.items():
            self._files[key] = known = before.get(key) or (index, self._attachment(file))
            if key not in before:
                self._emit(AttachmentAdded(turn_id=self._turn_id, bubble=index, attachment=known[1]))

    def _thought(self, index: int, bubble: Bubble) -> None:
        name = bubble.id or f"thought-{index}"
        thought = Thought(
            turn_id=self._turn_id,
            bubble=index,
            id=name,
            parent=bubble.parent,
            title=bubble.title,
            status=bubble.status,
            duration=bubble.duration,
            log=bubble.log,
        )
        if self._thoughts.get(name) != thought:
            self._thoughts[name] = thought
            self._emit(thought)

    def _tool(self, index: int, bubble: Bubble) -> None:
        name = bubble.id or f"step-{index}"
        step = ToolStep(
            turn_id=self._turn_id,
            bubble=index,
            id=name,
            parent=bubble.parent,
            title=bubble.title,
            text=bubble.text,
            status=bubble.status,
            duration=bubble.duration,
            log=bubble.log,
        )
        if self._tools.get(name) != step:
            self._tools[name] = step
            self._emit(step)
