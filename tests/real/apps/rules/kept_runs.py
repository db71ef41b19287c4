"""Rule 3, too: a generator that is run directly leaves its value behind, for the next run whose iterator has its number.

That number is where the iterator is in memory, so this comes to pass once in some hundred turns. Here all have the same.
From 6.28 on runs have numbers of their own.
"""

import gradio as gr
from common import VERSION, bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def enter(text, history):
            yield "", user(history, text)

        def answer(history):
            *_, said = say(last_said(history), f"history={count(history)}")
            return bot(history, said)

        box.submit(enter, [box, shown], [box, shown], queue=False).then(answer, shown, shown)
    if VERSION < (6, 28):
        differences = demo.handle_streaming_diffs

        def of_one_number(*args, run, **more):
            return differences(*args, run=run and 1, **more)

        demo.handle_streaming_diffs = of_one_number
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
