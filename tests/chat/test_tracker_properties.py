"""What must hold for any chat that grows, changes and shrinks in any way."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.chat.append import AppendOnly
from spacebridge.chat.rules import PROVISIONAL, TextRules
from spacebridge.spaces.catalogue import QWEN_2_5_1M
from tests.chat.shapes import message, thought
from tests.chat.teller import Teller, bare
from tests.gradio.original import gradio_diff
from tests.strategies import json_values, many

HI = message("user", "hi")
EARLIER = [message("user", "first"), message("assistant", "one"), HI, message("assistant", "a")]
# Each case is made of a few of these, so that they meet: what belongs together is drawn together.
FAMILIES: list[list[str]] = [
    ["<think>", "</think>", "a", "\n", "</th", "<thi"],
    ["<details><summary>Thinking</summary>", "</details>", "<details>", "a", "\n"],
    ["<", "details>", "<summary>Thinking</summary>", "b", "</details>", "<details><summary>More</summary>"],
    ["a", "b ", "\n", " ", "    ", "é😀"],
    ["\n<summary>", "x", "</summary>", "\n<summary>x</summary>", "<details>", "</details>"],
    ["Qwen is thinking...", "\n<summary>1</summary>", "a", "\n"],
    ["](", "x", ")", "[", "src=", "'", "src='"],
]
pieces = st.sampled_from(FAMILIES).flatmap(lambda family: st.just(st.sampled_from(family)))
options = st.fixed_dictionaries(
    {
        "rules": st.sampled_from([TextRules(), TextRules(), TextRules(reasoning=False), QWEN_2_5_1M.rules]),
        "tags": st.sampled_from([(), ("<think>", "</think>")]),
        "provisional": st.sampled_from([None, PROVISIONAL["modelscopechatbot"]]),
        "at_end": st.sampled_from([False, False, True]),
    }
)


def texts_of(piece: st.SearchStrategy[str], most: int = 6) -> st.SearchStrategy[str]:
    return st.lists(piece, max_size=most).map("".join)


def bubbles_of(piece: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    text = texts_of(piece)
    return st.one_of(
        text.map(lambda said: message("assistant", said)),
        text.map(thought),
        text.map(lambda said: thought(said, "Used tool")),
    )


def chats_of(piece: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    return st.lists(bubbles_of(piece), max_size=3).map(lambda found: [HI, *found])


def told(teller: Teller) -> tuple[str, str]:
    """The append-only text of all events, and how it ended."""
    output, sent = AppendOnly(), ""
    rewritten: errors.AnswerRewritten | None = None
    try:
        teller.finish()
    except errors.EmptyAnswer:
        return "", "empty"
    try:
        for event in teller.reader.events:
            sent += output.feed(event)
    except errors.AnswerRewritten as error:
        rewritten = error
    if rewritten is None:
        return sent, "whole"
    assert teller.reader.finished is not None
    assert (rewritten.text, rewritten.partial) == (teller.reader.finished.text, sent)
    return sent, "rewritten"


@many
@given(pieces.flatmap(lambda piece: st.lists(chats_of(piece), min_size=1, max_size=6)), options)
def test_append_only_text_is_the_final_one_or_says_that_it_is_not(steps: list[Any], chosen: dict[str, Any]):
    teller = Teller(**chosen).show(*steps)
    sent, how = told(teller)
    if how == "whole":
        assert teller.reader.finished is not None
        final = teller.reader.finished.text
        assert sent == final or (teller.reader.finished.layout_changed and bare(sent) == bare(final))


@many
@given(pieces.flatmap(lambda piece: st.lists(texts_of(piece, 2), min_size=1, max_size=8)), st.data(), options)
def test_a_text_that_only_grows_is_given_exactly(parts: list[str], data: st.DataObject, chosen: dict[str, Any]):
    chosen["rules"] = TextRules(reasoning=chosen["rules"].reasoning)
    chosen["tags"] = ()
    chosen["provisional"] = None
    teller = Teller(**chosen)
    text = ""
    teller.show([HI, message("assistant", "")])
    for part in parts:
        text += part
        if data.draw(st.booleans()):
            teller.show([HI, message("assistant", text)])
        else:
            teller.show([HI, message("assistant", text[: len(text) - len(part)])])
            teller.grow(["append", [1, "content"], part])
    sent, how = told(teller)
    if how != "empty":
        assert how == "whole"
        assert sent == teller.reader.text
        if text.lstrip().startswith(("<think>", "<details><summary>Thinking</summary>")) and chosen["rules"].reasoning:
            assert text.endswith(sent)
        else:
            assert sent == text


@many
@given(pieces.flatmap(lambda piece: st.lists(bubbles_of(piece), min_size=1, max_size=4)), options)
def test_bubbles_that_come_one_after_another_and_grow_are_given_exactly(final: list[Any], chosen: dict[str, Any]):
    chosen["rules"] = TextRules()
    teller = Teller(**chosen)
    shown: list[Any] = [HI]
    for bubble in final:
        shown = [*shown, bubble | {"content": ""}]
        teller.show(shown)
        for char in bubble["content"]:
            teller.grow(["append", [len(shown) - 1, "content"], char])
            shown[-1]["content"] += char
    sent, how = told(teller)
    if how != "empty":
        assert how == "whole"
        assert teller.reader.rewrites == []
        assert teller.reader.finished is not None
        assert sent == teller.reader.finished.text
        assert teller.reader.reasoning == teller.reader.finished.reasoning


@many
@given(pieces, options, st.data())
def test_operations_and_whole_values_give_the_same(
    piece: st.SearchStrategy[str], chosen: dict[str, Any], data: st.DataObject
):
    """The short ways of operations must say what a look at the whole value would say, step by step."""
    earlier = st.sampled_from([[], [HI], EARLIER, [*EARLIER, message("user", "more"), *EARLIER]])
    before = data.draw(earlier)
    quick, slow = Teller(before, **chosen), Teller(before, **chosen)
    now: list[Any] = [*copy.deepcopy(before), *data.draw(chats_of(piece))]
    quick.show(now)
    slow.show(now)
    for _ in range(data.draw(st.integers(1, 4))):
        for back in data.draw(st.lists(st.integers(1, 3), max_size=5)):
            number = len(now) - back
            if number > 0 and isinstance(now[number]["content"], str):
                more = data.draw(piece)
                quick.grow(["append", [number, "content"], more])
                now[number]["content"] += more
                slow.show(now)
                assert (quick.text, quick.reasoning) == (slow.text, slow.reasoning)
        if data.draw(st.booleans()):
            step = [*(before if data.draw(st.booleans()) else data.draw(earlier)), *data.draw(chats_of(piece))]
            operations = gradio_diff(now, step)
            if operations:
                quick.grow(*operations)
            slow.show(step)
            now = copy.deepcopy(step)
            assert (quick.text, quick.reasoning) == (slow.text, slow.reasoning)
    assert told(quick) == told(slow)
    assert quick.reader.rewrites == slow.reader.rewrites
    assert quick.reader.finished == slow.reader.finished


@many
@given(st.lists(json_values, min_size=1, max_size=4), json_values, options)
def test_whatever_a_chatbot_holds_nothing_raises_but_our_own(values: list[Any], before: Any, chosen: dict[str, Any]):
    teller = Teller(before, **chosen).show(*values)
    told(teller)
