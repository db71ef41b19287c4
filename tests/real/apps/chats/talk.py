"""What the chat apps share, on every generation from 3.50: chatbots in its form, an echo that counts turns, a server.

The bot's answer is ``Echo: <prompt> | <note>``; to a prompt with ``more`` in it, it adds a list and a last line. The
note says ``turn=N``: how many questions the bot was shown.
"""

from __future__ import annotations

import argparse
import re

import gradio as gr

VERSION = tuple(int(part) for part in re.findall(r"\d+", gr.__version__)[:2])
PAIRS = VERSION < (4, 44)
"""Whether chatbots speak pairs: messages came with 4.38."""
MESSAGES = {} if PAIRS or VERSION >= (6, 0) else {"type": "messages"}
"""The argument with which a Chatbot or a ChatInterface speaks messages where it has a choice."""


def chatbot(**options):
    return gr.Chatbot(**MESSAGES, **options)


def text_of(content) -> str:
    """The text of a message's content in any generation's form."""
    if isinstance(content, list):
        return "".join(text_of(part) for part in content)
    if isinstance(content, dict):
        return content.get("text") or ""
    return content if isinstance(content, str) else ""


def ask(history, text):
    """The history with one more question."""
    history = history or []
    return [*history, [text, None]] if PAIRS else [*history, {"role": "user", "content": text}]


def tell(history, text, **more):
    """The history with an answer to its last question, in the place of one that was begun."""
    if PAIRS:
        return [*history[:-1], [history[-1][0], text]]
    if history and history[-1]["role"] == "assistant":
        history = history[:-1]
    return [*history, {"role": "assistant", "content": text, **more}]


def asked(history) -> str:
    """The last question."""
    if PAIRS:
        return history[-1][0] or ""
    return [text_of(message["content"]) for message in history if message["role"] == "user"][-1]


def turns(history) -> int:
    """How many questions there are."""
    if not history:
        return 0
    if isinstance(history[0], (list, tuple)):
        return sum(pair[0] is not None for pair in history)
    return sum(message["role"] == "user" for message in history)


def whole(text: str, note: str) -> str:
    """The bot's answer."""
    said = f"Echo: {text} | {note}"
    return f"{said}\n\n- **one**\n- two `code`\n\nThe end." if "more" in text else said


def say(text: str, note: str):
    """The answer as it grows."""
    said = ""
    for piece in re.findall(r"\s*\S+", whole(text, note)):
        said += piece
        yield said


def reply(history, note=""):
    """The history as the answer to its last question grows."""
    for said in say(asked(history), f"turn={turns(history)}{note and f' {note}'}"):
        yield tell(history, said)


def replied(history, note=""):
    """The same at once."""
    *_, last = reply(history, note)
    return last


def change(kind, **props):
    """An update of a component, in any generation's form."""
    return kind.update(**props) if VERSION < (4, 0) else kind(**props)


def serve(build, argv=None, **choices) -> None:
    """Build the app of the options chosen and serve it on ``--port``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name, values in choices.items():
        given = {"choices": values, "default": values[0]} if values else {"default": ""}
        parser.add_argument(f"--{name.replace('_', '-')}", **given)
    options = parser.parse_args(argv)
    demo = build(options)
    demo.queue().launch(server_name="127.0.0.1", server_port=options.port, show_error=True)
