"""What was said before a conversation's first turn and since, and having the app know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast, get_args

import msgspec

from spacebridge import errors
from spacebridge.chat.components import is_chatbot
from spacebridge.chat.history import Said, form_of, read_history, said_in, shown, transcript, until
from spacebridge.chat.memory import HistoryMode, Memory, memory_of, states_needed
from spacebridge.chat.outgoing import as_upload
from spacebridge.shape import as_list, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spacebridge.chat.candidates import Candidate
    from spacebridge.gradio.upload import UploadFile
    from spacebridge.page.page import Page

__all__ = ["Past"]

_HELD = ("chatbot", "event")


class _Uploads(Protocol):
    async def upload(self, files: list[UploadFile]) -> list[dict[str, Any]]: ...


class Past:
    """What has been said in a conversation: what it began with, and its own turns.

    Args:
        said: the messages that it began with.
        system: the system message among them.
        value: what the chatbot of another conversation with the same app shows, where they come from there.
    """

    def __init__(self, said: Iterable[Said] = (), *, system: str | None = None, value: list[Any] | None = None) -> None:
        self.said = tuple(said)
        """What it began with."""
        self.system = system
        """Said with the first message, if no other is."""
        self.mode: HistoryMode | None = None
        """How the app was told what it began with; None before that, and if there was nothing to tell."""
        self._value = value
        self._told = not self.said and not value
        self._unsaid = False
        self._forgetful = False
        self._turns: list[Said] | None = []

    @classmethod
    def of(cls, history: Iterable[Any]) -> Past:
        """The past that a caller gives.

        Raises:
            InvalidMessages: see :func:`read_history`.
        """
        system, said = read_history(history)
        return cls(said, system=system)

    @property
    def has_files(self) -> bool:
        """Whether it began with files."""
        return any(message.files for message in self.said)

    def planned(self, page: Page, chat: Candidate) -> HistoryMode | None:
        """How the app is, or will be, told what the conversation began with."""
        return self.mode if self._told else memory_of(page.graph, chat, page.version).mode

    async def tell(self, page: Page, chat: Candidate, host: _Uploads) -> list[dict[str, Any]]:
        """Have the app know, if it does not yet, as far as that can be done without saying it.

        Returns:
            Files of earlier messages that have to be sent with the next one.

        Raises:
            SpacebridgeError: the connection or the app's protocol failed.
        """
        if self._told:
            return []
        memory = memory_of(page.graph, chat, page.version)
        if memory.component is not None:
            before = page.values.get(memory.component)
            page.values.set(memory.component, await self._held(page, chat, memory, host))
            failure = await page.run_alone(memory.event) if memory.event is not None else None
            if failure is not None:
                page.values.set(memory.component, before)
                page.listener.on_notice("warning", f"The app did not take the earlier messages: {failure.message}")
                memory = Memory("prompt")
        files: list[dict[str, Any]] = []
        if memory.mode == "prompt":
            self.said = self.said or said_in(self._value)
            files = [file for message in self.said for file in await _sent(message, host)]
            self._unsaid, self._forgetful = True, not memory.keeps
        self.mode, self._told = memory.mode, True
        return files

    def sets_again(self, page: Page, chat: Candidate) -> tuple[int, ...]:
        """The components that are set by telling the app what was said, if it can be told by an event."""
        event = memory_of(page.graph, chat, page.version).event
        return () if event is None else page.graph.dependencies[event].outputs

    def forgotten(self, page: Page, chat: Candidate) -> None:
        """The app has forgotten everything: before the next turn it is told what was said until now."""
        value = _shown(page, chat)
        if value is None and self._turns is not None:
            self.said = (*self.said, *self._turns)
        elif value is not None:
            self.said, self._value = said_in(value), list(value)
        self._turns, self._told = [], not self.said

    def asked(self, page: Page, chat: Candidate) -> int:
        """How many questions the chatbot shows."""
        return _count(said_in(_shown(page, chat)))

    def cleared(self, page: Page) -> None:
        """The page has cleared the chat by itself, as some do when a system prompt is set: nothing was said."""
        if self._forgetful:  # it is told again with each message
            return
        self.said, self._value, self._turns, self.mode, self._told = (), None, [], None, True
        told = "The page has cleared the chat with what was set: the app has forgotten what was said before."
        page.listener.on_notice("warning", told)

    def with_past(self, prompt: str, system: str | None) -> str:
        """A message as it is sent: with what the app does not know by itself."""
        if not self._unsaid:
            return prompt if system is None else f"{system}\n\n{prompt}"
        said = [("system", system or ""), *((each.role, each.text) for each in (*self.said, *(self._turns or ())))]
        return transcript(said, prompt)

    def knows(self, page: Page, chat: Candidate, component: int, event: str) -> bool:
        """Whether an event about what was said can work: not before a first turn, if it needs what only that sets.

        The app has been told of the messages, not of all that it had made of them.
        """
        if self.mode is None or self._turns != []:
            return True
        if self.mode == "prompt":
            return False
        return states_needed(page.graph, component, event, chat.output) <= set(self.sets_again(page, chat))

    def turned(self, prompt: str, answer: str) -> None:
        """A turn has ended well: this was said, and that came back."""
        if self._turns is not None:
            self._turns += [Said("user", prompt), Said("assistant", answer)]
        self._unsaid = self._forgetful

    def again(self, answer: str) -> None:
        """The last answer was made anew."""
        prompt = self._turns[-2].text if self._turns else ""
        self.back(1)
        self.turned(prompt, answer)

    def back(self, turns: int) -> None:
        """So many turns were taken back."""
        left = _count(self._turns or ()) - turns
        self._turns = list(_cut(self._turns, left)) if self._turns is not None and left >= 0 else None

    def branch(self, page: Page, chat: Candidate, turns: int | None) -> Past:
        """The past of a conversation that goes another way after so many turns; None: after all.

        Raises:
            NotOffered: there have not been so many, or it is not known what was said.
        """
        everything = None if self._turns is None else (*self.said, *self._turns)
        value = _shown(page, chat)
        if (
            self._told
            and value is not None
            and (everything is None or memory_of(page.graph, chat, page.version).mode in _HELD)
        ):
            cut = value if turns is None else until(value, turns)
            if cut is not None:
                return Past(system=self.system, value=list(cut))
        elif everything is not None and (turns is None or turns <= _count(everything)):
            return Past(everything if turns is None else _cut(everything, turns), system=self.system)
        raise errors.NotOffered(
            "It is not known what was said in this conversation."
            if turns is None
            else f"The conversation has not had {turns} turns, or it is not known what was said in them."
        )

    def dump(self) -> dict[str, Any]:
        """As plain data.

        Raises:
            InvalidConversation: files that have not been sent yet can't be kept.
        """
        if not self._told and self.has_files:
            raise errors.InvalidConversation(
                "The conversation begins with files that have not been sent yet.", hint="Dump it after its first turn."
            )
        found: dict[str, Any] = {"history_mode": self.mode}
        if self.said:
            found["history"] = [_plain(message) for message in self.said]
        if self._value is not None and not self._told:
            found["history_value"] = self._value
        if self.system:
            found["history_system"] = self.system
        if self._turns is not None:
            found["turns"] = [_plain(message) for message in self._turns]
        return found | {"history_repeats": True} if self._forgetful else found

    @classmethod
    def restored(cls, data: Mapping[str, Any]) -> Past:
        """What ``dump`` gave, or as much of it as there is.

        Raises:
            InvalidConversation: it makes no sense.
        """
        try:
            _, said = read_history(as_list(data.get("history")))
            _, turns = read_history(as_list(data.get("turns")))
        except errors.InvalidMessages as error:
            raise errors.InvalidConversation(f"The conversation's history makes no sense: {error.message}") from error
        value = data.get("history_value")
        past = cls(said, system=as_text(data.get("history_system")) or None, value=as_list(value) or None)
        past._turns = list(turns) if "turns" in data else None
        mode = data.get("history_mode")
        if mode in get_args(HistoryMode):
            past.mode, past._told = cast("HistoryMode", mode), True
            past._forgetful = data.get("history_repeats") is True
            past._unsaid = past._forgetful or (mode == "prompt" and not turns)
        return past

    async def _held(self, page: Page, chat: Candidate, memory: Memory, host: _Uploads) -> Any:
        """The value that holds what was said, behind what the page shows already."""
        component = page.graph.components[cast("int", memory.component)]
        if memory.mode in _HELD:
            if self._value is not None:
                return self._value
            form = form_of(component, page.version) or "messages"
            before = as_list(page.values.get(component.id))
            return before + shown(form, [(message, await _sent(message, host)) for message in self.said])
        said = self.said or said_in(self._value)
        held = shown("pairs" if _in_pairs(page, chat) else "messages", [(message, []) for message in said])
        return msgspec.json.encode(held).decode() if component.type == "textbox" else held


def _in_pairs(page: Page, chat: Candidate) -> bool:
    """Whether an app's functions think of a history as pairs, told from its chatbot, or if it is none, from any."""
    components = page.graph.components
    form = form_of(components[chat.output], page.version)
    forms = [form] if form is not None else [form_of(component, page.version) for component in components.values()]
    return "pairs" in forms


def _shown(page: Page, chat: Candidate) -> list[Any] | None:
    """What the chatbot shows; None where the answer shows elsewhere."""
    output = page.graph.components.get(chat.output)
    return as_list(page.values.get(chat.output)) if output is not None and is_chatbot(output) else None


def _count(said: Iterable[Said]) -> int:
    """How many turns there are: what the user says in several messages is one."""
    roles = [message.role for message in said]
    return sum(role == "user" and (not at or roles[at - 1] != "user") for at, role in enumerate(roles))


def _cut(said: Iterable[Said], turns: int) -> tuple[Said, ...]:
    """The first so many turns."""
    kept: list[Said] = []
    for message in said:
        if _count((*kept, message)) > turns:
            break
        kept.append(message)
    return tuple(kept)


def _plain(message: Said) -> dict[str, str]:
    return {"role": message.role, "content": message.text}


async def _sent(message: Said, host: _Uploads) -> list[dict[str, Any]]:
    return await host.upload([as_upload(file) for file in message.files]) if message.files else []
