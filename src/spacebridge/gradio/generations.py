"""Gradio's generations: what ``Config.protocol`` says of how queued events travel, and the transport for each.

Which release brought which protocol is from Gradio's own history (``gradio/blocks.py``, ``get_config_file``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from spacebridge import errors
from spacebridge.gradio.sse import EventStreams
from spacebridge.gradio.stream import EventStream
from spacebridge.gradio.websocket import WebSockets

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.config import Config
    from spacebridge.gradio.transport import Line, Transport

__all__ = ["GENERATIONS", "Generation", "generation_of"]


class Generation(NamedTuple):
    """One way in which queued events travel.

    Attributes:
        releases: of Gradio, that speak so.
        travel: the connections, in a few words.
        diffs: whether from the second on outputs come as operations on the ones before; else each comes whole.
        transport: what speaks so.
    """

    releases: str
    travel: str
    diffs: bool
    transport: Callable[[Line], Transport]

    def __str__(self) -> str:
        return f"{self.travel}, {'changes' if self.diffs else 'whole values'}; gradio {self.releases}"


def _ends(line: Line) -> Transport:
    return EventStream(line, closes=False)


def _closes(line: Line) -> Transport:
    return EventStream(line, closes=True)


GENERATIONS: dict[str, Generation] = {
    "ws": Generation("3", "a websocket for each event", diffs=False, transport=WebSockets),
    "sse": Generation("4.0 to 4.8", "an event stream for each event", diffs=False, transport=EventStreams),
    "sse_v1": Generation("4.9 to 4.16", "one event stream for a session", diffs=False, transport=_ends),
    "sse_v2": Generation("4.17 to 4.20", "one event stream for a session", diffs=True, transport=_ends),
    "sse_v2.1": Generation("4.21", "one event stream for a session", diffs=True, transport=_ends),
    "sse_v3": Generation("4.22 to 6", "one event stream for a session", diffs=True, transport=_closes),
}
"""By ``Config.protocol``."""


def generation_of(config: Config, host: str) -> Generation:
    """The generation of an app.

    Raises:
        ProtocolError: it speaks in a way that is not known here.
    """
    found = GENERATIONS.get(config.protocol)
    if found is None:
        raise errors.ProtocolError(
            f"{host} runs gradio {config.version_text}, whose protocol {config.protocol!r} is not spoken here "
            f"(known: {', '.join(GENERATIONS)}).",
            hint="A newer version of spacebridge may speak it.",
        )
    return found
