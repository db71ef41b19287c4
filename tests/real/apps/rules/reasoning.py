"""Rule 12 (6.x): with ``reasoning_tags`` one answer becomes several bubbles; a tag that is half said shows as text."""

import gradio as gr
from common import bot, chatbot, last_said, serve, user

THOUGHT = "<think>First I look, then I leap.</think>The answer is 42.<think>Or is it?</think> Yes."


def build():
    with gr.Blocks() as demo:
        shown = chatbot(reasoning_tags=[("<think>", "</think>")])
        box = gr.Textbox(label="Message")

        def answer(history):
            text = f"{THOUGHT} You said {last_said(history)}."
            for end in range(1, len(text) + 1):
                yield bot(history, text[:end])

        box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False).then(
            answer, shown, shown
        )
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
