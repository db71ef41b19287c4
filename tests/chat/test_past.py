"""Conversations that begin with earlier messages, and those that branch off others. What the functions do is scripted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat.conversation import Conversation
from spacebridge.chat.history import Said
from spacebridge.chat.past import Past
from spacebridge.chat.resume import JsonConversation
from spacebridge.gradio.session import Outcome
from tests.chat.hosted import ScriptedHost, conversation_on
from tests.chat.shapes import block_message, message
from tests.page.documents import FIVE, SIX, component, listener
from tests.page.scripted import Running, ScriptedSession

BOX, STATE = component(1), component(3, "state")
BOT = component(2, "chatbot", value=[], type="messages")
TALK = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
HELD = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
PROMPT = "User: Hello\nAssistant: Hi\nUser: And?\nAssistant:"


def answer(running: Running) -> Outcome:
    """A bot that adds to the chatbot that it is given, or shows it anew."""
    text, shown = running.call.data[0], running.call.data[1]
    history = shown if isinstance(shown, list) else []
    return running.end([*history, message("user", text), message("assistant", f"on {text}")])


def of_chatbot(**more: Any) -> tuple[Conversation, ScriptedSession]:
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    return conversation_on([BOX, BOT], [chat], {0: answer}, version=more.pop("version", FIVE), **more)


def of_state(sync: Any = None, **more: Any) -> tuple[Conversation, ScriptedSession]:
    """A chat that reads a State, into which a step puts the chatbot's value."""
    chat = listener(0, (1, "submit"), reads=[1, 3], writes=[2])
    script = {0: answer} | ({1: sync} if sync else {})
    steps = [chat, listener(1, after=0, reads=[2], writes=[3]), listener(2, after=1, writes=[1])]
    return conversation_on([BOX, BOT, STATE], steps, script, version=FIVE, **more)


def of_nothing(**more: Any) -> tuple[Conversation, ScriptedSession]:
    chat = listener(0, (1, "submit"), reads=[1], writes=[4])
    said = component(4, "markdown")
    return conversation_on([BOX, said], [chat], {0: lambda r: r.end(f"on {len(r.call.data[0])}")}, version=FIVE, **more)


async def test_a_page_that_clears_the_chat_when_something_is_set_forgets():
    """As those do whose system prompt takes effect by a button that says so."""
    system, apply = component(5, label="System", value="Be kind."), component(6, "button", value="Set system and clear")
    chat = listener(0, (1, "submit"), reads=[1, 2, 3], writes=[2])
    conversation, session = conversation_on(
        [BOX, BOT, STATE, system, apply],
        [chat, listener(1, (6, "click"), reads=[5], writes=[3, 2])],
        {0: answer, 1: [None, []]},
        version=FIVE,
        past=Past.of(TALK),
    )
    first = await conversation.ask("And?", system="Be brief.")  # before anything was said there is nothing to forget
    assert (conversation.history_mode, first.notices) == ("chatbot", ())
    assert len(session.calls[-1].data[1]) == 2
    assert (await conversation.ask("And?", system="Be brief.")).notices == ()
    second = await conversation.ask("More?", system="Be long.")
    assert [notice.text for notice in second.notices] == [
        "The page has cleared the chat with what was set: the app has forgotten what was said before."
    ]
    assert session.order == [1, 0, 0, 1, 0]
    assert session.calls[-1].data[1] == []
    assert conversation.history_mode is None
    data = conversation.dump().get_dict()
    assert (data.get("history"), len(data["turns"])) == (None, 2)


async def test_in_the_chatbot():
    conversation, session = of_chatbot(past=Past.of(TALK))
    assert conversation.history_mode == "chatbot"
    assert (await conversation.ask("And?")).text == "on And?"
    assert session.calls[0].data == ["And?", HELD]
    await conversation.ask("More?")
    assert len(session.calls[1].data[1]) == 4
    assert conversation.history_mode == "chatbot"


async def test_in_the_form_of_the_generation():
    conversation, session = of_chatbot(past=Past.of(TALK), version=SIX)
    await conversation.ask("And?")
    assert session.calls[0].data[1][0] == {"role": "user", "content": [{"type": "text", "text": "Hello"}]}


async def test_behind_what_the_page_shows_already():
    greeting = component(2, "chatbot", value=[message("assistant", "Welcome")], type="messages")
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    conversation, session = conversation_on([BOX, greeting], [chat], {0: answer}, version=FIVE, past=Past.of(TALK))
    await conversation.ask("And?")
    assert session.calls[0].data[1] == [message("assistant", "Welcome"), *HELD]


async def test_by_an_event_of_the_app_and_nothing_that_follows_it():
    conversation, session = of_state(past=Past.of(TALK))
    assert conversation.history_mode == "event"
    await conversation.ask("And?")
    assert session.order == [1, 0, 1, 2]
    assert session.calls[0].data == [HELD]


async def test_an_event_that_fails_leaves_the_prompt():
    failures = iter([True, False])

    def sync(running: Running) -> Outcome:
        if next(failures):
            raise errors.AppFailed("It was not well.")
        return running.end(None)

    conversation, session = of_state(sync, past=Past.of(TALK))
    answered = await conversation.ask("And?")
    assert conversation.history_mode == "prompt"
    assert session.calls[1].data[0] == PROMPT
    assert [notice.text for notice in answered.notices] == [
        "The app did not take the earlier messages: It was not well."
    ]
    assert answered.text == f"on {PROMPT}"


async def test_an_unknown_chatbot_leaves_the_prompt():
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    unknown = component(2, "mychatbot")
    conversation, session = conversation_on([BOX, unknown], [chat], {0: answer}, past=Past.of(TALK))
    assert conversation.history_mode == "prompt"
    await conversation.ask("And?")
    await conversation.ask("More?")
    assert [call.data[0] for call in session.calls] == [PROMPT, "More?"]


async def test_an_app_that_remembers_nothing_is_told_each_time():
    conversation, session = of_nothing(past=Past.of(TALK))
    await conversation.ask("And?")
    await conversation.ask("More?")
    assert session.calls[0].data == [PROMPT]
    assert session.calls[1].data == [f"{PROMPT[:-11]}\nAssistant: on {len(PROMPT)}\nUser: More?\nAssistant:"]


async def test_no_history_changes_nothing():
    for past in (None, Past(), Past.of([])):
        conversation, session = of_nothing(past=past)
        assert conversation.history_mode is None
        await conversation.ask("And?")
        await conversation.ask("More?")
        assert [call.data for call in session.calls] == [["And?"], ["More?"]]


async def test_a_value_that_the_client_carries():
    kept = component(5, "json", value=[], visible=False)
    chat = listener(0, (1, "submit"), reads=[1, 5], writes=[2, 5])
    script: Any = {0: lambda r: r.end([message("user", "x"), message("assistant", "on")], r.call.data[1])}
    conversation, session = conversation_on([BOX, BOT, kept], [chat], script, version=FIVE, past=Past.of(TALK))
    assert conversation.history_mode == "value"
    await conversation.ask("And?")
    assert session.calls[0].data == ["And?", HELD]


async def test_a_value_that_is_json_as_text_and_pairs():
    kept = component(5, "textbox", value="[]", visible=False)
    bot = component(2, "chatbot", value=[])
    chat = listener(0, (1, "submit"), reads=[1, 5], writes=[2, 5])
    script: Any = {0: lambda r: r.end([["x", "on"]], r.call.data[1])}
    conversation, session = conversation_on([BOX, bot, kept], [chat], script, version=FIVE, past=Past.of(TALK))
    await conversation.ask("And?")
    assert json.loads(session.calls[0].data[1]) == [["Hello", "Hi"]]


SYSTEM = [{"role": "system", "content": "Be brief."}, *TALK]


async def test_the_system_message_goes_into_its_box():
    rule = component(5, "textbox", label="System prompt", value="")
    chat = listener(0, (1, "submit"), reads=[1, 2, 5], writes=[2])
    conversation, session = conversation_on([BOX, BOT, rule], [chat], {0: answer}, version=FIVE, past=Past.of(SYSTEM))
    await conversation.ask("And?")
    await conversation.ask("More?", settings={"system": "Be long."})
    await conversation.ask("More?")
    assert [call.data[2] for call in session.calls] == ["Be brief.", "Be long.", "Be long."]


async def test_the_system_message_is_said_once_where_there_is_no_box():
    conversation, session = of_chatbot(past=Past.of(SYSTEM))
    await conversation.ask("And?")
    await conversation.ask("More?")
    assert [call.data[0] for call in session.calls] == ["Be brief.\n\nAnd?", "More?"]
    conversation, session = of_nothing(past=Past.of(SYSTEM))
    await conversation.ask("And?")
    assert session.calls[0].data == [f"System: Be brief.\n{PROMPT}"]


async def test_files_of_earlier_messages():
    both, host = component(1, "multimodaltextbox"), ScriptedHost()
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    script: Any = {0: lambda r: r.end([*r.call.data[1], message("user", "x"), message("assistant", "on")])}
    past = Past.of([{"role": "user", "content": "See", "files": [("a.txt", b"a")]}, TALK[1]])
    assert past.has_files
    conversation, session = conversation_on([both, BOT], [chat], script, version=FIVE, host=host, past=past)
    with pytest.raises(errors.InvalidConversation, match="after its first turn"):
        conversation.dump()
    await conversation.ask("And?")
    assert host.uploads == ["a.txt"]
    file = {"file": {"path": "/kept/a.txt"}, "alt_text": None}
    assert [each["content"] for each in session.calls[0].data[1]] == [file, "See", "Hi"]


async def test_files_go_with_the_prompt_where_that_tells_all():
    both, said, host = component(1, "multimodaltextbox"), component(4, "markdown"), ScriptedHost()
    chat = listener(0, (1, "submit"), reads=[1], writes=[4])
    past = Past.of([{"role": "user", "content": "See", "files": [("a.txt", b"a")]}])
    conversation, session = conversation_on([both, said], [chat], {0: ["on"]}, host=host, past=past)
    await conversation.ask("And?", files=[("b.txt", b"b")])
    assert session.calls[0].data == [
        {"text": "User: See\nUser: And?\nAssistant:", "files": [{"path": "/kept/a.txt"}, {"path": "/kept/b.txt"}]}
    ]


# Branches


async def test_a_branch_shows_what_the_chatbot_showed():
    conversation, session = of_chatbot(past=Past.of(TALK))
    await conversation.ask("And?")
    await conversation.ask("More?")
    branch = conversation.branch(after=2)
    assert branch.history_mode == "chatbot"
    await branch.ask("Else?")
    shown = branch._page.values.get(2)
    assert [each["content"] for each in shown] == ["Hello", "Hi", "And?", "on And?", "Else?", "on Else?"]
    assert [each["content"] for each in conversation._page.values.get(2)][-2:] == ["More?", "on More?"]
    assert len(session.calls) == 2
    whole = conversation.branch()
    await whole.ask("Else?")
    assert len(whole._page.values.get(2)) == 8


async def test_a_branch_before_anything_was_said():
    conversation, _ = of_chatbot(past=Past.of(TALK))
    branch = conversation.branch()
    await branch.ask("And?")
    assert len(branch._page.values.get(2)) == 4
    with pytest.raises(errors.NotOffered, match="2 turns"):
        conversation.branch(2)


async def test_a_branch_where_only_the_prompt_tells():
    conversation, _ = of_nothing(past=Past.of(TALK))
    await conversation.ask("And?")
    await conversation.ask("More?")
    branch = conversation.branch(2)
    await branch.ask("Else?")
    assert branch._past.said == (
        Said("user", "Hello"),
        Said("assistant", "Hi"),
        Said("user", "And?"),
        Said("assistant", f"on {len(PROMPT)}"),
    )


async def test_a_branch_takes_the_settings_along():
    heat = component(5, "slider", label="Temperature", value=0.5, minimum=0, maximum=1)
    chat = listener(0, (1, "submit"), reads=[1, 2, 5], writes=[2])
    conversation, _ = conversation_on([BOX, BOT, heat], [chat], {0: answer}, version=FIVE)
    await conversation.ask("Hello", settings={"temperature": 1})
    branch = conversation.branch()
    assert branch.settings == {"temperature": 1.0}
    assert branch.dump().get_dict()["settings"] == {"temperature": 1.0}
    await branch.ask("And?")
    assert branch._page.values.get(5) == 1.0
    await branch.ask("And?", settings={"temperature": 0})
    await branch.ask("And?")
    assert branch.settings == {"temperature": 0.0}


async def test_no_branch_while_a_turn_is_under_way():
    conversation, _ = of_chatbot()
    async with conversation.stream("Hello"):
        with pytest.raises(errors.TurnInProgress):
            conversation.branch()


# Elsewhere


def resumed(make: Any, conversation: Conversation) -> tuple[Conversation, ScriptedSession]:
    other, session = make()
    other.restore(JsonConversation.from_json(conversation.dump().to_json()))
    return other, session


@pytest.mark.parametrize("make", [of_chatbot, of_state, of_nothing])
async def test_a_history_that_was_not_told_yet_goes_along(make: Any):
    first, _ = make(past=Past.of(SYSTEM))
    other, session = resumed(make, first)
    expected, known = make(past=Past.of(SYSTEM))
    assert other.history_mode == expected.history_mode
    await other.ask("And?")
    await expected.ask("And?")
    assert [call.data for call in session.calls] == [call.data for call in known.calls]


@pytest.mark.parametrize("make", [of_chatbot, of_state, of_nothing])
async def test_a_history_that_was_told_is_not_told_again(make: Any):
    first, known = make(past=Past.of(TALK))
    await first.ask("And?")
    other, session = resumed(make, first)
    assert other.history_mode == first.history_mode is not None
    told = len(known.calls)
    await other.ask("More?")
    await first.ask("More?")
    assert [call.data for call in session.calls] == [call.data for call in known.calls[told:]]


async def test_a_branch_that_was_not_begun_goes_along():
    conversation, _ = of_chatbot(past=Past.of(TALK))
    await conversation.ask("And?")
    other, session = resumed(of_chatbot, conversation.branch(1))
    await other.ask("Else?")
    assert session.calls[0].data == ["Else?", HELD]


async def test_what_is_resumed_by_a_session_hash_alone():
    conversation, session = of_state()
    conversation.restore(JsonConversation(session_hash="scripted"))
    await conversation.ask("And?")
    assert session.calls[0].data == ["And?", None]
    assert conversation.history_mode is None
    single, _ = of_nothing()
    single.restore(JsonConversation(session_hash="scripted"))
    with pytest.raises(errors.NotOffered, match="not known what was said"):
        single.branch()


@pytest.mark.parametrize("fields", [{"history": [7]}, {"turns": [{"role": "x"}]}])
def test_a_dump_that_makes_no_sense(fields: dict[str, Any]):
    conversation, _ = of_chatbot()
    with pytest.raises(errors.InvalidConversation):
        conversation.restore(JsonConversation(session_hash="a", **fields))


# What was taken back


async def test_the_record_follows_what_the_page_takes_back():
    retry = listener(1, (2, "retry"), reads=[2], writes=[2])
    undo = listener(2, (2, "undo"), reads=[2], writes=[2])
    edit = listener(3, (2, "edit"), reads=[2], writes=[2], collects_event_data=True)
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])

    def again(running: Running) -> Outcome:
        return running.end([*running.call.data[0][:-1], message("assistant", "again")])

    def edited(running: Running) -> Outcome:
        data: Any = running.call.event_data
        kept = running.call.data[0][: data["index"]]
        return running.end([*kept, message("user", data["value"]), message("assistant", "edited")])

    script = {0: answer, 1: again, 2: lambda r: r.end(r.call.data[0][:-2]), 3: edited}
    conversation, session = conversation_on([BOX, BOT], [chat, retry, undo, edit], script, version=FIVE)
    await conversation.ask("a")
    await conversation.ask("b")
    async with conversation.retry() as turn:
        assert (await turn.answer()).text == "again"
    assert conversation._past._turns == [
        Said("user", "a"),
        Said("assistant", "on a"),
        Said("user", "b"),
        Said("assistant", "again"),
    ]
    await conversation.undo()
    assert conversation._past._turns == [Said("user", "a"), Said("assistant", "on a")]
    await conversation.ask("c")
    async with conversation.edit("A", turn=1) as turn:
        assert (await turn.answer()).text == "edited"
    assert session.calls[-1].event_data == {"index": 0, "value": "A", "previous_value": "a"}
    assert conversation._past._turns == [Said("user", "A"), Said("assistant", "edited")]
    async with conversation.edit("AA") as turn:
        answered = await turn.answer()
    assert (answered.text, answered.rewritten) == ("edited", False)
    with pytest.raises(errors.NotOffered, match="no message 5"):
        async with conversation.edit("x", turn=5) as turn:
            await turn.answer()


async def test_nothing_to_retry_where_the_app_was_only_told_in_the_prompt():
    chat = listener(0, (1, "submit"), reads=[1, 3], writes=[2, 3])
    retry = listener(1, (2, "retry"), reads=[2, 3], writes=[2])
    held = Past(value=[message("user", "a"), message("assistant", "A")])
    conversation, _ = conversation_on([BOX, BOT, STATE], [chat, retry], {0: answer}, past=held)
    with pytest.raises(errors.NotOffered):
        async with conversation.retry() as turn:
            await turn.answer()


async def test_nothing_to_retry_with_a_state_that_was_not_set():
    """As of ``ChatInterface`` of 4: the last message is in a State."""
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    retry = listener(1, (2, "retry"), reads=[2, 3], writes=[2])
    conversation, session = conversation_on(
        [BOX, BOT, STATE], [chat, retry], {0: answer, 1: answer}, past=Past.of(TALK)
    )
    with pytest.raises(errors.NotOffered, match="not enough of it to retry"):
        async with conversation.retry() as turn:
            await turn.answer()
    await conversation.ask("And?")
    async with conversation.retry() as turn:
        await turn.answer()
    assert session.order == [0, 1]


async def test_the_api_says_nothing_of_the_page():
    fake, said = component(5, "button", visible=False), component(6, "json", visible=False)
    chat = listener(0, (1, "submit"), reads=[1, 2], writes=[2])
    retry = listener(1, (2, "retry"), reads=[2], writes=[2])
    api = listener(2, (5, "click"), reads=[1, 3], writes=[6, 3], api_name="chat")
    parts = [BOX, BOT, STATE, fake, said]
    script: Any = {2: lambda r: r.end("same", None)}
    conversation, session = conversation_on(parts, [chat, retry, api], script, version=FIVE, route="api")
    assert (await conversation.ask("a")).text == "same"
    assert (await conversation.ask("b")).text == "same"
    assert session.order == [2, 2]
    assert conversation.dump().get_dict()["route"] == "api"
    with pytest.raises(errors.NotOffered, match="API"):
        conversation.retry()
    branch = conversation.branch(1)
    assert branch.history_mode == "prompt"
    await branch.ask("c")
    assert branch._past.said == (Said("user", "a"), Said("assistant", "same"))


async def test_blocks_are_branched_as_they_are():
    conversation, _ = of_chatbot(version=SIX)
    conversation._page.values.set(2, [block_message("user", "a"), block_message("assistant", "A")])
    assert conversation.branch(1)._past._value == [block_message("user", "a"), block_message("assistant", "A")]
