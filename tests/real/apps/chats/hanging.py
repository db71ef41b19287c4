"""Chats whose bot hangs on something that happens by itself.

``thread``   the submit leaves the question to a thread, and a timer's ticks show its answer as it grows
``shared``   the submit writes nothing; a timer reads what the server remembers
``every``    the same by a function that the page runs every so often, as before there were timers
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


def key():
    """A hidden box with a key of the session's own."""
    return gr.Textbox(value=lambda: uuid.uuid4().hex, visible=False)


def leave(text, session):
    BOARD[session] = replied(ask(BOARD.get(session, []), text))
    return ""


def thread(shown, box, _):
    session = gr.State(lambda: uuid.uuid4().hex)
    timer = gr.Timer(0.2, active=False)

    def work(session, history):
        for said in reply(history):
            time.sleep(0.05)
            BOARD[session] = said, False
        BOARD[session] = said, True

    def begin(text, history, session):
        history = ask(history, text)
        BOARD[session] = history, False
        threading.Thread(target=work, args=(session, history), daemon=True).start()
        return "", history, gr.Timer(active=True)

    def look(session):
        history, done = BOARD.get(session, ([], True))
        return history, gr.Timer(active=not done)

    box.submit(begin, [box, shown, session], [box, shown, timer])
    timer.tick(look, session, [shown, timer])


def shared(shown, box, _):
    session, timer = key(), gr.Timer(0.2)
    box.submit(leave, [box, session], box)
    timer.tick(lambda session: BOARD.get(session, []), session, shown)


def every(shown, box, demo):
    session = key()
    box.submit(leave, [box, session], box)
    demo.load(lambda session: BOARD.get(session, []), session, shown, every=0.2)


def typed(shown, box, _):
    text = gr.State("")
    box.change(lambda said: said, box, text)
    gr.Button("Send").click(lambda said, history: replied(ask(history, said)), [text, shown], shown)


def sibling(shown, box, _):
    text = gr.State("")
    box.submit(lambda said: said, box, text)
    box.submit(lambda said, history: replied(ask(history, said)), [text, shown], shown)


def counter(shown, box, _):
    text = gr.State("")
    number = gr.Number(0, visible=False)
    box.submit(lambda said, n: ("", said, n + 1), [box, number], [box, text, number])

    def answer(said, history):
        yield from reply(ask(history, said))

    number.change(answer, [text, shown], shown)


KINDS = {each.__name__: each for each in (thread, shared, every, typed, sibling, counter)}


def build(options):
    with gr.Blocks() as demo:
        KINDS[options.on](chatbot(), gr.Textbox(label="Message"), demo)
    return demo


def main(argv=None):
    serve(build, argv, on=list(KINDS))


if __name__ == "__main__":
    main()
