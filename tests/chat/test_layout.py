from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.components import is_chatbot, takes_files, text_box
from spacebridge.chat.layout import Layout, find_layout
from spacebridge.errors import NoChatFound
from spacebridge.gradio.config import Component, Dependency, parse_config
from spacebridge.page.graph import EventGraph
from tests.doubles import wire
from tests.gradio.documents import config_body
from tests.page.documents import component, listener, page_config

BOX, CHATBOT, STATE, SEND = (
    component(1),
    component(2, "chatbot"),
    component(3, "state"),
    component(4, "button", value="Send"),
)


def layout(components: list[Component], dependencies: list[Dependency], **options: Any) -> Layout:
    return find_layout(page_config(components, dependencies), **options)


def looked_at(components: list[Component], dependencies: list[Dependency]) -> list[str]:
    with pytest.raises(NoChatFound) as caught:
        layout(components, dependencies)
    return list(caught.value.looked_at)


# Ways to send


def test_a_box_that_is_submitted():
    chat = layout([BOX, CHATBOT], [listener(0, (1, "submit"), reads=[1, 2], writes=[1, 2])]).chat
    assert (chat.box, chat.trigger, chat.event, chat.output) == (1, 1, "submit", 2)
    assert (chat.edges, chat.names, chat.chatbot, chat.multimodal) == ((0,), ("fn 0",), True, False)


def test_a_button_that_takes_the_text_of_a_box():
    chat = layout([BOX, CHATBOT, SEND], [listener(0, (4, "click"), reads=[1], writes=[2])]).chat
    assert (chat.box, chat.trigger, chat.event) == (1, 4, "click")


def test_a_box_that_sends_is_preferred_to_a_button():
    found = layout([BOX, CHATBOT, SEND], [listener(0, (4, "click"), (1, "submit"), reads=[1], writes=[2])])
    assert (found.chat.trigger, found.chat.event) == (1, "submit")
    assert [candidate.trigger for candidate in found.candidates] == [1, 4]


def test_the_answer_comes_at_the_end_of_a_chain():
    found = layout(
        [BOX, CHATBOT, STATE, component(5)],
        [
            listener(7, (1, "submit"), reads=[1], writes=[1, 5], api_name="clear"),
            listener(8, after=7, reads=[5, 2], writes=[2], queue=False),
            listener(9, after=8, reads=[2, 3], writes=[2, 3], generator=True, api_name="bot"),
            listener(6, after=9, reads=[2], writes=[3]),
        ],
    )
    assert found.chat.edges == (7, 8, 9)
    assert found.chat.names == ("/clear", "fn 8", "/bot")


def test_the_answer_may_come_by_a_change():
    """Of a State or a hidden box that the first step writes."""
    found = layout(
        [BOX, CHATBOT, STATE],
        [listener(0, (1, "submit"), reads=[1], writes=[3]), listener(1, (3, "change"), reads=[3], writes=[2])],
    )
    assert found.chat.edges == (0, 1)


@pytest.mark.parametrize("order", [[BOX, CHATBOT, STATE], [STATE, CHATBOT, BOX], [CHATBOT, STATE, BOX]])
def test_the_order_of_components_and_of_inputs_does_not_matter(order: list[Component]):
    """In Qwen-Agent's page the State comes first."""
    for reads in ([3, 2, 1], [1, 2, 3]):
        chat = layout(order, [listener(0, (1, "submit"), reads=reads, writes=[3, 2, 1])]).chat
        assert (chat.box, chat.output) == (1, 2)


def test_qwen_agents_page():
    config = parse_config(config_body(**wire.qwen_config("http://host")), where="here")
    found = find_layout(config)
    assert (found.chat.box, found.chat.output, found.chat.edges) == (5, 4, (1, 2))
    assert found.chat.multimodal
    assert found.chat.names == ("/add_text", "/agent_run")
    assert {setting.name for setting in found.settings} == {"model"}


def test_a_chat_interface():
    config = parse_config(config_body(**wire.interface_config("http://host")), where="here")
    found = find_layout(config)
    assert (found.chat.box, found.chat.event, found.chat.output) == (3, "submit", 1)
    assert found.chat.edges == (0, 1, 2)
    assert [setting.name for setting in found.settings] == ["system"]


# Which box


def test_the_box_of_the_message_is_not_that_of_the_system_prompt():
    system = component(5, label="System prompt", value="Be kind.")
    for reads in ([5, 1], [1, 5]):
        found = layout([system, BOX, CHATBOT, SEND], [listener(0, (4, "click"), reads=reads, writes=[2, 1])])
        assert found.chat.box == 1
        assert [setting.name for setting in found.settings] == ["system"]


def test_hidden_boxes_and_boxes_for_keys_are_not_those_of_the_message():
    hidden, key = component(5, visible=False), component(6, label="API key")
    found = layout([hidden, key, BOX, CHATBOT, SEND], [listener(0, (4, "click"), reads=[5, 6, 1], writes=[2])])
    assert found.chat.box == 1


@pytest.mark.parametrize("kind", ["multimodaltextbox", "modelscopemultimodalinput", "modelscopepromultimodalinput"])
def test_boxes_for_text_and_files(kind: str):
    chat = layout([component(1, kind), CHATBOT], [listener(0, (1, "submit"), reads=[1], writes=[2])]).chat
    assert (chat.box, chat.multimodal) == (1, True)


def test_a_custom_box_is_known_by_its_value():
    custom = component(1, "fancyinput", value={"text": "", "files": []})
    chat = layout([custom, CHATBOT], [listener(0, (1, "submit"), reads=[1], writes=[2])]).chat
    assert (chat.box, chat.multimodal, chat.box_type) == (1, True, "fancyinput")


# What shows the answer


@pytest.mark.parametrize("kind", ["chatbot", "modelscopechatbot", "modelscopeprochatbot", "multimodalchatbot"])
def test_chatbots_of_others(kind: str):
    assert (
        layout([BOX, component(2, kind)], [listener(0, (1, "submit"), reads=[1], writes=[2])]).chat.output_type == kind
    )


@pytest.mark.parametrize("kind", ["markdown", "textbox", "html", "json", "label"])
def test_without_a_chatbot_what_else_shows_text(kind: str):
    chat = layout([BOX, component(2, kind)], [listener(0, (1, "submit"), reads=[1], writes=[2])]).chat
    assert (chat.output, chat.chatbot) == (2, False)


def test_with_a_chatbot_nothing_else_is_an_answer():
    found = layout([BOX, CHATBOT, component(5, "markdown")], [listener(0, (1, "submit"), reads=[1], writes=[5, 2])])
    assert [candidate.output for candidate in found.candidates] == [2]


def arena() -> tuple[list[Component], list[Dependency]]:
    boxes = [BOX, component(2, "chatbot", label="Model A"), component(5, "chatbot", label="Model B", elem_id="right")]
    return boxes, [
        listener(0, (1, "submit"), reads=[1], writes=[2], api_name="ask_a"),
        listener(1, (1, "submit"), reads=[1], writes=[5], api_name="ask_b"),
    ]


def test_two_chatbots_are_two_candidates():
    found = layout(*arena())
    assert [(candidate.output, candidate.edges) for candidate in found.candidates] == [(2, (0,)), (5, (1,))]


@pytest.mark.parametrize(
    "chat, output",
    [(0, 2), (1, 5), ("1", 5), (5, 5), ("5", 5), ("Model B", 5), ("right", 5), ("/ask_b", 5), ("ask_a", 2)],
)
def test_a_chat_by_number_chatbot_or_event(chat: int | str, output: int):
    assert layout(*arena(), chat=chat).chat.output == output


@pytest.mark.parametrize("chat", [7, -1, -9, "nobody", "", "²", "99"])
def test_a_chat_that_is_not_there(chat: int | str):
    with pytest.raises(NoChatFound, match="no chat") as caught:
        layout(*arena(), chat=chat)
    assert [line[:2] for line in caught.value.looked_at] == ["0:", "1:"]


def test_numbers_are_those_of_the_candidates_listed():
    """Ways without text are listed last, whatever speaks against the others."""
    found = layout(
        [BOX, CHATBOT, SEND, component(5, "chatbot", visible=False), component(6, "audio", visible=False)],
        [
            listener(0, (4, "click"), writes=[2]),
            listener(1, (6, "click"), reads=[1], writes=[5], stream=True),
        ],
    )
    assert [candidate.box for candidate in found.candidates] == [1, None]
    assert found.chat == found.candidates[0]


# What is not chosen


def test_an_event_with_no_way_for_text_is_listed_and_never_chosen():
    found = layout(
        [BOX, CHATBOT, SEND],
        [listener(0, (4, "click"), writes=[2], api_name="again"), listener(1, (1, "submit"), reads=[1], writes=[2])],
    )
    assert found.chat.box == 1
    assert [candidate.box for candidate in found.candidates] == [1, None]
    assert looked_at([CHATBOT, SEND], [listener(0, (4, "click"), writes=[2], api_name="again")]) == [
        "no text –click→ /again → chatbot 2: no text goes in",
        "no box that takes text",
        "components: 1 button, 1 chatbot",
        "1 event listeners",
    ]


def test_a_page_without_a_chat_says_what_it_has():
    assert looked_at([component(1, "image"), component(2, "image")], [listener(0, (1, "change"), writes=[2])]) == [
        "no chatbot among the components",
        "no box that takes text",
        "components: 2 image",
        "1 event listeners",
    ]
    with pytest.raises(NoChatFound, match=r"A page \(gradio 6\.31\.0\)"):
        layout([], [])


def test_a_box_is_not_its_own_answer():
    looked_at([BOX], [listener(0, (1, "submit"), reads=[1], writes=[1])])


def test_a_microphone_is_the_last_choice():
    mic = component(5, "audio")
    found = layout(
        [mic, BOX, CHATBOT, SEND],
        [
            listener(0, (5, "click"), reads=[5, 1], writes=[2], stream=True),
            listener(1, (4, "click"), reads=[1], writes=[2]),
        ],
    )
    assert found.chat.trigger == 4
    assert "-60 it is made for a microphone or camera" in found.candidates[-1].reasons


@pytest.mark.parametrize("text", ["🗑️ Clear", "Retry", "Undo", "Stop", "清空", "重新生成", "Сбросить"])
def test_buttons_that_do_something_else_are_not_preferred(text: str):
    other = component(5, "button", value=text)
    found = layout(
        [other, BOX, CHATBOT, SEND],
        [listener(0, (5, "click"), reads=[1], writes=[2]), listener(1, (4, "click"), reads=[1], writes=[2])],
    )
    assert found.chat.trigger == 4
    assert any("-40" in reason and text in reason for reason in found.candidates[-1].reasons)


# Why


def test_each_candidate_says_why():
    found = layout([BOX, CHATBOT, SEND], [listener(0, (4, "click"), reads=[1], writes=[2], generator=True)])
    chat = found.chat
    assert chat.describe() == "textbox 1 –click→ fn 0 → chatbot 2"
    assert sum(int(reason.split()[0]) for reason in chat.reasons) == chat.score
    reasons = [reason.partition(" ")[2] for reason in chat.reasons]
    assert "the answer shows in a chatbot" in reasons
    assert "a button sends the text of the box" in reasons
    assert "the answer streams" in reasons
    assert "the button says 'Send'" in reasons


def test_hidden_things_count_less():
    found = layout(
        [BOX, CHATBOT, component(5, "chatbot", visible=False), component(6, "button", value="Go", visible=False)],
        [
            listener(0, (6, "click"), reads=[1], writes=[5]),
            listener(1, (1, "submit"), reads=[1], writes=[2]),
        ],
    )
    assert found.chat.output == 2
    reasons = " ".join(found.candidates[1].reasons)
    assert "the chatbot is hidden" in reasons
    assert "what sends is hidden" in reasons


def test_settings_are_what_the_way_reads_besides():
    found = layout(
        [BOX, CHATBOT, component(5, "slider", label="Temperature"), component(6, "slider", label="Unused")],
        [listener(0, (1, "submit"), reads=[1, 2, 5], writes=[2]), listener(1, (4, "click"), reads=[6])],
    )
    assert [setting.name for setting in found.settings] == ["temperature"]


def test_what_the_page_tells_is_kept():
    config = page_config([BOX, CHATBOT], [listener(0, (1, "submit"), reads=[1], writes=[2])], oddities=("odd",))
    found = find_layout(config)
    assert (found.title, found.version, found.mode, found.notes) == ("A page", "6.31.0", "blocks", ("odd",))


def test_a_chat_that_was_rendered_since():
    renderer = listener(0, (9, "load"))
    config = page_config([component(9, "state")], [renderer])
    graph = EventGraph(config.components, config.dependencies)
    with pytest.raises(NoChatFound):
        find_layout(config)
    graph.render(
        {
            "render_id": 1,
            "components": [{"id": 20, "type": "chatbot"}, {"id": 21, "type": "textbox"}],
            "dependencies": [{"id": 5, "targets": [[21, "submit"]], "inputs": [21], "outputs": [20], "rendered_in": 1}],
        },
        renderer,
    )
    chat = find_layout(config, graph=graph).chat
    assert (chat.box, chat.output, chat.edges) == (21, 20, (5,))


# Odd pages


def test_listeners_that_name_what_does_not_exist():
    found = layout(
        [BOX, CHATBOT],
        [listener(0, (1, "submit"), reads=[1, 77], writes=[88, 2]), listener(1, (99, "submit"), writes=[2])],
    )
    assert found.chat.box == 1


def test_circles():
    found = layout(
        [BOX, CHATBOT],
        [listener(0, (1, "submit"), (2, "change"), reads=[1], writes=[2], after=1), listener(1, after=0, writes=[1])],
    )
    assert found.chat.output == 2


@pytest.mark.parametrize(
    "props", [{"label": 7}, {"elem_id": ["x"]}, {"placeholder": {}}, {"value": [1]}, {"visible": "hidden"}]
)
def test_odd_properties_do_not_raise(props: dict[str, Any]):
    odd = [component(1, **props), component(2, "chatbot", **props), component(4, "button", **props)]
    found = layout(odd, [listener(0, (1, "submit"), (4, "click"), reads=[1], writes=[2])])
    assert found.chat.output == 2


def test_a_large_page_is_looked_through_quickly():
    """A thousand listeners in one chain, and as many that lead nowhere."""
    links = [listener(n, after=n - 1, writes=[1000 + n]) for n in range(1, 1000)]
    others = [listener(2000 + n, (3000 + n, "click"), reads=[3000 + n], writes=[4000 + n]) for n in range(1000)]
    buttons = [component(3000 + n, "button") for n in range(1000)]
    found = layout(
        [BOX, CHATBOT, *buttons],
        [listener(0, (1, "submit"), reads=[1]), *links, listener(5000, after=999, writes=[2]), *others],
    )
    assert len(found.chat.edges) == 1001


@pytest.mark.parametrize(
    "kind, box, chatbot, files",
    [
        ("textbox", True, False, False),
        ("textarea", True, False, False),
        ("code", True, False, False),
        ("multimodaltextbox", True, False, True),
        ("chatbot", False, True, False),
        ("button", False, False, False),
        ("slider", False, False, False),
    ],
)
def test_kinds_of_components(kind: str, box: bool, chatbot: bool, files: bool):
    one = component(1, kind)
    assert (text_box(one), is_chatbot(one), takes_files(one)) == (box, chatbot, files)


def test_what_was_found_is_remembered_with_its_configuration():
    components, dependencies = [BOX, CHATBOT, SEND], [listener(0, (1, "submit"), reads=[1, 2], writes=[1, 2])]
    config = page_config(components, dependencies)
    graph = EventGraph(config.components, config.dependencies, config.parents)
    assert find_layout(config) is find_layout(config)
    assert find_layout(config, chat=0) is not find_layout(config)
    assert find_layout(config, graph=graph) is not find_layout(config)
    assert find_layout(config, graph=graph) == find_layout(config)


# Files that a button takes in


@pytest.mark.parametrize(
    "reads, writes, button",
    [
        ([5], [3], 6),
        ([5], [2], None),  # an answer about the files
        ([5, 1], [3], None),  # sends
        ([], [3], None),
    ],
)
def test_files_beside_a_button_that_makes_them_known(reads: list[int], writes: list[int], button: int | None):
    files, build = component(5, "file"), component(6, "button", value="Create vector database")
    asking = listener(0, (1, "submit"), reads=[1, 2, 3], writes=[2])
    found = layout([BOX, CHATBOT, STATE, files, build], [asking, listener(1, (6, "click"), reads=reads, writes=writes)])
    assert [(inlet.component, inlet.button) for inlet in found.inlets] == ([] if button is None else [(5, button)])


def test_files_that_the_chat_gets_at_once_need_no_button():
    files, build = component(5, "file"), component(6, "button")
    asking = listener(0, (1, "submit"), reads=[1, 2, 3], writes=[2])
    both = listener(1, (5, "upload"), (6, "click"), reads=[5], writes=[3])
    assert [inlet.button for inlet in layout([BOX, CHATBOT, STATE, files, build], [asking, both]).inlets] == [None]
