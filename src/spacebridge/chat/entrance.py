"""What a person does on a page before sending: passing its gates, and writing the message into its box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge import errors
from spacebridge.chat.components import filled
from spacebridge.chat.gates import is_locked, next_gate, ticked_by
from spacebridge.page.user import TYPING, change_by_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.gates import Gate
    from spacebridge.chat.inlets import Inlet
    from spacebridge.page.page import Page

__all__ = ["enter", "write"]

_MOST_GATES = 6
_MOST_CHOICES = 4
_FILE_HINT = "Give it with the first message: files=[…], or --file."
_DONE = {"click": "Clicked", "tick": "Ticked", "choose": "Chose", "enter": "Pressed Enter in"}


async def enter(
    page: Page, chat: Candidate, failures: list[errors.SpacebridgeError], inlets: Sequence[Inlet] = ()
) -> None:
    """Do what the page wants before one can chat, step by step; what is done is given as a notice.

    Args:
        page: whose ``load`` events have run.
        chat: the way to chat.
        failures: to which whoever listens to the page adds what fails.
        inlets: where files go in. A button that works on files is only pressed without one if nothing else opens the
            chat.

    Raises:
        InvalidSetting: the page wants something that only the user knows.
        InvalidMessages: the page wants a file.
        AppFailed: the app refused, and the page is still locked.
    """
    done: set[int] = set()
    while len(done) < _MOST_GATES and (gate := next_gate(page.graph, chat, page.values.look, done)):
        done.add(gate.component)
        empty = [each for each in inlets if each.button == gate.component and not page.values.get(each.component)]
        if empty and not is_locked(page.graph, chat, page.values.look):
            continue
        if gate.act == "enter" and not gate.value:
            raise errors.InvalidSetting(f"The page wants {gate.name} filled in before one can chat.", hint=_hint(gate))
        failures.clear()
        _act(page, gate)
        await page.settle()
        for other in gate.others[:_MOST_CHOICES]:  # a menu of ways to ask, of which one is by writing
            if failures or not is_locked(page.graph, chat, page.values.look):
                break
            if next_gate(page.graph, chat, page.values.look, done):  # the choice was one, and something else is wanted
                break
            gate = msgspec.structs.replace(gate, value=other)
            _act(page, gate)
            await page.settle()
        chosen = f" {gate.value!r} in" if gate.act == "choose" else ""
        page.listener.on_notice("info", f"{_DONE[gate.act]}{chosen} {gate.name}: {gate.why}.")
        if failures and is_locked(page.graph, chat, page.values.look):
            said = failures[0]
            raise errors.AppFailed(
                f"The page does not let one chat: {gate.name} was answered with {said.message!r}",
                detail=said.detail if isinstance(said, errors.AppFailed) else "",
                hint=_hint(gate) if gate.needs else _FILE_HINT if empty else said.hint,
            ) from said
        if empty and is_locked(page.graph, chat, page.values.look):
            wanted = " or ".join(each.describe() for each in empty)
            raise errors.InvalidMessages(f"The page wants a file before one can chat: {wanted}.", hint=_FILE_HINT)
    if is_locked(page.graph, chat, page.values.look):
        page.listener.on_notice("warning", "The page still hides or locks its message box; it was used all the same.")


async def write(page: Page, chat: Candidate, prompt: str, files: list[dict[str, Any]], *, typed: bool = True) -> None:
    """Put a message into its box.

    Args:
        page: the page.
        chat: the way to chat that is used.
        prompt: the message.
        files: what goes into the box beside it, as the app wants them told.
        typed: whether as a user does, which fires what typing fires.
    """
    if chat.box is None:
        return
    if chat.box_type == "dropdown":  # which completes what one types, once for each key
        page.fire(chat.box, "key_up", {"key": prompt[-1:], "input_value": prompt})
        await page.settle()
    page.values.set(chat.box, filled(page.graph.components[chat.box], prompt, files))
    for event in TYPING if typed else ():
        if (chat.box, event) != (chat.trigger, chat.event):  # that is what the turn fires
            page.fire(chat.box, event)
    await page.settle()


def _act(page: Page, gate: Gate) -> None:
    number = gate.component
    if gate.act == "click":
        for listener in page.fire(number, "click"):
            for box in ticked_by(page.graph, listener):
                page.values.set(box, value=True)  # a user did not, so there is no ``input``
                page.fire(box, "change")
        return
    if gate.act == "enter":
        page.fire(number, "submit")
        return
    change_by_user(page, number, gate.value)


def _hint(gate: Gate) -> str:
    wanted = ", ".join(f"{label!r}: …" for label in gate.needs)
    return f"Give it as a setting: settings={{{wanted}}}, or --set."
