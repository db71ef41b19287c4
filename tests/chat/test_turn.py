"""What a turn and a conversation make of a page. The page is real, what its functions do is scripted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.events import Event, Finished, Notice, Queued, Started, TextDelta
from spacebridge.chat.resume import JsonConversation
from spacebridge.gradio.messages import Output
from spacebridge.gradio.session import Outcome
from spacebridge.options import Limits, Timeouts
from tests.chat.hosted import ScriptedHost, conversation_on
from tests.chat.shapes import message
from tests.page.documents import FIVE, FOUR, SIX, component, listener
from tests.page.scripted import Running, Script, ScriptedSession, raising

BOX, CHATBOT, STATE = component(1), component(2, "chatbot", value=[]), component(3, "state")
generations = pytest.mark.parametrize("version", [FOUR, FIVE, SIX], ids=["4", "5", "6"])


def shown(*answers: str) -> list[Any]:
    return [message("user", "hi"), *(message("assistant", answer) for answer in answers)]


def echo(running: Running) -> Outcome:
    """A model that speaks in three steps."""
    running.status(msg="estimation", rank=0, queue_size=1, rank_eta=0.5)
    running.status(msg="process_starts")
    running.say(shown("a"), None)
    running.grow([["append", [1, "content"], "b"]], [])
    running.grow([["append", [1, "content"], "c"]], [])
    return running.end(shown("abc"), None)


def chat(
    script: Script = echo,
    *more: Any,
    then: dict[int, Script] | None = None,
    version: tuple[int, ...] = SIX,
    host: ScriptedHost | None = None,
    box: Any = BOX,
) -> tuple[Conversation, ScriptedSession]:
    """A chat of one function, and what follows it."""
    first = listener(0, (1, "submit"), reads=[1, 2, 3], writes=[2, 3], generator=True)
    return conversation_on(
        [box, CHATBOT, STATE], [first, *more], {0: script, **(then or {})}, version=version, host=host
    )


async def forever(_: Running) -> Outcome:
    await asyncio.Event().wait()
    raise AssertionError


async def events_of(conversation: Conversation, prompt: str = "hi", **options: Any) -> list[Event]:
    async with conversation.stream(prompt, **options) as turn:
        return [event async for event in turn]


@generations
async def test_a_turn_from_the_message_to_the_answer(version: tuple[int, ...]):
    conversation, session = chat(version=version)
    events = await events_of(conversation)
    assert [type(event) for event in events] == [Queued, Started, TextDelta, TextDelta, TextDelta, Finished]
    assert events[-1] == Finished(turn_id="scripted-1", text="abc")
    assert session.calls[0].data == ["hi", [], None]
    assert session.calls[0].trigger == 1
    assert conversation.state == "clean"


async def test_waiting_for_a_gpu_is_a_queue():
    """The function runs, and what it waits for has a limit of its own."""

    async def wait(running: Running) -> Outcome:
        running.status(msg="process_starts")
        running.status(msg="log", log="Waiting for a GPU to become available", level="info", title="ZeroGPU queue")
        await asyncio.sleep(0.2)
        running.status(msg="log", log="Successfully acquired a GPU", level="success", title="ZeroGPU queue")
        return running.end(shown("abc"), None)

    conversation, _ = chat(wait, host=ScriptedHost(Timeouts(first_text=0.1)))
    events = await events_of(conversation)
    assert [type(event) for event in events] == [Started, Notice, Queued, Notice, TextDelta, Finished]
    assert events[1] == Notice(
        turn_id="scripted-1", level="info", title="ZeroGPU queue", text="Waiting for a GPU to become available"
    )


async def test_a_gpu_that_does_not_come_is_the_queues_limit():
    async def wait(running: Running) -> Outcome:
        running.status(msg="process_starts")
        running.status(msg="log", log="Waiting for a GPU to become available", level="info")
        return await forever(running)

    conversation, _ = chat(wait, host=ScriptedHost(Timeouts(queue=0.05, cancel=0.5)))
    with pytest.raises(errors.TimedOut) as caught:
        await conversation.ask("hi")
    assert caught.value.limit == "queue"


async def test_finished_comes_when_nothing_that_still_runs_can_write_the_chatbot():
    """Footers come by ``.then``."""

    def footer(running: Running) -> Outcome:
        return running.end(shown("abc\n\nby the model"))

    conversation, _ = chat(echo, listener(1, after=0, reads=[2], writes=[2]), then={1: footer})
    events = await events_of(conversation)
    assert [type(event) for event in events[-2:]] == [TextDelta, Finished]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.text == "abc\n\nby the model"


async def test_finished_waits_for_what_changes_of_a_state_or_the_chatbot_set_off():
    def change(running: Running) -> Outcome:
        return running.end(shown("abc", "more"))

    conversation, _ = chat(
        echo, listener(1, (2, "change"), writes=[4]), listener(2, (4, "change"), writes=[2]), then={1: ["x"], 2: change}
    )
    assert (await conversation.ask("hi")).text == "abc\n\nmore"


async def test_what_follows_for_the_state_only_runs_under_the_turns_lock_after_finished():
    saved = asyncio.Event()

    async def save(running: Running) -> Outcome:
        await saved.wait()
        return running.end(None)

    conversation, session = chat(echo, listener(1, after=0, reads=[2], writes=[3]), then={1: save})
    async with conversation.stream("hi") as turn:
        async for event in turn:
            if isinstance(event, Finished):
                with pytest.raises(errors.TurnInProgress):
                    conversation.stream("too early")
                saved.set()
    assert session.order == [0, 1]
    assert session.calls[1].data == [shown("abc")]
    assert (await conversation.ask("hi")).text == "abc"


async def test_a_second_turn_sends_what_the_page_shows():
    conversation, session = chat()
    await conversation.ask("hi")
    await conversation.ask("more")
    assert session.calls[1].data == ["more", shown("abc"), None]


async def test_text_gives_pieces_and_settle_end_gives_one():
    conversation, _ = chat()
    assert [piece async for piece in conversation.text("hi")] == ["a", "b", "c"]
    assert [piece async for piece in conversation.text("hi", settle="end")] == ["abc"]


async def test_an_answer_that_was_rewritten_is_told_at_the_end():
    def rewrite(running: Running) -> Outcome:
        running.say(shown("a"), None)
        running.grow([["replace", [1, "content"], "other"]], [])
        return running.end(shown("other"), None)

    conversation, _ = chat(rewrite)
    pieces: list[str] = []
    with pytest.raises(errors.AnswerRewritten) as caught:
        async for piece in conversation.text("hi"):
            pieces.append(piece)
    assert pieces == ["a"]
    assert caught.value.text == "other"
    answer = await conversation.ask("hi")
    assert (answer.text, answer.rewritten, str(answer)) == ("other", True, "other")


async def test_nothing_at_all_is_an_empty_answer():
    conversation, _ = chat([shown(), None])
    with pytest.raises(errors.EmptyAnswer):
        await conversation.ask("hi")
    assert conversation.state == "partial"


@generations
async def test_a_failure_carries_the_partial_text(version: tuple[int, ...]):
    def fail(running: Running) -> Outcome:
        running.say(shown("half"), None)
        raise errors.AppFailed("It broke.")

    conversation, _ = chat(fail, version=version)
    with pytest.raises(errors.AppFailed) as caught:
        await conversation.ask("hi")
    assert caught.value.partial == "half"
    assert conversation.state == "partial"


async def test_a_failure_of_what_has_nothing_to_do_with_the_answer_is_a_notice():
    def fail(running: Running) -> Outcome:
        raise errors.AppFailed("The counter broke.")

    conversation, _ = chat(echo, listener(1, (1, "submit"), writes=[3]), then={1: fail}, version=FIVE)
    answer = await conversation.ask("hi")
    assert answer.text == "abc"
    assert [notice.text for notice in answer.notices] == ["The counter broke."]


async def test_what_takes_the_message_may_not_fail_though_the_answer_comes_by_a_clock():
    def refuse(_: Running) -> Outcome:
        raise errors.AppFailed("The app failed: no room")

    conversation, _ = conversation_on(
        [BOX, CHATBOT, component(9, "timer", value=0.05, active=True)],
        [listener(0, (1, "submit"), reads=[1], writes=[1]), listener(1, (9, "tick"), reads=[2], writes=[2])],
        {0: refuse, 1: [[]]},
    )
    with pytest.raises(errors.AppFailed, match="no room"):
        await conversation.ask("hi")


async def test_a_lost_session_is_lost_for_good():
    def lose(_: Running) -> Outcome:
        raise errors.SessionLost("gone")

    conversation, _ = chat(lose)
    with pytest.raises(errors.SessionLost):
        await conversation.ask("hi")
    assert conversation.state == "lost"
    with pytest.raises(errors.SessionLost):
        conversation.stream("again")


async def test_leaving_a_turn_stops_the_work():
    async def speak(running: Running) -> Outcome:
        running.say(shown("a"), None)
        return await forever(running)

    conversation, session = chat(speak, listener(1, after=0, reads=[2], writes=[3]))
    async with conversation.stream("hi") as turn:
        async for event in turn:
            if isinstance(event, TextDelta):
                break
    assert session.cancels == [None]
    assert session.order == [0, 1]  # the trailing chain keeps the app's memory as a browser would leave it
    assert conversation.state == "partial"
    assert session.running[0] == []


async def test_a_turn_that_is_left_before_it_began():
    conversation, session = chat()
    turn = conversation.stream("hi")
    await turn.aclose()
    assert session.calls == []
    assert (await conversation.ask("hi")).text == "abc"


@pytest.mark.parametrize(
    "limits, name",
    [
        (Timeouts(first_text=0.05, cancel=1.0), "first_text"),
        (Timeouts(total=0.05, cancel=1.0), "total"),
    ],
)
async def test_time_limits_name_themselves(limits: Timeouts, name: str):
    conversation, session = chat(forever, host=ScriptedHost(limits))
    with pytest.raises(errors.TimedOut) as caught:
        await conversation.ask("hi")
    assert (caught.value.limit, caught.value.seconds, caught.value.still_running) == (name, 0.05, False)
    assert session.cancels == [None]


async def test_a_queue_that_takes_too_long_is_not_waited_for():
    async def queue(running: Running) -> Outcome:
        running.status(msg="estimation", rank=7, queue_size=9, rank_eta=600.0)
        return await forever(running)

    conversation, _ = chat(queue, host=ScriptedHost(limits=Limits(queue_eta=60.0)))
    with pytest.raises(errors.QueueFull, match="600 s"):
        await conversation.ask("hi")


async def test_notices_are_events_and_part_of_the_answer():
    def tell(running: Running) -> Outcome:
        running.status(msg="log", log="careful", level="warning", title="Hm")
        running.status(msg="log", log=None, level=None)
        running.status(msg="progress", progress_data=[{"index": 1, "length": 4, "unit": "steps", "desc": "Work"}])
        running.status(msg="progress", progress_data=[{"progress": 0.5}])
        running.status(msg="progress", progress_data="odd")
        return running.end(shown("a"), None)

    conversation, _ = chat(tell)
    answer = await conversation.ask("hi")
    told = [(notice.level, notice.title, notice.text) for notice in answer.notices]
    assert ("warning", "Hm", "careful") in told
    assert ("progress", "Work", "1/4 steps") in told
    assert ("progress", "", "50%") in told
    assert all(isinstance(notice, Notice) for notice in answer.notices)


# What goes in


@pytest.mark.parametrize("prompt", ["", " \n"])
async def test_an_empty_prompt_is_refused(prompt: str):
    conversation, session = chat()
    with pytest.raises(errors.InvalidMessages):
        conversation.stream(prompt)
    assert session.calls == []


@pytest.mark.parametrize("prompt, sent", [("a\ud83d\ude00b", "a😀b"), ("a\ud83d", "a\ufffd"), ("é", "é")])
async def test_halves_of_characters_are_joined_or_replaced(prompt: str, sent: str):
    conversation, session = chat()
    await conversation.ask(prompt)
    assert session.calls[0].data[0] == sent


async def test_a_system_message_goes_into_its_box_or_before_the_prompt():
    conversation, session = chat()
    await conversation.ask("hi", system="Be kind.")
    await conversation.ask("more", system="Be kind.")
    assert [call.data[0] for call in session.calls] == ["Be kind.\n\nhi", "more"]
    system = component(5, label="System prompt", value="")
    conversation, session = conversation_on(
        [BOX, CHATBOT, system], [listener(0, (1, "submit"), reads=[1, 5], writes=[2])], {0: [shown("a")]}
    )
    await conversation.ask("hi", system="Be kind.")
    assert session.calls[0].data == ["hi", "Be kind."]


async def test_settings_stay_for_the_turns_after():
    slider = component(5, "slider", label="Temperature", minimum=0, maximum=2, value=1.0)
    conversation, session = conversation_on(
        [BOX, CHATBOT, slider], [listener(0, (1, "submit"), reads=[1, 5], writes=[2])], {0: [shown("a")]}
    )
    await conversation.ask("hi", settings={"temperature": 0.2})
    await conversation.ask("hi")
    assert [call.data[1] for call in session.calls] == [0.2, 0.2]
    with pytest.raises(errors.InvalidSetting):
        conversation.stream("hi", settings={"temperature": 9})
    with pytest.raises(errors.UnknownSetting):
        conversation.stream("hi", settings={"heat": 1})


async def test_files_go_where_the_box_takes_them():
    host = ScriptedHost()
    conversation, session = chat(box=component(1, "multimodaltextbox"), host=host)
    await conversation.ask("look", files=[("a.png", b"x")])
    assert host.uploads == ["a.png"]
    assert session.calls[0].data[0] == {"text": "look", "files": [{"path": "/kept/a.png"}]}
    conversation, _ = chat()
    with pytest.raises(errors.FileRefused, match="takes no files"):
        conversation.stream("look", files=[("a.png", b"x")])


# Going on elsewhere


async def test_a_conversation_is_dumped_and_resumed():
    conversation, _ = chat()
    await conversation.ask("hi")
    dumped = JsonConversation.from_json(conversation.dump().to_json())
    other, session = chat()
    other.restore(dumped)
    assert other.state == "clean"
    await other.ask("more")
    assert session.calls[0].data == ["more", shown("abc"), None]


@pytest.mark.parametrize("data", [{"version": 99}, {"values": {"x": 1}}, {"values": {"²": 1}}])
def test_dumps_that_can_not_be_resumed(data: dict[str, Any]):
    conversation, _ = chat()
    with pytest.raises(errors.InvalidConversation):
        conversation.restore(JsonConversation(session_hash="abc", **data))


@pytest.mark.parametrize(
    "data", [{}, {"values": None}, {"values": [1]}, {"state": "odd"}, {"state": 7}, {"system": 7}, {"loaded": None}]
)
def test_odd_dumps_are_read_as_far_as_they_go(data: dict[str, Any]):
    conversation, _ = chat()
    conversation.restore(JsonConversation(session_hash="abc", **data))
    assert conversation.state == "clean"


async def test_what_came_together_is_handed_on_together():
    conversation, _ = chat()
    batches: list[list[Event]] = []

    def take(batch: list[Event]) -> bool:
        batches.append(batch)
        return True

    async with conversation.stream("hi") as turn:
        assert await turn.follow(take)
    assert [type(event) for batch in batches for event in batch] == [
        Queued, Started, TextDelta, TextDelta, TextDelta, Finished,
    ]  # fmt: skip
    assert len(batches) < 6
    assert conversation.state == "clean"


async def test_following_ends_as_iterating_does():
    def fails(running: Running) -> Outcome:
        running.say(shown("a"), None)
        raise errors.AppFailed("No.")

    conversation, _ = chat(fails)
    got: list[Event] = []

    def take(batch: list[Event]) -> bool:
        got.extend(batch)
        return True

    with pytest.raises(errors.AppFailed, match="No"):
        await conversation.stream("hi").follow(take)
    assert "a" in [event.text for event in got if isinstance(event, TextDelta)]
    assert conversation.state == "partial"


async def test_a_turn_of_which_no_more_is_wanted_is_stopped():
    async def speak(running: Running) -> Outcome:
        running.say(shown("a"), None)
        return await forever(running)

    conversation, session = chat(speak)
    assert not await conversation.stream("hi").follow(lambda _: False)
    assert session.cancels == [None]
    assert conversation.state == "partial"


@pytest.mark.parametrize("version", [FOUR, FIVE], ids=["4", "5"])
async def test_a_lost_connection_is_told_though_something_else_ends(version: tuple[int, ...]):
    """Of two functions that the message sets going, the one that leads to the answer is lost; the other ends well."""
    conversation, _ = chat(
        raising(errors.ConnectionLost("lost")),
        listener(1, (1, "submit"), writes=[1]),
        then={1: lambda running: running.end("")},
        version=version,
    )
    with pytest.raises(errors.ConnectionLost):
        await events_of(conversation)
    assert conversation.state == "partial"


@pytest.mark.parametrize("version", [FOUR, FIVE], ids=["4", "5"])
async def test_what_a_lost_connection_stops_is_no_whole_answer(version: tuple[int, ...]):
    async def speaks(running: Running) -> Outcome:
        running.say(shown("a"), None)
        await running.cancelled.wait()
        return Outcome(cancelled=True, output=Output())

    async def lost(_: Running) -> Outcome:
        await asyncio.sleep(0.05)
        raise errors.ConnectionLost("lost")

    conversation, _ = chat(speaks, listener(1, (1, "submit"), writes=[1]), then={1: lost}, version=version)
    got: list[Event] = []
    async with conversation.stream("hi") as turn:
        with pytest.raises(errors.ConnectionLost) as caught:
            async for event in turn:
                got.append(event)
    assert not any(isinstance(event, Finished) for event in got)
    assert caught.value.partial == "a"
    assert conversation.state == "partial"


@generations
@pytest.mark.parametrize("writes, state", [(3, "partial"), (1, "clean")], ids=["memory", "box"])
async def test_the_memory_of_an_answer_is_lost_after_it(version: tuple[int, ...], writes: int, state: str):
    """The answer stands; but where the app may not have taken it down, the conversation is not as it seems."""
    after = listener(1, after=0, reads=[2], writes=[writes])
    conversation, _ = chat(echo, after, then={1: raising(errors.ConnectionLost("lost"))}, version=version)
    events = await events_of(conversation)
    assert [type(event) for event in events][-2:] == [Finished, Notice]
    assert conversation.state == state
