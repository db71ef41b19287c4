"""Components of somebody else's, made so that a real server names types that nobody knows.

``chatbot``   a chatbot of another name                  ``record``  messages with other keys, in a component of data
``leaf``      an object with a growing text in it        ``box``     a box of another name that sends by ``submit``
``modelscope`` the real chatbot and box of modelscope-studio before 1 and of its legacy part, in an environment that has it
``pro``       those of modelscope-studio since 1.2       ``sender``  its chatbot, and the box of its antdx part
"""

import contextlib
import pathlib

import gradio as gr
from talk import ask, chatbot, reply, say, serve, turns


def unknown(component, name):
    """A component that the app calls by another name, as a custom one has it."""
    component.get_block_name = lambda: name
    return component


def record(text, before):
    log = [*(before or {}).get("log", []), {"sender": "human", "body": text, "id": "7f3a"}]
    number = sum(entry["sender"] == "human" for entry in log)
    for said in say(text, f"turn={number}"):
        yield {
            "title": "A long title that does not change",
            "log": [*log, {"sender": "bot", "body": said, "id": "91bc"}],
        }


def leaf(text, before):
    number = (before or {}).get("number", 0) + 1
    for said in say(text, f"turn={number}"):
        yield {
            "number": number,
            "asked": text,
            "at": "2024-05-01T12:00:00.000000+00:00",
            "view": {"now": {"markdown": said}},
        }


def build(options):
    kind = options.kind
    with gr.Blocks() as demo:
        if kind in ("record", "leaf"):
            shown = unknown(gr.JSON(value={}), "panorama")
            box = gr.Textbox(label="Message")
            box.submit({"record": record, "leaf": leaf}[kind], [box, shown], shown)
        elif kind in ("modelscope", "pro", "sender"):
            modelscope(kind)
        else:
            shown, box = chatbot(), gr.Textbox(label="Message", placeholder="Say it")
            unknown(*((shown, "talklog") if kind == "chatbot" else (box, "quickwriter")))

            def answer(text, history):
                yield from (("", said) for said in reply(ask(history, text)))

            box.submit(answer, [box, shown], [box, shown])
    return demo


def modelscope(kind):
    """The real components: in the environments of Qwen-Agent the chatbot of pairs, in one of their own ``pro``."""
    if kind == "modelscope":
        try:
            import modelscope_studio.components.legacy as ms
            from modelscope_studio.components import base

            application = base.Application
        except ImportError:
            import modelscope_studio as ms

            application = contextlib.nullcontext

        with application():
            shown, box = ms.Chatbot(), ms.MultimodalInput(placeholder="Ask")

        def answer(message, history):
            history = [*([list(pair) for pair in history] if history else []), [{"text": message.text}, None]]
            for said in say(message.text, f"turn={len(history)}"):
                yield gr.update(value=None), [*history[:-1], [history[-1][0], {"text": said}]]

        box.submit(answer, [box, shown], [box, shown])
        return
    from modelscope_studio.components import antd, antdx, base, pro

    with base.Application(), antd.ConfigProvider():
        shown = pro.Chatbot()
        box = pro.MultimodalInput() if kind == "pro" else antdx.Sender()

    def talk(message, history):
        text = message if isinstance(message, str) else message["text"]
        history = [*history, {"role": "user", "content": text}]
        for said in say(text, f"turn={turns(history)}"):
            thought = {"type": "tool", "content": "I think.", "options": {"title": "Thinking", "status": "done"}}
            parts = [thought, {"type": "text", "content": said}]
            if text == "Suggest":
                note = pathlib.Path("a note.txt")
                note.write_text("Cats.", encoding="utf-8")
                parts.append({"type": "file", "content": [str(note)]})
                suggested = [{"label": "Cats", "description": "Tell me of cats"}, {"label": "Dogs"}]
                parts.append({"type": "suggestion", "content": suggested})
            yield gr.update(value=None), [*history, {"role": "assistant", "content": parts}]

    box.submit(talk, [box, shown], [box, shown])


def main(argv=None):
    serve(build, argv, kind=["chatbot", "record", "leaf", "box", "modelscope", "pro", "sender"])


if __name__ == "__main__":
    main()
