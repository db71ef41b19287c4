from __future__ import annotations

import pytest

from spacebridge.gateway.shapes.files import File
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.tools import render_call, render_results
from spacebridge.gateway.shapes.transcript import Memory, Said, Scribe

FILE = File(name="a.txt", data=b"a")
OTHER = File(name="b.txt", data=b"b")


def test_messages_are_taken_down_by_turns():
    scribe = Scribe()
    scribe.system("Be brief.")
    scribe.system("Be kind.")
    scribe.user("One", (FILE,))
    scribe.user("more", (OTHER,))
    scribe.assistant("Two")
    scribe.assistant("more")
    scribe.user("Three")
    assert scribe.taken() == (
        "Be brief.\n\nBe kind.",
        (Said("user", "One\n\nmore", (FILE, OTHER)), Said("assistant", "Two\n\nmore"), Said("user", "Three")),
    )


def test_a_later_system_message_goes_with_what_the_user_says():
    scribe = Scribe()
    scribe.assistant("How can I help?")
    scribe.system("Be brief.")
    scribe.user("Hello")
    assert scribe.taken() == ("", (Said("assistant", "How can I help?"), Said("user", "Be brief.\n\nHello")))


def test_calls_and_results_are_told_as_the_model_says_and_gets_them():
    scribe = Scribe()
    scribe.user("Go")
    scribe.assistant("Yes.")
    scribe.call("1", "f", "{}")
    scribe.call("2", "g", '{"a": 1}')
    scribe.result("2", "second", (FILE,))
    scribe.result("1", "first")
    scribe.user("And now?")
    system, said = scribe.taken()
    assert system == ""
    assert said[1] == Said("assistant", "\n".join(["Yes.", render_call("f", "{}"), render_call("g", '{"a": 1}')]))
    assert said[2] == Said("user", f"{render_results(['first', 'second'])}\n\nAnd now?", (FILE,))


def test_results_of_unknown_calls_keep_their_order():
    scribe = Scribe()
    for number in ("b", "a"):
        scribe.result(number, number)
    assert scribe.taken()[1] == (Said("user", render_results(["b", "a"])),)


def test_an_instruction_alone_is_what_is_said():
    scribe = Scribe()
    scribe.system("Tell a joke.")
    assert scribe.taken() == ("", (Said("user", "Tell a joke."),))


@pytest.mark.parametrize("last", ["assistant", "nothing"])
def test_the_user_must_have_the_last_word(last: str):
    scribe = Scribe()
    if last == "assistant":
        scribe.user("Hello")
        scribe.assistant("Hi")
    with pytest.raises(Problem, match="last message must be the user's") as caught:
        scribe.taken()
    assert caught.value.status == 400


def test_an_empty_answer_is_none():
    scribe = Scribe()
    scribe.user("a")
    scribe.assistant("")
    scribe.user("b")
    assert scribe.taken() == ("", (Said("user", "a\n\nb"),))
    assert Scribe().answer() == Said("assistant", "")


def test_it_goes_on_with_what_was_said_before():
    before = Memory("Be brief.", (Said("user", "One"), Said("assistant", "Two")))
    scribe = Scribe()
    scribe.system("Be kind.")
    scribe.user("Three")
    assert scribe.taken(before) == ("Be brief.\n\nBe kind.", (*before.transcript, Said("user", "Three")))


def test_what_follows_an_answer_of_its_own_role_is_joined_to_it():
    before = Memory("", (Said("user", "One"), Said("assistant", "Two")))
    scribe = Scribe()
    scribe.assistant("more")
    scribe.user("Three")
    assert scribe.taken(before)[1] == (Said("user", "One"), Said("assistant", "Two\n\nmore"), Said("user", "Three"))
