"""What must be done on a page before one can chat, told from its configuration."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.gates import Gate, is_locked, next_gate
from spacebridge.chat.layout import Layout, find_layout
from spacebridge.gradio.config import Component, Dependency
from spacebridge.page.graph import EventGraph
from tests.page.documents import component, listener, page_config

LOCKED, BOX, CHATBOT, STATE = (
    component(1, interactive=False),
    component(1),
    component(2, "chatbot"),
    component(3, "state"),
)
DOOR, ROOM = component(10, "column"), component(11, "column", visible=False)


def button(number: int, text: str, **props: Any) -> Component:
    return component(number, "button", value=text, **props)


def send(reads: tuple[int, ...] = (1, 2)) -> Dependency:
    return listener(0, (1, "submit"), reads=reads, writes=[2])


def layout(components: list[Component], dependencies: list[Dependency], parents: Any = None) -> Layout:
    return find_layout(page_config(components, dependencies, parents=parents or {}))


def gates(components: list[Component], *dependencies: Dependency, parents: Any = None) -> tuple[Gate, ...]:
    return layout(components, list(dependencies), parents).gates


def test_an_open_page_has_no_gate():
    greet = button(5, "Start with a greeting")
    assert gates([BOX, CHATBOT, greet], send(), listener(1, (5, "click"), writes=[2])) == ()


@pytest.mark.parametrize("text", ["I agree", "Start chat", "同意", "Начать", "Go on"])
def test_a_button_that_shows_the_chat(text: str):
    (gate,) = gates(
        [BOX, CHATBOT, DOOR, ROOM, button(5, "I do not agree"), button(6, text)],
        send(),
        listener(1, (5, "click"), writes=[10, 11]),
        listener(2, (6, "click"), writes=[10, 11]),
        parents={1: 11, 2: 11, 5: 10, 6: 10},
    )
    assert (gate.component, gate.act, gate.edges, gate.needs) == (6, "click", (2,), ())
    assert gate.describe() == f"click button 6 {text!r}: it opens the message box, which is hidden or locked"


def test_a_box_to_tick_that_unlocks_the_message_box():
    agree = component(5, "checkbox", label="Yes, I have read it", value=False)
    (gate,) = gates([LOCKED, CHATBOT, agree], send(), listener(1, (5, "change"), reads=[5], writes=[1]))
    assert (gate.component, gate.act, gate.value) == (5, "tick", True)


@pytest.mark.parametrize("event", ["change", "input", "select"])
def test_a_menu_that_unlocks_the_message_box(event: str):
    menu = component(5, "dropdown", label="Model", choices=[["Pick one", ""], ["Small", "s"], ["Large", "l"]], value="")
    (gate,) = gates([LOCKED, CHATBOT, menu], send(), listener(1, (5, event), reads=[5], writes=[1]))
    assert (gate.act, gate.value) == ("choose", "s")
    assert gate.describe().startswith("choose 's' in dropdown 5 'Model'")


def test_of_a_menu_in_which_something_is_chosen_another_choice_opens_the_chat():
    way = component(5, "radio", label="Input", choices=["audio", "text", "both"], value="audio")
    (gate,) = gates([LOCKED, CHATBOT, way], send(), listener(1, (5, "input"), reads=[5], writes=[1]))
    assert (gate.value, gate.others) == ("text", ("both", "audio"))


@pytest.mark.parametrize("label, number", [("Select files", 0), ("Models to ask", 1)])
def test_of_several_things_none_is_a_choice_unless_they_are_models(label: str, number: int):
    menu = component(5, "dropdown", label=label, choices=["a", "b"], multiselect=True, value=None)
    assert len(gates([BOX, CHATBOT, menu], send(reads=(1, 2, 5)))) == number


def test_a_menu_with_several_choices_gets_a_list():
    menu = component(5, "dropdown", label="Models", choices=["a", "b"], multiselect=True)
    (gate,) = gates([LOCKED, CHATBOT, menu], send(), listener(1, (5, "change"), reads=[5], writes=[1]))
    assert gate.value == ["a"]


def test_one_gate_behind_the_other():
    load = button(6, "Load", visible=False)
    menu = component(5, "dropdown", label="Size", choices=["a"])
    found = gates(
        [LOCKED, CHATBOT, menu, load],
        send(),
        listener(1, (5, "change"), reads=[5], writes=[6]),
        listener(2, (6, "click"), reads=[5], writes=[1]),
    )
    assert [(gate.component, gate.act) for gate in found] == [(5, "choose"), (6, "click")]
    assert "what opens the message box" in found[0].why


def test_a_button_that_ticks_a_hidden_box_by_javascript():
    ticked = component(6, "checkbox", visible=False)
    (gate,) = gates(
        [BOX, CHATBOT, DOOR, ROOM, button(5, "Accept"), ticked],
        send(),
        listener(1, (5, "click"), writes=[6], backend_fn=False, js=True),
        listener(2, (6, "change"), writes=[10, 11]),
        parents={1: 11, 2: 11, 5: 10},
    )
    assert (gate.component, gate.opens) == (5, (1, 2))


def test_what_needs_a_name_says_so():
    name = component(5, label="Your name")
    parts = [BOX, CHATBOT, DOOR, ROOM, name, button(6, "Enter")]
    parents = {1: 11, 2: 11, 5: 10, 6: 10}
    found = layout(parts, [send(), listener(1, (6, "click"), reads=[5], writes=[10, 11])], parents)
    assert found.gates[0].needs == ("Your name",)
    assert "reads what is empty: 'Your name'" in found.gates[0].describe()
    assert [setting.label for setting in found.settings] == ["Your name"]
    (gate,) = gates(parts[:-1], send(), listener(1, (5, "submit"), reads=[5], writes=[10, 11]), parents=parents)
    assert (gate.act, gate.needs) == ("enter", ("Your name",))


def test_a_box_that_the_chat_reads_and_that_accepts_conditions_is_ticked():
    agree = component(5, "checkbox", label="I accept the terms", value=False)
    (gate,) = gates([BOX, CHATBOT, agree], send((1, 2, 5)))
    assert (gate.component, gate.act) == (5, "tick")
    for other in ({"label": "Use web search"}, {"label": "I accept the terms", "value": True}):
        assert gates([BOX, CHATBOT, component(5, "checkbox", **other)], send((1, 2, 5))) == ()


def test_a_model_is_chosen_where_none_is_and_the_chat_wants_to_know():
    def menu(**props: Any) -> Component:
        return component(5, "radio", **{"label": "Model", "choices": ["a", "b"]} | props)

    (gate,) = gates([BOX, CHATBOT, menu()], send((1, 2, 5)))
    assert (gate.act, gate.value) == ("choose", "a")
    for other in ({"value": "b"}, {"label": "Style"}, {"label": "Model (optional)"}, {"choices": []}):
        assert gates([BOX, CHATBOT, menu(**other)], send((1, 2, 5))) == ()
    assert gates([BOX, CHATBOT, menu()], send()) == ()


def test_a_start_button_that_sets_up_what_the_chat_reads():
    parts = [BOX, CHATBOT, STATE, button(5, "Start")]
    starts = listener(1, (5, "click"), writes=[3])
    (gate,) = gates(parts, send((1, 2, 3)), starts)
    assert (gate.component, gate.why) == (5, "it sets up what the chat reads")
    # Not if opening the page does so already, if it reads the chat, or if it says something else.
    assert gates(parts, send((1, 2, 3)), starts, listener(2, (0, "load"), writes=[3])) == ()
    assert gates(parts, send((1, 2, 3)), listener(1, (5, "click"), reads=[2], writes=[3])) == ()
    for text in ("Start over", "Clear", "New chat", "Start recording"):
        assert gates([BOX, CHATBOT, STATE, button(5, text)], send((1, 2, 3)), starts) == ()


def test_what_typing_shows_is_no_lock():
    hidden = button(4, "Send", visible=False)
    assert (
        gates(
            [BOX, CHATBOT, hidden, button(5, "Show")],
            listener(0, (4, "click"), reads=[1], writes=[2]),
            listener(1, (1, "change"), reads=[1], writes=[4]),
            listener(2, (5, "click"), writes=[4]),
        )
        == ()
    )


def test_a_tab_that_must_be_unlocked_first_and_one_that_need_not():
    tabs, tab = component(8, "tabs"), component(9, "tabitem", label="Chat", interactive=False)
    parents = {9: 8, 1: 9, 2: 9}
    parts = [BOX, CHATBOT, tabs, tab, button(5, "Begin")]
    (gate,) = gates(parts, send(), listener(1, (5, "click"), writes=[9]), parents=parents)
    assert gate.component == 5
    parts[3] = component(9, "tabitem", label="Chat")
    assert gates(parts, send(), listener(1, (5, "click"), writes=[9]), parents=parents) == ()


def test_the_page_as_it_is_now_counts():
    components = [LOCKED, CHATBOT, button(5, "Start")]
    dependencies = [send(), listener(1, (5, "click"), writes=[1])]
    chat = layout(components, dependencies).chat
    graph = EventGraph({c.id: c for c in components}, {d.id: d for d in dependencies})
    open_now = {1: True}

    def look(number: int, name: str) -> Any:
        return open_now.get(number) if name == "interactive" else graph.components[number].props.get(name)

    assert not is_locked(graph, chat, look)
    assert next_gate(graph, chat, look, set()) is None
    open_now[1] = False
    assert is_locked(graph, chat, look)
    assert next_gate(graph, chat, look, {5}) is None


@pytest.mark.parametrize("text, gate", [("Upload & Start Chat", True), ("Upload", False), ("Restart", False)])
def test_a_button_that_uploads_and_starts(text: str, gate: bool):
    assert bool(gates([LOCKED, CHATBOT, button(5, text)], send(), listener(1, (5, "click"), writes=[1]))) is gate
