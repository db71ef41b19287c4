from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from spacebridge.gradio.messages import Message, Output, decode_message
from tests.strategies import json_values, many

ID = "00112233445566778899aabbccddeeff"
UNSET = msgspec.UNSET
OUTPUT = {"data": ["a", None], "is_generating": True, "duration": 0.1, "render_config": None, "changed_state_ids": [3]}

KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "estimation": (
        {"msg": "estimation", "event_id": ID, "rank": 2, "queue_size": 3, "rank_eta": 1.5},
        {"rank": 2, "queue_size": 3, "rank_eta": 1.5},
    ),
    "estimation of 3.x": (
        {"msg": "estimation", "rank": 0, "queue_size": 1, "avg_event_process_time": 0.0, "queue_eta": 0},
        {"event_id": None, "rank": 0, "rank_eta": None},
    ),
    "process_starts": ({"msg": "process_starts", "event_id": ID, "eta": 0.01}, {"event_id": ID}),
    "progress": (
        {"msg": "progress", "event_id": ID, "progress_data": [{"index": 0, "length": 5, "unit": "steps"}]},
        {"progress_data": [{"index": 0, "length": 5, "unit": "steps"}]},
    ),
    "log": (
        {
            "msg": "log",
            "event_id": ID,
            "log": "hello",
            "level": "info",
            "duration": 10.0,
            "visible": True,
            "title": "I",
        },
        {"log": "hello", "level": "info", "title": "I"},
    ),
    "process_generating": (
        {"msg": "process_generating", "event_id": ID, "output": OUTPUT, "success": True, "time_limit": None},
        {"success": True, "output": Output(data=["a", None], changed_state_ids=[3])},
    ),
    "process_completed": (
        {
            "msg": "process_completed",
            "event_id": ID,
            "output": OUTPUT,
            "success": True,
            "title": None,
            "used_cache": None,
        },
        {"output": Output(data=["a", None], changed_state_ids=[3])},
    ),
    "failed, and said why": (
        {"msg": "process_completed", "output": {"error": "why", "title": "T", "visible": True}, "success": False},
        {"success": False, "output": Output(error="why", title="T")},
    ),
    "failed, and hid why": (
        {"msg": "process_completed", "output": {"error": None}, "success": False},
        {"output": Output(error=None)},
    ),
    "cancelled": (
        {"msg": "process_completed", "event_id": ID, "output": {}, "success": True},
        {"success": True, "output": Output(data=None, error=UNSET)},
    ),
    "heartbeat": ({"msg": "heartbeat", "event_id": None}, {"event_id": None}),
    "close_stream": ({"msg": "close_stream", "event_id": None}, {"event_id": None}),
    "unexpected_error": (
        {"msg": "unexpected_error", "event_id": None, "message": "404: Not Found", "session_not_found": True},
        {"message": "404: Not Found", "session_not_found": True},
    ),
    "a kind of the future": ({"msg": "sparkle", "event_id": ID, "glitter": [1]}, {"msg": "sparkle", "event_id": ID}),
}


@pytest.mark.parametrize("sent, fields", KINDS.values(), ids=KINDS)
def test_every_kind(sent: dict[str, Any], fields: dict[str, Any]):
    message = decode_message(json.dumps(sent).encode())
    assert message is not None
    assert message.msg == sent["msg"]
    assert {name: getattr(message, name) for name in fields} == fields


def test_a_null_error_differs_from_none_at_all():
    failed, cancelled = (
        decode_message(b'{"msg":"m","output":{"error":null}}'),
        decode_message(b'{"msg":"m","output":{}}'),
    )
    assert failed is not None
    assert failed.output is not None
    assert failed.output.error is None
    assert cancelled is not None
    assert cancelled.output is not None
    assert cancelled.output.error is UNSET


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b" ",
        b"ALIVE",
        b"{",
        b'{"msg": "log", "log": "cut of',
        b'{"msg": "log"} and more',
        b'{"msg": "log",}',
        b"\xff\xfe",
        b'{"msg": "\xff"}',
        b"null",
        b"[]",
        b'"msg"',
        b"7",
        b"{}",
        b'{"event_id": "x"}',
        b'{"msg": null}',
        b'{"msg": 7}',
        b'{"msg": ["log"]}',
        b'{"msg": "m", "event_id": 7}',
        b'{"msg": "m", "output": []}',
        b'{"msg": "m", "output": "text"}',
        b'{"msg": "m", "output": {"data": {}}}',
        b'{"msg": "m", "output": {"data": "text"}}',
        b'{"msg": "m", "output": {"changed_state_ids": 3}}',
        b"[" * 100_000,
        b'{"msg": "m", "output": {"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"msg": "m", "rank": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_what_is_no_message_is_none(frame: bytes):
    assert decode_message(frame) is None


@pytest.mark.parametrize("name", ["rank", "queue_size", "rank_eta", "log", "level", "title", "message", "success"])
@pytest.mark.parametrize("value", [None, "text", 7, 1.5, True, [1], {"a": 1}], ids=repr)
def test_fields_of_unexpected_kinds_are_kept(name: str, value: object):
    """Whoever uses them looks at what they are; the message they come with is not lost."""
    message = decode_message(json.dumps({"msg": "m", "event_id": ID, name: value}).encode())
    assert message is not None
    assert getattr(message, name) == value


def test_a_lone_surrogate_is_read_as_python_reads_it():
    frame = rb'{"msg":"process_generating","event_id":"e","output":{"data":["\ud83d","\ud83d\ude00"]},"success":true}'
    message = decode_message(frame)
    assert message == Message("process_generating", "e", Output(data=["\ud83d", "😀"]), success=True)


def test_numbers_that_are_none():
    """Python's json writes them, and a model's score may be one."""
    message = decode_message(b'{"msg":"estimation","event_id":"e","rank_eta":NaN,"rank":Infinity}')
    assert message is not None
    assert message.rank_eta != message.rank_eta
    assert message.rank == float("inf")


@many
@given(json_values)
def test_any_value_arrives_as_it_was(value: Any):
    sent = {"msg": "process_completed", "event_id": ID, "output": {"data": [value]}, "success": True}
    message = decode_message(json.dumps(sent).encode())
    assert message is not None
    assert message.output == Output(data=[value])


@many
@given(json_values)
def test_no_json_raises(value: Any):
    decode_message(json.dumps(value).encode())
    decode_message(json.dumps({"msg": "process_completed", "output": value}).encode())
