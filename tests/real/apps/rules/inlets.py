"""Ways for files into a chat; the answer names each with its size and the beginning of its hash.

``box`` (a multimodal box for any number)  ``limited`` (one picture or .pdf of at most 100 000 bytes, in the box)
``image`` (a picture beside the box)  ``media`` (a sound, a film, a gallery beside the box)  ``file`` (files beside the box)
``button`` (an UploadButton that keeps them in a State)  ``posted`` (an UploadButton that posts them into the chat)
"""

import hashlib
import pathlib

import gradio as gr
from common import bot, chatbot, say, serve, user


def paths(value):
    """Paths of all files in what a function was given, in order."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [path for each in value for path in paths(each)]
    if isinstance(value, dict):
        return paths(value["path"]) if "path" in value else [path for each in value.values() for path in paths(each)]
    path = getattr(value, "name", value)
    return [path] if isinstance(path, str) and pathlib.Path(path).is_file() else []


def named(value):
    """Names, sizes and hashes of the files in a value."""
    found = []
    for path in paths(value):
        with pathlib.Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(f"{pathlib.Path(path).name}:{pathlib.Path(path).stat().st_size}:{digest[:8]}")
    return ",".join(found) or "none"


def answer(text, history, *values):
    text = text["text"] if isinstance(text, dict) else text
    history = user(history, text)
    for said in say(text, f"files={named(list(values))}"):
        yield bot(history, said)


def build(options):
    form = options.form
    with gr.Blocks() as demo:
        shown = chatbot()
        if form in ("box", "limited"):
            more = {"file_types": ["image", ".pdf"]} if form == "limited" else {}
            box = gr.MultimodalTextbox(
                file_count="single" if form == "limited" else "multiple", label="Message", **more
            )
            box.submit(lambda said, history: (yield from answer(said, history, said["files"])), [box, shown], shown)
            return demo
        beside = []
        if form == "image":
            beside = [gr.Image(type="filepath", label="Picture")]
        elif form == "media":
            beside = [
                gr.Audio(type="filepath", label="Sound"),
                gr.Video(label="Film"),
                gr.Gallery(label="Pictures", interactive=True, type="filepath"),
            ]
        elif form == "file":
            beside = [gr.File(file_count="multiple", label="Files")]
        elif form == "button":
            beside = [gr.State(None)]
            button = gr.UploadButton("Upload", file_count="multiple")
            button.upload(lambda files: files, button, beside)
        box = gr.Textbox(label="Message")
        if form == "posted":
            button = gr.UploadButton("Upload", file_count="multiple")
            button.upload(lambda files, history: user(history, named(files)), [button, shown], shown).then(
                lambda history: bot(history, "I have it."), shown, shown
            )
        box.submit(answer, [box, shown, *beside], shown)
    return demo


FORMS = ["box", "limited", "image", "media", "file", "button", "posted"]


def main(argv=None):
    limit = {"max_file_size": 100_000} if argv and "limited" in argv else {}
    serve(build, argv, {"form": FORMS}, **limit)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
