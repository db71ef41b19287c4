"""Tests of the room `spaces`, without any server."""
