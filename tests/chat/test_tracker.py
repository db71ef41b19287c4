"""The text contract, sentence by sentence. The decorations of Spaces are in test_decorations."""

from __future__ import annotations

from typing import Any

import pytest

from spacebridge import errors
from spacebridge.chat import readers
from spacebridge.chat.bubbles import Bubble, parse_bubbles
from tests.chat.shapes import block_message, bot, file_data, message, pair, thought
from tests.chat.teller import Teller

HI = message("user", "hi")


def said(*answers: Any) -> list[Any]:
    """A chat in which the user said hi, and these are the answers."""
    return [HI, *(message("assistant", answer) if isinstance(answer, str) else answer for answer in answers)]


# Deltas


def test_joined_deltas_are_the_text_of_finished():
    teller = Teller().show(said("Hel"), said("Hello"), said("Hello"), said("Hello, world"))
    assert teller.reader.deltas == ["Hel", "lo", ", world"]
    finished = teller.finish()
    assert (finished.text, finished.layout_changed) == ("Hello, world", False)
    assert teller.reader.rewrites == []


def test_appends_are_deltas_as_they_are():
    teller = Teller().show(said("Hel"))
    teller.grow(["append", [1, "content"], "lo"]).grow(["append", [1, "content"], " é😀"])
    assert teller.reader.deltas == ["Hel", "lo", " é😀"]
    assert teller.finish().text == "Hello é😀"


def test_an_answer_that_does_not_stream_is_one_delta():
    teller = Teller(before=said("old"))
    teller.show([*said("old"), HI, message("assistant", "All at once.\nTwo lines.")])
    assert teller.reader.deltas == ["All at once.\nTwo lines."]
    assert teller.finish().text == "All at once.\nTwo lines."


def test_events_name_the_turn_and_the_bubble():
    teller = Teller(turn_id="t-1").show(said("a", "b"), said("a", "bc"))
    teller.finish()
    assert {event.turn_id for event in teller.reader.events} == {"t-1"}
    assert [event.bubble for event in teller.reader.events] == [1, 1, None]


def test_a_long_chat_is_not_read_again_for_a_text_that_is_rewritten_at_its_end(monkeypatch: pytest.MonkeyPatch):
    read: list[int] = []

    def parse(value: Any, first: int = 0) -> list[Bubble]:
        found = parse_bubbles(value, first)
        read.append(len(found))
        return found

    monkeypatch.setattr(readers, "parse_bubbles", parse)
    long = [pair(f"q{n}", f"a{n}") for n in range(50)]
    teller = Teller(before=long).show([*long, ["hi", None]])
    for text in ("▌", "H▌", "He▌", "Hel▌"):
        teller.grow(["replace", [50, 1], text])
    assert read == [100, 101, 2, 2, 2, 2]
    assert teller.text == "Hel"
    teller.grow(["replace", [10, 1], "another"], ["replace", [50, 1], "Hell▌"])
    teller.grow(["delete", [50], None])
    teller.grow(["add", [50], ["hi", "Hello"]])
    assert teller.finish().text == "Hello"
    assert read[6:] == [102, 0, 100, 4, 102]


# Rewrites


def test_with_a_rewrite_the_old_beginning_and_the_replacement_are_the_answer_and_deltas_go_on_from_there():
    teller = Teller().show(said("Hello wrld"), said("Hello world"), said("Hello world!"))
    assert teller.reader.rewrites == [("content", 7, "orld")]
    assert teller.reader.deltas == ["Hello wrld", "!"]
    assert teller.finish().text == "Hello world!"
    assert teller.tracker.rewritten


@pytest.mark.parametrize(
    "old, new, keep",
    [
        ("1. **Foo**:\n- bar", "1. **Foo**:\n   - bar\n2. **Qux**", 12),
        ("a\n  b", "a\nb c", 2),
        ("a b", "ab", 1),
        ("\ta", "        a", 0),
        ("a ", "a", 1),
    ],
)
def test_a_layout_rewrite_differs_in_white_space_only(old: str, new: str, keep: int):
    teller = Teller().show(said(old), said(new))
    assert teller.reader.rewrites == [("layout", keep, new[keep:])]
    finished = teller.finish()
    assert (finished.text, finished.layout_changed) == (new, True)
    assert teller.tracker.rewritten


@pytest.mark.parametrize("old, new", [("abc", "abd"), ("abc", "ab"), ("abc", ""), ("a b", "b a"), ("<p>", "<b>")])
def test_anything_else_is_a_content_rewrite(old: str, new: str):
    teller = Teller().show(said(old), said(new), said("end"))
    assert [kind for kind, _, _ in teller.reader.rewrites] == ["content", "content"] if new else ["content"]
    finished = teller.finish()
    assert (finished.text, finished.layout_changed) == ("end", False)


def test_a_text_that_comes_back_after_a_rewrite():
    teller = Teller().show(said("abc"), said("x"), said("abc"))
    assert teller.finish().text == "abc"


def test_text_given_at_the_end_is_given_once_and_whole():
    """``settle="end"``."""
    teller = Teller(at_end=True).show(said("1. a\n- b"), said("1. a\n   - b"))
    teller.grow(["append", [1, "content"], "\n2. c"])
    assert teller.reader.events == []
    finished = teller.finish()
    assert teller.reader.deltas == ["1. a\n   - b\n2. c"]
    assert teller.reader.rewrites == []
    assert (finished.text, finished.layout_changed) == ("1. a\n   - b\n2. c", False)


def test_reasoning_comes_at_once_even_if_the_text_is_given_at_the_end():
    teller = Teller(at_end=True).show(said(thought("h")), said(thought("hm"), "yo"))
    assert teller.reader.reasoning == "hm"
    assert teller.reader.deltas == []
    assert teller.finish().text == "yo"


# Which bubbles answer


def test_those_after_the_last_user_bubble():
    before = said("one")
    teller = Teller(before, prompt="more").show([*before, message("user", "more")])
    assert teller.reader.events == []
    teller.show([*before, message("user", "more"), message("assistant", "two")])
    assert teller.finish().text == "two"


@pytest.mark.parametrize("greeting", ["Welcome!", "How can I help?"])
def test_never_the_greeting(greeting: str):
    before = [message("assistant", greeting)]
    teller = Teller(before).show([*before, HI], [*before, HI, message("assistant", "yo")])
    assert teller.finish().text == "yo"


def test_never_the_greeting_where_no_user_bubble_shows():
    before = [message("assistant", "Welcome!")]
    teller = Teller(before).show(before, [*before, message("assistant", "yo")])
    assert teller.finish().text == "yo"


def test_never_system_or_user_bubbles():
    teller = Teller().show([HI, message("system", "be kind"), message("assistant", "yo"), message("system", "bye")])
    assert teller.finish().text == "yo"


def test_where_there_is_no_user_bubble_those_that_differ_from_before():
    before = [message("assistant", "one"), message("assistant", "two")]
    teller = Teller(before).show([*before, message("assistant", "th")], [*before, message("assistant", "three")])
    assert teller.finish().text == "three"


def test_an_answer_in_the_place_of_the_one_before():
    before = [message("assistant", "one")]
    teller = Teller(before).show([message("assistant", "t")], [message("assistant", "two")])
    assert teller.finish().text == "two"


def test_an_app_that_replaces_the_whole_history():
    before = [*said("one"), *said("two")]
    now = [message("user", "new"), message("assistant", "three")]
    teller = Teller(before, prompt="new").show([], now[:1], now)
    assert teller.finish().text == "three"


def test_an_app_that_keeps_the_last_turns_only():
    """Both the number of bubbles and the user's last words are as before; counting would find nothing."""
    again = message("user", "go on")
    before = [HI, message("assistant", "one"), again, message("assistant", "two")]
    teller = Teller(before, prompt="go on")
    teller.show([again, message("assistant", "two"), again, message("assistant", "th")])
    teller.show([again, message("assistant", "two"), again, message("assistant", "three")])
    assert teller.finish().text == "three"


def test_the_same_answer_to_the_same_words():
    before = said("yo")
    teller = Teller(before).show([*before, HI], [*before, *said("yo")])
    assert teller.finish().text == "yo"


def test_the_same_answer_to_the_same_words_in_the_same_place():
    before = said("yo")
    teller = Teller(before).show(before)
    assert teller.finish().text == "yo"


def test_what_another_user_asked_is_not_answered_by_silence():
    before = said("yo")
    teller = Teller(before, prompt="something else").show(before)
    with pytest.raises(errors.EmptyAnswer):
        teller.finish()


def test_a_chatbot_that_nothing_was_written_into():
    with pytest.raises(errors.EmptyAnswer):
        Teller(said("old")).finish()


def test_the_users_words_are_shown_late():
    teller = Teller().show([message("assistant", "a")], [message("assistant", "ab")], said("abc"))
    assert teller.reader.deltas == ["a", "b", "c"]
    assert teller.finish().text == "abc"


def test_pairs_and_modelscopes_bots():
    before = [pair("hi", "one")]
    teller = Teller(before, "more").show(
        [*before, pair("more")], [*before, pair("more", "t")], [*before, pair("more", "two")]
    )
    assert teller.finish().text == "two"
    held = [[bot("hi"), [None, bot("one"), None]]]
    teller = Teller(held, "more").show([*held, [bot("more"), None]])
    teller.show([*held, [bot("more"), [None, bot("t"), None]]])
    teller.grow(["append", [1, 1, 1, "text"], "wo"])
    assert teller.reader.deltas == ["t", "wo"]
    assert teller.finish().text == "two"


# Several bubbles


def test_several_bubbles_are_joined_with_a_blank_line_and_the_separator_is_a_delta():
    teller = Teller().show(said("one"), said("one", "t"), said("one", "two"))
    assert teller.reader.deltas == ["one", "\n\nt", "wo"]
    assert teller.finish().text == "one\n\ntwo"


def test_blocks_of_one_message_are_joined_alike():
    teller = Teller().show([HI, block_message("assistant", "one", "two")])
    assert teller.finish().text == "one\n\ntwo"


def test_an_empty_bubble_needs_no_separator():
    teller = Teller().show(said("one", ""), said("one", "", "two"))
    assert teller.finish().text == "one\n\ntwo"


@pytest.mark.parametrize(
    "later", [said("ONE", "two"), said("one!", "two"), said("two")], ids=["other", "longer", "gone"]
)
def test_an_earlier_bubble_that_changes_after_a_later_one_began_is_a_content_rewrite(later: list[Any]):
    teller = Teller().show(said("one", "tw"), later)
    assert [kind for kind, _, _ in teller.reader.rewrites] == ["content"]
    assert teller.finish().text == "\n\n".join(m["content"] for m in later[1:])


def test_a_bubble_that_turns_from_answer_into_thought_goes_from_one_stream_to_the_other():
    teller = Teller().show(said("hm, let me"), said(thought("hm, let me see")), said(thought("hm, let me see"), "yo"))
    assert teller.reader.rewrites == [("content", 0, "")]
    assert teller.reader.reasoning == "hm, let me see"
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("yo", "hm, let me see")


# Reasoning and tools


def test_reasoning_is_one_stream_in_the_order_of_its_bubbles():
    teller = Teller().show(
        said(thought("a")),
        said(thought("ab"), "one"),
        said(thought("ab"), "one", thought("c")),
        said(thought("ab"), "one", "<think>d</think>two"),
    )
    finished = teller.finish()
    assert finished.text == "one\n\ntwo"
    assert finished.reasoning == "ab\n\nd"


def test_appends_to_a_thought_are_deltas_of_the_reasoning():
    teller = Teller().show(said(thought("h")))
    teller.grow(["append", [1, "content"], "m\n"]).grow(["append", [1, "content"], "mm"])
    assert teller.reader.reasoning == "hm\nmm"
    assert teller.reader.text == ""
    teller.grow(["add", [2], message("assistant", "yo")]).grow(["append", [2, "content"], "!"])
    finished = teller.finish()
    assert (finished.reasoning, finished.text) == ("hm\nmm", "yo!")


@pytest.mark.parametrize(
    "before, after",
    [
        ("<think>\n", "\n</think>\n\n"),
        ("<details><summary>Thinking</summary>\n", "</details>\n"),
        ("<reasoning>", "</reasoning>"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_tags_that_open_an_answer(before: str, after: str, size: int):
    whole = f"{before}hm\n\nso{after}yo"
    teller = Teller().show(said(""))
    for start in range(0, len(whole), size):
        teller.grow(["append", [1, "content"], whole[start : start + size]])
        assert "hm\n\nso".startswith(teller.reader.reasoning)
        assert "yo".startswith(teller.reader.text)
    finished = teller.finish()
    assert (finished.reasoning, finished.text) == ("hm\n\nso", "yo")
    assert teller.reader.reasoning == "hm\n\nso"
    assert teller.reader.rewrites == []


@pytest.mark.parametrize(
    "answer",
    [
        "yo\n<details><summary>Thinking</summary>x</details>",
        "<details><summary>Sources</summary>\n\n- a\n</details>\n\nyo",
        "yo <think>no reasoning</think>",
        "a < b\n<b>bold</b> <",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_details_and_tags_within_an_answer_stay(answer: str, size: int):
    teller = Teller().show(said(""))
    for start in range(0, len(answer), size):
        teller.grow(["append", [1, "content"], answer[start : start + size]])
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == (answer, "")
    assert teller.reader.rewrites == []


def test_the_beginning_of_a_closing_tag_that_was_none():
    teller = Teller().show(said(""))
    for char in "<think></th</think>yo":
        teller.grow(["append", [1, "content"], char])
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("yo", "</th")
    assert teller.reader.reasoning == "</th"


@pytest.mark.parametrize("end", ["<thin", "<", "<details><summary>Think"])
def test_a_partial_tag_is_held_back_and_released_at_the_end(end: str):
    teller = Teller().show(said("")).grow(["append", [1, "content"], end])
    assert teller.reader.events == []
    assert teller.finish().text == end


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_tags_that_the_chatbot_turns_into_thoughts_are_held_back(size: int):
    """``reasoning_tags``: the beginning of a tag shows as answer for a moment, and then is a bubble of its own."""
    teller = Teller(tags=("<think>", "</think>"))
    text = "a <b <think>"
    teller.show(said(""))
    for start in range(0, len(text), size):
        piece = text[start : start + size]
        if (text[:start] + piece).endswith("<think>"):
            break
        teller.grow(["append", [1, "content"], piece])
        assert "a <b ".startswith(teller.reader.text)
    teller.show(said("a <b ", thought("hm")), said("a <b ", thought("hm"), "yo"))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("a <b \n\nyo", "hm")
    assert teller.reader.rewrites == []


def test_a_partial_closing_tag_in_a_thought_is_held_back_too():
    teller = Teller(tags=("<think>", "</think>")).show(said(thought("hm</thi")), said(thought("hm"), "yo"))
    assert teller.reader.reasoning == "hm"
    assert teller.finish().reasoning == "hm"


def test_nothing_is_held_back_of_a_bubble_when_a_later_one_speaks():
    teller = Teller(tags=("<think>", "</think>")).show(said("a <th"), said("a <th", ""), said("a <th", "yo"))
    assert teller.reader.deltas == ["a ", "<th\n\nyo"]
    teller.show(said("a <th", "yo", thought("hm</")), said("a <th", "yo", thought("hm</"), "<thin"))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("a <th\n\nyo\n\n<thin", "hm</")
    assert teller.reader.rewrites == []


def test_held_back_ends_are_released_at_the_end():
    assert Teller(tags=("<think>", "</think>")).show(said("a <th")).finish().text == "a <th"
    assert (
        Teller(tags=("<think>", "</think>")).show(said("a"), said(thought("b</th"), "c")).finish().reasoning == "b</th"
    )


def test_tool_bubbles_are_steps_and_neither_text_nor_reasoning():
    def tool(text: str, status: str, **more: Any) -> dict[str, Any]:
        return thought(text, "Used tool weather", id="w", parent_id="p", status=status, **more)

    teller = Teller().show(said(tool("", "pending")), said(tool("sun", "pending")), said(tool("sun", "pending")))
    teller.show(said(tool("sun", "done", duration=1.5), "yo"))
    finished = teller.finish()
    assert (finished.text, finished.reasoning) == ("yo", "")
    assert [(step.text, step.status, step.duration) for step in teller.steps] == [
        ("", "pending", None),
        ("sun", "pending", None),
        ("sun", "done", 1.5),
    ]
    [step] = teller.tracker.extras.steps
    assert (step.id, step.parent, step.title, step.text) == ("w", "p", "Used tool weather", "sun")


def test_steps_without_ids_are_told_apart_by_their_places():
    teller = Teller().show(said(thought("1", "Search"), thought("2", "Search"), "yo"))
    assert len({step.id for step in teller.tracker.extras.steps}) == 2


# What /chat returns


def test_chat_may_go_from_text_to_message_to_messages():
    """A re-typing; the flattened texts are compared."""
    teller = Teller(before=None).show("Hel", message("assistant", "Hello"), [message("assistant", "Hello, wor")])
    teller.show([thought("hm"), message("assistant", "Hello, world")])
    finished = teller.finish()
    assert teller.reader.deltas == ["Hel", "lo", ", wor", "ld"]
    assert (finished.text, finished.reasoning) == ("Hello, world", "hm")


def test_chat_answers_the_same_twice():
    assert Teller(before="yo").show("yo").finish().text == "yo"
    teller = Teller(before="yo").show("y", "yo")
    assert teller.finish().text == "yo"


# Attachments


def test_an_attachment_is_told_once():
    picture = message("assistant", {"file": file_data("/kept/a.png")})
    other = message("assistant", {"file": file_data("/kept/b.png")})
    teller = Teller().show(
        said(picture), said(picture, "look"), said(picture, "look", other), said(picture, "look", other)
    )
    assert teller.files == ["/kept/a.png", "/kept/b.png"]
    assert teller.finish().text == "look"
    assert [attachment.path for attachment in teller.tracker.extras.attachments] == ["/kept/a.png", "/kept/b.png"]


def test_an_answer_of_a_picture_is_an_answer():
    assert Teller().show(said(message("assistant", {"file": file_data()}))).finish().text == ""


def test_the_users_files_are_no_attachments():
    teller = Teller().show([HI, message("user", {"file": file_data()}), message("assistant", "yo")])
    assert teller.files == []


# Ends


@pytest.mark.parametrize(
    "value",
    [
        [HI],
        said(""),
        said(" \n"),
        said(thought("only")),
        [HI, message("system", "no")],
        [],
        None,
        said(thought("x", "Used tool")),
    ],
)
def test_nothing_at_all_is_an_empty_answer(value: Any):
    teller = Teller().show(value)
    with pytest.raises(errors.EmptyAnswer):
        teller.finish()


def test_an_empty_answer_says_if_there_was_reasoning():
    with pytest.raises(errors.EmptyAnswer, match="reasoning, but no answer"):
        Teller().show(said(thought("hm"))).finish()


def test_where_every_bubble_has_the_name_of_an_agent_for_a_title_they_are_the_answer():
    teller = Teller().show(
        said(thought("Facts.", "🔍 Researcher")),
        said(thought("Facts.", "🔍 Researcher"), thought("Sun", "🔍 Web search"), thought("A text.", "✍️ Writer")),
    )
    assert teller.finish().text == "Facts.\n\nA text."
    assert [step.title for step in teller.tracker.extras.steps] == ["🔍 Researcher", "🔍 Web search", "✍️ Writer"]


@pytest.mark.parametrize("more", [{"status": "done"}, {"duration": 0.5}])
def test_a_titled_bubble_with_a_state_is_a_step_whatever_its_title(more: dict[str, Any]):
    with pytest.raises(errors.EmptyAnswer):
        Teller().show(said(thought("sun", "Weather", **more))).finish()


@pytest.mark.parametrize(
    "steps",
    [
        ("<p>Echo of</p>", "<p>Echo of a,\nthen</p>", "<p>Echo of a,\nthen</p>\n<ul>\n<li>one</li>\n</ul>"),
        ("<p>It is **bo</p>", "<p>It is <strong>bold</strong></p>", "<p>It is <strong>bold</strong>, and `co</p>"),
        ("<h1>A</h1>\n<p>See [it](ht</p>", '<h1>A</h1>\n<p>See <a href="http://a">it</a>.</p>'),
        ("<p>Hi</p>\n<pre><code>a\n</code></pre>", "<p>Hi</p>\n<pre><code>a\nb\n</code></pre>\n<p>Bye.</p>"),
    ],
)
def test_closing_tags_of_html_that_the_app_made_of_markdown_are_held_back(steps: tuple[str, ...]):
    teller = Teller()
    for step in steps:
        teller.show(said(step))
    assert (teller.finish().text, teller.reader.rewrites) == (steps[-1], [])


def test_what_was_said_and_taken_back_is_an_empty_answer():
    teller = Teller().show(said("a"), said(""))
    with pytest.raises(errors.EmptyAnswer):
        teller.finish()


def test_an_answer_over_the_limit():
    assert Teller(limit=3).show(said("abc")).finish().text == "abc"
    teller = Teller(limit=3).show(said("ab"))
    with pytest.raises(errors.AnswerTooLarge) as caught:
        teller.grow(["append", [1, "content"], "cd"])
    assert caught.value.partial == "ab"


@pytest.mark.parametrize(
    "longer", [said("b" * 9), said(thought("c" * 9)), said("A\n" * 5), said(thought("d" * 2), "e" * 2)]
)
def test_an_answer_over_the_limit_by_a_rewrite_or_by_reasoning(longer: list[Any]):
    teller = Teller(limit=3).show(said("a"))
    with pytest.raises(errors.AnswerTooLarge):
        teller.show(longer)


def test_reasoning_that_is_rewritten_counts_as_it_is():
    teller = Teller(limit=3).show(said(thought("ab")), said(thought("xy")), said(thought("xyz")))
    with pytest.raises(errors.AnswerTooLarge):
        teller.show(said(thought("abcd")))


@pytest.mark.parametrize(
    "value, begun",
    [([HI], False), (said(""), False), (said("a"), True), (said(thought("a")), True), (said(thought("", "Used tool")), True),
     (said(message("assistant", {"file": file_data()})), True)],
)  # fmt: skip
def test_whether_anything_of_the_answer_has_been_seen(value: Any, begun: bool):
    assert Teller().show(value).tracker.begun is begun


def test_an_append_is_passed_on_without_a_look_at_the_rest():
    """A token must cost the same however long the chat is."""
    teller = Teller().show(said("a"))
    looks: list[Any] = []
    get = teller.live.get

    class Watched:
        growing = teller.live.growing

        def get(self) -> Any:
            looks.append(1)
            return get()

    for _ in range(50):
        teller.growing.apply([["append", [1, "content"], " b"]])
        teller.tracker.update(Watched(), [["append", [1, "content"], " b"]])  # type: ignore[arg-type]
    assert looks == []
    assert teller.text == "a" + " b" * 50
    assert teller.finish().text == "a" + " b" * 50


def test_a_cursor_and_what_stands_for_an_answer_are_held_back():
    teller = Teller().show(*map(said, ("Thinking…", "Hello ▌", "Hello world ▌", "Hello world! ▌", "Hello world!")))
    assert (teller.finish().text, teller.reader.rewrites) == ("Hello world!", [])
    assert Teller().show(said("Thinking…")).finish().text == "Thinking…"
    assert Teller().show(said("Hello ●")).finish().text == "Hello ●"


def test_the_newest_turn_may_stand_above_the_others():
    before = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "old"}]
    new = [[{"role": "user", "content": "b"}, {"role": "assistant", "content": text}] for text in ("ne", "new")]
    assert Teller(before, "b").show(*([*turn, *before] for turn in new)).finish().text == "new"


def test_a_component_that_holds_a_text_is_text():
    content = {"component": "markdown", "value": "**hi**", "props": {}}
    assert Teller().show([{"role": "assistant", "content": content}]).finish().text == "**hi**"


def test_html_is_what_is_to_be_read_of_it_and_a_file():
    content = {"component": "html", "value": "<p>a &amp; <b>b</b></p><script>x</script>", "props": {}}
    teller = Teller().show([{"role": "assistant", "content": content}])
    assert teller.finish().text == "a & b"
    [attachment] = teller.tracker.extras.attachments
    assert (attachment.kind, attachment.raw) == ("html", content["value"])
