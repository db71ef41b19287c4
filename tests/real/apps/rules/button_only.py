"""A chatbot with a button and no way for text in: never to be chosen silently."""

import gradio as gr
from common import bot, chatbot, last, say, serve


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        amount = gr.Slider(1, 5, value=2, step=1, label="Amount")
        gr.Button("Tell me a story").click(lambda n, h: bot(h, last(say(f"{n} stories"))), [amount, shown], shown)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
