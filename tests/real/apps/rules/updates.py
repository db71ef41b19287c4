"""Rule 9: update dicts, skips and nulls in a stream around a Chatbot."""

import gradio as gr
from common import bot, chatbot, count, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        status = gr.Textbox(label="status")

        def answer(text, history):
            history = user(history, text)
            yield gr.update(value=None, interactive=False), gr.update(value=history), gr.update()
            steps = list(say(text, f"history={count(history)}"))
            for number, said in enumerate(steps):
                if number % 3 == 1:
                    yield gr.update(), gr.update(), f"at {number}"
                yield (
                    gr.skip() if hasattr(gr, "skip") else gr.update(),
                    gr.update(value=bot(history, said), label=f"step {number}"),
                    None,
                )
            yield gr.update(interactive=True), bot(history, steps[-1]), gr.update(visible=False)

        box.submit(answer, [box, shown], [box, shown, status])
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
