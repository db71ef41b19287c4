"""Rule 6: two boxes whose changes write each other without end, beside an ordinary chat."""

import gradio as gr
from common import bot, chatbot, count, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        ping = gr.Textbox("0", label="ping")
        pong = gr.Textbox("0", label="pong")

        def answer(text, history):
            history = user(history, text)
            for said in say(text, f"history={count(history)}"):
                yield bot(history, said), "1"

        box.submit(answer, [box, shown], [shown, ping])
        ping.change(lambda value: str(int(value) + 1), ping, pong)
        pong.change(lambda value: str(int(value) + 1), pong, ping)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
