"""Rule 8: ``gr.render`` draws parts of the page at run time.

``--what all``    the whole chat is drawn on load: /config names neither box nor chatbot
``--what shown``  the box is declared; the chatbot is drawn anew for each change of the history
"""

import gradio as gr
from common import bot, chatbot, last, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        if options.what == "all":
            style = gr.Dropdown(["plain", "loud"], value="plain", label="Style")

            @gr.render(inputs=style)
            def draw(chosen):
                shown = chatbot()
                box = gr.Textbox(label="Message")

                def answer(text, history):
                    history = user(history, text)
                    for said in say(text, f"style={chosen} history={len(history)}"):
                        yield "", bot(history, said)

                box.submit(answer, [box, shown], [box, shown])
        else:
            history = gr.State([])
            box = gr.Textbox(label="Message")

            @gr.render(inputs=history)
            def draw_history(messages):
                chatbot(value=messages)

            def answer(text, messages):
                messages = user(messages, text)
                return "", bot(messages, last(say(text, f"history={len(messages)}")))

            box.submit(answer, [box, history], [box, history])
    return demo


def main(argv=None):
    serve(build, argv, {"what": ["all", "shown"]})


if __name__ == "__main__":
    main()
