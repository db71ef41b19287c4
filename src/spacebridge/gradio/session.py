"""One session of an app: calls under one session hash, direct or queued, and the outputs that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from spacebridge import errors
from spacebridge.gradio.diff import DiffError, GrowingValue, Operation, is_operations
from spacebridge.gradio.failures import error_from_output
from spacebridge.gradio.generations import generation_of
from spacebridge.gradio.messages import Output
from spacebridge.gradio.transport import Line, Submission
from spacebridge.log import logger
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.config import Config, Dependency
    from spacebridge.gradio.http import HttpClient
    from spacebridge.gradio.messages import Message

__all__ = ["CallListener", "Outcome", "Session"]

# Before 6.28 a run that died or was stopped leaves its last value behind, and a later run of the session may begin
# with a diff against it. So does each direct run of a generator, of which only the first value is taken. Asking for
# full values in place of diffs avoids that, where it can be asked.
_TAKES_SIMPLE_FORMAT = (4, 20)
_FORGETS_DEAD_RUNS = (6, 28)
# What is run directly has another address before.
_RUNS = (3, 12)

Form = Literal["diffs", "asked whole", "changes"]
"""How the outputs of an event come after the first: as diffs; whole because that was asked for; whole always, of which
the transport makes what changed."""


class CallListener(Protocol):
    """Is told what happens in a call, as it happens."""

    def on_status(self, message: Message) -> None:
        """A message that brings no output: ``estimation``, ``process_starts``, ``progress``, ``log``, …."""
        ...

    def on_output(self, position: int, value: GrowingValue, operations: list[Operation] | None) -> None:
        """An output changed: by these operations, or, if None, as a whole."""
        ...

    def on_step(self, output: Output) -> None:
        """A message but the last, whose outputs were told, says more: ``changed_state_ids`` or ``render_config``."""
        ...


class Outcome(msgspec.Struct, frozen=True):
    """How a call ended, if it did not fail."""

    cancelled: bool
    output: Output


class _Outputs:
    """The outputs of one event: full values first, then diffs, then full values again."""

    def __init__(self, listener: CallListener, form: Form) -> None:
        self._listener = listener
        self._form: Form = form
        self._values: list[GrowingValue] = []
        self._known: list[bool] = []
        self._begun = False

    def feed(self, output: Output) -> None:
        """Take the output of a ``process_generating``."""
        data = output.data
        if data is None:
            return
        if self._form == "changes" and not self._begun:
            self._take_whole(data)
        else:
            if len(data) > len(self._values):
                self._make_room(data)
            changes = self._begun and self._form != "asked whole"
            for position, item in enumerate(data):
                if changes:
                    if item:
                        self._grow(position, item)
                elif is_operations(item):
                    self._stale(position, item)
                else:
                    self._whole(position, item)
        self._begun = True
        if output.changed_state_ids or output.render_config is not None:
            self._listener.on_step(output)

    def complete(self, output: Output) -> None:
        """Take the output of a ``process_completed``: full values, whatever was before."""
        self._take_whole(output.data or [])

    def _take_whole(self, data: list[Any]) -> None:
        """Take full values; those that are as they were are not told."""
        before = len(self._values)
        self._make_room(data)
        for position, item in enumerate(data):
            if position >= before or not self._known[position] or self._values[position].get() != item:
                self._whole(position, item)

    def _make_room(self, data: list[Any]) -> None:
        while len(self._values) < len(data):  # an app that is reloaded can grow
            self._values.append(GrowingValue())
            self._known.append(True)

    def _whole(self, position: int, item: object) -> None:
        self._known[position] = True
        self._values[position].set(item)
        self._listener.on_output(position, self._values[position], None)

    def _grow(self, position: int, operations: list[Operation]) -> None:
        """Take what should be a diff."""
        if not self._known[position]:
            return
        value = self._values[position]
        try:
            value.apply(operations)
        except DiffError as error:
            self._lose(position, str(error))
            return
        self._listener.on_output(position, value, operations)

    def _stale(self, position: int, operations: list[Operation]) -> None:
        """A diff where a full value should be: one against the last value of a run that died or was stopped."""
        last = operations[-1]
        if self._form == "asked whole" and self._begun and self._known[position]:
            self._grow(position, operations)  # a release that does not know simple_format
        elif last[0] == "replace" and last[1] == []:
            self._whole(position, last[2])
        else:
            self._lose(position, "a diff against an unknown value")

    def _lose(self, position: int, why: str) -> None:
        logger.debug("output %d: %s; waiting for its final value", position, why)
        self._known[position] = False


class _Call:
    """Routes the messages of one event."""

    def __init__(self, listener: CallListener, outputs: _Outputs) -> None:
        self._listener = listener
        self._outputs = outputs

    def on_message(self, message: Message) -> None:
        if message.msg in ("process_generating", "process_streaming"):
            if message.output is not None and message.success is not False:
                self._outputs.feed(message.output)
        else:
            self._listener.on_status(message)


class Session:
    """Calls of one session hash.

    Args:
        http: the app's host.
        config: the app.
        session_hash: keys the app's State on the server.
        query: added to the addresses of ``/run`` and ``/queue/join``, such as ``__theme=light``.
        on_broken: called with a line of the event stream that is no message.
    """

    def __init__(
        self,
        http: HttpClient,
        config: Config,
        session_hash: str,
        *,
        query: str = "",
        on_broken: Callable[[bytes], None] | None = None,
    ) -> None:
        self.session_hash = session_hash
        self._http = http
        self._config = config
        self._query = f"?{query}" if query else ""
        self._running: dict[int, list[Submission]] = {}
        self._died = False
        generation = generation_of(config, http.host)
        self._diffs = generation.diffs
        line = Line(http, config, session_hash, query=query, whole=not generation.diffs, on_broken=on_broken)
        self._transport = generation.transport(line)

    async def call(
        self,
        dependency: Dependency,
        data: list[Any],
        listener: CallListener,
        *,
        trigger_id: int | None = None,
        event_data: object = None,
    ) -> Outcome:
        """Run a dependency's function on the server, as the page does.

        Args:
            dependency: which; ``queue`` says whether directly or through the queue.
            data: a value for each of its inputs; State is None.
            listener: is told of everything.
            trigger_id: id of the component whose event began it all.
            event_data: for functions that collect it.

        Raises:
            AppFailed, ValidationRefused: the function failed.
            ServerRefused, ConnectionLost, TimedOut, ProtocolError: the call could not be made or followed.
        """
        payload: dict[str, Any] = {
            "data": data,
            "event_data": event_data if dependency.collects_event_data else None,
            "fn_index": dependency.id,
            "trigger_id": trigger_id,
            "session_hash": self.session_hash,
        }
        asked = f"{dependency.name} of {self._http.host}"
        if not dependency.queue:
            return await self._run(payload, listener, asked, generator=dependency.generator)
        form: Form = "diffs" if self._diffs else "changes"
        if self._died and self._may_be_stale:
            form = "asked whole"
            payload["simple_format"] = True
        outputs = _Outputs(listener, form)
        submission = Submission(payload, _Call(listener, outputs).on_message)
        running = self._running.setdefault(dependency.id, [])
        running.append(submission)
        try:
            message = await self._transport.submit(submission)
            output = message.output
            if message.success is False or output is None or output.error is not msgspec.UNSET:
                raise self._failed(message, asked)
            if output.data is None:
                if not submission.cancelled:
                    raise errors.TurnCancelled(f"{asked} was cancelled on the server.")
                self._died = True
                return Outcome(cancelled=True, output=output)
        except errors.SpacebridgeError as error:
            self._died = True
            if not isinstance(error, errors.AppFailed | errors.TurnCancelled | errors.SessionLost):
                await self._transport.give_up(submission)
            raise
        except BaseException:
            self._died = True
            raise
        finally:
            running.remove(submission)
        outputs.complete(output)
        return Outcome(cancelled=False, output=output)

    async def cancel(self, fn_index: int | None = None) -> None:
        """Ask the server to stop what runs: one dependency, or all."""
        numbers = list(self._running) if fn_index is None else [fn_index]
        submissions = [submission for number in numbers for submission in self._running.get(number, ())]
        for submission in submissions:
            submission.cancelled = True
        for submission in submissions:
            await self._transport.cancel(submission)

    async def drain(self) -> None:
        """After a turn: let the server end the stream in its own way."""
        await self._transport.drain()

    async def aclose(self) -> None:
        """Let go of all connections and tasks of the session."""
        await self._transport.aclose()

    @property
    def _may_be_stale(self) -> bool:
        """Whether a run may begin with a diff against what another left, and can be asked for full values instead."""
        return self._diffs and _TAKES_SIMPLE_FORMAT <= self._config.version < _FORGETS_DEAD_RUNS

    async def _run(self, payload: dict[str, Any], listener: CallListener, asked: str, *, generator: bool) -> Outcome:
        if generator and self._may_be_stale:
            payload["simple_format"] = True
        where = "api" if self._config.version < _RUNS else "run"
        path = f"{self._config.api_prefix}/{where}/predict{self._query}"
        reply = await self._http.post(
            path, payload, limit="first_text", seconds=self._http.timeouts.first_text, accept_500=True
        )
        version = self._config.version
        fields = as_object(reply)
        if "error" in fields:
            raise error_from_output(fields["error"], title=fields.get("title"), version=version, asked=asked)
        try:
            output = msgspec.convert(fields, Output)
        except msgspec.ValidationError as error:
            raise errors.ProtocolError(f"{asked} gave a reply that makes no sense: {error}.") from error
        if output.data is None:
            raise errors.ProtocolError(f"{asked} gave a reply without data.")
        if generator and self._diffs and any(is_operations(item) for item in output.data):
            raise errors.ProtocolError(
                f"{asked} told only what differs from an earlier call, by a mistake of "
                f"Gradio {self._config.version_text}. Ask again."
            )
        outputs = _Outputs(listener, "changes")
        outputs.complete(output)
        return Outcome(cancelled=False, output=output)

    def _failed(self, message: Message, asked: str) -> errors.SpacebridgeError:
        output = message.output
        if output is None:
            return error_from_output(None, title=message.title, version=self._config.version, asked=asked)
        error = None if output.error is msgspec.UNSET else output.error
        title = message.title or output.title
        return error_from_output(error, title=title, version=self._config.version, asked=asked)
