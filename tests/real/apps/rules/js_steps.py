"""Rule 5: steps without a Python function, and JavaScript before Python.

``--js between``   a step that is only JavaScript stands between the question and the bot
``--js outputs``   the same, but the JavaScript has an input and an output
``--js rewrites``  JavaScript runs in the browser before the Python of the first step and changes the text
"""

import gradio as gr
from common import JS, bot, chatbot, count, last_said, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        hidden = gr.Textbox(label="hidden", visible=False)

        def answer(history):
            for said in say(last_said(history), f"history={count(history)}"):
                yield bot(history, said)

        rewriting = {JS: "(text, history) => [text.toUpperCase(), history]"} if options.js == "rewrites" else {}
        said = box.submit(
            lambda t, history: ("", user(history, t)), [box, shown], [box, shown], queue=False, **rewriting
        )
        if options.js == "between":
            said = said.then(None, None, None, **{JS: "() => { window.scrolled = true; }"})
        elif options.js == "outputs":
            said = said.then(None, shown, hidden, **{JS: "(history) => 'seen'"})
        said.then(answer, shown, shown).then(None, None, None, **{JS: "() => { window.finished = true; }"})
    return demo


def main(argv=None):
    serve(build, argv, {"js": ["between", "outputs", "rewrites"]})


if __name__ == "__main__":
    main()
