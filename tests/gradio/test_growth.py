from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gradio import growth
from spacebridge.gradio.diff import GrowingValue
from spacebridge.gradio.growth import GrowthDecoder
from spacebridge.gradio.messages import decode_message
from tests.strategies import json_values, kin, many, words

FORMS: dict[str, Callable[[Any], str]] = {
    "json.dumps": json.dumps,  # Gradio's own streams, and its websocket
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "not only ASCII": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "indented": lambda value: json.dumps(value, indent=1),
    "tabs and line ends": lambda value: json.dumps(value, indent="\t", separators=("\r\n , ", "\t:\n")),
    "slashes escaped": lambda value: json.dumps(value).replace("/", "\\/"),
    "capital digits": lambda value: json.dumps(value).replace("\\ud", "\\uD").replace("\\u00e9", "\\u00E9"),
}


def message(data: list[Any], event_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A message as Gradio 3.50 (without ``event_id``) and 4.16 send it."""
    output = {"data": data, "is_generating": True, "duration": 0.0033621788, "average_duration": 0.0045537948}
    return {
        "msg": "process_generating", **({} if event_id is None else {"event_id": event_id}), "output": output,
        "success": True, **more,
    }  # fmt: skip


def frame(data: list[Any], form: str = "json.dumps", event_id: str | None = None, **more: Any) -> bytes:
    return FORMS[form](message(data, event_id, **more)).encode("utf-8", "surrogatepass")


def exact(value: Any) -> str:
    """A value such that what differs in type, sign of zero or surrogates differs."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Twin:
    """Feeds a decoder, applies what it gives, and holds the result to what decoding the whole gives."""

    def __init__(self) -> None:
        self.decoder = GrowthDecoder()
        self.values: dict[str | None, list[GrowingValue]] = {}

    def feed(self, data: bytes) -> Any:
        """Take a message; what the decoder made of its outputs."""
        expected = decode_message(data)
        # Among others, as it stands in what was read of a stream.
        got = self.decoder.decode(b"data: " + data + b"\n\ndata: " + data, 6, 6 + len(data))
        if expected is None or got is None:
            assert expected is None
            assert got is None
            return None
        whole = [] if expected.output is None else expected.output.data
        told = [] if got.output is None else copy.deepcopy(got.output.data)
        tells = expected.msg in ("process_generating", "process_streaming") and expected.success is not False
        if tells and whole is not None and got.output is not None and got.output.data is not None:
            values = self.values.get(expected.event_id)
            if values is None:
                self.values[expected.event_id] = [GrowingValue(value) for value in got.output.data]
            else:
                for position, operations in enumerate(got.output.data):
                    if position == len(values):
                        values.append(GrowingValue())
                    values[position].apply(operations)
            values = self.values[expected.event_id][: len(whole)]
            assert exact([value.get() for value in values]) == exact(whole)
            got.output.data = copy.deepcopy(whole)
        if expected.msg == "process_completed":
            self.values.pop(expected.event_id, None)
        assert exact(msgspec.to_builtins(got)) == exact(msgspec.to_builtins(expected))
        return told


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of what is decoded in one piece."""
    sizes: list[int] = []

    def spy(data: bytes) -> Any:
        sizes.append(len(data))
        return decode_message(data)

    monkeypatch.setattr(growth, "decode_message", spy)
    return sizes


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What did not fit and was compared as a whole."""
    frames: list[bytes] = []
    compare = growth._Event.compare

    def spy(event: Any, data: bytes, told: Any) -> None:
        frames.append(data)
        compare(event, data, told)

    monkeypatch.setattr(growth._Event, "compare", spy)
    return frames


# What servers send


CAPTURED = {
    "3.50.2": b"""
{"msg": "process_generating", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 "]], null], "is_generating": true, "duration": 0.002607107162475586, "average_duration": 0.002607107162475586}, "success": true}
{"msg": "process_generating", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 "]], null], "is_generating": true, "duration": 0.002161264419555664, "average_duration": 0.002384185791015625}, "success": true}
{"msg": "process_generating", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 tok0002 "]], null], "is_generating": true, "duration": 0.009017705917358398, "average_duration": 0.004595359166463216}, "success": true}
{"msg": "process_generating", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 tok0002 tok0003 "]], null], "is_generating": true, "duration": 0.0013332366943359375, "average_duration": 0.0037798285484313965}, "success": true}
""",
    "4.16.0": b"""
{"msg": "process_generating", "event_id": "ffcb99bc432c4eee9907e1a6d39e5a04", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 "]], null], "is_generating": true, "duration": 0.005745410919189453, "average_duration": 0.005745410919189453}, "success": true}
{"msg": "process_generating", "event_id": "ffcb99bc432c4eee9907e1a6d39e5a04", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 "]], null], "is_generating": true, "duration": 0.0033621788024902344, "average_duration": 0.004553794860839844}, "success": true}
{"msg": "process_generating", "event_id": "ffcb99bc432c4eee9907e1a6d39e5a04", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 tok0002 "]], null], "is_generating": true, "duration": 0.0006413459777832031, "average_duration": 0.003249645233154297}, "success": true}
{"msg": "process_generating", "event_id": "ffcb99bc432c4eee9907e1a6d39e5a04", "output": {"data": [[["n=4 hello <b>x</b>", "tok0000 tok0001 tok0002 tok0003 "]], null], "is_generating": true, "duration": 0.0011181831359863281, "average_duration": 0.0027167797088623047}, "success": true}
""",
}


@pytest.mark.parametrize("frames", CAPTURED.values(), ids=CAPTURED)
def test_what_chat_interfaces_send(frames: bytes, whole: list[int]):
    twin = Twin()
    sent = frames.strip().splitlines()
    told = [twin.feed(data) for data in sent]
    assert told[0] == [[["n=4 hello <b>x</b>", "tok0000 "]], None]
    assert told[1:] == [[[["append", [0, 1], f"tok000{n} "]], []] for n in (1, 2, 3)]
    # The first, and the second with the first again to compare with; of the others only what is around the outputs.
    assert whole[:3] == [len(sent[0]), len(sent[1]), len(sent[0])]
    assert max(whole[3:]) < len(sent[0])


CHATS: dict[str, Callable[[str], list[Any]]] = {
    "tuples": lambda text: [[["Hi", "Hello"], ["Go on", text]], None],
    "messages": lambda text: ["", [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}], None],
    "an update": lambda text: [{"value": [["Hi", text]], "label": "Chat", "__type__": "update"}],
    "a text": lambda text: [text],
    "one of many texts": lambda text: [text, "tok", "tok tok", [["tok", "tok"]], {"tok": "tok"}],
    "deep": lambda text: [[[{"a": [0, {"b": {"c": [[], {}, [text]]}, "d": 1}]}], {"z": "\\\\"}]],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)
def test_a_growing_text_is_read_as_appends_wherever_it_stands(
    chat: Callable[[str], list[Any]], form: str, compared: list[bytes]
):
    twin = Twin()
    text = ""
    for number in range(30):
        text += f'tok{number} "\\/é{"😀" * (number % 3)}\n'
        told = twin.feed(frame(chat(text), form, duration=number))
        if number:
            operations = [operation for output in told for operation in output]
            assert [operation[0] for operation in operations] == ["append"]
            assert text.endswith(operations[0][2])
    assert len(compared) == 1


def test_side_by_side_arena_with_cursors(compared: list[bytes]):
    """FastChat's: two chats grow, each with a cursor, and buttons are updated each time."""
    twin = Twin()
    buttons = [{"interactive": False, "__type__": "update"}] * 5
    one = other = ""
    for number in range(40):
        one, other = one + "left ", other + ("right\n" if number % 2 else "")
        told = twin.feed(frame([None, None, [["Hi", one + "▌"]], [["Hi", other + "▌"]], *buttons]))
    assert told[2:5] == [[["replace", [0, 1], one + "▌"]], [["replace", [0, 1], other + "▌"]], []]
    assert len(compared) == 1


def test_texts_that_grow_in_turn(compared: list[bytes]):
    twin = Twin()
    texts = ["", "", ""]
    for number in range(60):
        texts[number % 3] += f"{number} "
        twin.feed(frame(texts))
    assert len(compared) == 3


def test_the_box_is_emptied_and_the_chat_begins():
    twin = Twin()
    assert twin.feed(frame(["Hello", [["Hello", None]], None])) == ["Hello", [["Hello", None]], None]
    assert twin.feed(frame(["", [["Hello", "W"]], None])) == [[["replace", [], ""]], [["replace", [0, 1], "W"]], []]
    assert twin.feed(frame(["", [["Hello", "We"]], None])) == [[], [["append", [0, 1], "e"]], []]
    assert twin.feed(frame(["", [["Hello", "We"]], None])) == [[], [], []]


# Where texts are cut


HARD = 'a"b\\c\\\\/é\n\x00\x7f\u2028😀\ud83d\ude00\ud83d x\ude00\ude00\ud83d\ud83d\ude00", 1]}\\u0041\\ud83d\\'


@pytest.mark.parametrize("form", FORMS)
def test_every_two_places_where_a_text_may_be_cut(form: str):
    """Lone surrogates in it, too: what follows one can make another character of both."""
    for first, second in itertools.combinations(range(len(HARD) + 1), 2):
        twin = Twin()
        for text in (HARD[:first], HARD[:second], HARD):
            twin.feed(frame([[["Hi", text]], None], form))


@pytest.mark.parametrize("form", FORMS)
def test_character_by_character_and_back(form: str):
    twin = Twin()
    sizes = [*range(len(HARD) + 1), *range(len(HARD), -1, -1)]
    for size in sizes:
        twin.feed(frame([[[HARD, HARD[:size]], [HARD, HARD]], HARD], form))


@pytest.mark.parametrize(
    "texts",
    [
        ["x\\", "x\\\\", "x\\\\n", "x\\\\n\n"],
        ["\\u12", "\\u1234", "\\u12345"],
        ["\ud83d", "\U0001f600", "\U0001f600!"],
        ["a\ud83d", "a\ud83d\ude00", "a\ud83d\ude00\ude00"],
        ["e", "e\u0301", "é"],
        ['"', '""', '"""', '"', '"\\"', '"\\"]'],
        ["", "]", "]]", ']], null], "is_generating": false}', ""],
        ["null", None, "null", "nullnull"],
        ["1", 1, 1.0, True, "True"],
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_texts_that_are_easily_got_wrong(texts: list[Any], form: str):
    twin = Twin()
    for text in ["", "", *texts, *reversed(texts), *texts]:
        twin.feed(frame([text, [["Hi", text]], text], form))


# Messages of other forms


def in_another_order(data: list[Any], number: int) -> bytes:
    """The fields that vary stand before the outputs, and the event's id behind them."""
    output = {"is_generating": True, "duration": number / 7, "log": '"data": [', "data": data, "average": number}
    return json.dumps({"success": True, "output": output, "msg": "process_generating", "event_id": "e"}).encode()


def test_fields_that_vary_before_the_outputs(whole: list[int]):
    twin = Twin()
    for number in range(1, 20):
        told = twin.feed(in_another_order([[["Hi " * 100, "tok " * number]], None], number))
    assert told == [[["append", [0, 1], "tok "]], []]
    assert sum(size > 300 for size in whole) <= 3


def test_a_name_that_stands_twice():
    """The last one counts. The outputs then are not what they seem, and not what is found first."""
    for text, template in itertools.product(
        ["a", "ab"],
        [
            '{"msg":"process_generating","output":{"data":["%s"],"data":["%s"]}}',
            '{"msg":"process_generating","output":{"data":["%s"]},"output":{"data":["%s"]}}',
            '{"msg":"process_generating","output":{"data":["%s"],"d\\u0061ta":["%s"]}}',
            '{"msg":"process_generating","output":{"data":[{"a":"%s","a":"%s"}]}}',
            '{"msg":"process_generating","output":{"data":[{"a":"%s","\\u0061":"%s"}]}}',
            '{"msg":"process_generating","output":{"data":[{"é":"%s","\\u00e9":"%s"}]}}',
            '{"msg":"process_generating","output":{"data":[{"\\u00e9":"%s","é":"%s"}]}}',
            '{"msg":"process_generating","output":{"data":[{"é":"%s","Ã©":"%s"}]}}',
            '{"msg":"process_generating","data":["%s"],"output":{"data":["%s"]}}',
            '{"data":["%s"],"msg":"process_generating","output":{"data":["%s"]}}',
            '{"msg":"process_generating","output":{"data":["%s"]},"data":["%s"]}',
        ],
    ):
        twin = Twin()
        for one, other in [("", ""), ("x", "x"), ("x", text), (text, text), ("xy", text), ("xyz", text + "z")]:
            twin.feed((template % (one, other)).encode())


def test_a_name_that_stands_twice_in_one_message_only():
    twin = Twin()
    for outputs in ('"data":["x"]', '"data":["a"],"data":["xy"]', '"data":["ab"]', '"data":["abc"]'):
        twin.feed(b'{"msg":"process_generating","output":{%b}}' % outputs.encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "-0.0", "0.0", "0", "1e400", "9" * 40, "1e2"])
def test_numbers_of_every_kind_stay_what_they_are(number: str):
    twin = Twin()
    for text in ("", "a", "ab", "abc"):
        told = twin.feed(b'{"msg":"process_generating","output":{"data":[%b,"%b"]}}' % (number.encode(), text.encode()))
        if text:
            assert told == [[], [["append", [], text[-1]]]]
    for other in ("0", "0.0", "-0.0", "false", "null", "NaN"):
        twin.feed(b'{"msg":"process_generating","output":{"data":[%b,"abc"]}}' % other.encode())


def test_outputs_come_and_go():
    twin = Twin()
    for data in (
        ["a"],
        ["ab", [["Hi", "x"]]],
        ["ab", [["Hi", "xy"]]],
        ["abc"],
        ["abc", None],
        [],
        [],
        ["abc", 1],
        ["a"],
    ):
        twin.feed(frame(data))


def test_messages_without_outputs_change_nothing():
    twin = Twin()
    other = [
        {"msg": "log", "log": "hello", "level": "info"},
        {"msg": "progress", "progress_data": [{"index": 1}]},
        {"msg": "heartbeat", "event_id": None},
        {"msg": "process_generating", "output": {"error": None}, "success": False},
        {"msg": "process_generating", "output": {"data": [["not told"]]}, "success": False},
        message([[["Hi", "Hello not told"]], None], success=False),
        {"msg": "process_generating", "output": {"data": None}, "success": True},
        {"msg": "process_generating", "output": None, "success": True},
        {"msg": "process_generating", "success": True},
    ]
    for text in ("", "Hello", "Hello w", "Hello wo", "Hello wor"):
        told = twin.feed(frame([[["Hi", text]], None]))
        for odd in other:
            twin.feed(json.dumps(odd).encode())
    assert told == [[["append", [0, 1], "r"]], []]


def test_events_of_one_stream_are_kept_apart(whole: list[int]):
    twin = Twin()
    long = "Hi " * 200
    for number in range(20):
        for event in "abc":
            told = twin.feed(frame([[[long, event * number]]], event_id=event))
            assert number < 1 or told == [[["append", [0, 1], event]]]
        twin.feed(frame([[[long, "the same"]]], event_id="d"))
        twin.feed(frame([[[long, "the same"]]], event_id="e"))
    assert sum(size > len(long) for size in whole) == 5 * 3
    done = message([[[long, "a" * 20]]], "a") | {"msg": "process_completed"}
    assert twin.feed(json.dumps(done).encode()) == [[[long, "a" * 20]]]
    assert twin.feed(frame([[["Again", ""]]], event_id="a")) == [[["Again", ""]]]
    assert twin.feed(frame([[[long, "b" * 20]]], event_id="b")) == [[["append", [0, 1], "b"]]]


def test_events_that_never_end_are_forgotten():
    decoder = GrowthDecoder()
    for number in range(1000):
        decoder.decode(frame([["Hi", ""]], event_id=str(number)))
    assert len(decoder._events) == 16
    last = decoder.decode(frame([["Hi", "x"]], event_id="999"))
    assert last is not None
    assert last.output is not None
    assert last.output.data == [[["append", [1], "x"]]]


def test_messages_are_taken_apart_seldom_where_that_is_in_vain(monkeypatch: pytest.MonkeyPatch):
    tried = 0
    anchor = growth._Event._anchor

    def count(*arguments: Any) -> bool:
        nonlocal tried
        tried += 1
        return anchor(*arguments)

    monkeypatch.setattr(growth._Event, "_anchor", count)
    twin = Twin()
    for number in range(200):
        twin.feed(frame([[["Hi", "Hello"]] * number]))
    assert tried == 9
    for number in range(300):
        twin.feed(frame([[["Hi", "x" * number]]]))
    assert tried == 10


# Anything else


@st.composite
def changing(draw: st.DrawFn) -> list[list[Any]]:
    """The outputs of a run in which a chat grows and now and then something else happens."""
    history: list[Any] = [[draw(words), draw(words)] for _ in range(draw(st.integers(1, 4)))]
    outputs: list[Any] = ["Hi", history, None, 0]
    told = [copy.deepcopy(outputs)]
    text = st.text(alphabet='ab"\\/\né😀\ud83d\ude00],{}:', max_size=5)
    for what in draw(st.lists(st.sampled_from("gggggggggcebrtnxas"), max_size=14)):
        turn, side = draw(st.integers(0, len(history) - 1)) if history else 0, draw(st.integers(0, 1))
        match what:
            case "g" if history and isinstance(history[-1][1], str):
                history[-1][1] += draw(text)
            case "c" if history and isinstance(history[-1][1], str):
                history[-1][1] = history[-1][1].removesuffix("▌") + draw(text) + "▌"
            case "e" if history:
                history[turn][side] = draw(text)
            case "b":
                history.append([draw(text), draw(text | st.none())])
            case "r" if history:
                del history[turn]
            case "t":
                outputs[0] = draw(text)
            case "n":
                outputs[3] = draw(st.integers(0, 2) | st.floats() | st.booleans())
            case "x" if history:
                history[turn][side] = draw(json_values)
            case "a":
                outputs.append(draw(text))
            case "s" if len(outputs) > 4:
                outputs.pop()
            case _:
                pass
        told.append(copy.deepcopy(outputs))
    return told


@many
@given(told=changing(), form=st.sampled_from(sorted(FORMS)))
def test_any_run_of_a_chat(told: list[list[Any]], form: str):
    twin = Twin()
    for data in told:
        twin.feed(frame(data, form))


@many
@given(told=changing(), data=st.data())
def test_any_run_of_a_chat_in_changing_forms(told: list[list[Any]], data: st.DataObject):
    twin = Twin()
    for outputs in told:
        form = data.draw(st.sampled_from([*["json.dumps"] * 5, *sorted(FORMS)]))
        twin.feed(frame(outputs, form, data.draw(st.sampled_from(["a", "a", "b", None]))))


@many
@given(st.lists(st.lists(kin, max_size=3), max_size=8), st.sampled_from(sorted(FORMS)))
def test_any_kindred_values_one_after_another(values: list[list[Any]], form: str):
    twin = Twin()
    for value in values:
        twin.feed(frame(value, form))


@many
@given(st.lists(st.lists(json_values, max_size=3), max_size=4))
def test_any_values_one_after_another(values: list[list[Any]]):
    twin = Twin()
    for value in values:
        twin.feed(frame(value))


@many
@given(told=changing(), data=st.data())
def test_damaged_messages_are_read_as_when_decoded_whole(told: list[list[Any]], data: st.DataObject):
    """A byte is changed, added or taken away, here and there."""
    twin = Twin()
    ascii_only = [bytes([b]) for b in b'"\\,:[]{}u0dD8a \n\x00']
    # msgspec does not look whether fields that nobody reads are UTF-8, so other bytes are put into the outputs only.
    others = [bytes([b]) for b in b"\x80\xed\xa0\xbd\xff"]
    for outputs in told:
        sent = frame(outputs, data.draw(st.sampled_from(["json.dumps", "not only ASCII"])))
        for _ in range(data.draw(st.sampled_from([0, 0, 0, 1, 2]))):
            byte = data.draw(st.sampled_from([*ascii_only, *others, b""]))
            first, last = (sent.find(b"[") + 1, sent.rfind(b"]")) if byte in others else (0, len(sent))
            at = data.draw(st.integers(min(first, last), last))
            sent = sent[:at] + byte + sent[at + data.draw(st.integers(0, 1)) :]
        twin.feed(sent)
