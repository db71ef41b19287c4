"""What an answer holds besides text, as events and as what a turn comes to."""

from __future__ import annotations

from typing import Any

from spacebridge.chat.events import (
    AttachmentAdded,
    AttachmentRemoved,
    Offered,
    Option,
    ReasoningRewritten,
    Thought,
    ToolStep,
)
from tests.chat.shapes import file_data, message, pro, thought
from tests.chat.teller import Teller


def said(*bubbles: Any) -> list[Any]:
    return [message("user", "hi"), *(message("assistant", each) if isinstance(each, str) else each for each in bubbles)]


def test_a_tree_of_thoughts_and_tools():
    first = thought("I look.", "Thinking", id=1, status="pending")
    done = thought("I look. I know.", "Thinking", id=1, status="done", duration=1.5, log="2 looks")
    tool = thought("sunny", "🛠️ Used tool weather", id=2, parent_id=1, status="done", log="1 call")
    inner = thought("Really?", "Thinking again", id=3, parent_id=2)
    teller = Teller([]).show(said(first), said(done), said(done, tool, inner), said(done, tool, inner, "It is."))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("It is.", "I look. I know.\n\nReally?")
    thoughts = teller.reader.of(Thought)
    assert [(each.id, each.parent, each.title, each.status, each.duration, each.log) for each in thoughts] == [
        ("1", None, "Thinking", "pending", None, ""),
        ("1", None, "Thinking", "done", 1.5, "2 looks"),
        ("3", "2", "Thinking again", None, None, ""),
    ]
    [step] = teller.reader.of(ToolStep)
    assert (step.id, step.parent, step.log) == ("2", "1", "1 call")
    assert [each.id for each in teller.tracker.extras.thoughts] == ["1", "3"]
    assert teller.tracker.extras.thoughts[0].duration == 1.5


def reasoning_of(teller: Teller) -> str:
    """The reasoning as a caller has it."""
    text = ""
    for event in teller.reader.events:
        if isinstance(event, ReasoningRewritten):
            assert 0 <= event.keep <= len(text)
            text = text[: event.keep] + event.replacement
        else:
            text += getattr(event, "text", "") if type(event).__name__ == "ReasoningDelta" else ""
    return text


def test_reasoning_that_is_rewritten_after_the_fact():
    texts = ["I think so.", "I think not. Or", "I think not. Or do I?", "I did not think."]
    teller = Teller([]).show(*(said(thought(text)) for text in texts), said(thought(texts[-1]), "Done."))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("Done.", "I did not think.")
    assert reasoning_of(teller) == finished.reasoning
    assert [event.keep for event in teller.reader.of(ReasoningRewritten)] == [8, 2]


def test_reasoning_that_is_shown_no_more_is_kept():
    teller = Teller([]).show(said(thought("hm")), said("Done."))
    assert teller.finish().reasoning == "hm" == reasoning_of(teller)
    assert teller.reader.of(ReasoningRewritten) == []


def test_reasoning_that_turns_into_the_answer_is_taken_back():
    teller = Teller([]).show(said(thought("It is so.")), said("It is so. Or not."))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("It is so. Or not.", "")
    assert reasoning_of(teller) == ""


def test_a_preview_goes_when_the_picture_comes():
    def picture(name: str) -> dict[str, Any]:
        return message("assistant", {"file": file_data(f"/kept/{name}.png")})

    teller = Teller([]).show(said(picture("a")), said(picture("b")), said(picture("b"), "Done."))
    teller.finish()
    kinds = [
        (type(event).__name__, event.attachment.path)
        for event in teller.reader.of((AttachmentAdded, AttachmentRemoved))
    ]
    assert kinds == [
        ("AttachmentAdded", "/kept/a.png"),
        ("AttachmentRemoved", "/kept/a.png"),
        ("AttachmentAdded", "/kept/b.png"),
    ]
    assert [each.path for each in teller.tracker.extras.attachments] == ["/kept/b.png"]


def test_pictures_in_a_text_come_at_its_end():
    text = "Look: ![a dot](/file=/kept/a.png)"
    teller = Teller([]).show(said(text[:20]), said(text))
    assert teller.reader.of(AttachmentAdded) == []
    assert teller.finish().text == text
    [event] = teller.reader.of(AttachmentAdded)
    assert (event.attachment.url, event.attachment.kind) == ("/file=/kept/a.png", "image")


def test_options_and_suggestions_are_offered():
    asked = message("assistant", "Tea?", options=[{"value": "yes", "label": "Yes!"}, {"value": "no"}])
    teller = Teller([]).show(said("Te"), said(asked), said(asked))
    expected = (Option(value="yes", label="Yes!"), Option(value="no"))
    assert teller.finish().options == expected
    assert [event.options for event in teller.reader.of(Offered)] == [expected]
    prompts = [
        {"label": "More", "description": "Tell me more"},
        {"label": "Off", "disabled": True},
        "Why?",
        {"children": [{"label": "Deep"}]},
    ]
    teller = Teller([]).show(
        [
            pro("user", {"type": "text", "content": "hi"}),
            pro("assistant", {"type": "text", "content": "yo"}, {"type": "suggestion", "content": prompts}),
        ]
    )
    assert teller.finish().options == (
        Option(value="Tell me more", label="More"),
        Option(value="Why?", label="Why?"),
        Option(value="Deep", label="Deep"),
    )


def test_options_of_earlier_turns_are_not_offered():
    asked = message("assistant", "Tea?", options=[{"value": "yes"}])
    teller = Teller([message("user", "a"), asked], "b").show(
        [message("user", "a"), asked, message("user", "b"), message("assistant", "ok")]
    )
    assert teller.finish().options == ()
