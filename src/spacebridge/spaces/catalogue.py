"""Named Spaces as rows of data. How to add one is told in ``docs/adding-a-space.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spacebridge.chat.rules import TextRules

if TYPE_CHECKING:
    from spacebridge.gradio.config import Config

__all__ = ["CATALOGUE", "Row", "row_for"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one Space, or of one kind of app."""

    name: str
    address: str
    """Where it is served."""
    title: str
    rules: TextRules = TextRules()
    query: str = ""
    """Parameters that the Space's own page adds to its requests."""
    marks: frozenset[str] = frozenset()
    """Component types any of which tells a copy of this app at another address."""
    verified: str = "never"
    """The day on which the row was last seen to work against the Space itself, or ``never``."""
    notes: str = ""


QWEN_2_5_1M = Row(
    name="qwen-2.5-1m-demo",
    address="https://qwen-qwen2-5-1m-demo.hf.space",
    title="Qwen2.5-1M",
    rules=TextRules(placeholders=("Qwen is thinking...",), tail="\n<summary>"),
    query="__theme=light",
    marks=frozenset({"modelscopechatbot", "modelscopelegacychatbot"}),
    notes="Qwen-Agent's web UI on gradio 4.44; keeps its history on the server.",
)

CATALOGUE: dict[str, Row] = {row.name: row for row in (QWEN_2_5_1M,)}


def row_for(address: str, config: Config) -> Row | None:
    """The row of a Space: by its address, else by the marks of the app that answers."""
    for row in CATALOGUE.values():
        if address.rstrip("/") == row.address:
            return row
    seen = {component.type for component in config.components.values()}
    return next((row for row in CATALOGUE.values() if not row.marks.isdisjoint(seen)), None)
