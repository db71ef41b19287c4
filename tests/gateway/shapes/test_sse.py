from __future__ import annotations

from spacebridge.chat.events import Event, Finished, Queued, ReasoningDelta, Started, TextDelta
from spacebridge.gateway.shapes import burst, sse


def test_events_with_and_without_names():
    events = [{"type": "a", "text": "line\nend"}, {"type": "b"}]
    assert sse.data(events) == b'data: {"type":"a","text":"line\\nend"}\n\ndata: {"type":"b"}\n\n'
    assert sse.named(events) == (
        b'event: a\ndata: {"type":"a","text":"line\\nend"}\n\nevent: b\ndata: {"type":"b"}\n\n'
    )
    assert sse.data([]) == sse.named([]) == b""


def test_comments_are_one_line():
    assert sse.comment("keep\nalive") == b": keep alive\n\n"
    assert sse.queued(Queued(rank=3, size=10, eta=12.34)) == b": queued rank=3 size=10 eta=12.3\n\n"
    assert sse.queued(Queued()) == b": queued\n\n"


def test_neighbouring_deltas_leave_together():
    events: list[Event] = [
        Started(), ReasoningDelta(text="a"), ReasoningDelta(text="b"), TextDelta(text="c", turn_id="t"), TextDelta(text="d"),
        Started(), TextDelta(text="e"), Finished(text="cde"),
    ]  # fmt: skip
    assert burst.joined(events) == [
        Started(), ReasoningDelta(text="ab"), TextDelta(text="cd", turn_id="t"), Started(), TextDelta(text="e"),
        Finished(text="cde"),
    ]  # fmt: skip
    assert burst.joined([]) == []
