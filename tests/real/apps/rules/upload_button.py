"""Files before there was a box for text and files: a button uploads one, its listener shows it, and the bot tells its size.

Say anything: the bot names the files that came before.
"""

import pathlib

import gradio as gr
from common import bot, chatbot, count, last_said, say, serve, user


def build():
    with gr.Blocks() as demo:
        shown = chatbot()
        box = gr.Textbox(label="Message")
        seen = gr.State([])
        button = gr.UploadButton("Upload", file_types=["text"])
        attached = gr.File(label="Attached")

        def path_of(file):
            return pathlib.Path(getattr(file, "name", file))  # before 4 a temporary file, else its path

        def take(history, file, names):
            path = path_of(file)
            names = [*names, f"{path.name}({path.stat().st_size})"]
            return bot(user(history, "a file"), names[-1]), names

        def answer(history, names, file):
            note = f"files={','.join(names)} attached={path_of(file).name if file else None} history={count(history)}"
            for said in say(last_said(history), note):
                yield bot(history, said)

        button.upload(take, [shown, button, seen], [shown, seen])
        box.submit(lambda text, history: ("", user(history, text)), [box, shown], [box, shown], queue=False).then(
            answer, [shown, seen, attached], shown
        )
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
