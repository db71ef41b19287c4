"""Rule 7 (6.x): a function annotated with a component's class is given that component's props, not its bare value.

The real page sends what belongs to the component alone: label, visible and the like are not among it.
"""

import gradio as gr
from common import bot, chatbot, last, say, serve, user


def answer(box: gr.Textbox, history, style: gr.Slider):
    history = user(history, box.value)
    said = last(say(box.value, f"lines={box.lines} style={style.value} of {style.maximum} history={len(history)}"))
    return "", bot(history, said)


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        style = gr.Slider(0, 10, value=3, label="Style")
        box = gr.Textbox(label="Message")
        box.submit(answer, [box, shown, style], [box, shown])
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
