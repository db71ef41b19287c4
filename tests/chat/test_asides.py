from __future__ import annotations

from spacebridge.chat.asides import asides
from spacebridge.page.graph import EventGraph
from tests.page.documents import component

GRAPH = EventGraph(
    {
        c.id: c
        for c in (
            component(1, label="Message"),
            component(2, "markdown", elem_id="status"),
            component(3, "html"),
            component(4, "state"),
            component(5, label="Hidden", visible=False),
            component(6, label="Third"),
        )
    },
    {},
)


def test_what_the_app_wrote_beside_the_chat_is_told():
    told = asides(GRAPH, {1: "Please set your\nkey first.", 3: "<b>Not</b> ready"}, "hi")
    assert told == "The app wrote 'Please set your key first.' into textbox 1 'Message', 'Not ready' into html 3."


def test_nothing_is_told_of_what_nobody_sees_or_says_nothing():
    assert asides(GRAPH, {1: " hi ", 2: "", 4: "kept", 5: "secret", 6: None, 99: "gone"}, "hi") == ""


def test_long_texts_and_many_are_cut():
    told = asides(GRAPH, {1: "a" * 999, 2: "b", 3: "c", 6: "d"}, "hi")
    assert "'d'" not in told
    assert len(told) < 500
