"""Rule 4: after a cancel the trailing chain still runs. The history that the bot sees is what the last step saved."""

import gradio as gr
from common import PAIRS, bot, chatbot, last_said, say, serve, text_of, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        stop = gr.Button("Stop")
        saved = gr.State([])

        def answer(history, memory):
            for said in say(last_said(history), f"memory={memory}"):
                yield bot(history, said)

        def save(history):
            return (
                [text_of(message) for pair in history for message in pair]
                if PAIRS
                else [text_of(message["content"]) for message in history]
            )

        said = box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False)
        run = said.then(answer, [shown, saved], shown)
        run.then(save, shown, saved)
        stop.click(None, None, None, cancels=[run])
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
