"""The two ways into a chat, on event graphs made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.layout import Layout, find_layout
from spacebridge.errors import NotOffered
from spacebridge.gradio.config import Component, Dependency
from tests.page.documents import component, listener, page_config

BOX, BOT, STATE, TEMPERATURE = component(1), component(2, "chatbot"), component(3, "state"), component(4, "slider")
FAKE, ANSWER = component(5, "button", visible=False), component(6, "json", visible=False)
PAGE = (
    listener(0, (1, "submit"), reads=[1, 2], writes=[1, 2], queue=False),
    listener(1, after=0, reads=[2, 4], writes=[2], generator=True),
    listener(2, after=1, reads=[2], writes=[3], queue=False),
)


def api(**changes: Any) -> Dependency:
    found = {"reads": [1, 3, 4], "writes": [6, 3], "api_name": "chat"} | changes
    return listener(7, found.pop("on", (5, "click")), **found)


def layout(*more: Dependency, route: str = "auto", page: tuple[Dependency, ...] = PAGE, **parts: Component) -> Layout:
    components = [BOX, BOT, STATE, TEMPERATURE, FAKE, ANSWER, *parts.values()]
    return find_layout(page_config(components, [*page, *more]), route=route)


def names(found: Layout) -> list[str]:
    return [route.name for route in found.routes]


def test_a_chat_without_an_api():
    found = layout()
    assert (found.route, names(found)) == ("page", ["page"])
    assert found.routes[0].chat == found.chat
    with pytest.raises(NotOffered, match="offers no API"):
        layout(route="api")


def test_the_page_is_taken_where_there_are_both():
    found = layout(api())
    assert (found.route, names(found)) == ("page", ["page", "api"])
    assert found.chat.output == 2


def test_the_api_where_it_is_wanted():
    found = layout(api(), route="api")
    assert (found.route, names(found)) == ("api", ["api", "page"])
    chat = found.chat
    assert (chat.box, chat.trigger, chat.event, chat.output, chat.edges) == (1, 5, "click", 6, (7,))
    assert [setting.component for setting in found.settings] == [4]


def test_what_the_ways_cost():
    page, endpoint = layout(api()).routes
    assert (page.before, page.requests) == (3, 4)
    assert (endpoint.before, endpoint.requests) == (2, 2)


def test_the_api_where_javascript_of_the_page_changes_what_is_sent():
    rewriting = (listener(0, (1, "submit"), reads=[1, 2], writes=[1, 2], js=True), *PAGE[1:])
    found = layout(api(), page=rewriting)
    assert found.route == "api"
    assert any("JavaScript" in note for note in found.routes[1].notes)
    assert layout(api(), page=rewriting, route="page").route == "page"
    assert layout(page=rewriting).route == "page"


def test_a_box_of_its_own():
    hidden = component(8, "textbox", visible=False)
    assert layout(api(reads=[8, 3]), route="api", hidden=hidden).chat.box == 8


def test_a_box_with_files():
    both = component(1, "multimodaltextbox")
    found = find_layout(page_config([both, BOT, STATE, TEMPERATURE, FAKE, ANSWER], [*PAGE, api()]), route="api")
    assert found.chat.multimodal


@pytest.mark.parametrize(
    "changes",
    [
        {"private": True},
        {"api_name": None},
        {"backend_fn": False},
        {"on": (4, "click")},
        {"reads": [1, 4]},
        {"writes": [6]},
        {"writes": [2, 3]},
        {"writes": [3]},
        {"reads": [1, 3, 8]},
        {"reads": [3, 4]},
    ],
    ids=["private", "nameless", "JS", "shown", "no memory", "kept not", "shows", "silent", "asks for more", "no box"],
)
def test_what_is_no_api_of_the_chat(changes: dict[str, Any]):
    assert names(layout(api(**changes), more=component(8, "slider"))) == ["page"]


def test_the_notes_tell_what_a_user_would_see():
    saved, shown = component(8, "browserstate"), component(9, "dataset")
    more = (
        listener(3, after=1, reads=[2], writes=[2]),
        listener(4, after=2, reads=[3, 8], writes=[8]),
        listener(5, (8, "change"), reads=[8], writes=[9]),
    )
    notes = "; ".join(layout(*more, api(), saved=saved, shown=shown).routes[0].notes)
    assert "what follows the answer shows, too: fn 3" in notes
    assert "is saved" in notes


def test_no_such_route():
    with pytest.raises(NotOffered, match="auto, page, api"):
        layout(route="other")
