"""Rule 3: what runs after a failure. ``fail`` raises at once, ``fail later`` after a part, ``crash`` is no gr.Error.

Each follower adds its name to a box of its own (several that wrote the chatbot would overwrite each other), and the
bot's next answer says what these boxes held.
"""

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        marks = [gr.Textbox("", label=name) for name in ("then", "success", "failure")]

        def answer(history, *ran):
            text = last_said(history)
            if text == "fail":
                raise gr.Error("as you wish")
            if text == "crash":
                raise ValueError("a secret")
            if text == "fail later":
                yield bot(history, "a part")
                raise gr.Error("in the middle")
            for said in say(text, f"ran={''.join(ran)} history={count(history)}"):
                yield bot(history, said)

        said = box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False)
        run = said.then(answer, [shown, *marks], shown)
        for name, mark in zip(("then", "success", "failure"), marks, strict=True):
            if hasattr(run, name):
                getattr(run, name)(lambda before, name=name: f"{before}[{name}]", mark, mark)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
