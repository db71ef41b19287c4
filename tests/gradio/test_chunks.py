"""Chunks of HTTP/1.1 that came whole, and what is left to aiohttp."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacebridge.gradio.chunks import whole_chunks

bodies = st.lists(st.binary(min_size=1, max_size=40), max_size=8)


def chunk(body: bytes, size: bytes = b"%x") -> bytes:
    return size % len(body) + b"\r\n" + body + b"\r\n"


@given(bodies)
@example([b"\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"])
def test_whole_chunks_and_what_is_behind_them(bodies: list[bytes]):
    wire = b"".join(map(chunk, bodies))
    assert whole_chunks(wire) == (bodies, len(wire))
    assert whole_chunks(wire + b"0\r\n\r\n") == (bodies, len(wire))


@given(bodies, st.integers(0, 400))
@example([b"x" * 26], 2)
def test_a_part_of_a_chunk_is_left_where_it_begins(bodies: list[bytes], cut: int):
    wire = [chunk(body) for body in bodies]
    come = b"".join(wire)[:cut]
    whole, end = whole_chunks(come)
    assert whole == bodies[: len(whole)]
    assert end == sum(map(len, wire[: len(whole)]))
    assert len(whole) == len(bodies) or len(come) < end + len(wire[len(whole)])


@pytest.mark.parametrize("size", [b"%X", b"%03x", b"%015x"])
def test_sizes_as_servers_write_them(size: bytes):
    wire = chunk(b"y" * 171, size)
    assert whole_chunks(wire) == ([b"y" * 171], len(wire))


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"0\r\n\r\n",
        b"000\r\nx-trailer: 1\r\n\r\n",
        b"3;name=value\r\nabc\r\n",  # an extension
        b"3\nabc\n",
        b"3\r\nabcd\r\n",
        b"3\r\nabc\n\n",
        b"+3\r\nabc\r\n",
        b"0x3\r\nabc\r\n",
        b"3_0\r\nabc\r\n",
        b" 3\r\nabc\r\n",
        b"-1\r\nabc\r\n",
        b"\r\n3\r\nabc\r\n",
        b"data: 1\n\n\r\n",
        b"0000000000000003\r\nabc\r\n",
        b"fffffffffffffff\r\nabc\r\n",
    ],
)
def test_what_is_no_whole_chunk_is_left_to_aiohttp(wire: bytes):
    assert whole_chunks(wire) == ([], 0)
    assert whole_chunks(chunk(b"first") + wire) == ([b"first"], len(chunk(b"first")))
