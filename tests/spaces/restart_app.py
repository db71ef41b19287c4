"""A chat to be killed and started again, as it was or changed.

``--memory client``  the history is in the chatbot, which is an input
``--memory server``  it is in a State
``--layout second``  another page: other ids, and functions in another order
"""

import argparse
import re
import time

import gradio as gr

OLD = int(gr.__version__.partition(".")[0]) < 6


def build(memory, layout):
    with gr.Blocks() as demo:
        if layout == "second":
            gr.Markdown("# Moved")
            other = gr.Textbox(label="Search")
            other.submit(lambda text: text[::-1], other, other)
        held = gr.State([])
        shown = gr.Chatbot(**({"type": "messages"} if OLD else {}))
        box = gr.Textbox(label="Message")

        def answer(text, history, kept):
            number = len(history) if memory == "client" else len(kept)
            said = f"{layout}: {text} | held={number}"
            before = [*(history or []), {"role": "user", "content": text}]
            kept = [*kept, text]
            for end in range(20) if "slow" in text else ():
                yield [*before, {"role": "assistant", "content": "tick " * (end + 1)}], kept
                time.sleep(0.3)
            for end in (m.end() for m in re.finditer(r"\S+\s*", said)):
                yield [*before, {"role": "assistant", "content": said[:end]}], kept

        def from_chatbot(text, history):
            for value, _ in answer(text, history, []):
                yield value

        if memory == "client":
            box.submit(from_chatbot, [box, shown], shown)
        else:
            box.submit(answer, [box, shown, held], [shown, held])
    return demo


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--memory", default="client")
    parser.add_argument("--layout", default="first")
    parser.add_argument("--login", action="store_true")
    given = parser.parse_args(argv)
    login = {"auth": ("ada", "secret")} if given.login else {}
    build(given.memory, given.layout).queue().launch(server_name="127.0.0.1", server_port=given.port, **login)


if __name__ == "__main__":
    main()
