r"""The chunks of a body of HTTP/1.1, without I/O (RFC 9112, section 7.1).

A chunk is its size in hexadecimal digits, a line end, so many bytes, and a line end. A server that streams writes each
event as one chunk, and mostly a read brings just that. Such chunks are told apart here. All else is for the library
that reads bodies: extensions of a chunk, the last chunk and its trailers, chunks of which a part has come.
"""

from __future__ import annotations

import re

__all__ = ["whole_chunks"]

# Not "0", which is that of the last chunk.
_SIZE = re.compile(rb"(?!0+\r)([0-9a-fA-F]{1,15})\r\n")


def whole_chunks(data: bytes) -> tuple[list[bytes], int]:
    """What the whole chunks at the beginning of some bytes hold, and where the first that is not whole begins.

    Args:
        data: from the beginning of a chunk on.

    Returns:
        The contents of the chunks; the place behind the last of them, which is the length of ``data`` if these are
        whole chunks and nothing else.
    """
    contents: list[bytes] = []
    start = 0
    while head := _SIZE.match(data, start):
        begin = head.end()
        end = begin + int(head[1], 16)
        if not data.startswith(b"\r\n", end):
            break
        contents.append(data[begin:end])
        start = end + 2
    return contents, start
