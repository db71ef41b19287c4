"""Rule 3, too: what a run of a generator leaves behind is taken for the value of the next whose iterator has its number.

``--run direct`` (the first step is one, of which only the first value is taken) or ``queued`` (the answer is one, that may
be stopped). That number is where the iterator is in memory, so this comes to pass once in some hundred turns. Here all have the same.
From 6.28 on runs have numbers of their own.
"""

import gradio as gr
from common import VERSION, bot, chatbot, count, last_said, say, serve, user


def build(options):
    direct = options.run == "direct"

    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def enter(text, history):
            return "", user(history, text)

        def enter_as_generator(text, history):
            yield enter(text, history)

        def grow(history):
            for said in say(last_said(history), f"history={count(history)}"):
                yield bot(history, said)

        def answer(history):
            *_, last = grow(history)
            return last

        first, then = (enter_as_generator, answer) if direct else (enter, grow)
        box.submit(first, [box, shown], [box, shown], queue=False).then(then, shown, shown)
    if VERSION < (6, 28):
        differences = demo.handle_streaming_diffs

        def of_one_number(*args, run, **more):
            return differences(*args, run=run and 1, **more)

        demo.handle_streaming_diffs = of_one_number
    return demo


def main(argv=None):
    serve(build, argv, {"run": ["direct", "queued"]})


if __name__ == "__main__":
    main()
