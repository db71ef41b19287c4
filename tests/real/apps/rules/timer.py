"""Rule 6: a Timer answers. The submit queues the question in a State and starts the timer; its tick appends the answer."""

import gradio as gr
from common import bot, chatbot, last, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        waiting = gr.State([])
        timer = gr.Timer(0.3, active=False)

        def ask(text, history, queue):
            return "", user(history, text), [*queue, text], gr.Timer(active=True)

        def tick(history, queue):
            if not queue:
                return gr.update(), [], gr.Timer(active=False)
            return (
                bot(history, last(say(queue[0], f"history={len(history)}"))),
                queue[1:],
                gr.Timer(active=len(queue) > 1),
            )

        box.submit(ask, [box, shown, waiting], [box, shown, waiting, timer])
        timer.tick(tick, [shown, waiting], [shown, waiting, timer])
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
