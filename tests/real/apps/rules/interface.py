"""ChatInterface in its forms.

``plain``  ``multimodal`` (files are named in the answer)  ``settings`` (additional inputs)  ``thoughts`` (a thought and
a tool step before the answer)  ``list`` (a list of messages, growing)  ``options`` (an answer with choices)
``saved`` (save_history)  ``pairs`` (before 6)  ``login`` (needs user ``ada``, password ``secret``)
``validated`` (5.50 and later: messages of less than three letters are refused)
"""

import time

import gradio as gr
from common import MESSAGES, VERSION, last, say, serve, text_of


def name_of(file):
    path = file["path"] if isinstance(file, dict) else str(file)  # 4.44 hands over the whole FileData
    return path.rsplit("/", 1)[-1]


def seen(message, history, *settings):
    said = message["text"] if isinstance(message, dict) else message
    notes = [f"history={len(history)}"]
    if isinstance(message, dict) and message["files"]:
        notes.append("files=" + ",".join(name_of(file) for file in message["files"]))
    if history and VERSION < (6, 0) and isinstance(history[-1], (list, tuple)):
        notes.append(f"last={str(history[-1][1])[:20]}")
    elif history:
        notes.append(f"last={text_of(history[-1]['content'])[:20]}")
    if settings:
        notes.append("settings=" + ",".join(str(value) for value in settings))
    return said, " ".join(notes)


def plain(message, history, *settings):
    yield from say(*seen(message, history, *settings))


def settings(message, history, system, temperature, tokens, loud):
    yield from say(*seen(message, history, system, temperature, tokens, loud))


def thoughts(message, history):
    text, note = seen(message, history)
    thought = gr.ChatMessage(role="assistant", content="", metadata={"title": "Thinking", "id": 1, "status": "pending"})
    for step in ("I look. ", "I think. ", "I know."):
        thought.content += step
        time.sleep(0.02)
        yield thought
    thought.metadata = {"title": "Thinking", "id": 1, "status": "done", "duration": 1.5}
    tool = gr.ChatMessage(
        role="assistant",
        content="weather(Paris)",
        metadata={"title": "🛠️ Used tool weather", "id": 2, "parent_id": 1, "status": "done"},
    )
    yield [thought, tool]
    for said in say(text, note):
        yield [thought, tool, gr.ChatMessage(role="assistant", content=said)]


def listed(message, history):
    text, note = seen(message, history)
    for said in say(text, note):
        yield [{"role": "assistant", "content": "First of all."}, {"role": "assistant", "content": said}]


def choices(message, history):
    text, note = seen(message, history)
    return {
        "role": "assistant",
        "content": last(say(text, note)),
        "options": [{"value": "tea", "label": "Tea, please"}, {"value": "coffee"}],
    }


def build(options):
    form, more, answer = options.form, {}, plain
    if form == "multimodal":
        more = {"multimodal": True}
    elif form == "settings":
        answer = settings
        more["additional_inputs"] = [
            gr.Textbox("You are helpful.", label="System prompt"),
            gr.Slider(0, 2, value=0.7, label="Temperature"),
            gr.Slider(1, 4096, value=512, step=1, label="Max new tokens"),
            gr.Checkbox(False, label="Loud"),
        ]
    elif form == "saved":
        more = {"save_history": True}
    elif form == "validated":
        more = {"validator": lambda message: gr.validate(len(message) >= 3, "too short")}
    answer = {"thoughts": thoughts, "list": listed, "options": choices}.get(form, answer)
    return gr.ChatInterface(answer, **({} if form == "pairs" else MESSAGES), **more)


FORMS = ["plain", "multimodal", "settings", "thoughts", "list", "options", "saved", "pairs", "login", "validated"]


def main(argv=None):
    login = {"auth": ("ada", "secret")} if argv and "login" in argv else {}
    serve(build, argv, {"form": FORMS}, **login)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
