"""Blocks with a box and a chatbot: what sends, where the text goes first, and what remembers.

``--fire``   ``submit`` of the box, ``click`` of a button, ``both``, ``on`` (``gr.on``), ``either`` (the box only counts
             what is typed, and a button sends), ``locks`` (a first step locks box and button, a later one reads the box)
``--memory`` ``chatbot`` (it is an input), ``state`` (the history is a State), ``kept`` (both steps have a State between)
"""

import gradio as gr
from talk import ask, change, chatbot, replied, reply, serve


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot(label="Conversation")
        with gr.Row():
            box = gr.Textbox(show_label=False, placeholder="Ask me anything")
            send = gr.Button("Send") if options.fire != "submit" else None
        gr.Button("🗑️ Clear").click(list, None, shown)
        kept = gr.State([])
        stash = gr.State("")
        count = gr.Number(label="Letters")

        def from_chatbot(text, history):
            yield from (("", said) for said in reply(ask(history, text)))

        def from_state(text, history):
            history = ask(history, text)
            for said in reply(history):
                yield "", said, said

        fires = {
            "submit": [box.submit],
            "click": [send and send.click],
            "both": [box.submit, send and send.click],
            "either": [send and send.click],
            "locks": [box.submit, send and send.click],
        }.get(options.fire, [])
        if options.fire == "either":
            box.submit(len, box, count)
        if options.fire == "on":
            fires = [lambda *given, **named: gr.on([box.submit, send.click], *given, **named)]
        for fire in fires:
            if options.fire == "locks":
                locked = fire(
                    lambda: (change(gr.Textbox, interactive=False), change(gr.Button, interactive=False)),
                    None,
                    [box, send],
                )
                said = locked.then(lambda text, history: replied(ask(history, text)), [box, shown], shown)
                said.then(
                    lambda: (change(gr.Textbox, value="", interactive=True), change(gr.Button, interactive=True)),
                    None,
                    [box, send],
                )
            elif options.memory == "chatbot":
                fire(from_chatbot, [box, shown], [box, shown])
            elif options.memory == "state":
                fire(from_state, [box, kept], [box, shown, kept])
            else:
                fire(lambda text: ("", text), box, [box, stash], queue=False).then(
                    lambda text, history: (replied(ask(history, text)),) * 2, [stash, kept], [shown, kept]
                )
    return demo


def main(argv=None):
    serve(build, argv, fire=["submit", "click", "both", "on", "either", "locks"], memory=["chatbot", "state", "kept"])


if __name__ == "__main__":
    main()
