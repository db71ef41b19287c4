"""``gr.load_chat``: a chat before an OpenAI-compatible server, ``--server URL``; ``--more`` adds a system message and options."""

import gradio as gr
from talk import serve


def build(options):
    more = {"system_message": "Be kind."} if options.more == "system" else {}
    return gr.load_chat(options.server, model="scripted", token="none", **more)


def main(argv=None):
    serve(build, argv, server=None, more=["plain", "system"])


if __name__ == "__main__":
    main()
