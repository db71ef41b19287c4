"""Events that arrived together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.chat.events import Event, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["joined"]


def joined(events: Sequence[Event]) -> Sequence[Event]:
    """The same events, with neighbouring deltas of a kind made one, so that they leave together."""
    found: list[Event] = []
    run: list[TextDelta | ReasoningDelta] = []

    def end_run() -> None:
        if len(run) > 1:
            kind = TextDelta if isinstance(run[0], TextDelta) else ReasoningDelta
            text = "".join(delta.text for delta in run)
            found.append(kind(text=text, turn_id=run[0].turn_id, bubble=run[0].bubble))
        else:
            found.extend(run)
        run.clear()

    for event in events:
        delta = isinstance(event, TextDelta | ReasoningDelta)
        if run and not (delta and type(event) is type(run[0])):
            end_run()
        if isinstance(event, TextDelta | ReasoningDelta):
            run.append(event)
        else:
            found.append(event)
    end_run()
    return found
