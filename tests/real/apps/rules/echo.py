"""Rule 13 and the ground case: the plain chat that everyone builds. Say ``[[nested]]`` to see text moved by cleandoc.

``--form messages``  ``--form pairs`` (before 6)  ``--form button``: the box has no submit, a button takes its text.
"""

import gradio as gr
from common import PAIRS, bot, chatbot, count, last_said, say, serve, user


def build(options):
    with gr.Blocks() as demo:
        pairs = options.form == "pairs"
        shown = gr.Chatbot(**({} if PAIRS else {"type": "tuples"})) if pairs else chatbot()
        box = gr.Textbox(label="Message")

        def enter(text, history):
            return "", [*history, [text, None]] if pairs else user(history, text)

        def answer(history):
            if pairs:
                for said in say(history[-1][0], f"history={len(history)}"):
                    yield [*history[:-1], [history[-1][0], said]]
                return
            for said in say(last_said(history), f"history={count(history)}"):
                yield bot(history, said)

        fire = gr.Button("Send").click if options.form == "button" else box.submit
        fire(enter, [box, shown], [box, shown], queue=False).then(answer, shown, shown)
    return demo


def main(argv=None):
    serve(build, argv, {"form": ["messages", "pairs", "button"]})


if __name__ == "__main__":
    main()
