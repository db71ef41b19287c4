from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.bubbles import Bubble, is_thinking, parse_bubbles
from spacebridge.chat.events import Option
from tests.chat.shapes import block_message, bot, file_data, message, pair, pro, thought
from tests.strategies import json_values, many, words


def said(value: object) -> list[tuple[str, str, str]]:
    """Role, kind and text of each bubble."""
    return [(bubble.role, bubble.kind, bubble.text) for bubble in parse_bubbles(value)]


def at(value: Any, path: tuple[int | str, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def texts_are_where_they_say(value: object) -> None:
    for bubble in parse_bubbles(value):
        if bubble.path is not None:
            assert at(value, bubble.path) == bubble.text


# Tuples


@pytest.mark.parametrize(
    "value, expected",
    [
        ([pair("hi")], [("user", "text", "hi")]),
        ([pair("hi", "yo")], [("user", "text", "hi"), ("assistant", "text", "yo")]),
        ([pair("hi", "")], [("user", "text", "hi"), ("assistant", "text", "")]),
        ([pair(None, "Welcome!"), pair("hi", None)], [("assistant", "text", "Welcome!"), ("user", "text", "hi")]),
        ([("hi", "yo")], []),  # no JSON
    ],
)
def test_tuples(value: object, expected: list[tuple[str, str, str]]):
    assert said(value) == expected
    texts_are_where_they_say(value)


@pytest.mark.parametrize(
    "side, path, name, alt_text",
    [
        ([{"file": file_data(), "alt_text": "A"}], "/kept/gradio/a1/a.png", "a.png", "A"),  # wrapped once more
        ({"file": file_data(), "alt_text": None}, "/kept/gradio/a1/a.png", "a.png", None),  # 4.x
        (
            [{"name": "/kept/b.txt", "mime_type": "text/plain", "alt_text": "A", "data": None, "is_file": True}, None][
                0
            ],
            "/kept/b.txt",
            "b.txt",
            "A",
        ),  # 3.x
        (["/kept/b.txt"], None, None, None),  # one text in a list is a text
        (["/kept/b.txt", "A"], "/kept/b.txt", "b.txt", "A"),
        (["https://host/b.txt", None], "https://host/b.txt", "b.txt", None),
    ],
)
def test_files_in_tuples(side: Any, path: str | None, name: str | None, alt_text: str | None):
    found = parse_bubbles([pair(side)])
    assert [bubble.role for bubble in found] == ["user"]
    file = found[0].file
    assert (file is None) is (path is None)
    if file is not None:
        assert (file.path, file.name, file.alt_text) == (path, name, alt_text)


def test_a_pair_of_texts_in_a_side_is_no_file_if_it_does_not_look_so():
    assert said([pair("hi", ["one", "two"])]) == [
        ("user", "text", "hi"),
        ("assistant", "text", "one"),
        ("assistant", "text", "two"),
    ]


# Messages


@pytest.mark.parametrize(
    "value",
    [
        [
            {"role": "user", "metadata": {"title": None}, "content": "hi"},
            {"role": "assistant", "content": "yo"},
        ],  # 4.4x
        [message("user", "hi"), message("assistant", "yo", metadata={})],  # 5.x
        [block_message("user", "hi"), block_message("assistant", "yo")],  # 6.x
    ],
    ids=["4", "5", "6"],
)
def test_messages(value: object):
    assert said(value) == [("user", "text", "hi"), ("assistant", "text", "yo")]
    texts_are_where_they_say(value)


def test_several_blocks_are_several_bubbles():
    value = [block_message("assistant", "one", {"type": "file", "file": file_data(), "alt_text": "A"}, "two")]
    assert said(value) == [("assistant", "text", "one"), ("assistant", "file", ""), ("assistant", "text", "two")]
    texts_are_where_they_say(value)


def test_system_messages_are_bubbles_of_their_own_role():
    assert said([message("system", "be kind")]) == [("system", "text", "be kind")]


@pytest.mark.parametrize("role", ["divider", "tool", "", None, 7, ["user"]])
def test_other_roles_say_nothing(role: object):
    assert said([message("user", "hi") | {"role": role}]) == []


def test_a_message_without_a_role_is_the_assistants():
    assert said([{"content": "yo"}]) == [("assistant", "text", "yo")]


def test_thoughts_of_5x_and_6x():
    metadata = {"title": "🧠 Thinking", "id": 3, "parent_id": None, "log": "x", "duration": 1.5, "status": "done"}
    for value in (
        [message("assistant", "hm", metadata=metadata)],
        [block_message("assistant", "hm", metadata=metadata)],
    ):
        [bubble] = parse_bubbles(value)
        assert (bubble.kind, bubble.text, bubble.title) == ("thought", "hm", "🧠 Thinking")
        assert (bubble.id, bubble.parent, bubble.status, bubble.duration) == ("3", None, "done", 1.5)
        texts_are_where_they_say(value)


def test_a_titled_bubble_of_another_title_is_a_tool():
    metadata = {"title": "🛠️ Used tool Weather API", "id": "a", "parent_id": "b", "status": "pending"}
    [bubble] = parse_bubbles([message("assistant", "sunny", metadata=metadata)])
    assert (bubble.kind, bubble.id, bubble.parent, bubble.status, bubble.duration) == (
        "tool",
        "a",
        "b",
        "pending",
        None,
    )


@pytest.mark.parametrize(
    "metadata", [None, {}, {"title": None}, {"title": ""}, {"title": 7}, {"title": ["x"]}, [], "title", 7]
)
def test_metadata_without_a_title_make_an_ordinary_bubble(metadata: object):
    assert said([message("assistant", "yo", metadata=metadata)]) == [("assistant", "text", "yo")]


def test_options_to_choose_from():
    options = [{"label": "Yes!", "value": "yes"}, {"value": "no"}, {"label": "odd"}, "odd", {"value": 7}]
    found = parse_bubbles([message("assistant", "sure?", options=options)])
    assert [(bubble.kind, bubble.text) for bubble in found] == [("text", "sure?"), ("options", "")]
    assert found[1].options == (Option(value="yes", label="Yes!"), Option(value="no"))


@pytest.mark.parametrize(
    "content, path, kind",
    [
        ({"file": file_data("/kept/a.png"), "alt_text": None}, "/kept/a.png", "image"),
        ({"path": "/kept/a.png"}, "/kept/a.png", "image"),
        ({"path": "/kept/a.unheard-of"}, "/kept/a.unheard-of", "file"),
        ({"component": "image", "value": file_data("/kept/b.png"), "props": {}}, "/kept/b.png", "image"),
        (
            {"component": "video", "value": {"video": file_data("/kept/c.mp4"), "subtitles": None}},
            "/kept/c.mp4",
            "video",
        ),
        (
            {"component": "gallery", "value": [{"image": file_data("/kept/d.png"), "caption": None}]},
            "/kept/d.png",
            "image",
        ),
        ([{"type": "file", "file": file_data("/kept/e.png")}], "/kept/e.png", "image"),
        ([{"type": "component", "component": "audio", "value": file_data("/kept/f.wav")}], "/kept/f.wav", "audio"),
    ],
)
def test_files_and_components_in_messages(content: object, path: str, kind: str):
    [bubble] = parse_bubbles([message("assistant", content)])
    assert bubble.kind == "file"
    assert bubble.file is not None
    assert bubble.file.path == path
    assert bubble.file.kind == kind


def test_several_files_of_a_gallery():
    value = {"component": "gallery", "value": [{"image": file_data(f"/kept/{n}.png")} for n in "ab"]}
    assert [b.file.path for b in parse_bubbles([message("assistant", value)]) if b.file] == [
        "/kept/a.png",
        "/kept/b.png",
    ]


def test_what_is_known_of_a_file():
    [bubble] = parse_bubbles([message("user", {"file": file_data(), "alt_text": "A"})])
    assert bubble.file is not None
    assert msgspec.structs.asdict(bubble.file) == {
        "path": "/kept/gradio/a1/a.png",
        "url": "http://host/file=/kept/gradio/a1/a.png",
        "name": "a.png",
        "mime_type": "image/png",
        "size": 5,
        "alt_text": "A",
        "kind": "image",
        "raw": file_data(),
    }


def test_a_file_that_has_only_a_url():
    [bubble] = parse_bubbles([message("assistant", {"file": {"url": "https://x/y/z.png"}})])
    assert bubble.file is not None
    assert (bubble.file.path, bubble.file.url) == ("", "https://x/y/z.png")


@pytest.mark.parametrize(
    "content", [None, 7, True, {}, [], {"file": None}, {"component": "plot", "value": {"x": 1}}, [None, 3]]
)
def test_contents_that_say_nothing(content: object):
    assert said([message("assistant", content)]) == []


# Modelscope


def test_modelscopes_pairs_with_one_bot():
    value = [[bot("hi", []), bot("yo")]]
    assert said(value) == [("user", "text", "hi"), ("assistant", "text", "yo")]
    texts_are_where_they_say(value)


@pytest.mark.parametrize("slot", [0, 1, 2])
def test_modelscopes_pairs_with_a_slot_for_each_bot(slot: int):
    bots: list[Any] = [None, None, None]
    bots[slot] = bot("yo")
    value = [[bot("hi"), None], [bot("more"), bots]]
    assert said(value) == [("user", "text", "hi"), ("user", "text", "more"), ("assistant", "text", "yo")]
    assert parse_bubbles(value)[-1].path == (1, 1, slot, "text")
    texts_are_where_they_say(value)


def test_modelscopes_bubble_that_has_not_spoken_yet():
    assert said([[bot("hi"), [bot(None), None]]]) == [("user", "text", "hi")]


def test_modelscopes_files():
    files = [file_data("/kept/a.png"), "/kept/b.png", None]
    found = parse_bubbles([[bot("look", files), None]])
    assert [bubble.file.path for bubble in found if bubble.file] == ["/kept/a.png", "/kept/b.png"]
    assert found[0].text == "look"


def test_modelscopes_pro_chatbot():
    value = [
        pro("user", {"type": "text", "content": "hi"}),
        {"role": "divider", "content": "today"},
        pro(
            "assistant",
            {"type": "tool", "content": "hm", "options": {"title": "Thought for 3s", "status": "done"}},
            {"type": "tool", "content": "sun", "options": {"title": "Search the web"}},
            {"type": "tool", "content": "x"},
            {"type": "text", "content": "yo"},
            {"type": "file", "content": [file_data("/kept/a.png"), "/kept/b.png"]},
            {"type": "suggestion", "content": ["more?"]},
        ),
    ]
    assert said(value) == [
        ("user", "text", "hi"),
        ("assistant", "thought", "hm"),
        ("assistant", "tool", "sun"),
        ("assistant", "tool", "x"),
        ("assistant", "text", "yo"),
        ("assistant", "file", ""),
        ("assistant", "file", ""),
        ("assistant", "suggestions", ""),
    ]
    texts_are_where_they_say(value)
    assert parse_bubbles(value)[1].status == "done"


def test_modelscopes_pro_chatbot_with_plain_content():
    assert said([{"role": "assistant", "content": "yo", "status": "pending"}]) == [("assistant", "text", "yo")]


# What /chat returns


def test_chat_goes_from_text_to_message_to_messages():
    assert said("yo") == [("assistant", "text", "yo")]
    assert said(message("assistant", "yo")) == [("assistant", "text", "yo")]
    assert said([thought("hm"), message("assistant", "yo")]) == [
        ("assistant", "thought", "hm"),
        ("assistant", "text", "yo"),
    ]
    assert said(["one", "two"]) == [("assistant", "text", "one"), ("assistant", "text", "two")]
    for value in ("yo", message("assistant", "yo"), ["one"]):
        texts_are_where_they_say(value)


@pytest.mark.parametrize("value", [None, 7, True, 1.5, {}, [], [[]], [[[]]], [None], {"a": 1}, [["one"]], [[1, 2, 3]]])
def test_what_is_no_chat_says_nothing(value: object):
    assert said(value) == []


# Titles


@pytest.mark.parametrize(
    "title",
    [
        "Thinking", "⏳Thought: *The model is thinking*", "Reasoning", "🧠 Deep", "Thought for 3s", "Chain of thought", "CoT",
        "思考过程", "推理", "深度思考", "考え中", "Размышления", "Pensando…", "Réflexion", "Nachdenken", "생각", "💭",
    ],
)  # fmt: skip
def test_titles_that_speak_of_thinking(title: str):
    assert is_thinking(title)


@pytest.mark.parametrize(
    "title",
    [
        "", "Answer", "🛠️ Used tool", "Searching the web", "Calling a function", "Executing code", "🔧", "Using think tool",
        "Summary", "工具调用", "инструмент", "Sources", "Details", "Cottage",
    ],
)  # fmt: skip
def test_titles_that_do_not(title: str):
    assert not is_thinking(title)


# Hostile values


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: [inner],
        lambda inner: ["hi", inner],
        lambda inner: [["hi", inner]],
        lambda inner: {"content": inner},
        lambda inner: [{"role": "user", "content": [inner]}],
        lambda inner: {"file": inner},
        lambda inner: {"file": [inner]},
        lambda inner: {"value": [inner], "component": "x"},
        lambda inner: {"image": inner},
        lambda inner: {"files": [inner]},
        lambda inner: {"type": "file", "content": [inner]},
        lambda inner: {"text": "x", "files": [inner]},
    ],
)
def test_nesting_without_end_does_not_raise(wrap: Callable[[Any], Any]):
    value: Any = "/kept/x"
    for _ in range(3000):
        value = wrap(value)
    for whole in (value, [value], [[value, value]], [message("assistant", value)], {"content": value}):
        parse_bubbles(whole)


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan")])
def test_numbers_beyond_all_reason(number: float):
    metadata = {"title": "x", "id": number, "duration": number, "status": number}
    [bubble] = parse_bubbles([message("assistant", "yo", metadata=metadata)])
    assert bubble.text == "yo"


_keys = st.sampled_from(
    [
        "role", "content", "metadata", "options", "title", "id", "parent_id", "status", "duration", "type", "text", "file",
        "files", "component", "value", "path", "url", "name", "image", "video", "alt_text", "size", "mime_type", "orig_name",
    ]
)  # fmt: skip
_leaves = (
    st.none() | st.booleans() | st.integers() | words
    | st.sampled_from(["user", "assistant", "system", "text", "tool", "file", "/kept/a", "Thinking"])
)  # fmt: skip
chat_like = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=6), max_leaves=25
)


@many
@given(json_values | chat_like)
def test_any_json_gives_bubbles_of_the_right_types(value: Any):
    for bubble in parse_bubbles(value):
        again = msgspec.convert(json.loads(msgspec.json.encode(bubble)), Bubble)
        assert again == bubble
    texts_are_where_they_say(value)
