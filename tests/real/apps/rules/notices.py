"""What a page shows beside the chat: information, a warning, progress; and, for ``error``, an error with HTML in it."""

import time

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def answer(history, progress=gr.Progress()):  # noqa: B008 - so it is asked for
    text = last_said(history)
    gr.Info("for your information")
    gr.Warning("be warned")
    for step in range(3):
        progress((step, 3), desc="thinking")
        time.sleep(0.12)
    if text == "error":
        raise gr.Error("quota gone <b>now</b>")
    for said in say(text, f"history={count(history)}"):
        yield bot(history, said)


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False).then(
            answer, shown, shown
        )
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
