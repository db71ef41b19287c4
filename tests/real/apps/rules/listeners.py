"""Rule 2: one event fires all its listeners. Whether the bot still gets the text depends on the other that clears it."""

import gradio as gr
from common import bot, chatbot, count, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def answer(text, history):
            history = user(history, text)
            for said in say(text, f"history={count(history)}"):
                yield bot(history, said)

        if options.order == "clear-first":
            box.submit(lambda: "", None, box)
        box.submit(answer, [box, shown], shown)
        if options.order == "clear-last":
            box.submit(lambda: "", None, box)
    return demo


def main(argv=None):
    serve(build, argv, {"order": ["clear-first", "clear-last"]})


if __name__ == "__main__":
    main()
