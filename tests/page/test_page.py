from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.gradio.config import Dependency, parse_dependencies
from spacebridge.gradio.session import Outcome
from tests.page.documents import FIVE, FOUR, SIX, component, listener, page_config
from tests.page.scripted import Call, Running, Script, page_on, raising

OLDER = [FOUR, FIVE]
ALL = [*OLDER, SIX]
generations = pytest.mark.parametrize("version", ALL, ids=["4", "5", "6"])
older = pytest.mark.parametrize("version", OLDER, ids=["4", "5"])

BOX, CHATBOT, STATE, OTHER = 1, 2, 3, 4
COMPONENTS = [
    component(BOX, value="start"),
    component(CHATBOT, "chatbot", value=[]),
    component(STATE, "state"),
    component(OTHER, value="other"),
]


def page(version: tuple[int, ...], script: dict[int, Script], *dependencies: Dependency):
    return page_on(page_config(COMPONENTS, dependencies, version), script)


async def forever(run: Running) -> Outcome:
    """Go on until the run is cancelled."""
    await asyncio.Event().wait()
    raise AssertionError(run)


FAILED = errors.AppFailed("it failed")


# One event


@generations
async def test_inputs_are_the_values_and_null_for_state(version: tuple[int, ...]):
    found, session, heard = page(
        version,
        {0: [[["hi", "yo"]], None]},
        listener(0, (BOX, "submit"), reads=[BOX, STATE, 99, OTHER], writes=[CHATBOT, STATE]),
    )
    fired = found.fire(BOX, "submit", {"index": 1})
    await found.settle()
    assert [d.id for d in fired] == [0]
    assert session.calls == [Call(0, ["start", None, None, "other"], BOX, {"index": 1})]
    assert heard.values == [(CHATBOT, [["hi", "yo"]])]
    assert found.values.get(CHATBOT) == [["hi", "yo"]]
    assert heard.ends == [(0, None)]
    assert found.active() == []


@pytest.mark.parametrize(
    "value, sent", [(1.0, "1"), (0.7, "0.7"), (-0.0, "0"), (1e21, "1e+21"), (True, "True"), (2, "2")]
)
async def test_numbers_are_sent_as_javascript_writes_them(value: object, sent: str):
    components = [*COMPONENTS, component(5, "slider", value=value)]
    config = page_config(components, [listener(0, (BOX, "submit"), reads=[5], writes=[CHATBOT])], SIX)
    found, session, _ = page_on(config, {0: [[[]]]})
    found.fire(BOX, "submit")
    await found.settle()
    assert str(session.calls[0].data[0]) == sent


async def test_an_event_that_nothing_listens_to():
    found, session, _ = page(SIX, {}, listener(0, (BOX, "submit")))
    assert found.fire(BOX, "click") == []
    await found.settle()
    assert session.calls == []


async def test_all_properties_are_sent_where_the_function_wants_them():
    """``component_prop_inputs`` of 6.x."""
    found, session, _ = page(
        SIX, {}, listener(0, (BOX, "submit"), reads=[BOX, OTHER], component_prop_inputs=frozenset({1}))
    )
    found.values.set(OTHER, "now")
    found.fire(BOX, "submit")
    await found.settle()
    assert session.calls[0].data == ["start", {"value": "now"}]


@older
async def test_up_to_5_all_listeners_run_at_once_on_a_snapshot(version: tuple[int, ...]):
    found, session, _ = page(
        version,
        {0: [""], 1: [[["start", "answer"]]]},
        listener(0, (BOX, "submit"), reads=[BOX], writes=[BOX]),
        listener(1, (BOX, "submit"), reads=[BOX], writes=[CHATBOT]),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert [call.data for call in session.calls] == [["start"], ["start"]]


async def test_in_6_listeners_run_one_after_another_and_see_the_one_before():
    found, session, _ = page(
        SIX,
        {0: [""]},
        listener(0, (BOX, "submit"), reads=[BOX], writes=[BOX]),
        listener(1, (BOX, "submit"), reads=[BOX], writes=[CHATBOT]),
    )
    found.fire(BOX, "submit")
    assert {d.id for d in found.active()} == {0, 1}
    assert found.may_still_write([CHATBOT])
    await found.settle()
    assert [call.data for call in session.calls] == [["start"], [""]]


async def test_in_6_what_follows_the_first_does_not_wait_for_the_second_listener():
    found, session, _ = page(
        SIX,
        {1: forever, 0: [""]},
        listener(0, (BOX, "submit"), writes=[BOX]),
        listener(1, (BOX, "submit")),
        listener(2, after=0, reads=[BOX]),
    )
    found.fire(BOX, "submit")
    await session.until_called(1)
    await asyncio.wait_for(_ran(session, 2), 5)
    await found.aclose()
    assert session.closed


async def _ran(session: Any, fn: int) -> None:
    async with session._started:
        await session._started.wait_for(lambda: fn in session.order)


# What follows


@generations
async def test_a_chain_passes_values_on_and_keeps_the_first_trigger(version: tuple[int, ...]):
    found, session, heard = page(
        version,
        {0: ["", "hello", None], 1: [[["hello", "answer"]], None]},
        listener(0, (BOX, "submit"), reads=[BOX], writes=[BOX, OTHER, STATE]),
        listener(1, after=0, reads=[OTHER, STATE], writes=[CHATBOT, STATE]),
        listener(2, after=1, reads=[CHATBOT]),
    )
    found.fire(BOX, "submit", "the event's own")
    await found.settle()
    assert session.calls == [
        Call(0, ["start"], BOX, "the event's own"),
        Call(1, ["hello", None], BOX),
        Call(2, [[["hello", "answer"]]], BOX),
    ]
    assert [number for number, _ in heard.ends] == [0, 1, 2]


AFTER = [
    listener(1, after=0),
    listener(2, after=0, follows="success"),
    listener(3, after=0, follows="failure"),
]


@pytest.mark.parametrize(
    "version, end, expected",
    [
        (FOUR, "success", [1, 2]),
        (FIVE, "success", [1, 2]),
        (SIX, "success", [1, 2]),
        (FOUR, "failure", [1, 3]),
        (FIVE, "failure", [1, 3]),
        (SIX, "failure", [3]),
        (FOUR, "refused", []),
        (FIVE, "refused", []),
        (SIX, "refused", []),
        (FOUR, "cancelled by another", [1, 2, 3]),
        (FIVE, "cancelled by another", [1, 2, 3]),
        (SIX, "cancelled by another", [1, 3]),
    ],
)
async def test_what_follows_on_which_end(version: tuple[int, ...], end: str, expected: list[int]):
    script: dict[str, Script] = {
        "success": [],
        "failure": raising(FAILED),
        "refused": raising(errors.ValidationRefused("no")),
        "cancelled by another": raising(errors.TurnCancelled("gone")),
    }
    found, session, heard = page(version, {0: script[end]}, listener(0, (BOX, "submit")), *AFTER)
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == [0, *expected]
    told = {"failure": "AppFailed", "refused": "ValidationRefused", "cancelled by another": "TurnCancelled"}
    assert heard.ends[0] == (0, told.get(end))


@generations
async def test_what_follows_is_set_going_before_the_end_is_told(version: tuple[int, ...]):
    """So that whoever asks then whether anything can still write is told the truth."""
    found, _, heard = page(version, {}, listener(0, (BOX, "submit")), listener(1, after=0, writes=[CHATBOT]))
    writing: list[bool] = []
    heard.on_end = lambda dependency, error: writing.append(found.may_still_write([CHATBOT]))  # type: ignore[method-assign]
    found.fire(BOX, "submit")
    await found.settle()
    assert writing == [True, False]


@generations
async def test_a_lost_connection_ends_it_all(version: tuple[int, ...]):
    found, session, heard = page(
        version, {0: raising(errors.StreamCut("cut"))}, listener(0, (BOX, "submit")), listener(1, after=0)
    )
    found.fire(BOX, "submit")
    with pytest.raises(errors.StreamCut):
        await found.settle()
    assert session.order == [0]
    assert heard.ends == []
    assert [dependency.id for dependency in found.active()] == [0]  # what it writes is still missing
    await found.stop(1)
    assert found.active() == []


@generations
async def test_a_step_without_a_function_is_skipped_and_its_children_run(version: tuple[int, ...]):
    found, session, heard = page(
        version,
        {},
        listener(0, (BOX, "submit"), backend_fn=False, js=True),
        listener(1, after=0, backend_fn=False, js=True, writes=[OTHER]),
        listener(2, after=1),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == [2]
    assert heard.notices == ["A step of the page is JavaScript only; it was skipped (fn 1)."]


async def test_javascript_that_would_rewrite_inputs_is_told_of_once():
    found, session, heard = page(SIX, {}, listener(0, (BOX, "submit"), js=True, api_name="ask"))
    for _ in range(2):
        found.fire(BOX, "submit")
        await found.settle()
    assert session.order == [0, 0]
    assert heard.notices == ["/ask has JavaScript that rewrites its inputs in a browser; it was not run."]


async def test_javascript_that_reads_the_address_makes_an_object_of_nothing():
    """``Object.fromEntries(new URLSearchParams(window.location.search))``, as many chats open with."""
    parts = [component(1, "json"), component(2, "json", value=[1]), component(3)]
    entry = {"targets": [[None, "load"]], "inputs": [1, 2, 3], "js": "() => new URLSearchParams(location.search)"}
    load = parse_dependencies([entry], {each.id: each for each in parts}, [])
    found, session, _ = page_on(page_config(parts, load), {})
    await found.load(5)
    assert [call.data for call in session.calls] == [[{}, [1], ""]]


async def test_status_messages_are_told_with_their_dependency():
    def run(running: Running) -> Outcome:
        running.status(msg="log", log="hello")
        return running.end()

    found, _, heard = page(SIX, {0: run}, listener(0, (BOX, "submit")))
    found.fire(BOX, "submit")
    await found.settle()
    assert heard.statuses == [(0, "log")]


# Running more than once


@generations
@pytest.mark.parametrize(
    "mode, calls, at_once",
    [("once", ["a"], 1), ("multiple", ["a", "b", "c"], 3), ("always_last", ["a", "c"], 1)],
)
async def test_trigger_modes(version: tuple[int, ...], mode: Any, calls: list[str], at_once: int):
    release = asyncio.Event()

    async def run(running: Running) -> Outcome:
        await release.wait()
        return running.end()

    found, session, _ = page(version, {0: run}, listener(0, (BOX, "change"), reads=[BOX], trigger_mode=mode))
    found.values.set(BOX, "a")
    found.fire(BOX, "change")
    await session.until_called(0)
    for times, text in enumerate(("b", "c"), 2):
        found.values.set(BOX, text)
        found.fire(BOX, "change", text)
        if mode == "multiple":
            await session.until_called(0, times)
    release.set()
    await found.settle()
    assert [call.data[0] for call in session.calls] == calls
    assert [call.event_data for call in session.calls] == [None, *calls[1:]]
    assert session.most[0] == at_once


@generations
async def test_once_allows_another_run_after_the_first(version: tuple[int, ...]):
    found, session, _ = page(version, {}, listener(0, (BOX, "submit")))
    for _ in range(2):
        found.fire(BOX, "submit")
        await found.settle()
    assert session.order == [0, 0]


# Changes


@generations
@pytest.mark.parametrize(
    "value, fires",
    [("new", True), ("other", False), (None, True), ({"__type__": "update", "value": "new"}, True),
     ({"__type__": "update", "value": "other"}, False), ({"__type__": "update", "label": "L"}, False)],
)  # fmt: skip
async def test_a_changed_output_fires_its_listeners(version: tuple[int, ...], value: Any, fires: bool):
    found, session, _ = page(
        version,
        {0: [value]},
        listener(0, (BOX, "submit"), writes=[OTHER]),
        listener(1, (OTHER, "change"), reads=[OTHER]),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == ([0, 1] if fires else [0])


@generations
async def test_changes_in_mid_stream_fire_each_time(version: tuple[int, ...]):
    seen: list[Any] = []

    def run(running: Running) -> Outcome:
        running.say("a")
        running.grow([["append", [], "b"]])
        running.grow([])
        running.grow([["replace", [], ["list"]]])
        running.grow([["append", [0], "er"]])
        running.grow([["replace", [], ["lister"]]])
        return running.end(["lister"])

    def watch(running: Running) -> Outcome:
        seen.append(running.call.data[0])
        return running.end()

    found, _, _ = page(
        version,
        {0: run, 1: watch},
        listener(0, (BOX, "submit"), writes=[OTHER]),
        listener(1, (OTHER, "change"), reads=[OTHER], trigger_mode="multiple"),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert len(seen) == 4
    assert seen[-1] == ["lister"]


@generations
async def test_changed_state_at_the_end_fires_its_listeners(version: tuple[int, ...]):
    def run(running: Running) -> Outcome:
        return running.end(None, changed_state_ids=[STATE, "odd", None])

    found, session, heard = page(
        version,
        {0: run},
        listener(0, (BOX, "submit"), writes=[STATE]),
        listener(1, (STATE, "change"), reads=[STATE], writes=[CHATBOT]),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == [0, 1]
    assert session.calls[1].data == [None]
    assert [number for number, _ in heard.values] == [CHATBOT]


@pytest.mark.parametrize("version, expected", [(FOUR, 1), (FIVE, 3), (SIX, 3)])
async def test_changed_state_in_mid_stream_fires_from_5_on(version: tuple[int, ...], expected: int):
    def run(running: Running) -> Outcome:
        running.say(None, changed_state_ids=[STATE])
        running.grow([], changed_state_ids=[STATE])
        return running.end(None, changed_state_ids=[STATE])

    found, session, _ = page(
        version,
        {0: run},
        listener(0, (BOX, "submit"), writes=[STATE]),
        listener(1, (STATE, "change"), trigger_mode="multiple"),
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order.count(1) == expected


@pytest.mark.parametrize("version, expected", [(FIVE, [0, 1]), (SIX, [0])])
async def test_up_to_5_a_changed_state_fires_whatever_listens_to_it(version: tuple[int, ...], expected: list[int]):
    def run(running: Running) -> Outcome:
        return running.end(None, changed_state_ids=[STATE])

    found, session, _ = page(
        version, {0: run}, listener(0, (BOX, "submit"), writes=[STATE]), listener(1, (STATE, "input"))
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == expected


@generations
async def test_a_listener_that_sets_off_itself_is_stopped(version: tuple[int, ...]):
    number = iter(range(1000))

    def run(running: Running) -> Outcome:
        return running.end(str(next(number)))

    found, session, heard = page(
        version, {0: run}, listener(0, (BOX, "change"), writes=[BOX], trigger_mode="multiple", api_name="loop")
    )
    found.fire(BOX, "change")
    await asyncio.wait_for(found.settle(), 10)
    assert 20 < len(session.calls) < 30
    assert heard.notices == ["/loop sets off itself without end; it was stopped after 24 rounds."]


@generations
async def test_two_that_set_off_each_other_are_stopped(version: tuple[int, ...]):
    number = iter(range(1000))

    def run(running: Running) -> Outcome:
        return running.end(str(next(number)))

    found, session, heard = page(
        version,
        {0: run, 1: run},
        listener(0, (BOX, "change"), writes=[OTHER]),
        listener(1, (OTHER, "change"), writes=[BOX]),
    )
    found.fire(BOX, "change")
    await asyncio.wait_for(found.settle(), 10)
    assert len(session.calls) < 60
    assert len(heard.notices) <= 1


@generations
async def test_a_circle_of_thens_is_stopped(version: tuple[int, ...]):
    """No app of Gradio's own making has one; a hostile configuration may."""
    found, session, heard = page(version, {}, listener(0, (BOX, "submit"), after=1), listener(1, after=0))
    found.fire(BOX, "submit")
    await asyncio.wait_for(found.settle(), 10)
    assert len(session.calls) < 10
    assert heard.notices == ["fn 1 follows itself in a circle; it was stopped."]


@generations
async def test_a_long_chain_runs_to_its_end(version: tuple[int, ...]):
    found, session, heard = page(
        version, {}, listener(0, (BOX, "submit")), *(listener(n, after=n - 1) for n in range(1, 60))
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == list(range(60))
    assert heard.notices == []


# Loading


@pytest.mark.parametrize("version, trigger", [(FOUR, None), (FIVE, None), (SIX, BOX)])
async def test_load_events_run_once_before_all_else(version: tuple[int, ...], trigger: int | None):
    found, session, _ = page(
        version,
        {0: ["session-id"]},
        listener(0, (BOX, "load"), writes=[OTHER]),
        listener(1, after=0, reads=[OTHER]),
        listener(2, (CHATBOT, "submit")),
    )
    await found.load(5)
    await found.load(5)
    assert session.calls == [Call(0, [], trigger), Call(1, ["session-id"], trigger)]
    assert found.loaded


async def test_a_load_event_without_end_is_stopped():
    found, session, heard = page(SIX, {0: forever}, listener(0, (BOX, "load"), api_name="clock"))
    await found.load(0.05)
    assert session.cancels == [None]
    assert heard.notices == ["A load event of the page did not end within 0.05 s."]
    assert found.active() == []


# Timers


async def test_a_timer_ticks_until_it_is_stopped():
    timer = component(9, "timer", value=0.0, active=True)
    found, session, _ = page_on(page_config([*COMPONENTS, timer], [listener(0, (9, "tick"), writes=[CHATBOT])]))
    found.clocks.start([])
    await asyncio.wait_for(_times(session, 3), 10)
    await found.clocks.stop()
    count = len(session.calls)
    await found.settle()
    assert len(session.calls) == count


async def test_an_inactive_timer_does_not_tick():
    timer, active = component(9, "timer", value=0.01, active=False), component(8, "timer", value=0.01)
    found, session, _ = page_on(
        page_config([*COMPONENTS, timer, active], [listener(0, (9, "tick")), listener(1, (8, "tick"))])
    )
    found.clocks.start([])
    await asyncio.wait_for(_times(session, 2), 10)
    await found.clocks.stop()
    await found.settle()
    assert set(session.order) == {1}


async def _times(session: Any, times: int) -> None:
    async with session._started:
        await session._started.wait_for(lambda: len(session.calls) >= times)


# Cancelling


@generations
async def test_a_dependency_may_cancel_another(version: tuple[int, ...]):
    found, session, heard = page(
        version,
        {0: forever},
        listener(0, (BOX, "submit"), writes=[CHATBOT]),
        listener(1, (OTHER, "click"), cancels=(0, 7), backend_fn=False),
    )
    found.fire(BOX, "submit")
    await session.until_called(0)
    found.fire(OTHER, "click")
    await found.settle()
    assert session.cancels == [0]
    assert (0, None) in heard.ends


@generations
async def test_nothing_is_cancelled_that_does_not_run(version: tuple[int, ...]):
    found, session, _ = page(version, {}, listener(0, (BOX, "submit")), listener(1, (OTHER, "click"), cancels=(0,)))
    found.fire(OTHER, "click")
    await found.settle()
    assert session.cancels == []
    assert session.order == [1]


@pytest.mark.parametrize("version, expected", [(FOUR, [1, 2, 3]), (FIVE, [1, 2, 3]), (SIX, [1, 3])])
async def test_after_a_stop_the_trailing_chain_runs(version: tuple[int, ...], expected: list[int]):
    """As a browser's does; the app's memory would miss the answer without it."""
    found, session, _ = page(version, {0: forever}, listener(0, (BOX, "submit"), writes=[CHATBOT]), *AFTER)
    found.fire(BOX, "submit")
    await session.until_called(0)
    assert await found.stop(5, [CHATBOT]) is True
    assert session.order == [0, *expected]
    assert found.active() == []


@generations
async def test_while_stopping_no_queued_function_begins_that_writes_the_answer(version: tuple[int, ...]):
    """The message was taken by the first step; the model is not asked any more."""
    first_may_end = asyncio.Event()

    async def first(running: Running) -> Outcome:
        await first_may_end.wait()
        return running.end("")

    found, session, _ = page(
        version,
        {0: first},
        listener(0, (BOX, "submit"), writes=[BOX], queue=False),
        listener(1, after=0, writes=[CHATBOT]),
        listener(2, after=1, writes=[OTHER]),
        listener(3, after=0, writes=[CHATBOT], queue=False),
    )

    async def no_cancel(fn_index: int | None = None) -> None:
        first_may_end.set()

    session.cancel = no_cancel  # type: ignore[method-assign]
    found.fire(BOX, "submit")
    await session.until_called(0)
    assert await found.stop(5, [CHATBOT]) is True
    assert session.order[0] == 0
    assert 1 not in session.order  # it would ask the model
    assert 3 in session.order  # direct, and over at once
    assert 2 in session.order  # follows a run that is as good as cancelled


@generations
async def test_what_follows_a_cancelled_run_may_write_the_answer(version: tuple[int, ...]):
    """A step that saves or marks what was said until then."""
    found, session, _ = page(
        version, {0: forever}, listener(0, (BOX, "submit"), writes=[CHATBOT]), listener(1, after=0, writes=[CHATBOT])
    )
    found.fire(BOX, "submit")
    await session.until_called(0)
    assert await found.stop(5, [CHATBOT]) is True
    assert session.order == [0, 1]


async def test_a_stop_that_takes_too_long_gives_up():
    found, session, _ = page(SIX, {0: forever}, listener(0, (BOX, "submit")))

    async def deaf(fn_index: int | None = None) -> None:
        pass

    session.cancel = deaf  # type: ignore[method-assign]
    found.fire(BOX, "submit")
    await session.until_called(0)
    assert await found.stop(0.05) is False
    assert found.active() == []
    assert session.running[0] == []


async def test_a_stop_whose_cancel_fails_gives_up():
    found, session, _ = page(SIX, {0: forever}, listener(0, (BOX, "submit")))

    async def broken(fn_index: int | None = None) -> None:
        raise errors.ConnectionLost("gone")

    session.cancel = broken  # type: ignore[method-assign]
    found.fire(BOX, "submit")
    await session.until_called(0)
    assert await found.stop(5) is False
    assert session.running[0] == []


async def test_after_a_stop_the_page_goes_on():
    found, session, _ = page(SIX, {0: forever}, listener(0, (BOX, "submit"), writes=[CHATBOT]))
    found.fire(BOX, "submit")
    await session.until_called(0)
    await found.stop(5, [CHATBOT])
    session.script[0] = [[["hi", "yo"]]]
    found.fire(BOX, "submit")
    await found.settle()
    assert found.values.get(CHATBOT) == [["hi", "yo"]]


async def test_closing_leaves_no_task():
    found, session, _ = page(SIX, {0: forever}, listener(0, (BOX, "submit")))
    before = asyncio.all_tasks()
    found.fire(BOX, "submit")
    await session.until_called(0)
    found.clocks.start([])
    await found.aclose()
    assert asyncio.all_tasks() == before
    assert session.closed


# Rendering


async def test_what_is_rendered_joins_the_page_and_its_load_events_run():
    config = {
        "render_id": 1,
        "components": [
            {"id": 20, "type": "chatbot", "props": {"value": ["hello"]}},
            {"id": 21, "type": "textbox", "props": {}},
        ],
        "dependencies": [
            {"id": 8, "targets": [[21, "submit"]], "inputs": [20], "outputs": [20], "rendered_in": 1},
            {"id": 9, "targets": [[20, "load"]], "inputs": [], "outputs": [21], "rendered_in": 1},
            "odd",
        ],
    }

    def run(running: Running) -> Outcome:
        return running.end(render_config=config)

    found, session, heard = page(SIX, {0: run, 9: ["loaded"]}, listener(0, (BOX, "load")))
    await found.load(5)
    assert session.order == [0, 9]
    assert [set(rendered.components) for rendered in heard.renders] == [{20, 21}]
    assert heard.notices == ["In what the page renders: dependency 2 is no object"]
    assert (found.values.get(20), found.values.get(21)) == (["hello"], "loaded")
    found.fire(21, "submit")
    await found.settle()
    assert session.calls[-1] == Call(8, [["hello"]], 21)


# What an app may send


async def test_more_outputs_than_declared_are_passed_over():
    def run(running: Running) -> Outcome:
        running._values.append(type(running._values[0])())
        running.say("a", "extra")
        return running.end("a", "extra")

    found, _, heard = page(SIX, {0: run}, listener(0, (BOX, "submit"), writes=[OTHER]))
    found.fire(BOX, "submit")
    await found.settle()
    assert {number for number, _ in heard.values} == {OTHER}


async def test_an_output_to_a_component_that_does_not_exist():
    found, _, heard = page(SIX, {0: ["a"]}, listener(0, (BOX, "submit"), writes=[77]))
    found.fire(BOX, "submit")
    await found.settle()
    assert heard.values == [(77, "a")]


async def test_updates_in_a_stream_are_unwrapped_after_their_diffs():
    def run(running: Running) -> Outcome:
        running.say({"__type__": "update", "value": [["hi", "a"]]})
        running.grow([["append", ["value", 0, 1], "b"]])
        running.grow([["replace", [], {"__type__": "update"}]])
        running.grow([["add", ["value"], [["hi", "abc"]]]])
        return running.end({"__type__": "update", "value": [["hi", "abc"]]})

    found, _, heard = page(SIX, {0: run}, listener(0, (BOX, "submit"), writes=[CHATBOT]))
    found.fire(BOX, "submit")
    await found.settle()
    assert heard.operations[:2] == [(CHATBOT, None), (CHATBOT, [["append", [0, 1], "b"]])]
    assert found.values.get(CHATBOT) == [["hi", "abc"]]


async def test_values_and_skips_in_turn():
    """`yield history, gr.skip()` and the other way round."""

    def run(running: Running) -> Outcome:
        running.say([["hi", "a"]])
        running.grow([["replace", [], {"__type__": "update"}]])
        assert found.values.get(CHATBOT) == [["hi", "a"]]
        running.grow([["replace", [], [["hi", "ab"]]]])
        return running.end({"__type__": "update"})

    found, _, heard = page(SIX, {0: run}, listener(0, (BOX, "submit"), writes=[CHATBOT]))
    found.fire(BOX, "submit")
    await found.settle()
    assert heard.values == [(CHATBOT, [["hi", "a"]]), (CHATBOT, [["hi", "ab"]])]
    assert found.values.get(CHATBOT) == [["hi", "ab"]]


@generations
async def test_changed_state_of_a_run_that_is_not_queued_fires_nothing(version: tuple[int, ...]):
    def run(running: Running) -> Outcome:
        return running.end(None, changed_state_ids=[STATE])

    found, session, _ = page(
        version, {0: run}, listener(0, (BOX, "submit"), writes=[STATE], queue=False), listener(1, (STATE, "change"))
    )
    found.fire(BOX, "submit")
    await found.settle()
    assert session.order == [0]
