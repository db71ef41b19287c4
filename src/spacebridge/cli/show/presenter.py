"""What shows the events of a turn; one for each kind of reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.chat.events import Attachment, Event, Notice, Option, ToolStep
    from spacebridge.cli.terminal.streams import Output

__all__ = ["Presenter", "Steps", "attachment_line", "notice_line", "options_line"]


class Presenter(Protocol):
    """Shows one turn."""

    async def feed(self, event: Event) -> None:
        """Show an event.

        Raises:
            BrokenPipeError: nobody reads any more.
            AnswerRewritten: what was shown can't be taken back here.
        """
        ...

    async def close(self, error: BaseException | None) -> None:
        """The turn is over, because of an error or not."""
        ...


def notice_line(notice: Notice, output: Output) -> str:
    """A notice of the app as a line."""
    level = notice.level if notice.level != "info" else "note"
    title = notice.title if notice.title.lower() not in ("", notice.level) else ""
    said = ": ".join(part for part in (level, title, notice.text) if part)
    return " ".join(output.safe(said).split())


class Steps:
    """Steps of the app as lines: each once, when it is done."""

    def __init__(self) -> None:
        self._pending: dict[str, ToolStep] = {}
        self._told: set[str] = set()

    def line(self, step: ToolStep, output: Output) -> str:
        """The line for a step that is done; else an empty string."""
        if step.status == "pending":
            self._pending[step.id] = step
            return ""
        self._pending.pop(step.id, None)
        if step.id in self._told:
            return ""
        self._told.add(step.id)
        return _step_line(step, output)

    def rest(self, output: Output) -> list[str]:
        """Lines for the steps of which nobody said that they were done."""
        steps, self._pending = self._pending, {}
        return [_step_line(step, output) for step in steps.values() if step.id not in self._told]


def _step_line(step: ToolStep, output: Output) -> str:
    mark = output.glyph("•", "*") if step.status == "pending" else output.glyph("✓", "+")
    took = f" ({step.duration:.1f} s)" if step.duration is not None else ""
    return " ".join(output.safe(f"{mark} {step.title or step.text[:80]}{took}").split())


def attachment_line(attachment: Attachment, output: Output) -> str:
    """A file in an answer as a line; its URL stands last."""
    name = attachment.name or attachment.alt_text or ""
    inside = not attachment.url or attachment.url.startswith("data:")
    said = f"{attachment.kind}: {name + ' ' if name else ''}{'(came with the answer)' if inside else attachment.url}"
    return " ".join(output.safe(said).split())


def options_line(options: Sequence[Option], output: Output) -> str:
    """What the app offers to say next, numbered, as a line."""
    said = "  ".join(
        f"[{number}] {option.label} ({option.value})"
        if option.label not in ("", option.value)
        else f"[{number}] {option.value}"
        for number, option in enumerate(options, 1)
    )
    return " ".join(output.safe(f"offered: {said}").split())
