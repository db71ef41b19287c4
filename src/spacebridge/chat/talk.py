"""What a conversation goes on in: one session on the server, one turn at a time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

from spacebridge import errors
from spacebridge.chat.panel import Panel
from spacebridge.chat.past import Past
from spacebridge.chat.readers import output_value, plain_reader, reader_for
from spacebridge.chat.restart import goes_on
from spacebridge.chat.resume import JsonConversation
from spacebridge.chat.rules import PROVISIONAL
from spacebridge.chat.tracker import AnswerTracker
from spacebridge.chat.turn import Beginning, Fire, Turn, TurnEnd
from spacebridge.shape import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.events import Answer
    from spacebridge.chat.host import Host
    from spacebridge.chat.layout import Layout
    from spacebridge.page.graph import EventGraph
    from spacebridge.page.page import Page

__all__ = ["Settle", "State", "Talk"]

Settle = Literal["now", "end"]
State = Literal["clean", "partial", "lost"]

_VERSION = 1


class Talk:
    """One session on the server: its turns, its end, and what is kept of it to go on elsewhere.

    Args:
        host: the Space.
        page: of this session.
        layout: where the chat is on it.
        find: finds it again on a page that has been rendered anew.
        past: what was said before.
        settings: what is set before the first turn.
    """

    def __init__(
        self,
        host: Host,
        page: Page,
        layout: Layout,
        find: Callable[[EventGraph], Layout],
        *,
        past: Past | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._host = host
        self._page = page
        self._layout = layout
        self._find = find
        self._past = past or Past()
        self._panel = Panel(page, host.hide)
        self._to_set: dict[str, Any] = dict(settings or {})
        """Settings that the page does not have yet."""
        self._config = host.config
        """The app that holds the session."""
        self._begun = False
        """Whether anything was said, here or elsewhere."""
        self._turn: Turn | None = None
        self._numbers = itertools.count(1)
        self._said_system: str | None = None
        self._inside = False
        """Whether all has been done that the page wants before the first message."""
        self._failures: list[errors.SpacebridgeError] = []
        self.state: State = "clean"
        """``clean``; ``partial`` if the app may lack the last answer or a part of it; ``lost`` if it forgot all."""

    @property
    def session_hash(self) -> str:
        """Keys the app's State on the server."""
        return self._page.session.session_hash

    @property
    def layout(self) -> Layout:
        """Where the chat is on the page."""
        return self._layout

    def _begin(
        self,
        prepare: Callable[[Candidate], Awaitable[Fire]],
        *,
        prompt: Callable[[], str],
        before: Callable[[], Any] | None = None,
        settle: Settle,
        expects_answer: bool = True,
        done: Callable[[Answer], None],
    ) -> Turn:
        """A turn that does something to the page, fires an event and follows the chatbot.

        Args:
            prepare: does it, on the page that has been opened, and says what is fired.
            prompt: what is said, once that is known.
            before: what of the chatbot's value is no answer; all that is there if None.
            settle: whether text is given at once, or when it can't change any more.
            expects_answer: whether no answer is an error.
            done: is told the answer, if the turn ends well.

        Raises:
            TurnInProgress: another one is under way.
            SessionLost: the app has forgotten the session.
        """
        if self._turn is not None:
            raise errors.TurnInProgress("A turn of this conversation is under way.")
        if self.state == "lost":
            raise errors.SessionLost("The app has forgotten this conversation.")
        turn_id = f"{self.session_hash}-{next(self._numbers)}"

        async def begin() -> Beginning:
            page, host = self._page, self._host
            await page.load(host.timeouts.connect)
            chat = self._located()
            self._failures = turn.failed_before
            fire = await prepare(chat)
            self._begun = True
            chat = self._located()
            api, asked = self._layout.route == "api", prompt()
            # What the API returned last is no history.
            shown = before() if before else None if api else output_value(page, chat.output, chat.parts)
            tracker = AnswerTracker(
                shown,
                asked,
                rules=host.rules,
                tags=_reasoning_tags(page.values.prop(chat.output, "reasoning_tags")),
                provisional=PROVISIONAL.get(chat.output_type),
                emit=turn.emit,
                attachment=host.attachment,
                turn_id=turn_id,
                limit=host.limits.answer,
                at_end=settle == "end",
                may_be_empty=not expects_answer,
                read=plain_reader if api else reader_for(page.graph.components[chat.output], shown, asked),
            )
            elsewhere = {number: page.values.get(number) for number in chat.elsewhere}
            graph = page.graph.dependencies
            edges = [graph[edge] for edge in chat.edges if edge in graph]
            sending = frozenset(edge.id for edge in edges if chat.box in edge.inputs)
            memory = frozenset(number for edge in edges for number in edge.inputs if number != chat.box)
            return Beginning(tracker, chat.output, fire, elsewhere, chat.parts, sending, memory)

        turn = Turn(
            turn_id,
            page=self._page,
            verify=self._catch_up,
            begin=begin,
            timeouts=self._host.timeouts,
            limits=self._host.limits,
            slot=self._host.slot(),
            ended=lambda end: self._ended(end, turn, done),
        )
        self._turn = turn
        return turn

    def _ended(self, end: TurnEnd, turn: Turn, done: Callable[[Answer], None]) -> None:
        self._turn = None
        if end == "lost":
            self.state = "lost"
        elif end == "finished":
            self.state = "clean"
            self._host.vouch()
        else:
            self.state = "partial"
            self._host.doubt()
        if end in ("finished", "unsettled"):
            done(turn.result())

    async def _catch_up(self) -> None:
        """Notice that the app was restarted, and go on with it where that can be.

        Raises:
            SessionLost: the app held what the conversation needs, or its page is another one now.
        """
        host, before = self._host, self._config
        await host.verify()
        now = self._config = host.config
        if now.app_id == before.app_id:
            return
        if not self._begun:
            self._layout = host.layout
            await self._page.reopen(now, host.session(self.session_hash))
            self._inside = False
        elif goes_on(before, now, self._layout.chat):
            told = "The app was restarted. The conversation goes on: all that its answers are made of is held here."
            self._page.listener.on_notice("warning", told)
        elif goes_on(before, now, self._layout.chat, self._past.sets_again(self._page, self._layout.chat)):
            self._past.forgotten(self._page, self._layout.chat)
            told = "The app was restarted. The conversation goes on: the app is told again what was said."
            self._page.listener.on_notice("warning", told)
        else:
            raise errors.SessionLost("The app was restarted since and has forgotten this conversation.")

    def _located(self) -> Candidate:
        """The chat on the page as it is now: what was rendered anew has other ids."""
        chat, graph = self._layout.chat, self._page.graph
        known = {chat.box, chat.trigger, chat.output} <= graph.components.keys()
        if not known or not graph.dependencies.keys() >= set(chat.edges):
            self._layout = self._find(graph)
        return self._layout.chat

    def dump(self) -> JsonConversation:
        """What ``Space.conversation`` needs to resume this elsewhere. It can be written as JSON.

        Raises:
            InvalidConversation: it begins with files that have not been sent yet.
        """
        page = self._page
        initial = page.graph.components
        values: dict[str, Any] = {}
        for number, component in initial.items():
            value = page.values.get(number)
            if component.type != "state" and value != component.props.get("value"):
                values[str(number)] = value
        return JsonConversation(
            version=_VERSION,
            address=self._host.address,
            app_id=self._config.app_id,
            session_hash=self.session_hash,
            cookies=self._host.cookies(),
            values=values,
            state=self.state,
            loaded=page.loaded,
            inside=self._inside,
            system=self._said_system,
            route=self._layout.route,
            settings=self._to_set,
            **self._past.dump(),
        )

    def restore(self, dumped: JsonConversation) -> None:
        """Take over what ``dump`` gave, or as much of it as there is.

        Raises:
            InvalidConversation: it is of another version, or makes no sense.
        """
        data = dumped.get_dict()
        if data.get("version", _VERSION) != _VERSION:
            raise errors.InvalidConversation(
                f"The conversation was dumped in format {data['version']}; this version reads {_VERSION}."
            )
        for key, value in as_object(data.get("values")).items():
            if not str(key).isdecimal():
                raise errors.InvalidConversation(f"The conversation has a value for {key!r}, which is no component.")
            self._page.values.set(int(key), value)
        self._begun = True
        # The session was begun elsewhere: its load events have run, and would throw away what it holds.
        self._page.loaded = bool(data.get("loaded", True))
        self._inside = bool(data.get("inside", self._page.loaded))
        state = data.get("state", "clean")
        self.state = state if state in ("clean", "partial", "lost") else "clean"
        said = data.get("system")
        self._said_system = said if isinstance(said, str) else None
        self._to_set = as_object(data.get("settings"))
        self._past = Past.restored(data)

    async def aclose(self) -> None:
        """Leave a turn that is under way, and let go of the session's connections."""
        if self._turn is not None:
            await self._turn.aclose()
        await self._page.aclose()


def _reasoning_tags(raw: object) -> tuple[str, ...]:
    """The tags of a chatbot's ``reasoning_tags``, a list of pairs of an opening and a closing one."""
    return tuple(tag for pair in as_list(raw) for tag in as_list(pair) if isinstance(tag, str) and tag)
