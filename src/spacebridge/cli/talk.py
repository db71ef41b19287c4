"""One turn of a conversation, shown: what `ask` does once and `chat` again and again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from spacebridge.chat.events import Answer, Event
    from spacebridge.chat.turn import Turn
    from spacebridge.cli.options import SpaceOptions
    from spacebridge.cli.show.markup import Painter
    from spacebridge.cli.show.presenter import Presenter
    from spacebridge.cli.terminal.streams import Output
    from spacebridge.cli.terminal.waiting import Waiting
    from spacebridge.spaces.space import Space

__all__ = ["Display", "Heard", "connected", "form_for", "say"]

_LAST_WORDS = 0.5


@dataclasses.dataclass(kw_only=True)
class Display:
    """How turns are shown.

    Attributes:
        form: ``json``, ``plain``, or ``markdown``.
        settle: ``end`` shows the answer once, whole.
    """

    output: Output
    errors: Output
    waiting: Waiting
    form: Literal["json", "plain", "markdown"]
    reasoning: bool = False
    settle: Literal["now", "end"] = "now"
    _loading: asyncio.Task[Painter] | None = None

    def prepare(self) -> None:
        """Begin to load what rendering needs, while one waits for the Space anyway."""
        if self.form == "markdown" and self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(_painter, self.output))

    async def presenter(self) -> Presenter:
        """What shows one turn."""
        if self.form == "json":
            from spacebridge.cli.show.json_lines import JsonLines

            return JsonLines(self.output)
        if self.form == "plain":
            from spacebridge.cli.show.plain import PlainText

            return PlainText(self.output, self.errors, self.waiting, reasoning=self.reasoning)
        from spacebridge.cli.show.rendered import Rendered

        self.prepare()
        assert self._loading is not None  # noqa: S101 - just prepared
        painter = await self._loading
        return Rendered(self.output, self.errors, self.waiting, painter, reasoning=self.reasoning)


class Heard:
    """The answer so far."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """As much of it as came."""
        return "".join(self._parts)

    def feed(self, event: Event) -> None:
        """Listen to an event."""
        from spacebridge.chat.events import Rewritten, TextDelta

        if isinstance(event, TextDelta):
            self._parts.append(event.text)
        elif isinstance(event, Rewritten):
            self._parts = [self.text[: event.keep], event.replacement]


def form_for(output: Output, *, json: bool, markdown: bool | None) -> Literal["json", "plain", "markdown"]:
    """The form of answers: as asked for, else what suits the output."""
    if json:
        return "json"
    return "markdown" if (output.moves if markdown is None else markdown) else "plain"


@contextlib.asynccontextmanager
async def connected(options: SpaceOptions, waiting: Waiting, **more: Any) -> AsyncGenerator[Space]:
    """The Space, connected; until it is, one is told what is waited for."""
    from spacebridge.cli.terminal.clean import clean_line

    local = options.address.partition(":")[0] == "local"
    waiting.start("starting the embedded Space" if local else f"connecting to {clean_line(options.address)}")
    try:
        async with options.space(on_status=waiting.status, **more) as space:
            waiting.stop()
            yield space
    finally:
        waiting.stop()


async def say(
    display: Display,
    begin: Callable[[], Turn],
    *,
    heard: Heard | None = None,
) -> Answer:
    """Have a turn and show what comes; a cancellation stops the work on the server.

    Args:
        display: how it is shown.
        begin: makes the turn; what it raises is shown as the turn's.
        heard: remembers the answer so far, for whoever interrupts it.

    Raises:
        SpacebridgeError: of whatever kind. What had come until then is shown.
        BrokenPipeError: nobody reads any more.
    """
    presenter: Presenter | None = None
    try:
        async with begin() as turn:
            display.waiting.start("waiting for the answer")
            presenter = await display.presenter()
            async for event in turn:
                if heard is not None:
                    heard.feed(event)
                await presenter.feed(event)
    except BaseException as error:
        await _close(display, presenter, error)
        raise
    await _close(display, presenter, None)
    return turn.result()


async def _close(display: Display, presenter: Presenter | None, error: BaseException | None) -> None:
    display.waiting.stop()
    if presenter is None and display.form == "json":
        presenter = await display.presenter()
    if presenter is None:
        return
    # Whoever interrupts does not wait for a reader who does not read.
    limit = _LAST_WORDS if isinstance(error, asyncio.CancelledError) else None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await presenter.close(error)


def _painter(output: Output) -> Painter:
    from spacebridge.cli.show.markup import Painter

    return Painter(output)
