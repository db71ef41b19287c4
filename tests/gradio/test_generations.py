from __future__ import annotations

import pytest

from spacebridge import errors
from spacebridge.gradio.config import parse_config
from spacebridge.gradio.generations import GENERATIONS, generation_of
from tests.gradio.documents import config_body


@pytest.mark.parametrize(
    "protocol, said",
    [
        (..., "a websocket for each event, whole values; gradio 3"),
        ("ws", "a websocket for each event, whole values; gradio 3"),
        ("sse", "an event stream for each event, whole values; gradio 4.0 to 4.8"),
        ("sse_v1", "one event stream for a session, whole values; gradio 4.9 to 4.16"),
        ("sse_v2", "one event stream for a session, changes; gradio 4.17 to 4.20"),
        ("sse_v2.1", "one event stream for a session, changes; gradio 4.21"),
        ("sse_v3", "one event stream for a session, changes; gradio 4.22 to 6"),
    ],
)
def test_what_each_protocol_is(protocol: object, said: str):
    config = parse_config(config_body(protocol=protocol), where="here")
    assert str(generation_of(config, "here")) == said


@pytest.mark.parametrize("protocol", ["sse_v4", "carrier-pigeon", "SSE"])
def test_a_protocol_of_another_time(protocol: str):
    config = parse_config(config_body(protocol=protocol, version="7.1.0"), where="here")
    with pytest.raises(errors.ProtocolError) as caught:
        generation_of(config, "host:7860")
    assert "host:7860 runs gradio 7.1.0" in str(caught.value)
    assert repr(protocol) in str(caught.value)
    assert all(known in str(caught.value) for known in GENERATIONS)
    assert "newer version of spacebridge" in caught.value.hint
