"""What was said, by turns: messages of every API, as a person and a model would have said them to each other."""

from __future__ import annotations

from typing import Literal

import msgspec

from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.tools import render_results, with_calls

__all__ = ["Memory", "Said", "Scribe", "Transcript"]


class Said(msgspec.Struct, frozen=True):
    """One thing that was said."""

    role: Literal["user", "assistant"]
    text: str
    files: tuple[File, ...] = ()


Transcript = tuple[Said, ...]
"""What was said, by turns: no two of a role follow each other."""


class Memory(msgspec.Struct, frozen=True):
    """What is kept of a conversation that a client goes on with by naming its last answer."""

    system: str = ""
    transcript: Transcript = ()


_NOTHING = Memory()


class Scribe:
    """Takes down messages in their order.

    Neighbouring messages of a role become one. Results of tools are the user's, in the order of their calls. A system
    message behind the first others belongs to what the user says next.
    """

    def __init__(self) -> None:
        self._system: list[str] = []
        self._said: list[Said] = []
        self._asking: list[str] = []
        self._files: list[File] = []
        self._results: list[tuple[str, str]] = []
        self._answering: list[str] = []
        self._calls: list[tuple[str, str, str]] = []
        self._order: list[str] = []
        """Identifiers of the calls in the last answer."""

    def system(self, text: str) -> None:
        """An instruction."""
        if self._said or self._asking or self._answering or self._calls or self._results:
            self.user(text)
        elif text.strip():
            self._system.append(text)

    def user(self, text: str, files: tuple[File, ...] = ()) -> None:
        """Something the user says."""
        self._end_answer()
        self._end_results()
        self._asking.append(text)
        self._files.extend(files)

    def result(self, call: str, text: str, files: tuple[File, ...] = ()) -> None:
        """The result of a call."""
        self._end_answer()
        self._results.append((call, text))
        self._files.extend(files)

    def assistant(self, text: str) -> None:
        """Something the model said; nothing, if it is empty."""
        if text:
            self._end_asking()
            self._answering.append(text)

    def call(self, call: str, name: str, arguments: str) -> None:
        """A call of a tool."""
        self._end_asking()
        self._calls.append((call, name, arguments))

    def answer(self) -> Said:
        """What the model said last."""
        self._end_answer()
        return self._said[-1] if self._said else Said("assistant", "")

    def taken(self, before: Memory = _NOTHING) -> tuple[str, Transcript]:
        """The system message, and all that was said.

        Args:
            before: what had been said already.

        Raises:
            Problem: 400; the user did not say anything last.
        """
        self._end_answer()
        self._end_asking()
        said, earlier = self._said, before.transcript
        if self._system and not said:  # the instruction is all there is to say
            said, self._system = [Said("user", "\n\n".join(self._system))], []
        system = "\n\n".join(filter(None, [before.system, *self._system]))
        if not said or said[-1].role != "user":
            raise Problem("The last message must be the user's, or the result of a tool.", code="invalid_messages")
        if earlier and earlier[-1].role == said[0].role:
            last = earlier[-1]
            joined = Said(last.role, f"{last.text}\n\n{said[0].text}", last.files + said[0].files)
            return system, (*earlier[:-1], joined, *said[1:])
        return system, (*earlier, *said)

    def _end_answer(self) -> None:
        if not self._answering and not self._calls:
            return
        text = "\n\n".join(self._answering)
        calls = [(name, arguments) for _, name, arguments in self._calls]
        self._said.append(Said("assistant", with_calls(text, calls) if calls else text))
        self._order = [call for call, _, _ in self._calls]
        self._answering, self._calls = [], []

    def _end_results(self) -> None:
        if not self._results:
            return
        known = {call: place for place, call in enumerate(self._order)}
        ordered = sorted(self._results, key=lambda result: known.get(result[0], len(known)))
        self._asking.append(render_results(text for _, text in ordered))
        self._results = []

    def _end_asking(self) -> None:
        self._end_results()
        if self._asking:
            self._said.append(Said("user", "\n\n".join(filter(None, self._asking)), tuple(self._files)))
            self._asking, self._files = [], []
