"""Apps in which nobody can chat.

``image``   text goes in, a picture comes out           ``sum``     numbers
``voice``   a chatbot that only a recording reaches      ``list``   a chatbot that shows a file, and a search beside it
``canned``  a chatbot, and buttons that put their own text into the box
"""

import gradio as gr
from talk import ask, chatbot, replied, serve


def build(options):
    with gr.Blocks() as demo:
        if options.kind == "image":
            box, out = gr.Textbox(label="Prompt"), gr.Image()
            box.submit(lambda text: None, box, out)
        elif options.kind == "sum":
            a, b, out = gr.Number(label="a"), gr.Number(label="b"), gr.Number(label="sum")
            gr.Button("Run").click(lambda x, y: x + y, [a, b], out)
        elif options.kind == "voice":
            shown = chatbot()
            voice = gr.Audio(type="filepath")
            voice.change(lambda path, history: replied(ask(history, "spoken")), [voice, shown], shown)
        elif options.kind == "list":
            shown = chatbot()
            gr.File().change(lambda file: replied(ask([], "a file")), None, shown)
            search, found = gr.Textbox(label="Search"), gr.Markdown()
            search.submit(lambda text: f"nothing about {text}", search, found)
        else:
            shown = chatbot()
            box = gr.Textbox(label="Message", interactive=False)
            for text in ("Tell a joke", "Tell a story"):
                gr.Button(text).click(lambda text=text: text, None, box).then(
                    lambda said, history: replied(ask(history, said)), [box, shown], shown
                )
    return demo


def main(argv=None):
    serve(build, argv, kind=["image", "sum", "voice", "list", "canned"])


if __name__ == "__main__":
    main()
