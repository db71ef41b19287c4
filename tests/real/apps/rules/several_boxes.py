"""Three text boxes with a submit each: a name to greet, a search that lists, and the message that makes the bot speak."""

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        name = gr.Textbox("nobody", label="Your name")
        hello = gr.Markdown("")
        search = gr.Textbox(label="Search")
        found = gr.Textbox(label="Found")
        system = gr.Textbox("Be kind.", label="System prompt")
        box = gr.Textbox(label="Message")
        shown = chatbot()

        def answer(history, who, rule):
            for said in say(last_said(history), f"name={who} system={rule} history={count(history)}"):
                yield bot(history, said)

        name.submit(lambda who: f"Hello {who}", name, hello)
        search.submit(lambda what: f"nothing about {what}", search, found)
        box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False).then(
            answer, [shown, name, system], shown
        )
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
