"""Rule 11: a later step writes chatbot → State, so that what a bare call of ``/chat`` put there is lost to the chain."""

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        memory = gr.State([])

        def chat(text, history):
            history = user(history, text)
            for said in say(text, f"history={count(history)}"):
                yield said, bot(history, said)

        def answer(history, kept):
            note = f"history={count(kept) + 1}"
            for said in say(last_said(history), note):
                yield bot(history, said)

        said = box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False)
        said.then(answer, [shown, memory], shown).then(lambda history: history, shown, memory, queue=False)
        hidden, out, press = gr.Textbox(visible=False), gr.Textbox(visible=False), gr.Button(visible=False)
        press.click(chat, [hidden, memory], [out, memory], api_name="chat")
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
