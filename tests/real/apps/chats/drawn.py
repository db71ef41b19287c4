"""Chats that ``gr.render`` draws.

``tab``     box and chatbot are drawn on load, inside a tab, beside a declared search
``later``   the chatbot is drawn once there is something to show
``each``    every message is drawn as Markdown of its own
"""

import gradio as gr
from talk import ask, chatbot, replied, reply, serve, text_of


def build(options):
    what = options.what
    with gr.Blocks() as demo:
        if what == "tab":
            search = gr.Textbox(label="Search")
            search.submit(lambda text: f"nothing about {text}", search, gr.Textbox(label="Found"))
            level = gr.Radio(["easy", "hard"], value="easy", label="Level")
            with gr.Tabs(), gr.Tab("Talk"):

                @gr.render(inputs=level)
                def draw(chosen):
                    shown = chatbot()
                    box = gr.Textbox(label="Message")

                    def answer(text, history):
                        yield from (("", said) for said in reply(ask(history, text), f"level={chosen}"))

                    box.submit(answer, [box, shown], [box, shown])

            return demo
        history = gr.State([])
        box = gr.Textbox(label="Message")

        @gr.render(inputs=history)
        def show(messages):
            if not messages:
                gr.Markdown("Say something.")
            elif what == "later":
                chatbot(value=messages)
            else:
                for message in messages:
                    gr.Markdown(text_of(message["content"]), elem_classes=[message["role"]])

        box.submit(lambda text, messages: ("", replied(ask(messages, text))), [box, history], [box, history])
    return demo


def main(argv=None):
    serve(build, argv, what=["tab", "later", "each"])


if __name__ == "__main__":
    main()
