"""What can be refused: a validator (5.50, 6.x) that wants at least three letters, and a queue that holds one."""

import gradio as gr
from common import VERSION, bot, chatbot, count, last_said, say, serve, user


def validate(text, history):
    return [gr.validate(len(text) >= 3, "too short"), gr.validate(True, "")]


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        checked = {"validator": validate} if options.by == "validator" and VERSION >= (5, 45) else {}

        def answer(history):
            for said in say(last_said(history), f"history={count(history)}"):
                yield bot(history, said)

        box.submit(
            lambda text, history: ("", user(history, text)), [box, shown], [box, shown], **(checked or {"queue": False})
        ).then(answer, shown, shown, **({"concurrency_limit": 1} if VERSION >= (4, 0) else {}))
    return demo


def main(argv=None):
    full = {"queue": {"max_size": 1}} if argv and "queue" in argv else {}
    serve(build, argv, {"by": ["validator", "queue"]}, **full)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
