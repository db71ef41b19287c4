from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.errors import FrameTooLarge
from spacebridge.gradio.frames import FrameSplitter, data_of
from tests.gradio.sse_reference import decode
from tests.strategies import chunkings, many

ENDINGS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
STREAMS = {
    "one event": [b"data: {}", b""],
    "two events": [b'data: {"a":1}', b"", b'data: {"b":2}', b""],
    "no space": [b"data:x", b"", b"data:  y", b""],
    "several data lines": [b"data: a", b"data: b", b"data:", b"data: c", b""],
    "comments": [b": hello", b"data: a", b":", b"data: b", b": bye", b"", b": alone", b""],
    "other fields": [b"event: x", b"id: 7", b"retry: 100", b"data: a", b"", b"event: y", b""],
    "a field that only begins so": [b"dataset: no", b"data : no", b" data: no", b"data: yes", b""],
    "blank lines": [b"", b"", b"data: a", b"", b"", b"", b"data: b", b""],
    "empty data": [b"data:", b"", b"data", b"", b"data: ", b""],
    "byte order mark": [b"\xef\xbb\xbfdata: a", b"", b"\xef\xbb\xbfdata: not again", b"data: b", b""],
    "colons": [b"data: a: b:c", b"", b"data::", b""],
    "unicode": ["data: é😀ع".encode(), b"", b"data: \x85\xe2\x80\xa8\x0b\x0c\x1c", b""],
    "an unfinished end": [b"data: a", b"", b"data: never"],
}


def feed(splitter: FrameSplitter, *chunks: bytes) -> list[bytes]:
    return [data_of(frame) for chunk in chunks for frame in splitter.feed(chunk)]


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("lines", STREAMS.values(), ids=STREAMS)
def test_every_pair_of_split_points(lines: list[bytes], ending: bytes):
    stream = ending.join([*lines, b""])
    expected = decode(stream)
    for first in range(len(stream) + 1):
        for second in range(first, len(stream) + 1):
            chunks = stream[:first], stream[first:second], stream[second:]
            assert feed(FrameSplitter(), *chunks) == expected, chunks


@pytest.mark.parametrize("lines", STREAMS.values(), ids=STREAMS)
def test_byte_by_byte_with_mixed_line_endings(lines: list[bytes]):
    endings = [b"\n", b"\r\n", b"\r", b"\r\n"]
    stream = b"".join(line + endings[i % 4] for i, line in enumerate(lines))
    assert feed(FrameSplitter(), *(stream[i : i + 1] for i in range(len(stream)))) == decode(stream)


def test_what_the_reference_decoder_says():
    """The other tests compare with it, so it is held to what a reader sees at once."""
    assert decode(b"data: a\ndata: b\n\n:\n\ndata:c\r\rdata: d\r\n\r\ndata: e") == [b"a\nb", b"c", b"d"]


@many
@given(st.data())
def test_any_chunking_gives_the_same_events(data: st.DataObject):
    pieces = st.sampled_from(
        [
            b"data: ",
            b"data:",
            b"data",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b":",
            b" ",
            b"x",
            b"id: 1",
            b"\xef\xbb\xbf",
            b"\0",
        ]
    )
    stream = b"".join(data.draw(st.lists(pieces, max_size=40)))
    chunks = data.draw(chunkings(stream))
    assert feed(FrameSplitter(), *chunks) == decode(stream)


def test_events_come_as_soon_as_they_are_whole():
    splitter = FrameSplitter()
    assert feed(splitter, b"data: a\n\ndata: b\n") == [b"a"]
    assert feed(splitter, b"\nda") == [b"b"]
    assert feed(splitter, b"ta: c\r\r") == [b"c"]
    assert feed(splitter, b"\ndata: d\n\n") == [b"d"]


def test_an_event_that_came_in_one_piece_is_not_copied():
    chunk = b": comment\ndata: a\n\ndata: bc\n\ndata: d"
    splitter = FrameSplitter()
    assert all(data is chunk for data, _, _ in splitter.feed(chunk))
    assert splitter.feed(b"e\n\n") == [(b"de", 0, 2)]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("size", [1024, 64 * 1024], ids=["1 KB", "64 KB"])
def test_a_large_event_costs_time_linear_in_its_bytes(size: int):
    """Searching or moving again what was there before would take minutes with the small chunks."""
    event = b"x" * (16 * 1024 * 1024)
    stream = b"data: " + event + b"\n\n"
    splitter = FrameSplitter(32 * 1024 * 1024)
    events = feed(splitter, *(stream[i : i + size] for i in range(0, len(stream), size)))
    assert len(events) == 1
    assert events[0] == event


@pytest.mark.timeout(30)
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_many_lines_cost_time_linear_in_their_number(ending: bytes):
    """Adding all lines up, or looking through the rest, at each line would take minutes."""
    count = 200_000
    splitter = FrameSplitter(10 * count)
    assert feed(splitter, b"".join([b"data:x", ending] * count), ending) == [b"\n".join([b"x"] * count)]


@pytest.mark.parametrize("cut", [1, 7, 50, 10_000])
@pytest.mark.parametrize(
    "stream",
    [b"data: %s\n\n", b"data:%s\n\n", b"data: %s\r\n\r\n", b"data: \ndata: %s\n\n"],
    ids=["lf", "no space", "crlf", "two lines"],
)
def test_the_limit_is_on_the_data_of_an_event_however_it_is_cut(stream: bytes, cut: int):
    overhead = stream.count(b"data:") - 1  # the line feed between two lines is data
    largest = stream % (b"x" * (1000 - overhead))
    larger = stream % (b"x" * (1001 - overhead))
    pieces = [largest[i : i + cut] for i in range(0, len(largest), cut)]
    splitter = FrameSplitter(1000)
    assert [len(event) for event in feed(splitter, *pieces, *pieces)] == [1000, 1000]
    splitter = FrameSplitter(1000)
    with pytest.raises(FrameTooLarge, match="1000 bytes"):
        feed(splitter, *(larger[i : i + cut] for i in range(0, len(larger), cut)))


@pytest.mark.parametrize("endless", [b"x", b"data: x", b"data:\n", b"data: x\n", b": comment ", b"data: x\r"], ids=repr)
def test_the_limit_guards_memory_whatever_is_sent_without_end(endless: bytes):
    splitter = FrameSplitter(10_000)
    with pytest.raises(FrameTooLarge):
        for _ in range(100):
            splitter.feed(endless * 1000)


def test_events_within_the_limit_pass_without_end():
    splitter = FrameSplitter(10)
    for _ in range(1000):
        assert feed(splitter, b"data: 123456789\n\n:\n") == [b"123456789"]


def test_without_a_limit_all_passes():
    assert feed(FrameSplitter(), b"data: ", b"x" * 1_000_000, b"\n\n") == [b"x" * 1_000_000]
