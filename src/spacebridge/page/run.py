"""One run of a dependency on a page, from the values it takes to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from spacebridge import errors
from spacebridge.gradio.messages import Output
from spacebridge.gradio.session import Outcome
from spacebridge.page.values import is_update, replaces

if TYPE_CHECKING:
    from spacebridge.gradio.config import Dependency
    from spacebridge.gradio.diff import GrowingValue, Operation
    from spacebridge.gradio.messages import Message
    from spacebridge.page.page import Page

__all__ = ["End", "Run"]

_LONGEST = 1e21
"""From here on JavaScript writes a number with an exponent."""

End = Literal["success", "failure", "cancel", "refused"]


class Run:
    """One run of a dependency; the listener of its call.

    Args:
        chain: how many runs it follows by ``.then`` and the like.
        trailing: whether it follows a run that was cancelled.
        alone: whether nothing that it would set off is.
    """

    def __init__(
        self,
        page: Page,
        dependency: Dependency,
        trigger: int | None,
        event_data: object,
        depth: int,
        *,
        chain: int = 0,
        trailing: bool = False,
        alone: bool = False,
    ) -> None:
        self.dependency = dependency
        self.trigger = trigger
        self.depth = depth
        self.chain = chain
        self.trailing = trailing
        self.alone = alone
        self.error: errors.SpacebridgeError | None = None
        """How it failed, once it is over."""
        self.streams = False
        """Whether it has given outputs before its end."""
        self._page = page
        self._event_data = event_data
        self._in_update: dict[int, bool] = {}
        self._data: list[Any] = [
            page.values.props(number) if position in dependency.component_prop_inputs else self._input(number)
            for position, number in enumerate(dependency.inputs)
        ]
        page.enter(self)

    def _input(self, number: int) -> Any:
        component = self._page.graph.components.get(number)
        if component is None or component.type == "state":
            return None
        value = self._page.values.get(number)
        if value is None and component.type == "json" and self.dependency.reads_address:
            return {}  # what the JavaScript makes of an address with nothing behind a "?"
        return _sent(value)

    async def run(self) -> None:
        """Run to the end; failures of the connection are raised, those of the app's function end the run."""
        end: End = "success"
        error: errors.SpacebridgeError | None = None
        try:
            outcome = await self._call()
        except errors.ValidationRefused as raised:
            end, error = "refused", raised
        except errors.TurnCancelled as raised:
            end, error = "cancel", raised
        except errors.AppFailed as raised:
            end, error = "failure", raised
        except errors.SpacebridgeError:
            if self.alone:
                self._page.leave(self)
            raise  # what it would have written is not there: it counts as running until the page is stopped
        except BaseException:
            self._page.leave(self)
            raise
        else:
            if outcome is not None and outcome.cancelled:
                end = "cancel"
            elif outcome is not None:
                self._page.step(self, outcome.output, final=True)
        self.error = error
        self._page.ended(self, end, error)

    async def _call(self) -> Outcome | None:
        page, dependency = self._page, self.dependency
        if page.must_not_begin(self):
            return Outcome(cancelled=True, output=Output())
        if dependency.js and (dependency.backend_fn or dependency.outputs):
            page.tell_of_javascript(dependency)
        if not dependency.backend_fn:
            return None
        return await page.session.call(
            dependency, self._data, self, trigger_id=self.trigger, event_data=self._event_data
        )

    def on_status(self, message: Message) -> None:
        """A status message of the call."""
        self._page.listener.on_status(self.dependency, message)

    def on_output(self, position: int, value: GrowingValue, operations: list[Operation] | None) -> None:
        """An output of the call changed."""
        self.streams = True
        if operations is None or replaces(operations):
            operations = None
            self._in_update[position] = is_update(value.get())
        in_update = self._in_update.get(position, False)
        self._page.output(self, position, value, operations, in_update=in_update)

    def on_step(self, output: Output) -> None:
        """A message says more than its outputs."""
        self._page.step(self, output, final=False)


def _sent(value: object) -> Any:
    """A value as a browser sends it: JavaScript has one kind of number, and writes ``1.0`` as ``1``.

    Functions see the difference: what they print, and what they count with that only takes whole numbers.
    """
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _LONGEST else value
