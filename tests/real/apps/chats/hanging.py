"""Chats whose bot hangs on something that happens by itself.

``thread``   the submit leaves the question to a thread, and a timer's ticks show its answer as it grows
``shared``   the submit writes nothing; a timer reads what the server remembers
``typed``    typing writes a State, and a button has the bot answer it
``sibling``  one listener of the submit puts the text into a State, another has the bot answer it (in turn as of 6)
``counter``  the submit raises a number; its change makes the bot answer
"""

import threading
import time
import uuid

import gradio as gr
from talk import ask, chatbot, replied, reply, serve

BOARD = {}


def build(options):
    on = options.on
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        if on == "thread":
            session = gr.State(lambda: uuid.uuid4().hex)
            timer = gr.Timer(0.2, active=False)

            def work(key, history):
                for said in reply(history):
                    time.sleep(0.05)
                    BOARD[key] = said, False
                BOARD[key] = said, True

            def begin(text, history, key):
                history = ask(history, text)
                BOARD[key] = history, False
                threading.Thread(target=work, args=(key, history), daemon=True).start()
                return "", history, gr.Timer(active=True)

            def look(key):
                history, done = BOARD.get(key, ([], True))
                return history, gr.Timer(active=not done)

            box.submit(begin, [box, shown, session], [box, shown, timer])
            timer.tick(look, session, [shown, timer])
        elif on == "shared":
            key = gr.Textbox(value=lambda: uuid.uuid4().hex, visible=False)
            timer = gr.Timer(0.2)

            def leave(text, key):
                BOARD[key] = replied(ask(BOARD.get(key, []), text))
                return ""

            box.submit(leave, [box, key], box)
            timer.tick(lambda key: BOARD.get(key, []), key, shown)
        elif on == "typed":
            text = gr.State("")
            box.change(lambda typed: typed, box, text)
            gr.Button("Send").click(lambda said, history: replied(ask(history, said)), [text, shown], shown)
        elif on == "sibling":
            text = gr.State("")
            box.submit(lambda typed: typed, box, text)
            box.submit(lambda said, history: replied(ask(history, said)), [text, shown], shown)
        else:
            text = gr.State("")
            number = gr.Number(0, visible=False)
            box.submit(lambda typed, n: ("", typed, n + 1), [box, number], [box, text, number])

            def answer(said, history):
                yield from reply(ask(history, said))

            number.change(answer, [text, shown], shown)
    return demo


def main(argv=None):
    serve(build, argv, on=["thread", "shared", "typed", "sibling", "counter"])


if __name__ == "__main__":
    main()
