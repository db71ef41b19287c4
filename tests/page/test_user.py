"""What a user's hand fires. Which events these are was watched in a browser; see tests/chat/test_settings_apps.py."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge.page.user import change_by_user, events_of_change
from tests.page.documents import component, listener, page_config
from tests.page.scripted import page_on

EVENTS = ["change", "input", "select", "release", "blur", "submit", "focus", "key_up"]


async def fired(kind: str, before: Any, now: Any, *, enter: bool = False, **props: Any) -> tuple[list[str], list[Any]]:
    listeners = [
        listener(number, (1, event), reads=[1], collects_event_data=True) for number, event in enumerate(EVENTS)
    ]
    page, session, _ = page_on(page_config([component(1, kind, value=before, **props)], listeners))
    assert change_by_user(page, 1, now, enter=enter)
    await page.settle()
    assert all(call.data == [now] for call in session.calls)
    return [EVENTS[call.fn] for call in session.calls], [call.event_data for call in session.calls]


@pytest.mark.parametrize(
    "kind, before, now, events",
    [
        ("slider", 1, 2, ["change", "input", "release"]),
        ("number", 1, 2, ["change", "input", "blur"]),
        ("checkbox", False, True, ["select", "change", "input"]),
        ("checkboxgroup", [], ["a"], ["select", "change", "input"]),
        ("radio", "a", "b", ["select", "change", "input"]),
        ("dropdown", "a", "b", ["select", "change", "input", "blur"]),
        ("textbox", "", "x", ["change", "input", "blur"]),
        ("code", "", "x", ["change", "input", "blur"]),
        ("json", {}, [], ["change", "input"]),
        ("another", 1, 2, ["change", "input"]),
    ],
)
async def test_the_events_of_a_kind(kind: str, before: Any, now: Any, events: list[str]):
    assert (await fired(kind, before, now, choices=["a", "b"]))[0] == events


@pytest.mark.parametrize("kind", ["textbox", "number"])
def test_enter_comes_before_a_box_is_left(kind: str):
    assert events_of_change(kind, enter=True) == ("change", "input", "submit", "blur")


def test_enter_in_what_takes_no_enter():
    assert events_of_change("slider", enter=True) == events_of_change("slider")


@pytest.mark.parametrize(
    "kind, before, now, told",
    [
        ("checkbox", False, True, [{"index": 0, "value": True, "selected": True}]),
        ("radio", 1, 2, [{"index": 1, "value": 2, "selected": True}]),
        ("dropdown", 1, 2, [{"index": 1, "value": 2, "selected": True}]),
        ("dropdown", 1, "own", [{"index": None, "value": "own", "selected": True}]),
        (
            "checkboxgroup",
            [1],
            [2],
            [{"index": 1, "value": 2, "selected": True}, {"index": 0, "value": 1, "selected": False}],
        ),
        ("dropdown", None, [2], [{"index": 1, "value": 2, "selected": True}]),
    ],
)
async def test_what_is_told_of_what_was_picked(kind: str, before: Any, now: Any, told: list[Any]):
    events, data = await fired(kind, before, now, choices=[["One", 1], ["Two", 2]])
    assert [each for event, each in zip(events, data, strict=True) if event == "select"] == told


async def test_nothing_fires_where_nothing_listens():
    page, session, _ = page_on(page_config([component(1, "slider", value=1)], []))
    assert not change_by_user(page, 1, 2)
    assert page.values.get(1) == 2
    assert session.calls == []
