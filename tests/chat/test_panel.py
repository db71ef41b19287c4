"""Settings on a page that changes them itself."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge import errors
from tests.chat.hosted import ScriptedHost, conversation_on
from tests.chat.shapes import message
from tests.page.documents import component, listener
from tests.page.scripted import Running

BOX, BOT = component(1), component(2, "chatbot", value=[])
MODEL = component(3, "dropdown", label="Model", value="a", choices=["a", "b"])
VARIANT = component(4, "dropdown", label="Variant", value="a1", choices=["a1", "a2"])
SHOWN = [message("user", "hi"), message("assistant", "so")]
CHAT = listener(0, (1, "submit"), reads=[1, 2, 3, 4], writes=[2])
CHANGE = listener(1, (3, "change"), reads=[3], writes=[4])


def new_choices(running: Running) -> Any:
    return running.end({"__type__": "update", "choices": ["b1", "b2"], "value": "b1"})


def chat(*more: Any, components: tuple[Any, ...] = (MODEL, VARIANT)) -> Any:
    return conversation_on([BOX, BOT, *components], [CHAT, *more], {0: [SHOWN], 1: new_choices})


def test_settings_are_told_and_checked():
    conversation, _ = chat()
    assert conversation.settings == {"model": "a", "variant": "a1"}
    conversation.check({"model": "b", "Variant": "a2"})
    with pytest.raises(errors.InvalidSetting, match="'a1', 'a2'"):
        conversation.check({"variant": "b1"})
    with pytest.raises(errors.UnknownSetting):
        conversation.check({"other": 1})


async def test_what_is_set_stays_and_fires_once():
    conversation, session = chat(CHANGE)
    await conversation.ask("hi", settings={"model": "b"})
    assert conversation.settings == {"model": "b", "variant": "b1"}
    await conversation.ask("hi", settings={"model": "b"})
    assert session.order == [1, 0, 0]
    assert session.calls[1].data == ["hi", [], "b", "b1"]


async def test_one_setting_may_change_what_another_takes():
    conversation, session = chat(CHANGE)
    conversation.check({"model": "b", "variant": "b2"})
    await conversation.ask("hi", settings={"model": "b", "variant": "b2"})
    assert session.calls[1].data[2:] == ["b", "b2"]
    assert [setting.choices for setting in conversation.known_settings] == [("a", "b"), ("b1", "b2")]
    with pytest.raises(errors.InvalidSetting, match="'b1', 'b2'"):
        conversation.check({"variant": "a1"})


async def test_what_turns_out_not_to_be_allowed_ends_the_turn():
    conversation, session = chat(CHANGE)
    with pytest.raises(errors.InvalidSetting):
        await conversation.ask("hi", settings={"model": "b", "variant": "a1"})
    assert 0 not in session.order


async def test_choices_that_come_when_the_page_is_opened():
    load = listener(2, (1, "load"), writes=[3])
    empty = component(3, "dropdown", label="Model", choices=[])

    def choices(running: Running) -> Any:
        return running.end({"__type__": "update", "choices": ["x", "y"], "value": "x"})

    conversation, session = conversation_on([BOX, BOT, empty, VARIANT], [CHAT, load], {0: [SHOWN], 2: choices})
    assert "once it is opened" in conversation.known_settings[0].allowed()
    await conversation.ask("hi", settings={"model": "y"})
    assert session.calls[-1].data[2] == "y"
    with pytest.raises(errors.InvalidSetting, match="'x', 'y'"):
        conversation.stream("hi", settings={"model": "z"})


async def test_an_event_that_fails_is_told():
    def refuse(_: Running) -> Any:
        raise errors.AppFailed("No such model.", detail="No such model.")

    conversation, _ = conversation_on([BOX, BOT, MODEL, VARIANT], [CHAT, CHANGE], {0: [SHOWN], 1: refuse})
    answer = await conversation.ask("hi", settings={"model": "b"})
    assert [(notice.level, notice.text) for notice in answer.notices] == [("error", "No such model.")]


@pytest.mark.parametrize("events, entered", [(["submit"], True), (["submit", "change"], False), (["blur"], False)])
async def test_enter_where_a_box_waits_for_it(events: list[str], entered: bool):
    rule, kept = component(5, "textbox", label="Rule", value=""), component(6, "state")
    chat = listener(0, (1, "submit"), reads=[1, 2, 6], writes=[2])
    hearing = [listener(10 + n, (5, event), reads=[5], writes=[6]) for n, event in enumerate(events)]
    conversation, session = conversation_on([BOX, BOT, rule, kept], [chat, *hearing], {0: [SHOWN]})
    await conversation.ask("hi", settings={"rule": "Be brief."})
    assert (session.order == [10, 0]) is (entered or events == ["blur"])
    assert (10 + events.index("submit") in session.order) is entered if "submit" in events else True


SYSTEM, APPLY, KEPT = component(5, label="System"), component(6, "button", value="Set system"), component(7, "state")


@pytest.mark.parametrize("reads, names", [([5], {"model", "system"}), ([5, 1], {"model"})])
def test_what_a_button_applies_is_a_setting_unless_the_button_sends(reads: list[int], names: set[str]):
    asking = listener(0, (1, "submit"), reads=[1, 2, 3, 7], writes=[2])
    pressed = listener(1, (6, "click"), reads=reads, writes=[7])
    conversation, _ = conversation_on([BOX, BOT, MODEL, SYSTEM, APPLY, KEPT], [asking, pressed], {0: [SHOWN]})
    assert conversation.settings.keys() == names


async def test_the_button_that_applies_a_setting_is_pressed():
    asking = listener(0, (1, "submit"), reads=[1, 2, 7], writes=[2])
    pressed = listener(1, (6, "click"), reads=[5], writes=[7, 2])
    script: Any = {0: [SHOWN], 1: [None, []]}
    conversation, session = conversation_on([BOX, BOT, SYSTEM, APPLY, KEPT], [asking, pressed], script)
    for _ in range(2):
        await conversation.ask("hi", settings={"system": "Be brief."})
    assert session.order == [1, 0, 0]
    assert session.calls[0].data == ["Be brief."]


async def test_enter_where_a_box_begins_the_session_and_shows_what_was_said_before():
    who, state = component(5, label="User ID"), component(6, "state")
    sending = listener(0, (7, "click"), reads=[1, 6], writes=[2, 6])
    begin = listener(1, (5, "submit"), reads=[5], writes=[2, 6])
    conversation, session = conversation_on(
        [BOX, BOT, who, state, component(7, "button", value="Send")],
        [sending, begin],
        {0: [SHOWN, None], 1: [[], None]},
    )
    await conversation.ask("hi", settings={"user_id": "ada"})
    assert session.order == [1, 0]


async def test_enter_is_not_pressed_where_it_sends_the_message():
    rule = component(5, "textbox", label="Rule", value="")
    chat = listener(0, (1, "submit"), (5, "submit"), reads=[1, 2, 5], writes=[2])
    conversation, session = conversation_on([BOX, BOT, rule], [chat], {0: [SHOWN]})
    await conversation.ask("hi", settings={"rule": "Be brief."})
    assert session.order == [0]
    assert session.calls[0].data == ["hi", [], "Be brief."]


async def test_secrets_are_kept_out_of_traces_and_errors():
    key, host = component(5, "textbox", label="API key", type="password", max_length=20), ScriptedHost()
    chat = listener(0, (1, "submit"), reads=[1, 2, 5], writes=[2])
    conversation, _ = conversation_on([BOX, BOT, key], [chat], {0: [SHOWN]}, host=host)
    await conversation.ask("hi", settings={"api_key": "sesame"})
    assert host.hidden == ["sesame"]
    with pytest.raises(errors.InvalidSetting) as caught:
        conversation.check({"api_key": "open sesame " * 9})
    assert "sesame" not in str(caught.value)
