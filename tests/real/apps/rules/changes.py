"""Rule 6: change events drive chats. The submit only puts the text somewhere; what listens to that place answers.

``--place hidden``   a hidden text box
``--place chatbot``  the chatbot itself (which changes again with the answer: the bot answers questions only)
``--place state``    a State
``--place stream``   a State that changes with every step of the answer, shown in a counter that listens to it
"""

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, unanswered, user


def build(options):
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        hidden = gr.Textbox(visible=False, label="hidden")
        state = gr.State("")
        counter = gr.Textbox(label="counter")

        def reply(text, history):
            history = user(history, text)
            for said in say(text, f"history={count(history)}"):
                yield bot(history, said)

        def reply_to_last(history):
            if not unanswered(history):
                yield gr.update()
                return
            for said in say(last_said(history), f"history={count(history)}"):
                yield bot(history, said)

        def reply_and_count(text, history):
            for number, said in enumerate(reply(text, history), 1):
                yield said, number

        if options.place == "hidden":
            box.submit(lambda text: ("", text), box, [box, hidden])
            hidden.change(reply, [hidden, shown], shown)
        elif options.place == "chatbot":
            box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown])
            shown.change(reply_to_last, shown, shown)
        elif options.place == "state":
            box.submit(lambda text: ("", text), box, [box, state])
            state.change(reply, [state, shown], shown)
        else:
            box.submit(reply_and_count, [box, shown], [shown, state])
            state.change(lambda number: f"steps: {number}", state, counter)
    return demo


def main(argv=None):
    serve(build, argv, {"place": ["hidden", "chatbot", "state", "stream"]})


if __name__ == "__main__":
    main()
