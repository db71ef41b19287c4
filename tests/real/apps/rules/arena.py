"""Two chatbots fed by one box: two sources of answers.

``--fed together``  one function writes both   ``--fed apart``  two functions follow the submit, one for each
"""

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        with gr.Row():
            left = chatbot(label="Model A")
            right = chatbot(label="Model B")
        box = gr.Textbox(label="Message")

        def enter(text, a, b):
            return "", user(a, text), user(b, text)

        def one(name):
            def answer(history):
                for said in say(last_said(history), f"I am {name}, history={count(history)}"):
                    yield bot(history, said)

            return answer

        def both(a, b):
            yield from zip(one("A")(a), one("B")(b), strict=True)

        said = box.submit(enter, [box, left, right], [box, left, right], queue=False)
        if options.fed == "together":
            said.then(both, [left, right], [left, right])
        else:
            said.then(one("A"), left, left)
            said.then(one("B"), right, right)
    return demo


def main(argv=None):
    serve(build, argv, {"fed": ["together", "apart"]})


if __name__ == "__main__":
    main()
