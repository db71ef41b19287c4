"""No chatbot at all: ``gr.Interface`` from text to text, streaming or not."""

import gradio as gr
from common import last, say, serve


def build(options):
    if options.way == "streamed":

        def answer(text, style):
            yield from say(text, f"style={style}")
    else:

        def answer(text, style):
            return last(say(text, f"style={style}"))

    return gr.Interface(
        answer, [gr.Textbox(label="Question"), gr.Dropdown(["short", "long"], value="short", label="Style")], "text"
    )


def main(argv=None):
    serve(build, argv, {"way": ["streamed", "whole"]})


if __name__ == "__main__":
    main()
