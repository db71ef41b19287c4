"""Chains of one to five steps, by ``.then`` and ``.success``, with the queue off and on, and a footer at the end.

``--bot`` says whether the bot ``streams`` or answers at ``once``, and ``--order`` who clears the box: the ``first`` step,
the ``last``, or ``nobody``.
"""

import gradio as gr
from talk import ask, asked, change, chatbot, replied, reply, serve, tell, text_of, turns


def footed(history):
    """The answer with a line below."""
    last = history[-1][1] if isinstance(history[-1], (list, tuple)) else text_of(history[-1]["content"])
    return tell(history, f"{last}\n\n(answered {asked(history)!r})")


def build(options):
    count = int(options.steps)
    answer = reply if options.bot == "streams" else replied
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Question")
        button = gr.Button("Stop", interactive=False)
        log = gr.Textbox(label="status")
        saved = gr.State(0)

        def enter(text, history):
            return "" if options.order == "first" else text, ask(history, text)

        def whole(text, history):
            for said in reply(ask(history, text)):
                yield "" if options.order == "first" else text, said

        if count == 1:
            step = box.submit(whole, [box, shown], [box, shown])
        else:
            step = box.submit(enter, [box, shown], [box, shown], queue=False)
            if count > 3:
                step = step.then(lambda: change(gr.Button, interactive=True), None, button, queue=False)
            step = (step.success if count % 2 else step.then)(answer, shown, shown)
            if count > 2:
                step = step.then(footed, shown, shown)
            if count > 4:
                step = step.success(turns, shown, saved)
        if options.order == "last":
            step.then(lambda: "", None, box, queue=False)
        step.then(lambda number: f"{number} turns", saved, log)
    return demo


def main(argv=None):
    serve(build, argv, steps=["1", "2", "3", "4", "5"], bot=["streams", "once"], order=["first", "last", "nobody"])


if __name__ == "__main__":
    main()
