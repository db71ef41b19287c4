"""Several chats on one page.

``chats``  three tabs with a chat each, one of them two deep      ``mixed``  a chat, and two functions from text to text
``hidden`` the first tab has nothing; one that is hidden has a chat, too
"""

import gradio as gr
from talk import ask, chatbot, reply, serve, whole


def chat(name):
    shown = chatbot(label=f"{name} chatbot")
    box = gr.Textbox(label="Message")

    def answer(text, history):
        yield from (("", said) for said in reply(ask(history, text), f"by={name}"))

    box.submit(answer, [box, shown], [box, shown])
    gr.Button(f"Send to {name}").click(answer, [box, shown], [box, shown])


def function(name, verb):
    box = gr.Textbox(label="Text")
    out = gr.Textbox(label="Result")
    gr.Button(verb).click(lambda text: whole(text, f"by={name}"), box, out)


def build(options):
    with gr.Blocks() as demo, gr.Tabs():
        if options.kind == "chats":
            with gr.Tab("Alpha"):
                chat("Alpha")
            with gr.Tab("Beta"):
                chat("Beta")
            with gr.Tab("More"), gr.Tabs(), gr.Tab("Gamma"):
                chat("Gamma")
        elif options.kind == "mixed":
            with gr.Tab("Upper"):
                function("Upper", "Convert")
            with gr.Tab("Talk"):
                chat("Talk")
            with gr.Tab("Lower"):
                function("Lower", "Convert")
        else:
            with gr.Tab("About"):
                gr.Markdown("# About")
            with gr.Tab("Old", visible=False):
                chat("Old")
            with gr.Tab("Talk"):
                chat("Talk")
    return demo


def main(argv=None):
    serve(build, argv, kind=["chats", "mixed", "hidden"])


if __name__ == "__main__":
    main()
