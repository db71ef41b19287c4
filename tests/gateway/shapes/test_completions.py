from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.types import Completion

from spacebridge.chat.events import Event, Finished, Queued, ReasoningDelta, TextDelta
from spacebridge.gateway.shapes import completions
from spacebridge.gateway.shapes.problem import Problem
from spacebridge.gateway.shapes.request import Request
from spacebridge.gateway.shapes.transcript import Said
from tests.gateway.shapes.clients import openai_client, played
from tests.gateway.shapes.turns import content, text_events


def parse(**fields: Any) -> Request:
    return completions.parse(json.dumps({"model": "m", "prompt": "Once"} | fields).encode())


def chunks(request: Request, *turns: list[Event]) -> list[dict[str, Any]]:
    found = played(completions.Encoder(request, identifier="cmpl-1", created=1), request, [*turns])
    for chunk in found:
        # OpenAI's type has no null for a reason that is yet to come, which its API sends all the same.
        closed = [choice | {"finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]]
        Completion.model_validate(chunk | {"choices": closed}, strict=True)
    return found


def test_prompts_are_messages_of_the_user():
    assert parse().transcripts == ((Said("user", "Once"),),)
    several = parse(prompt=["a", "b"], n=2)
    assert several.choices == 4
    assert [several.transcript(choice)[0].text for choice in range(4)] == ["a", "a", "b", "b"]


def test_parameters():
    request = parse(max_tokens=5, temperature=1, stop="x", suffix="end", best_of=2, logprobs=3, echo=True, user="u")
    assert request.parameters == {"max_tokens": 5, "temperature": 1}
    assert (request.stop, request.user, request.ignored) == (("x",), "u", ("suffix", "best_of", "logprobs"))


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt"),
        ({"prompt": [[1, 2], [3]]}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": {}}, "prompt"),
        ({"echo": "yes"}, "echo"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], param: str):
    with pytest.raises(Problem) as caught:
        parse(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_stream():
    turn = [Queued(rank=1), ReasoningDelta(text="hm"), *text_events("upon ", "a time")]
    found = chunks(parse(stream=True, stream_options={"include_usage": True}, spacebridge={"events": True}), turn)
    assert found[2] == {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "text": "upon ", "logprobs": None, "finish_reason": None}],
        "usage": None,
    }
    assert "".join(choice["text"] for chunk in found for choice in chunk["choices"]) == "upon a time"
    assert found[0]["spacebridge"]["event"]["rank"] == 1
    assert found[1]["choices"][0]["reasoning_content"] == "hm"
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    assert found[-1]["usage"]["estimated"] is True


def test_the_prompt_is_repeated_where_that_is_asked_for():
    request = parse(prompt=["a", "b"], echo=True)
    encoder = completions.Encoder(request)
    played(encoder, request, [text_events("1"), text_events("2")])
    assert [choice["text"] for choice in encoder.whole()["choices"]] == ["a1", "b2"]
    found = chunks(parse(echo=True, stream=True), text_events(" upon"))
    assert "".join(choice["text"] for chunk in found for choice in chunk["choices"]) == "Once upon"


def test_the_whole_reply():
    request = parse(stop="time", n=2)
    encoder = completions.Encoder(request)
    assert played(encoder, request, [[ReasoningDelta(text="hm"), *text_events("upon a time")], text_events("x")]) == []
    whole = encoder.whole()
    Completion.model_validate(whole, strict=True)
    first, second = whole["choices"]
    assert (first["text"], first["reasoning_content"], first["finish_reason"]) == ("upon a ", "hm", "stop")
    assert (second["index"], second["text"]) == (1, "x")
    assert encoder.said(0) == Said("assistant", "upon a ")


def test_after_a_rewrite_the_last_chunk_carries_the_whole_text():
    found = chunks(parse(stream=True), [TextDelta(text="abc"), content(0, "x"), Finished(text="xyz")])
    assert found[-1]["spacebridge"] == {"text": "xyz"}


def test_the_client():
    client, served = openai_client(text_events("upon ", "a time"), text_events("upon"), text_events("a time"))
    stream = client.completions.create(model="m", prompt="Once", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "upon a time"
    reply = client.completions.create(model="m", prompt=["Once", "there was"])
    assert [choice.text for choice in reply.choices] == ["upon", "a time"]
    assert len(served.asked) == 2
    with pytest.raises(openai.BadRequestError, match="Tokens can't be read"):
        client.completions.create(model="m", prompt=[1, 2])
