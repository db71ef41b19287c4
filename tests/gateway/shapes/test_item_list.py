from __future__ import annotations

import pytest

from spacebridge.gateway.shapes import item_list, responses_request
from spacebridge.gateway.shapes.problem import Problem

ITEMS = [{"id": f"msg_{number}"} for number in range(30)]


def names(**query: str) -> tuple[list[str], bool]:
    told = item_list.page(ITEMS, query)
    found = [item["id"] for item in told["data"]]
    assert (told["first_id"], told["last_id"]) == ((found[0], found[-1]) if found else (None, None))
    return found, told["has_more"]


def test_the_latest_come_first_unless_they_are_wanted_otherwise():
    assert names() == ([f"msg_{number}" for number in range(29, 9, -1)], True)
    assert names(order="asc", limit="2") == (["msg_0", "msg_1"], True)
    assert names(order="asc", limit="2", after="msg_28") == (["msg_29"], False)
    assert names(after="msg_0") == ([], False)
    assert len(names(limit="100")[0]) == 30


@pytest.mark.parametrize(
    "query, param, status",
    [
        ({"limit": "0"}, "limit", 400),
        ({"limit": "101"}, "limit", 400),
        ({"limit": "-1"}, "limit", 400),
        ({"limit": "²"}, "limit", 400),
        ({"limit": ""}, "limit", 400),
        ({"order": "up"}, "order", 400),
        ({"after": "msg_none"}, "after", 404),
    ],
)
def test_what_cannot_be_listed(query: dict[str, str], param: str, status: int):
    with pytest.raises(Problem) as caught:
        item_list.page(ITEMS, query)
    assert (caught.value.param, caught.value.status) == (param, status)


def test_what_was_said_gets_identifiers_and_parts():
    (said,) = responses_request.input_items("Hello")
    assert said.pop("id").startswith("msg_")
    text = {"type": "input_text", "text": "Hello"}
    assert said == {"type": "message", "role": "user", "status": "completed", "content": [text]}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    answer = {"role": "assistant", "id": "msg_1", "content": "Hi"}
    first, second = responses_request.input_items([call, {"type": "item_reference", "id": "msg_0"}, answer])
    assert first.pop("id").startswith("fc_")
    assert first == call | {"status": "completed"}
    assert (second["id"], second["content"][0]["type"]) == ("msg_1", "output_text")
