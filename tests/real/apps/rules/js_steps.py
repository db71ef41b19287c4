"""Rule 5: steps that are only JavaScript are skipped and what follows them runs; JavaScript before Python rewrites inputs."""

import gradio as gr
from common import bot, chatbot, last_said, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")

        def answer(history):
            for said in say(last_said(history), f"history={len(history)}"):
                yield bot(history, said)

        rewriting = {"js": "(text, history) => [text.toUpperCase(), history]"} if options.js == "rewrites" else {}
        said = box.submit(lambda t, history: ("", user(history, t)), [box, shown], [box, shown], queue=False, **rewriting)
        if options.js == "between":
            said = said.then(None, None, None, js="() => { window.scrolled = true; }")
        said.then(answer, shown, shown).then(None, None, None, js="() => { window.finished = true; }")
    return demo


def main(argv=None):
    serve(build, argv, {"js": ["between", "rewrites"]})


if __name__ == "__main__":
    main()
