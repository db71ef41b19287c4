"""The rules of replaying a page, each on a small real app of every generation where it can be seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from spacebridge import Answer, Notice, ReasoningDelta, Space, TextDelta, Timeouts, ToolStep, errors
from tests.real.apps import APPS, EARLY, LATE, MIDDLE, NEW, OLD, SSE_V2

pytestmark = pytest.mark.servers

TIMEOUTS = Timeouts(first_text=20, total=40, cancel=5)
Start = Callable[[str, str], str]


def cases(*names: str) -> pytest.MarkDecorator:
    """Each app in each of its environments."""
    found = [(name, environment) for name in names for environment in APPS[name].environments]
    return pytest.mark.parametrize("case", found, ids="-".join)


@asynccontextmanager
async def opened(rule_app: Start, case: tuple[str, str], **options: Any) -> AsyncIterator[Space]:
    url = await asyncio.to_thread(rule_app, *case)
    async with Space(url, timeouts=TIMEOUTS, **options) as space:
        yield space


async def twice(rule_app: Start, case: tuple[str, str]) -> tuple[Answer, Answer]:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        return await conversation.ask("Hello"), await conversation.ask("Hello again")


HISTORY = ("Echo: Hello | history=1", "Echo: Hello again | history=3")


@cases(
    "listeners_clear_last",
    "js_between",
    "js_outputs",
    "js_rewrites",
    "change_hidden",
    "change_chatbot",
    "change_state",
    "change_stream",
    "loop",
    "timer",
    "clock",
    "updates",
    "saved_later",
    "rendered_shown",
    "echo",
    "echo_button",
    "refused_queue",
    "refused_validator",
    "notices",
)
async def test_two_turns(rule_app: Start, case: tuple[str, str]) -> None:
    assert [answer.text for answer in await twice(rule_app, case)] == list(HISTORY)


@cases("echo_pairs")
async def test_pairs(rule_app: Start, case: tuple[str, str]) -> None:
    assert [answer.text for answer in await twice(rule_app, case)] == [HISTORY[0], "Echo: Hello again | history=2"]


@cases("load_session")
async def test_load_events_come_first_and_once(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        frozen = {str(component.props.get("value")) for component in space.config.components.values()}
        conversation, other = space.conversation(), space.conversation()
        texts = [(await each.ask("Hello")).text for each in (conversation, conversation, other)]
    sessions = [text.partition("session=")[2].split()[0] for text in texts]
    assert sessions[0] == sessions[1] != sessions[2]
    assert not frozen.intersection(sessions)
    assert all(session.startswith("id-") for session in sessions)
    assert ["loaded=by load" in text for text in texts] == [True] * 3
    assert [text.rpartition("history=")[2] for text in texts] == ["1", "3", "1"]


@cases("listeners_clear_first")
async def test_listeners_see_a_snapshot_before_6_and_each_other_since(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == ("Echo:  | history=1" if case[1] == NEW else HISTORY[0])


@cases("after_failure")
async def test_what_follows_a_failure(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == "Echo: Hello | ran= history=1"
        assert "ran=[then][success]" in (await conversation.ask("Hello")).text
        for prompt in ("fail", "crash", "fail later"):
            with pytest.raises(errors.AppFailed) as caught:
                await conversation.ask(prompt)
            assert caught.value.partial == ("a part" if prompt == "fail later" else "")
        ran = (await conversation.ask("Hello")).text
    # Two turns went well before three failed. `.failure` came in the course of 5.
    expected = (
        "[then]" * (2 if case[1] == NEW else 5) + "[success]" * 2 + "[failure]" * (3 if case[1] in (LATE, NEW) else 0)
    )
    assert f"ran={expected} " in ran


@cases("kept_runs")
async def test_a_direct_run_is_not_taken_for_what_differs_from_one_before(
    rule_app: Start, case: tuple[str, str]
) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        texts = [(await conversation.ask("Hello")).text for _ in range(3)]
    assert texts == [f"Echo: Hello | history={number}" for number in (1, 3, 5)]


@cases("kept_runs_early")
async def test_a_direct_run_that_tells_what_differs_is_said(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        assert (await conversation.ask("Hello")).text == HISTORY[0]
        with pytest.raises(errors.ProtocolError, match=r"by a mistake of Gradio 4\.19\.2"):
            await conversation.ask("Hello")


@cases("stopped_runs")
async def test_an_answer_that_begins_with_what_differs_from_one_that_was_stopped(
    rule_app: Start, case: tuple[str, str]
) -> None:
    """Full values are asked for where they can be; on 4.17 to 4.19 the answer is given when it is known, at its end."""
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        for _ in range(2):
            async with conversation.stream("[[count=400 pace=0.05]]") as stopped:
                async for event in stopped:
                    if isinstance(event, TextDelta):
                        break
            assert conversation.state == "partial"
            async with conversation.stream("Hello") as turn:
                pieces = [event.text async for event in turn if isinstance(event, TextDelta)]
            assert "".join(pieces) == turn.result().text
            assert turn.result().text.startswith("Echo: Hello | history=")
            assert not turn.result().rewritten
            assert (len(pieces) == 1) == (case[1] == SSE_V2)
            assert (await conversation.ask("Hello")).text.startswith("Echo: Hello | history=")


@cases("cancel_chain")
async def test_the_chain_after_a_cancel_still_runs(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        said = ""
        async with conversation.stream("[[count=60 pace=0.05]]") as turn:
            async for event in turn:
                if isinstance(event, TextDelta):
                    said += event.text
                if "5" in said:
                    break
        assert conversation.state == "partial"
        memory = (await conversation.ask("Hello")).text
    assert "[[count=60" in memory
    assert said.strip() in memory
    assert " 60" not in memory


@cases("js_rewrites")
async def test_javascript_that_rewrites_inputs_is_said(rule_app: Start, case: tuple[str, str]) -> None:
    told = [[notice.text for notice in answer.notices] for answer in await twice(rule_app, case)]
    assert [sum("JavaScript that rewrites its inputs" in text for text in texts) for texts in told] == [1, 0]


@cases("loop")
async def test_an_endless_round_is_stopped_and_said(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert any("without end" in notice.text for notice in first.notices)


@cases("change_stream")
async def test_states_that_change_in_mid_stream(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        await conversation.ask("Hello")
        values = conversation.dump().get_dict()["values"].values()
    # 4 looks at what changed only when a run ends, and this one ends with nothing new.
    assert ("steps: 4" in values) == (case[1] != OLD)


@cases("props")
async def test_whole_props_where_a_function_wants_them(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == "Echo: Hello | lines=1 style=3 of 10 history=1"


@cases("rendered_all")
async def test_a_chat_that_is_rendered(rule_app: Start, case: tuple[str, str]) -> None:
    first, second = await twice(rule_app, case)
    assert first.text == "Echo: Hello | style=plain history=1"
    assert second.text == "Echo: Hello again | style=plain history=3"


@cases("updates")
async def test_updates_leave_the_page_as_a_browser_has_it(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        await conversation.ask("Hello")
        page = conversation._page
        box = conversation.layout.chat.box
        assert box is not None
        assert not page.values.get(box)
        assert page.values.prop(box, "interactive") is True


@cases("triggers")
async def test_what_follows_inherits_the_trigger(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == "Echo: Hello | by=Message history=1"
    async with opened(rule_app, case) as space:
        click = next(index for index, found in enumerate(space.layout.candidates) if found.event == "click")
    async with opened(rule_app, case, chat=click) as space:
        assert (await space.conversation().ask("Hello")).text == "Echo: Hello | by=Send history=1"


@cases("reasoning")
async def test_reasoning_tags(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space, space.conversation().stream("Hello") as turn:
        events = [event async for event in turn]
        answer = turn.result()
    assert answer.text == "The answer is 42.\n\nYes. You said Hello."
    assert answer.reasoning == "First I look, then I leap.\n\nOr is it?"
    # Not even half a tag is ever given as text, though the page shows it for a moment.
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == answer.reasoning


@cases("arena_together", "arena_apart")
async def test_two_chatbots_are_two_sources(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        sources = [found for found in space.layout.candidates if found.box is not None]
        assert len({found.output for found in sources}) == 2
        texts = []
        for source in sources:
            async with opened(rule_app, case, chat=space.layout.candidates.index(source)) as other:
                texts.append((await other.conversation().ask("Hello")).text)
    assert sorted(texts) == ["Echo: Hello | I am A, history=1", "Echo: Hello | I am B, history=1"]


@cases("button_only")
async def test_no_way_for_text_in_is_never_chosen(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        with pytest.raises(errors.NoChatFound) as caught:
            _ = space.layout
    assert any("no text goes in" in line for line in caught.value.looked_at)


@cases("several_boxes")
async def test_only_the_message_box_leads_to_the_chatbot(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        first = await conversation.ask("Hello")
        second = await conversation.ask("Hello", system="Be stern.", settings={"Your name": "Ada"})
    assert first.text == "Echo: Hello | name=nobody system=Be kind. history=1"
    assert second.text == "Echo: Hello | name=Ada system=Be stern. history=3"


@cases("interface", "interface_multimodal", "interface_pairs", "interface_saved")
async def test_chat_interface(rule_app: Start, case: tuple[str, str]) -> None:
    first, second = await twice(rule_app, case)
    assert first.text == "Echo: Hello | history=0"
    turns = 1 if case[0] == "interface_pairs" or case[1] in EARLY else 2
    assert second.text == f"Echo: Hello again | history={turns} last=Echo: Hello | histor"


@cases("interface_settings")
async def test_settings_of_a_chat_interface(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        before = await conversation.ask("Hello")
        after = await conversation.ask("Hello", settings={"temperature": 0.2, "loud": True}, system="Shout.")
        with pytest.raises(errors.InvalidSetting, match="Allowed"):
            conversation.stream("Hello", settings={"temperature": 99})
        with pytest.raises(errors.UnknownSetting, match="temperature"):
            conversation.stream("Hello", settings={"temprature": 1})
    assert before.text.endswith("settings=You are helpful.,0.7,512,False")
    assert after.text.endswith("settings=Shout.,0.2,512,True")


@cases("interface_multimodal")
async def test_files_go_in(rule_app: Start, case: tuple[str, str]) -> None:
    files = [("a b.txt", b"hello"), ("c.txt", b"there")]
    async with opened(rule_app, case) as space:
        answer = await space.conversation().ask("Look", files=files[:1])
        assert answer.text.endswith("files=a b.txt") or answer.text.endswith("files=a_b.txt")
        conversation = space.conversation()
        if case[1] == OLD:  # until 5.6 such a box takes one file after another, though it says "single"
            assert (await conversation.ask("Look", files=files)).text.endswith(",c.txt")
        else:
            with pytest.raises(errors.FileRefused, match="no more files"):
                conversation.stream("Look", files=files)


@cases("echo")
async def test_files_are_refused_where_none_go_in(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        with pytest.raises(errors.FileRefused):
            space.conversation().stream("Look", files=[("a.txt", b"hello")])


@cases("interface_thoughts")
async def test_thoughts_and_tools(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == "Echo: Hello | history=0"
    assert first.reasoning == "I look. I think. I know."
    (step,) = first.steps
    assert isinstance(step, ToolStep)
    assert (step.parent, step.text, step.status) == ("1", "weather(Paris)", "done")


@cases("interface_list")
async def test_several_bubbles(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == "First of all.\n\nEcho: Hello | history=0"


@cases("interface_options")
async def test_options_do_not_disturb(rule_app: Start, case: tuple[str, str]) -> None:
    first, _ = await twice(rule_app, case)
    assert first.text == "Echo: Hello | history=0"


@cases("interface_login")
async def test_login(rule_app: Start, case: tuple[str, str]) -> None:
    url = await asyncio.to_thread(rule_app, *case)
    with pytest.raises(errors.LoginRequired):
        async with Space(url):
            pass
    with pytest.raises(errors.LoginRequired) as caught:
        async with Space(url, auth=("ada", "wrong")):
            pass
    assert "wrong" not in str(caught.value)
    async with Space(url, auth=("ada", "secret"), timeouts=TIMEOUTS) as space:
        assert (await space.conversation().ask("Hello")).text == "Echo: Hello | history=0"


@cases("text_streamed", "text_whole")
async def test_text_in_text_out(rule_app: Start, case: tuple[str, str]) -> None:
    first, second = await twice(rule_app, case)
    assert (first.text, second.text) == ("Echo: Hello | style=short", "Echo: Hello again | style=short")


@cases("refused_validator")
async def test_a_validator_stops_everything(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        with pytest.raises(errors.ValidationRefused, match="too short"):
            await conversation.ask("Hi")
        assert (await conversation.ask("Hello")).text == HISTORY[0]


@cases("refused_queue")
async def test_a_full_queue(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        asked = [space.conversation().ask("[[count=20 pace=0.1]]") for _ in range(4)]
        found = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(each, errors.QueueFull) for each in found)
    assert any(isinstance(each, Answer) for each in found)
    assert all(isinstance(each, errors.QueueFull | Answer) for each in found)


@cases("notices")
async def test_notices_progress_and_errors(rule_app: Start, case: tuple[str, str]) -> None:
    async with opened(rule_app, case) as space:
        conversation = space.conversation()
        async with conversation.stream("Hello") as turn:
            notices = [event async for event in turn if isinstance(event, Notice)]
        with pytest.raises(errors.AppFailed) as caught:
            await conversation.ask("error")
    assert {"info", "warning", "progress"} <= {notice.level for notice in notices}
    assert caught.value.detail == "quota gone <b>now</b>"


@pytest.mark.parametrize("environment", [OLD, MIDDLE, LATE, NEW])
async def test_a_turn_of_chat_interface_streams(rule_app: Start, environment: str) -> None:
    async with opened(rule_app, ("interface", environment)) as space, space.conversation().stream("Hello") as turn:
        pieces = [event.text async for event in turn if isinstance(event, TextDelta)]
    assert len(pieces) > 1
    assert "".join(pieces) == "Echo: Hello | history=0"
