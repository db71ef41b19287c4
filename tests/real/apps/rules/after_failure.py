"""Rule 3: what runs after a failure. ``fail`` raises at once, ``fail later`` after a part; each follower leaves its mark."""

import gradio as gr
from common import bot, chatbot, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def answer(history):
            text = last_said(history)
            if text == "fail":
                raise gr.Error("as you wish")
            if text == "crash":
                raise ValueError("a secret")
            if text == "fail later":
                yield bot(history, "a part")
                raise gr.Error("in the middle")
            for said in say(text, f"history={len(history)}"):
                yield bot(history, said)

        def mark(name):
            return lambda history: bot(history, f"[{name}]")

        said = box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False)
        run = said.then(answer, shown, shown)
        run.then(mark("then"), shown, shown)
        run.success(mark("success"), shown, shown)
        if hasattr(run, "failure"):
            run.failure(mark("failure"), shown, shown)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
