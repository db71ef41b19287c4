"""Tests of the room `gradio`, without any server."""
