"""Rule 1: what a page loads belongs to its session. A hidden box's value is a function, a State is filled on load."""

import uuid

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        session = gr.Textbox(value=lambda: f"id-{uuid.uuid4().hex}", visible=False, label="session")
        greeting = gr.State("not loaded")
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def answer(history, session_id, loaded):
            for text in say(last_said(history), f"session={session_id} loaded={loaded} history={count(history)}"):
                yield bot(history, text)

        demo.load(lambda: "by load", None, greeting)
        box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False).then(
            answer, [shown, session, greeting], shown
        )
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
