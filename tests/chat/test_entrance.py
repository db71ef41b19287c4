"""Passing the gates of a page whose functions follow a script."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat.conversation import Conversation
from spacebridge.gradio.config import Component, Dependency
from spacebridge.gradio.session import Outcome
from tests.chat.hosted import conversation_on
from tests.chat.shapes import message
from tests.page.documents import component, listener
from tests.page.scripted import Running, Script, ScriptedSession

LOCKED, CHATBOT = component(1, interactive=False), component(2, "chatbot", value=[])
START = component(5, "button", value="Start")
OPEN = {"__type__": "update", "interactive": True}
ANSWERED = [message("user", "hi"), message("assistant", "yes")]


def gated(
    *more: Dependency, script: dict[int, Script], parts: list[Component] | None = None, reads: tuple[int, ...] = ()
) -> tuple[Conversation, ScriptedSession]:
    chat = listener(0, (1, "submit"), reads=[1, 2, *reads], writes=[2])
    return conversation_on([LOCKED, CHATBOT, *(parts or [START])], [chat, *more], {0: [ANSWERED], **script})


async def test_a_gate_is_passed_once_and_told():
    conversation, session = gated(listener(1, (5, "click"), writes=[1]), script={1: [OPEN]})
    first = await conversation.ask("hi")
    await conversation.ask("hi")
    assert session.order == [1, 0, 0]
    assert [notice.text for notice in first.notices] == [
        "Clicked button 5 'Start': it opens the message box, which is hidden or locked."
    ]
    assert conversation.dump().get_dict()["inside"] is True


async def test_a_box_is_ticked_and_a_menu_chosen_with_their_events():
    agree = component(5, "checkbox", label="I agree", value=False)
    menu = component(6, "dropdown", label="Model", choices=[["A", "a"], ["B", "b"]])
    conversation, session = gated(
        listener(1, (5, "change"), reads=[5], writes=[1]),
        listener(2, (6, "select"), (6, "input"), reads=[6]),
        script={1: [OPEN]},
        parts=[agree, menu],
        reads=(6,),
    )
    answer = await conversation.ask("hi")
    assert session.order == [1, 2, 2, 0]
    assert [call.data for call in session.calls if call.fn] == [[True], ["a"], ["a"]]
    assert session.calls[-1].data == ["hi", [], "a"]
    assert [notice.text.split(":")[0] for notice in answer.notices] == [
        "Ticked checkbox 5 'I agree'",
        "Chose 'a' in dropdown 6 'Model'",
    ]


async def test_of_a_menu_one_choice_after_the_other_is_tried_until_the_chat_is_open():
    way = component(5, "radio", label="Input", choices=["audio", "video", "text"], value="audio")
    asks = listener(1, (5, "input"), reads=[5], writes=[1])

    def show(run: Running) -> Outcome:
        return run.end(OPEN if run.call.data == ["text"] else {"__type__": "update"})

    conversation, session = gated(asks, script={1: show}, parts=[way])
    answer = await conversation.ask("hi")
    assert [call.data for call in session.calls if call.fn == 1] == [["video"], ["text"]]
    assert [notice.text for notice in answer.notices] == [
        "Chose 'text' in radio 5 'Input': it opens the message box, which is hidden or locked."
    ]


async def test_where_nothing_was_answered_it_is_told_what_the_app_wrote_beside_the_chat():
    conversation, _ = conversation_on(
        [component(1, label="Message"), CHATBOT],
        [listener(0, (1, "submit"), reads=[1, 2], writes=[1, 2])],
        {0: ["Please set your key first.", []]},
    )
    with pytest.raises(errors.EmptyAnswer) as caught:
        await conversation.ask("hi")
    assert caught.value.hint == "The app wrote 'Please set your key first.' into textbox 1 'Message'."


async def test_what_the_user_sets_is_not_chosen_again():
    menu = component(6, "dropdown", label="Model", choices=["a", "b"])
    conversation, session = gated(
        listener(1, (6, "change"), reads=[6], writes=[1]), script={1: [OPEN]}, parts=[menu], reads=(6,)
    )
    await conversation.ask("hi", settings={"model": "b"})
    assert session.calls[-1].data == ["hi", [], "b"]
    assert session.order == [1, 0]


async def test_a_refusal_says_what_the_page_wants():
    def refuse(_: Running) -> Outcome:
        raise errors.AppFailed("The app failed: Your name, please", detail="Your name, please")

    conversation, _ = gated(
        listener(1, (5, "click"), reads=[6], writes=[1]), script={1: refuse}, parts=[START, component(6, label="Name")]
    )
    with pytest.raises(errors.AppFailed) as caught:
        await conversation.ask("hi")
    assert "button 5 'Start' was answered with" in caught.value.message
    assert caught.value.detail == "Your name, please"
    assert "settings={'Name': …}" in caught.value.hint


async def test_a_text_that_only_the_user_knows_is_asked_for():
    key = component(5, label="API key")
    unlock = listener(1, (5, "submit"), reads=[5], writes=[1])
    conversation, session = gated(unlock, script={1: [OPEN]}, parts=[key])
    with pytest.raises(errors.InvalidSetting, match="API key"):
        await conversation.ask("hi")
    assert session.order == []
    answer = await conversation.ask("hi", settings={"API key": "secret"})
    assert session.order == [1, 0]
    assert answer.text == "yes"


async def test_a_page_that_stays_locked_is_used_all_the_same_and_said():
    conversation, session = gated(listener(1, (5, "click"), writes=[1]), script={1: [{"__type__": "update"}]})
    answer = await conversation.ask("hi")
    assert session.order == [1, 0]
    assert "still hides or locks" in answer.notices[-1].text


async def test_a_box_that_javascript_ticks():
    ticked: Any = component(6, "checkbox", visible=False, value=False)
    conversation, session = gated(
        listener(1, (5, "click"), writes=[6], backend_fn=False, js=True),
        listener(2, (6, "change"), writes=[1]),
        script={2: [OPEN]},
        parts=[START, ticked],
    )
    await conversation.ask("hi")
    assert session.order == [2, 0]


async def test_typing_fires_what_it_fires_once():
    """Where a change of the box is what sends, it is not fired before, too."""
    conversation, session = conversation_on(
        [component(1), component(2)], [listener(0, (1, "change"), reads=[1], writes=[2])], {0: ["yes"]}
    )
    assert (await conversation.ask("hi")).text == "yes"
    assert session.order == [0]


async def test_a_question_in_a_menu_that_takes_ones_own():
    menu: Any = component(1, "dropdown", label="Your question", choices=["Who?"], allow_custom_value=True)
    conversation, session = conversation_on(
        [menu, CHATBOT, component(5, "button", value="Ask")],
        [listener(0, (5, "click"), reads=[1, 2], writes=[2]), listener(1, (1, "key_up"), writes=[1])],
        {0: [ANSWERED], 1: [{"__type__": "update", "choices": ["Who?", "What?"]}]},
    )
    assert (await conversation.ask("hi")).text == "yes"
    assert [(call.fn, call.data, call.event_data) for call in session.calls] == [
        (1, [], {"key": "i", "input_value": "hi"}),
        (0, ["hi", []], None),
    ]


async def test_the_answer_may_show_elsewhere():
    """Markdown tells how far it is, and ends empty; HTML has the result."""
    conversation, _ = conversation_on(
        [component(1), component(2, "markdown"), component(3, "html")],
        [listener(0, (1, "submit"), reads=[1], writes=[2, 3])],
        {0: ["", "<p>yes</p>"]},
    )
    assert (await conversation.ask("hi")).text == "yes"


# Buttons that work on files

PICTURE, TEXT = component(7, "image"), ("a.png", b"x")


async def test_a_file_is_put_in_before_the_button_that_opens_the_chat_with_it():
    for reads in ([7], [7, 1]):
        conversation, session = gated(
            listener(1, (5, "click"), reads=reads, writes=[1]), script={1: [OPEN]}, parts=[START, PICTURE]
        )
        answer = await conversation.ask("hi", files=[TEXT])
        assert answer.text == "yes"
        assert session.order == [1, 0]
        assert session.calls[0].data[0]["path"].endswith("a.png")
        await conversation.ask("hi")
        assert session.order == [1, 0, 0]
        await conversation.ask("hi", files=[TEXT])
        assert session.order == [1, 0, 0, 1, 0]


async def test_a_page_that_wants_a_file_first_says_so():
    nothing = {"__type__": "update"}
    conversation, _ = gated(
        listener(1, (5, "click"), reads=[7], writes=[1]), script={1: [nothing]}, parts=[START, PICTURE]
    )
    with pytest.raises(errors.InvalidMessages, match="wants a file before one can chat: image 7") as caught:
        await conversation.ask("hi")
    assert "files=[…]" in caught.value.hint

    def refuse(_: Running) -> Outcome:
        raise errors.AppFailed("The app failed: A picture, please", detail="A picture, please")

    conversation, _ = gated(
        listener(1, (5, "click"), reads=[7], writes=[1]), script={1: refuse}, parts=[START, PICTURE]
    )
    with pytest.raises(errors.AppFailed, match="A picture, please") as caught:
        await conversation.ask("hi")
    assert "files=[…]" in caught.value.hint


async def test_a_button_for_files_is_not_pressed_without_one_where_one_can_chat():
    def begun() -> tuple[Conversation, ScriptedSession]:
        return conversation_on(
            [component(1), CHATBOT, START, PICTURE, component(8, "state")],
            [
                listener(0, (1, "submit"), reads=[1, 2, 8], writes=[2]),
                listener(1, (5, "click"), reads=[7], writes=[8]),
            ],
            {0: [ANSWERED], 1: [None]},
        )

    conversation, session = begun()
    assert conversation.layout.gates
    await conversation.ask("hi")
    assert session.order == [0]
    await conversation.ask("hi", files=[TEXT])
    assert session.order == [0, 1, 0]
    conversation, session = begun()
    await conversation.ask("hi", files=[TEXT])
    assert session.order == [1, 0]


async def test_a_file_for_which_the_page_has_no_place_any_more():
    close = {"__type__": "update", "interactive": False}
    conversation, session = gated(
        listener(1, (5, "click"), reads=[7], writes=[1, 7]), script={1: [OPEN, close]}, parts=[START, PICTURE]
    )
    await conversation.ask("hi", files=[TEXT])
    with pytest.raises(errors.FileRefused, match="takes no more files at image 7"):
        await conversation.ask("hi", files=[TEXT])
    assert session.order == [1, 0]
