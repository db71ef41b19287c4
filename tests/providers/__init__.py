"""Tests of the room `providers`, without any server."""
