from __future__ import annotations

import contextlib
import socket

import pytest

from spacebridge.gateway import server
from spacebridge.gateway.server import CannotListen


def test_clients_that_say_nothing_any_more_are_noticed():
    """Connections are made with what the listening socket was told."""
    with (
        contextlib.closing(server._listen("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPCNT", "TCP_USER_TIMEOUT"):
                if (option := getattr(socket, name, None)) is not None:
                    assert accepted.getsockopt(socket.IPPROTO_TCP, option) == server._ALIVE[name]


def test_a_name_that_is_not_known_is_told():
    with pytest.raises(CannotListen, match=r"nowhere\.invalid"):
        server._listen("nowhere.invalid", 0)
