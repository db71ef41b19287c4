"""What the small apps share: chatbots of each generation's form, a bot that says what it saw, and a way to be served.

A message may hold ``[[name]]``: the bot then says the answer of that name from ``tests/real/answers.py``, in its pieces;
``[[count=20 pace=0.05]]`` has it count. Anything else is echoed, with a note of what else the function was given.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import re
import time

import gradio as gr

VERSION = tuple(int(part) for part in re.findall(r"\d+", gr.__version__)[:2])
PAIRS = VERSION < (4, 40)
"""Whether chats are pairs of a question and an answer, not yet messages."""
MESSAGES = {} if PAIRS or VERSION >= (6, 0) else {"type": "messages"}
"""The argument with which a Chatbot or a ChatInterface speaks messages."""
JS = "_js" if VERSION < (4, 0) else "js"
"""The argument that takes JavaScript."""


def answers() -> dict[str, list[str]]:
    path = pathlib.Path(__file__).parents[2] / "answers.py"
    spec = importlib.util.spec_from_file_location("answers_for_apps", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ANSWERS


ANSWERS = answers()


def chatbot(**options) -> gr.Chatbot:
    return gr.Chatbot(**MESSAGES, **options)


def text_of(content) -> str:
    """The text of a message's content in any generation's form."""
    if isinstance(content, list):
        return "".join(text_of(part) for part in content)
    if isinstance(content, dict):
        return content.get("text", "")
    return content if isinstance(content, str) else ""


def user(history, text):
    """The history with one more question."""
    return [*(history or []), [text, None] if PAIRS else {"role": "user", "content": text}]


def bot(history, text, **more):
    """The history with one more answer."""
    if PAIRS:
        return [*history[:-1], [history[-1][0], text]] if unanswered(history) else [*(history or []), [None, text]]
    return [*(history or []), {"role": "assistant", "content": text, **more}]


def last_said(history) -> str:
    if PAIRS:
        return history[-1][0] if history else ""
    return text_of(history[-1]["content"]) if history else ""


def unanswered(history) -> bool:
    """Whether the last word is the user's."""
    return bool(history) and (history[-1][1] is None if PAIRS else history[-1]["role"] == "user")


def count(history) -> int:
    """How many questions and answers there are."""
    return sum(side is not None for pair in history for side in pair) if PAIRS else len(history)


def say(text: str, note: str = ""):
    """The growing texts of the bot's answer to a message."""
    pieces = re.findall(r"\S+\s*", f"Echo: {text}{note and f' | {note}'}")
    pace = 0.0
    found = re.search(r"\[\[([^\[\]]+)\]\]", text or "")
    if found and found[1] in ANSWERS:
        pieces = ANSWERS[found[1]]
    elif found and found[1].startswith("count="):
        options = dict(part.split("=") for part in found[1].split())
        pieces = [f"{i} " for i in range(1, int(options["count"]) + 1)]
        pace = float(options.get("pace", 0))
    said = ""
    for piece in pieces:
        time.sleep(pace)
        said += piece
        yield said


def last(steps) -> str:
    """The whole of what ``say`` says, at once."""
    *_, whole = steps
    return whole


def serve(build, argv=None, options=None, **launch) -> None:
    """Build the app and serve it on ``--port``; ``build`` gets the options where it wants some."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name, choices in (options or {}).items():
        parser.add_argument(f"--{name}", choices=choices, default=choices[0])
    given = parser.parse_args(argv)
    demo = build(given) if options else build()
    chosen = launch.pop("queue", {})
    demo.queue(**chosen).launch(server_name="127.0.0.1", server_port=given.port, show_error=False, **launch)
