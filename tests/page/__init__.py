"""Tests of the room `page`, without any server."""
