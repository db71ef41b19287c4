"""``gr.load_chat``: a chat before an OpenAI-compatible server, ``--server URL``; it takes files, or (``--takes``) only text.

With a ``system_message`` no app of 5.50 or 6.31 answers: Gradio fails to read its own system message.
"""

import gradio as gr
from talk import serve


def build(options):
    more = {"file_types": None, "streaming": False} if options.takes == "text" else {}
    return gr.load_chat(options.server, model="scripted", token="none", **more)


def main(argv=None):
    serve(build, argv, server=None, takes=["files", "text"])


if __name__ == "__main__":
    main()
