"""A page with a clock: a load event that streams for ever into a place that nothing reads."""

import itertools
import time

import gradio as gr
from common import bot, chatbot, count, say, serve, user


def build():
    with gr.Blocks() as demo:
        clock = gr.Markdown()
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def tick():
            for number in itertools.count():
                yield f"tick {number}"
                time.sleep(0.2)

        def answer(text, history):
            history = user(history, text)
            for said in say(text, f"history={count(history)}"):
                yield "", bot(history, said)

        demo.load(tick, None, clock)
        box.submit(answer, [box, shown], [box, shown])
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
