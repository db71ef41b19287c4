"""What is left of a conversation whose app was started anew. Real servers are restarted in ``tests/spaces``."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spacebridge import errors
from spacebridge.chat.events import Notice
from spacebridge.chat.layout import find_layout
from spacebridge.chat.restart import goes_on, remembers
from spacebridge.gradio.config import Config, Target
from tests.chat.hosted import ScriptedHost, conversation_on
from tests.chat.shapes import message
from tests.page.documents import component, listener, page_config
from tests.page.scripted import Running, ScriptedSession

BOX, CHATBOT, STATE = component(1), component(2, "chatbot", value=[]), component(3, "state")
HIDDEN = component(4, visible=False)
LOAD = listener(9, (2, "load"), writes=[4])
BY_CHATBOT = listener(0, (1, "submit"), reads=[1, 2], writes=[2])


def keeps(*dependencies: Any) -> bool:
    config = page_config([BOX, CHATBOT, STATE, HIDDEN], dependencies)
    return remembers(config, find_layout(config).chat)


def test_a_history_in_the_chatbot_is_held_here():
    assert not keeps(BY_CHATBOT)


def test_a_history_in_a_state_is_not():
    assert keeps(listener(0, (1, "submit"), reads=[1, 3], writes=[2, 3]))


def test_a_state_that_only_carries_the_message_through_the_turn_is_no_memory():
    first = listener(0, (1, "submit"), reads=[1], writes=[1, 3])
    assert not keeps(first, listener(1, after=0, reads=[3, 2], writes=[2]))
    assert keeps(
        listener(0, (1, "submit"), reads=[1, 3], writes=[1, 3]), listener(1, after=0, reads=[3, 2], writes=[2])
    )


def test_a_key_that_opening_the_page_gives_is_one_of_something_that_the_app_keeps():
    chat = listener(0, (1, "submit"), reads=[1, 2, 4], writes=[2])
    assert keeps(chat, LOAD)
    assert not keeps(chat)
    assert not keeps(BY_CHATBOT, LOAD)
    # What people see, such as the choices of a model, is another thing.
    shown = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    assert not keeps(shown, msgspec.structs.replace(LOAD, targets=(Target(2, "load"),), outputs=(2,)))


@pytest.mark.parametrize(
    "changed",
    [
        {"version": (6, 32, 0)},
        {"api_prefix": ""},
        {"protocol": "sse_v2"},
        {"components": {1: BOX, 2: CHATBOT}},
        {"components": {1: component(1, "multimodaltextbox"), 2: CHATBOT, 3: STATE}},
        {"dependencies": {0: listener(0, (1, "submit"), reads=[1], writes=[2])}},
    ],
)
def test_another_page_is_another_conversation(changed: dict[str, Any]):
    before = page_config([BOX, CHATBOT, STATE], [BY_CHATBOT])
    chat = find_layout(before).chat
    assert goes_on(before, msgspec.structs.replace(before, app_id="2", title="Another title"), chat)
    assert not goes_on(before, msgspec.structs.replace(before, **changed), chat)


def test_a_chat_that_was_rendered_is_gone_with_its_session():
    rendered = page_config([BOX, CHATBOT], [BY_CHATBOT])
    empty = page_config([BOX, CHATBOT], [])
    assert not goes_on(empty, empty, find_layout(rendered).chat)


# In a conversation


def echo(running: Running) -> Any:
    return running.end([message("user", "hi"), message("assistant", "abc")])


def talk(memory: list[int]) -> tuple[Any, ScriptedSession, ScriptedHost, Config]:
    chat = listener(0, (1, "submit"), reads=[1, 2, *memory], writes=[2])
    host = ScriptedHost()
    conversation, session = conversation_on([BOX, CHATBOT, STATE], [chat], {0: echo}, host=host)
    return conversation, session, host, msgspec.structs.replace(host.config, app_id="2")


async def test_it_goes_on_and_says_so():
    conversation, session, host, again = talk([])
    await conversation.ask("hi")
    host.restarted = again
    answer = await conversation.ask("hi")
    assert [notice.level for notice in answer.notices] == ["warning"]
    assert isinstance(answer.notices[0], Notice)
    assert len(session.calls) == 2
    assert session.calls[1].data[1] == [message("user", "hi"), message("assistant", "abc")]
    assert conversation.dump().get_dict()["app_id"] == "2"


async def test_what_an_event_of_the_app_can_set_is_told_again():
    """As of ``ChatInterface`` of 5 and 6: its function reads a State, into which a step puts the chatbot's value."""
    chat = listener(0, (1, "submit"), reads=[1, 3], writes=[2])
    host = ScriptedHost()
    steps = [chat, listener(1, after=0, reads=[2], writes=[3])]
    conversation, session = conversation_on([BOX, CHATBOT, STATE], steps, {0: echo}, host=host)
    await conversation.ask("hi")
    host.restarted = msgspec.structs.replace(host.config, app_id="2")
    answer = await conversation.ask("hi")
    assert [notice.text for notice in answer.notices] == [
        "The app was restarted. The conversation goes on: the app is told again what was said."
    ]
    assert session.order == [0, 1, 1, 0, 1]
    assert session.calls[2].data == [[message("user", "hi"), message("assistant", "abc")]]
    assert conversation.history_mode == "event"


async def test_it_is_lost_and_nothing_is_said():
    conversation, session, host, again = talk([3])
    await conversation.ask("hi")
    host.restarted = again
    with pytest.raises(errors.SessionLost):
        await conversation.ask("hi")
    assert conversation.state == "lost"
    assert len(session.calls) == 1
    with pytest.raises(errors.SessionLost):
        conversation.stream("hi")


async def test_one_that_was_resumed_has_begun():
    conversation, session, host, again = talk([3])
    conversation.restore(conversation.dump())
    host.restarted = again
    with pytest.raises(errors.SessionLost):
        await conversation.ask("hi")
    assert session.calls == []


async def test_one_that_has_not_begun_gets_the_new_page():
    conversation, old, host, _ = talk([3])
    chat = listener(7, (11, "submit"), reads=[11], writes=[12])
    host.restarted = msgspec.structs.replace(
        page_config([component(11), component(12, "chatbot", value=[])], [chat]), app_id="2"
    )
    new = ScriptedSession({7: echo})
    host.sessions.append(new)
    assert (await conversation.ask("hi")).text == "abc"
    assert old.calls == []
    assert old.closed
    assert new.calls[0].data == ["hi"]
    assert conversation.layout.chat.output == 12


async def test_the_app_is_looked_at_after_a_failure():
    conversation, session, host, _ = talk([])

    def fail(running: Running) -> Any:
        raise errors.StreamCut("cut")

    await conversation.ask("hi")
    session.script[0] = fail
    with pytest.raises(errors.StreamCut):
        await conversation.ask("hi")
    assert host.looks == 0
    session.script[0] = echo
    await conversation.ask("hi")
    assert host.looks == 1
    await conversation.ask("hi")
    assert host.looks == 1
