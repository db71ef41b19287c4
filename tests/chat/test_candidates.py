"""The ways to chat that a page offers: what leads where, and what speaks for it."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.candidates import Candidate, find_candidates, is_shown
from spacebridge.gradio.config import Component, Dependency
from spacebridge.page.graph import EventGraph
from tests.page.documents import component, listener

BOX, CHATBOT, STATE, SEND = (
    component(1, label="Message"),
    component(2, "chatbot"),
    component(3, "state"),
    component(4, "button", value="Send"),
)


def graph(components: list[Component], dependencies: list[Dependency], parents: Any = None) -> EventGraph:
    return EventGraph({c.id: c for c in components}, {d.id: d for d in dependencies}, parents)


def found(components: list[Component], *dependencies: Dependency, parents: Any = None) -> list[Candidate]:
    candidates, whole = find_candidates(graph(components, list(dependencies), parents))
    assert whole
    return candidates


def reasons(candidate: Candidate) -> str:
    return "; ".join(candidate.reasons)


# Where the text goes in


def test_a_text_that_is_typed_into_a_state():
    (chat,) = found(
        [BOX, CHATBOT, STATE, SEND],
        listener(0, (1, "change"), reads=[1], writes=[3]),
        listener(1, (4, "click"), reads=[3, 2], writes=[2]),
    )
    assert (chat.box, chat.trigger, chat.edges) == (1, 4, (1,))


def test_a_text_that_goes_in_beside_the_way():
    (chat,) = found(
        [BOX, CHATBOT, STATE],
        listener(0, (1, "submit"), reads=[1], writes=[3]),
        listener(1, (1, "submit"), reads=[3, 2], writes=[2]),
    )
    assert (chat.box, chat.edges) == (1, (1,))
    assert "-6 the text goes in beside the way to the answer" in chat.reasons


def test_a_box_that_a_step_before_may_have_filled_counts_less():
    """A button with a question of its own puts it into the box; another one only locks the box first."""
    canned = component(5, "button", value="Tell a joke")
    chats = found(
        [BOX, CHATBOT, SEND, canned],
        listener(0, (5, "click"), writes=[1]),
        listener(1, after=0, reads=[1, 2], writes=[2]),
        listener(2, (4, "click"), reads=[1, 2], writes=[2]),
    )
    assert [(chat.trigger, chat.box) for chat in chats] == [(4, 1), (5, 1)]
    assert "may put another text" in reasons(chats[1])


def test_a_box_that_only_canned_questions_fill_takes_no_text():
    locked = component(1, interactive=False)
    (way,) = found(
        [locked, CHATBOT, SEND], listener(0, (4, "click"), writes=[1]), listener(1, after=0, reads=[1], writes=[2])
    )
    assert way.box is None


def test_examples_do_not_send():
    assert not found([BOX, CHATBOT, component(5, "dataset")], listener(0, (5, "click"), reads=[1], writes=[1, 2]))


@pytest.mark.parametrize("event", ["change", "input"])
def test_a_box_that_answers_while_one_types(event: str):
    (chat,) = found([BOX, component(2)], listener(0, (1, event), reads=[1], writes=[2]))
    assert (chat.trigger, chat.event, chat.chatbot) == (1, event, False)
    assert "-3 it is sent by typing alone" in chat.reasons


# Where the answer comes out


@pytest.mark.parametrize(
    "kind, props",
    [
        ("mychatbot", {}),
        ("talklog", {"value": []}),
        ("messagelist", {"value": None}),
        ("panorama", {"avatar_images": [None, None], "likeable": True}),
    ],
)
def test_chatbots_of_others(kind: str, props: dict[str, Any]):
    (chat,) = found([BOX, component(2, kind, **props)], listener(0, (1, "submit"), reads=[1], writes=[2]))
    assert (chat.output, chat.chatbot) == (2, True)


def test_any_other_component_of_somebody_elses():
    other = component(2, "panorama", value={})
    (chat,) = found([BOX, other, component(5, "markdown")], listener(0, (1, "submit"), reads=[1, 2], writes=[2, 5]))
    assert (chat.output, chat.chatbot) == (2, False)
    assert "+20 the answer shows in a component of somebody else's (panorama)" in chat.reasons


@pytest.mark.parametrize("kind", ["antdbutton", "fancybutton"])
def test_buttons_of_others_show_no_answers_and_send(kind: str):
    button = component(4, kind, value="Go")
    (chat,) = found([BOX, CHATBOT, button], listener(0, (4, "click"), reads=[1], writes=[2, 4]))
    assert (chat.trigger, chat.output) == (4, 2)


def test_what_holds_others_shows_no_answer():
    frame = component(7, "antdcard", value="")
    assert not found([BOX, frame], listener(0, (1, "submit"), reads=[1], writes=[7]), parents={1: 7})


@pytest.mark.parametrize(
    "kind, props", [("antdxsender", {}), ("quickinput", {"value": ""}), ("teller", {"placeholder": "…", "value": None})]
)
def test_boxes_of_others(kind: str, props: dict[str, Any]):
    (chat,) = found([component(1, kind, **props), CHATBOT], listener(0, (1, "submit"), reads=[1], writes=[2]))
    assert (chat.box, chat.multimodal) == (1, False)


def test_a_box_of_somebody_elses_may_send_by_another_event():
    box = component(1, "quickinput", value="")
    (chat,) = found([box, CHATBOT], listener(0, (1, "send"), reads=[1], writes=[2]))
    assert chat.event == "send"


def test_the_answer_among_several_outputs():
    outputs = [
        component(5, label="Status"),
        component(6, label="Response", lines=8),
        component(7, label="Token count"),
    ]
    best, *others = found([BOX, *outputs], listener(0, (1, "submit"), reads=[1], writes=[5, 6, 7]))
    assert best.output == 6
    assert set(best.elsewhere) == {5, 7}
    assert {chat.output for chat in others} == {5, 7}
    assert "+5 its words speak of an answer" in best.reasons
    assert all("beside the answer" in reasons(chat) for chat in others)


def test_a_button_that_clears_everything_brings_only_the_likeliest():
    boxes = [component(100 + number) for number in range(50)]
    chats = found([BOX, SEND, *boxes], listener(0, (4, "click"), reads=[1], writes=[box.id for box in boxes]))
    assert len(chats) == 3


def test_a_chat_that_is_drawn():
    """`gr.render` writes nothing but the column that it draws into."""
    column = component(8, "column")
    drawing = listener(1, (3, "change"), reads=[3], writes=[8], renders=True)
    (chat,) = found([BOX, STATE, column], listener(0, (1, "submit"), reads=[1, 3], writes=[3]), drawing)
    assert (chat.output, chat.output_type, chat.edges) == (8, "column", (0, 1))
    assert "+20 the answer is drawn anew each time" in chat.reasons


# By themselves


@pytest.mark.parametrize("label", ["Profile", "User ID"])
def test_what_only_begins_the_session_that_another_way_reads(label: str):
    who, state, send = component(5, label=label), component(3, "state"), component(6, "button", value="Send")
    first, _ = found(
        [who, BOX, CHATBOT, state, send],
        listener(0, (5, "submit"), reads=[5], writes=[2, 3]),
        listener(1, (6, "click"), reads=[1, 3], writes=[2, 3]),
    )
    assert (first.box, first.trigger) == (1, 6)


def test_an_answer_that_a_timer_brings():
    timer = component(9, "timer", value=1)
    (chat,) = found(
        [BOX, CHATBOT, timer],
        listener(0, (1, "submit"), reads=[1], writes=[1]),
        listener(1, (9, "tick"), writes=[2]),
    )
    assert (chat.box, chat.output, chat.edges) == (1, 2, (0, 1))
    assert "-8 the answer comes by a timer" in chat.reasons


def test_an_answer_that_a_repeated_function_brings():
    (chat,) = found(
        [BOX, CHATBOT],
        listener(0, (1, "submit"), reads=[1], writes=[1]),
        listener(1, (0, "load"), writes=[2], every=1.0),
    )
    assert chat.edges == (0, 1)


def test_a_timer_is_no_way_without_text_nor_to_a_clock():
    timer = component(9, "timer", value=1)
    assert not found(
        [BOX, CHATBOT, SEND, component(5, "markdown"), timer],
        listener(0, (4, "click")),
        listener(1, (9, "tick"), writes=[2, 5]),
    )


# Where on the page


def tabbed(**tabs: Any) -> list[Candidate]:
    """Two tabs with a chat each."""
    return found(
        [
            component(10, "tabs", **tabs),
            component(11, "tabitem", label="Alpha", id="a"),
            component(12, "tabitem", label="Beta", id="b"),
            BOX,
            CHATBOT,
            component(21, label="Message"),
            component(22, "chatbot"),
        ],
        listener(0, (1, "submit"), reads=[1], writes=[2]),
        listener(1, (21, "submit"), reads=[21], writes=[22]),
        parents={11: 10, 12: 10, 1: 11, 2: 11, 21: 12, 22: 12},
    )


def test_the_tab_that_is_open_comes_first():
    assert [chat.place for chat in tabbed()] == [("Alpha",), ("Beta",)]
    assert [chat.place for chat in tabbed(selected="b")] == [("Beta",), ("Alpha",)]
    assert "-2 it is on a tab that is not open at first" in tabbed()[1].reasons


def test_what_stands_in_something_hidden_is_hidden():
    components = [BOX, CHATBOT, component(9, "column", visible=False), component(21), component(22, "chatbot")]
    parents = {1: 9, 2: 9}
    assert not is_shown(graph(components, [], parents), 1)
    chats = found(
        components,
        listener(0, (1, "submit"), reads=[1], writes=[2]),
        listener(1, (21, "submit"), reads=[21], writes=[22]),
        parents=parents,
    )
    assert [chat.box for chat in chats] == [21, 1]
    assert "the chatbot is hidden" in reasons(chats[1])


def test_a_chatbot_that_the_first_message_shows_is_not_hidden():
    hidden = component(2, "chatbot", visible=False)
    (chat,) = found(
        [BOX, hidden, component(9, "column")], listener(0, (1, "submit"), reads=[1], writes=[2, 9]), parents={2: 9}
    )
    assert "hidden" not in reasons(chat)


def test_circles_of_containers_end():
    circle = {1: 9, 9: 8, 8: 9}
    components = [BOX, CHATBOT, component(8, "column"), component(9, "column")]
    (chat,) = found(components, listener(0, (1, "submit"), reads=[1], writes=[2]), parents=circle)
    assert chat.place == ()


# Large pages


def huge(ways: int) -> tuple[list[Component], list[Dependency]]:
    """So many chats, each with a box, a button and a chatbot, and a chain that all have in common."""
    components: list[Component] = []
    dependencies: list[Dependency] = []
    for number in range(ways):
        box, button, chatbot = 3 * number + 1, 3 * number + 2, 3 * number + 3
        components += [component(box), component(button, "button", value="Send"), component(chatbot, "chatbot")]
        targets = [(box, "submit"), (button, "click")]
        dependencies.append(listener(number, *targets, reads=[box], writes=[chatbot], after=number - 1 or None))
    return components, dependencies


def test_a_page_of_ten_thousand_components_is_looked_through_only_so_far():
    components, dependencies = huge(3_400)
    candidates, whole = find_candidates(graph(components, dependencies))
    assert (candidates[0].box, candidates[0].output, whole) == (1, 3, False)
    assert len(candidates) < 1_000


@pytest.mark.parametrize(
    "props, box",
    [
        ({"label": "Your question", "allow_custom_value": True}, 5),
        ({"label": "Your question"}, None),
        ({"label": "Ask which model", "allow_custom_value": True}, None),
        ({"label": "Style", "allow_custom_value": True}, None),
        ({"label": "Questions", "allow_custom_value": True, "multiselect": True}, None),
    ],
)
def test_a_menu_is_a_box_where_one_may_write_a_question_and_there_is_no_other(props: dict[str, Any], box: int | None):
    menu = component(5, "dropdown", choices=["Why?"], **props)
    (chat,) = found([CHATBOT, SEND, menu], listener(0, (4, "click"), reads=[5, 2], writes=[2]))
    assert chat.box == box
    (chat,) = found([BOX, CHATBOT, SEND, menu], listener(0, (4, "click"), reads=[5, 1, 2], writes=[2]))
    assert chat.box == BOX.id


# Where the answer shows


def test_boxes_that_show_a_message_each_show_the_chat_together():
    hidden = [component(number, "markdown", visible=False) for number in range(10, 16)]
    (chat, *_) = found([BOX, *hidden], listener(0, (1, "submit"), reads=[1], writes=range(10, 16)))
    assert chat.parts == tuple(range(10, 16))
    shown = [component(number, "markdown") for number in range(10, 16)]
    (chat, *_) = found([BOX, *shown], listener(0, (1, "submit"), reads=[1], writes=range(10, 16)))
    assert chat.parts == ()
    (chat, *_) = found([BOX, *hidden[:3]], listener(0, (1, "submit"), reads=[1], writes=[10, 11, 12]))
    assert chat.parts == ()
