from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.events import (
    Attachment,
    AttachmentAdded,
    AttachmentRemoved,
    Event,
    Finished,
    Notice,
    ReasoningDelta,
    ReasoningRewritten,
    Started,
    TextDelta,
)
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.reply import Called, Piece, Reasoned, Reply, Spoken
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.usage import weigh
from tests.gateway.shapes.turns import WEATHER, asked, call, content, cuts, layout, text_events
from tests.strategies import many


def run(request: Request, events: list[Event], *, limited: bool = True) -> tuple[Reply, list[Piece]]:
    """Feed a turn as the server does, until nothing more is wanted."""
    reply = Reply(request, limited=limited)
    pieces: list[Piece] = []
    for event in events:
        pieces += reply.feed(event)
        if reply.over:
            break
    assert reply.repair() is None
    return reply, pieces + reply.finish()


def spoken(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if isinstance(piece, Spoken)]


def test_text_and_reasoning_are_passed_on_as_they_come():
    events = [Started(), ReasoningDelta(text="hm"), TextDelta(text="a"), Notice(level="info"), *text_events("b")[:1]]
    reply, pieces = run(asked(), [*events, Finished(text="ab", reasoning="hm")])
    assert pieces == [Reasoned("hm"), Spoken("a"), Spoken("b")]
    assert (reply.text, reply.reasoning, reply.calls, reply.reason, reply.rewritten) == ("ab", "hm", [], "stop", None)


def test_reasoning_that_is_changed_goes_on_where_it_still_can():
    more = ReasoningRewritten(keep=2, replacement=" so")
    reply, pieces = run(asked(), [ReasoningDelta(text="hm"), more, ReasoningDelta(text="!"), *text_events("a")])
    assert pieces == [Reasoned("hm"), Reasoned(" so"), Reasoned("!"), Spoken("a")]
    assert (reply.reasoning, reply.reasoning_rewritten) == ("hm so!", None)


def test_reasoning_that_is_taken_back_is_told_whole():
    other = ReasoningRewritten(keep=0, replacement="oh")
    reply, pieces = run(asked(), [ReasoningDelta(text="hm"), other, ReasoningDelta(text="!"), *text_events("a")])
    assert pieces == [Reasoned("hm"), Spoken("a")]
    assert (reply.reasoning, reply.reasoning_rewritten) == ("hm", "oh!")
    reply, pieces = run(asked(stream=False), [ReasoningDelta(text="hm"), other, *text_events("a")])
    assert (reply.reasoning, reply.reasoning_rewritten) == ("oh", None)


def test_reasoning_that_comes_back_goes_on():
    away, back = (ReasoningRewritten(keep=0, replacement=text) for text in ("oh", "hm well"))
    reply, pieces = run(asked(), [ReasoningDelta(text="hm"), away, back, *text_events("a")])
    assert pieces == [Reasoned("hm"), Reasoned(" well"), Spoken("a")]
    assert reply.reasoning_rewritten is None


def test_an_attachment_that_is_taken_back_is_none():
    preview, picture = (Attachment(url=f"http://x/{name}.png", kind="image") for name in ("preview", "picture"))
    events = [AttachmentAdded(attachment=preview), AttachmentRemoved(attachment=preview)]
    reply, _ = run(asked(), [*events, AttachmentAdded(attachment=picture), *text_events("a")])
    assert reply.attachments == [picture]


def test_a_reply_that_is_held_gives_the_final_text_at_the_end():
    events = [TextDelta(text="- a"), layout(0, "  - a"), TextDelta(text="x"), content(0, "b"), Finished(text="bc")]
    reply = Reply(asked(stream=False))
    assert [reply.feed(event) for event in events] == [[]] * 5
    assert reply.finish() == [Spoken("bc")]
    assert reply.rewritten is None


def test_after_a_layout_rewrite_a_stream_goes_on():
    reply, pieces = run(
        asked(), [TextDelta(text="- a"), layout(0, "  - a\nb"), Finished(text="  - a\nbc", layout_changed=True)]
    )
    assert spoken(pieces) == ["- a", "\nb", "c"]
    assert reply.rewritten is None


def test_after_a_content_rewrite_no_more_text_comes_and_the_whole_is_told():
    reply, pieces = run(
        asked(stop=["cd"]), [TextDelta(text="abc"), content(1, "x"), TextDelta(text="y"), Finished(text="axy")]
    )
    assert spoken(pieces) == ["ab"]  # the c was held back, and is gone
    assert reply.rewritten == "axy"


# Stop sequences and limits


@pytest.mark.parametrize("stream", [True, False])
def test_a_stop_sequence_ends_the_reply_and_the_turn(stream: bool):
    reply, pieces = run(
        asked(stop=["END", "never"], stream=stream),
        [TextDelta(text="a E"), TextDelta(text="ND b"), TextDelta(text="c")],
    )
    assert "".join(spoken(pieces)) == reply.text == "a "
    assert (reply.over, reply.reason, reply.stop_sequence) == (True, "stop", "END")
    assert reply.feed(TextDelta(text="more")) == reply.feed(ReasoningDelta(text="more")) == []


def test_a_stop_sequence_that_a_rewrite_took_back_before_it_was_whole_is_none():
    reply, pieces = run(
        asked(stop=["END"], stream=False), [TextDelta(text="a EN"), content(0, "D b"), Finished(text="D b")]
    )
    assert (spoken(pieces), reply.stop_sequence) == (["D b"], None)


def test_a_stop_sequence_does_not_reach_into_calls():
    reply, pieces = run(asked(tools=[WEATHER], stop=["Bonn"]), text_events(f"In {call()} Bonn!"))
    assert spoken(pieces) == ["In", "  "]
    assert [type(piece) for piece in pieces] == [Spoken, Called, Spoken]
    assert (reply.reason, reply.stop_sequence) == ("tool_calls", "Bonn")


def test_what_a_stop_sequence_holds_back_is_given_before_a_call():
    _, pieces = run(asked(tools=[WEATHER], stop=["ab"]), text_events("xa", call()))
    assert [type(piece) for piece in pieces] == [Spoken, Spoken, Called]
    assert spoken(pieces) == ["x", "a"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_limit_is_kept_by_estimate(stream: bool, size: int):
    text = "word " * 100
    events = text_events(*(text[at : at + size] for at in range(0, len(text), size)))
    reply, pieces = run(asked(max_tokens=10, stream=stream), events)
    assert (reply.over, reply.reason) == (True, "length")
    assert text.startswith("".join(spoken(pieces)))
    assert 900 < weigh(reply.text) <= 1000
    reply, _ = run(asked(max_tokens=10, stream=stream), events, limited=False)
    assert (reply.over, reply.reason, reply.text) == (False, "stop", text)


def test_reasoning_counts_for_the_limit():
    events = [ReasoningDelta(text="word " * 100), TextDelta(text="never")]
    for stream in (True, False):
        reply, pieces = run(asked(max_tokens=10, stream=stream), events)
        assert spoken(pieces) == []
        assert 900 < weigh(reply.reasoning) <= 1000
        assert reply.reason == "length"


def test_a_call_that_the_limit_cut_is_text():
    reply, _ = run(asked(tools=[WEATHER], max_tokens=12), text_events(call()))
    assert (reply.calls, reply.reason) == ([], "length")
    assert call().startswith(reply.text)


# Calls


def test_calls_are_numbered_and_named():
    reply, pieces = run(asked(tools=[WEATHER]), text_events("Let me see.\n", call(), "\n", call(arguments="{}")))
    first, second = (piece for piece in pieces if isinstance(piece, Called))
    assert (first.number, first.name, first.arguments) == (0, "get_weather", '{"place": "Bonn"}')
    assert (second.number, second.arguments) == (1, "{}")
    assert first.id != second.id
    assert first.id.startswith("call_")
    assert (reply.text, reply.reason) == ("Let me see.", "tool_calls")


def test_where_calls_may_not_be_parallel_only_the_first_counts():
    reply, _ = run(asked(tools=[WEATHER], parallel_tool_calls=False), text_events(call(), call()))
    assert len(reply.calls) == 1


def test_where_no_tool_was_offered_tags_are_text():
    for request in (asked(), asked(tools=[WEATHER], tool_choice="none")):
        reply, _ = run(request, text_events(call()))
        assert (reply.text, reply.calls) == (call(), [])


REQUIRED = {"tools": [WEATHER], "tool_choice": "required"}


@pytest.mark.parametrize(
    "answer", [call(), 'I call {"name": "get_weather", "arguments": {"place": "Bonn"}} now.', f"```\n{call()}\n``` So."]
)
def test_a_demanded_call_is_taken_in_any_form(answer: str):
    reply, pieces = run(asked(**REQUIRED), text_events(answer))
    assert [(one.name, one.arguments) for one in reply.calls] == [("get_weather", '{"place": "Bonn"}')]
    assert len(pieces) - len(spoken(pieces)) == 1


def test_a_demanded_call_is_asked_for_once_more():
    reply = Reply(asked(**REQUIRED))
    for event in text_events("It is sunny."):
        assert reply.feed(event) == []
    prompt = reply.repair()
    assert prompt is not None
    assert "must be called" in prompt
    for event in text_events(call()):
        reply.feed(event)
    assert reply.repair() is None
    assert [type(piece) for piece in reply.finish()] == [Called]


def test_a_demanded_call_that_never_comes_is_an_error():
    reply = Reply(asked(**REQUIRED))
    for _ in range(2):
        for event in text_events("It is sunny."):
            reply.feed(event)
        reply.repair()
    with pytest.raises(Problem) as caught:
        reply.finish()
    assert (caught.value.status, caught.value.code) == (502, "no_tool_call")


# JSON


def schema(**properties: Any) -> dict[str, Any]:
    whole = {"type": "object", "properties": properties, "required": [*properties]}
    return {"type": "json_schema", "json_schema": {"name": "it", "schema": whole}}


@pytest.mark.parametrize("stream", [True, False])
def test_json_is_taken_from_the_answer(stream: bool):
    request = asked(response_format=schema(a={"type": "integer"}), stream=stream)
    reply, pieces = run(request, [ReasoningDelta(text="hm"), *text_events("Here:\n```json\n", '{"a": 1}', "\n```")])
    assert pieces == [Reasoned("hm"), Spoken('{"a": 1}')]
    assert reply.reason == "stop"


def test_wrong_json_is_repaired_by_one_more_turn():
    reply = Reply(asked(response_format=schema(a={"type": "integer"})))
    for event in text_events('{"a": "one"}'):
        reply.feed(event)
    prompt = reply.repair()
    assert prompt is not None
    assert "$.a" in prompt
    reply.feed(ReasoningDelta(text="oh"))
    for event in text_events('{"a": 1}'):
        reply.feed(event)
    assert reply.repair() is None
    assert reply.finish() == [Spoken('{"a": 1}')]


def test_json_that_stays_wrong_is_an_error_that_says_why():
    reply = Reply(asked(response_format={"type": "json_object"}, stream=False))
    for answer in ("Sorry.", "[1]"):
        for event in text_events(answer):
            reply.feed(event)
        asked_again = reply.repair()
        assert (asked_again is None) == (answer == "[1]")
    with pytest.raises(Problem, match="no object") as caught:
        reply.finish()
    assert (caught.value.status, caught.value.code) == (502, "invalid_json_answer")


def test_who_can_not_ask_again_is_told_at_once():
    reply = Reply(asked(response_format={"type": "json_object"}))
    for event in text_events("Sorry."):
        reply.feed(event)
    with pytest.raises(Problem, match="no valid JSON"):
        reply.finish()


def test_json_that_the_limit_cut_is_given_as_it_is():
    reply, pieces = run(
        asked(response_format={"type": "json_object"}, max_tokens=5), text_events('{"a": "' + "b" * 500)
    )
    assert reply.reason == "length"
    assert "".join(spoken(pieces)).startswith('{"a": "bbb')


def test_a_call_is_as_good_as_json():
    reply, _ = run(asked(response_format={"type": "json_object"}, tools=[WEATHER]), text_events(call()))
    assert reply.reason == "tool_calls"


# Files


def picture(**fields: Any) -> AttachmentAdded:
    return AttachmentAdded(attachment=Attachment(url="http://h/a b.png", kind="image", **fields))


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_of_files_alone_shows_them(stream: bool):
    note = AttachmentAdded(attachment=Attachment(url="http://h/a.txt", name="a.txt", mime_type="text/plain"))
    events = [picture(alt_text="A [cat]"), note, Finished(text="")]
    reply, pieces = run(asked(stream=stream), events)
    assert spoken(pieces) == ["![A (cat)](<http://h/a b.png>)\n\n[a.txt](<http://h/a.txt>)"]
    assert len(reply.attachments) == 2


def test_files_beside_a_text_are_no_text():
    reply, _ = run(asked(), [picture(), *text_events("A cat.")])
    assert (reply.text, len(reply.attachments)) == ("A cat.", 1)


# All together


answers = st.lists(
    st.sampled_from(["word ", "END", "E", "ND", "\n", call(), "<tool_call>", '{"name"', "```\n", " ", "é"]), max_size=8
).map("".join)
requests = st.fixed_dictionaries(
    {},
    optional={
        "stop": st.just(["END", "d E"]),
        "tools": st.just([WEATHER]),
        "max_tokens": st.sampled_from([1, 5, 30]),
        "parallel_tool_calls": st.booleans(),
    },
)


@many
@given(answers.flatmap(cuts), requests)
def test_any_split_gives_the_same_streamed_or_not(pieces: list[str], fields: dict[str, Any]):
    def outcome(parts: list[str], *, stream: bool) -> tuple[Any, ...]:
        reply, given_pieces = run(asked(**fields, stream=stream), text_events(*parts))
        assert reply.text == "".join(spoken(given_pieces))
        calls = [(one.name, json.loads(one.arguments)) for one in reply.calls]
        return reply.text, calls, reply.reason, reply.stop_sequence

    whole = outcome(["".join(pieces)], stream=True)
    assert outcome(pieces, stream=True) == whole
    assert outcome(pieces, stream=False) == whole
