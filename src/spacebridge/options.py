"""What a caller can set: time limits and other limits."""

from __future__ import annotations

import msgspec

__all__ = ["Limits", "Timeouts"]


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Time limits in seconds; ``None`` switches one off."""

    connect: float | None = 20.0
    """For a connection to come about, and for a reply to each request that is not a stream."""
    wake: float | None = 600.0
    """For a Space on Hugging Face that sleeps, or is being built, to run."""
    queue: float | None = 900.0
    """For the wait in the app's queue."""
    first_text: float | None = 300.0
    """From the start of the work to the first text; the wait in the queue is not counted."""
    idle: float | None = 60.0
    """For silence on the wire. Gradio sends a heartbeat every 15 s, so a longer silence means a dead connection."""
    total: float | None = 3600.0
    """For a whole turn, queue included."""
    cancel: float | None = 5.0
    """For stopping a turn on the server when it is left."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits other than time; ``None`` switches one off."""

    turns: int | None = 4
    """Turns at once on one Space; more wait here."""
    queue_eta: float | None = None
    """Longest estimated wait in the app's queue, in seconds, that is put up with."""
    frame: int | None = 64 * 1024 * 1024
    """Bytes of one server event."""
    answer: int | None = 64 * 1024 * 1024
    """Characters of one answer."""
    file: int | None = 2 * 1024 * 1024 * 1024
    """Bytes of one file that is fetched: of an answer, or one to be sent by its address."""
