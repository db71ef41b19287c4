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
    """What users call it."""
    address: str
    """A URL, or ``owner/name`` of a Space on Hugging Face."""
    title: str
    models: tuple[str, ...] = ()
    """Which models it is said to serve, as Hugging Face names them."""
    rules: TextRules = TextRules()
    query: str = ""
    """Parameters that the Space's own page adds to its requests."""
    marks: frozenset[str] = frozenset()
    """Component types any of which tells a copy of this app at another address."""
    verified: str = "never"
    """The day (``YYYY-MM-DD``) on which the row was last seen to work against the Space itself, or ``never``."""
    notes: str = ""


QWEN_2_5_1M = Row(
    name="qwen-2.5-1m-demo",
    address="https://qwen-qwen2-5-1m-demo.hf.space",
    title="Qwen2.5-1M",
    models=("Qwen/Qwen2.5-14B-Instruct-1M",),
    rules=TextRules(placeholders=("Qwen is thinking...",), tail="\n<summary>"),
    query="__theme=light",
    marks=frozenset({"modelscopechatbot", "modelscopelegacychatbot"}),
    notes="Qwen-Agent's web UI on gradio 4.44; keeps its history on the server.",
)

_ROWS = (
    QWEN_2_5_1M,
    # Found by the links in the announcements of their models, and never seen from here: notes say what those say.
    Row(
        name="qwen-3-demo", address="Qwen/Qwen3-Demo", title="Qwen3", notes="Several models; one is chosen on the page."
    ),
    Row(
        name="qwen-3-vl-demo",
        address="Qwen/Qwen3-VL-Demo",
        title="Qwen3-VL",
        notes="Images and text.",
    ),
    Row(
        name="qwen-3-omni-demo",
        address="Qwen/Qwen3-Omni-Demo",
        title="Qwen3-Omni",
        notes="Speech, images and text.",
    ),
    Row(
        name="qwen-3-coder-webdev",
        address="Qwen/Qwen3-Coder-WebDev",
        title="Qwen3-Coder WebDev",
        notes="Writes web pages; the answer is code.",
    ),
    Row(
        name="qwen-2.5-demo", address="Qwen/Qwen2.5", title="Qwen2.5", notes="Several sizes; one is chosen on the page."
    ),
    Row(
        name="qwen-2.5-72b-instruct",
        address="Qwen/Qwen2.5-72B-Instruct",
        title="Qwen2.5-72B-Instruct",
        models=("Qwen/Qwen2.5-72B-Instruct",),
    ),
    Row(name="qwen-2.5-max-demo", address="Qwen/Qwen2.5-Max-Demo", title="Qwen2.5-Max"),
    Row(name="qwen-2.5-turbo-1m-demo", address="Qwen/Qwen2.5-Turbo-1M-Demo", title="Qwen2.5-Turbo, 1M context"),
    Row(
        name="qwen-2.5-coder-demo",
        address="Qwen/Qwen2.5-Coder-demo",
        title="Qwen2.5-Coder",
        models=("Qwen/Qwen2.5-Coder-32B-Instruct",),
    ),
    Row(
        name="qwen-2.5-vl-72b-instruct",
        address="Qwen/Qwen2.5-VL-72B-Instruct",
        title="Qwen2.5-VL-72B-Instruct",
        models=("Qwen/Qwen2.5-VL-72B-Instruct",),
        notes="Images and text.",
    ),
    Row(
        name="qwen-2.5-vl-32b-instruct",
        address="Qwen/Qwen2.5-VL-32B-Instruct",
        title="Qwen2.5-VL-32B-Instruct",
        models=("Qwen/Qwen2.5-VL-32B-Instruct",),
        notes="Images and text.",
    ),
    Row(
        name="qwq-32b-demo",
        address="Qwen/QwQ-32B-Demo",
        title="QwQ-32B",
        models=("Qwen/QwQ-32B",),
        notes="A reasoning model.",
    ),
    Row(
        name="qwq-32b-preview",
        address="Qwen/QwQ-32B-preview",
        title="QwQ-32B-Preview",
        models=("Qwen/QwQ-32B-Preview",),
        notes="A reasoning model.",
    ),
    Row(
        name="qwen-2-72b-instruct",
        address="Qwen/Qwen2-72B-Instruct",
        title="Qwen2-72B-Instruct",
        models=("Qwen/Qwen2-72B-Instruct",),
    ),
    Row(
        name="qwen-1.5-110b-chat-demo",
        address="Qwen/Qwen1.5-110B-Chat-demo",
        title="Qwen1.5-110B-Chat",
        models=("Qwen/Qwen1.5-110B-Chat",),
    ),
    Row(
        name="gemma-3-12b-it",
        address="huggingface-projects/gemma-3-12b-it",
        title="Gemma 3 12B",
        models=("google/gemma-3-12b-it",),
        notes="Images and text.",
    ),
    Row(
        name="gemma-4-26b-a4b-it",
        address="huggingface-projects/gemma-4-26b-a4b-it",
        title="Gemma 4 26B-A4B",
        models=("google/gemma-4-26b-a4b-it",),
    ),
    Row(
        name="gpt-oss-120b",
        address="amd/gpt-oss-120b-chatbot",
        title="gpt-oss-120b on AMD",
        models=("openai/gpt-oss-120b",),
    ),
    Row(name="glm-4.5", address="zai-org/GLM-4.5-Space", title="GLM-4.5", models=("zai-org/GLM-4.5",)),
    Row(
        name="exaone-3.5-7.8b-instruct",
        address="LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct-Demo",
        title="EXAONE 3.5 7.8B",
        models=("LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct",),
    ),
    Row(
        name="apriel-chat",
        address="ServiceNow-AI/Apriel-Chat",
        title="Apriel",
        notes="Reasoning models; images and text.",
    ),
)

CATALOGUE: dict[str, Row] = {row.name: row for row in _ROWS}
"""All rows, by name."""


def row_for(address: str, config: Config) -> Row | None:
    """The row of a Space: by where it is served, by what it is called, or by the marks of the app that answers.

    Args:
        address: the URL where it is served.
        config: of the app; on Hugging Face it names the Space.
    """
    seen = {component.type for component in config.components.values()}
    like = next((row for row in CATALOGUE.values() if not row.marks.isdisjoint(seen)), None)
    called = {address.rstrip("/").casefold(), (config.space_id or "").casefold()}
    for row in CATALOGUE.values():
        if row.address.casefold() in called:
            # A row that says nothing of the texts has those of its kind of app.
            bare = like is not None and row.rules == TextRules()
            return msgspec.structs.replace(row, rules=like.rules) if bare and like is not None else row
    return like
