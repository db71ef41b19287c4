"""Rule 10: followers inherit the trigger of the root. The last step says which component it believes fired."""

import gradio as gr
from common import bot, chatbot, count, last, last_said, say, serve, user


def answer(history, event: gr.EventData):
    target = event.target
    name = "nobody" if target is None else getattr(target, "label", None) or target.value
    return bot(history, last(say(last_said(history), f"by={name} history={count(history)}")))


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        send = gr.Button("Send")
        gr.on(
            [box.submit, send.click], lambda text, history: ("", user(history, text)), [box, shown], [box, shown]
        ).then(lambda: None, None, None).then(answer, shown, shown)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
