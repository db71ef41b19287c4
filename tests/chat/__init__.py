"""Tests of the room `chat`, without any server."""
