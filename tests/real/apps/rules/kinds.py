"""Answers of every kind: the prompt names what comes.

``--form messages`` (a chatbot of messages)  ``pairs`` (before 6)  ``interface`` (ChatInterface)
``login`` (messages, for user ``ada``, password ``secret``)

What is made here says the same in all generations; where one of them has no such thing (thoughts in 4.44, options before
5.7), the answer is the text alone.
"""

import base64
import pathlib
import tempfile
import time
import wave

import gradio as gr
from common import MESSAGES, VERSION, chatbot, say, serve, text_of, user

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PLAN = "A plan: é, 中.\n"
FILE_PATH = "/gradio_api/file=" if VERSION >= (5, 0) else "/file="


class Figure:
    """What plotly's figures are to Gradio."""

    __module__ = "plotly.graph_objs"

    def to_json(self):
        return '{"data":[{"type":"bar","y":[1,2,3]}],"layout":{}}'


class Files:
    """Files that the answers hold, made once; their names are odd on purpose."""

    def __init__(self):
        here = pathlib.Path(tempfile.mkdtemp())
        self.picture = here / "a b#1 é%20.png"
        self.picture.write_bytes(PICTURE)
        self.second = here / "second.png"
        self.second.write_bytes(PICTURE + b"\0")
        self.plan = here / "plan.txt"
        self.plan.write_text(PLAN, encoding="utf-8")
        self.sound = here / "tone.wav"
        with wave.open(str(self.sound), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(1600))
        self.film = here / "film.mp4"
        self.film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(64))
        self.hostile = here / "a\x1b[31m\u202egnp.txt"
        self.hostile.write_text("hm", encoding="utf-8")


FILES = Files()


def message(content, **more):
    return {"role": "assistant", "content": content, **more}


def titled(text, title, **more):
    return message(text, metadata={"title": title, **more})


def shown_file(path, alt_text=None):
    """A file as the content of a message: before 6 as a tuple."""
    return {"path": str(path), "alt_text": alt_text} if VERSION >= (6, 0) else (str(path), alt_text)


COMPONENTS = {
    "image": lambda: gr.Image(str(FILES.picture)),
    "gallery": lambda: gr.Gallery([(str(FILES.picture), "the first"), (str(FILES.second), None)]),
    "plot": lambda: gr.Plot(Figure()),
    "audio": lambda: gr.Audio(str(FILES.sound)),
    "video": lambda: gr.Video(str(FILES.film)),
    "html": lambda: gr.HTML("<p>One &amp; <b>two</b></p><ul><li>three</li></ul><script>alert(1)</script>"),
    "dataframe": lambda: gr.Dataframe(headers=["a", "b,c"], value=[[1, "x"], [2, 'y "z"']]),
    "json": lambda: gr.JSON({"a": [1, None]}),
    "download": lambda: gr.File(str(FILES.plan)),
}
"""Components as the content of a message."""


def whole(name):
    """Answers that come at once: a list of messages, or None."""
    match name:
        case "file":
            return [message("Here:"), message(shown_file(FILES.plan, "the plan"))]
        case "tuple":
            return [message(shown_file(FILES.picture, "a dot"))]
        case "inline":
            inside = base64.b64encode(PICTURE).decode()
            code = f"```\n![no]({FILE_PATH}/none.png)\n```"
            return [
                message(
                    f"Look: ![a dot]({FILE_PATH}{FILES.second}) and\n\n{code}\n\n"
                    f"<img src='data:image/png;base64,{inside}' alt='inside'> [the plan]({FILE_PATH}{FILES.plan})"
                )
            ]
        case "several":
            return [message("One."), message("Two."), message(COMPONENTS["image"]()), message("Three.")]
        case "options":
            return [message("Tea or coffee?", options=[{"value": "tea", "label": "Tea, please"}, {"value": "coffee"}])]
        case "hostile":
            return [
                titled("x\x1b[2J", "tool \x1b]0;owned\x07 \u202egnp", status="done"),
                message("a\x1b[31mb\x9bc\u202ed"),
                message({"path": str(FILES.hostile), "alt_text": "alt \x1b[31m"}),
            ]
    made = COMPONENTS.get(name)
    return None if made is None else [message("Look:"), message(made())]


def tree():
    """Thoughts and tools, nested, as they come: each step is the whole list."""
    first = titled("I look.", "Thinking", id=1, status="pending")
    yield [first]
    first = titled("I look. I know.", "Thinking", id=1, status="done", duration=1.5, log="2 looks")
    tool = titled("weather(Paris)", "🛠️ Used tool weather", id=2, parent_id=1, status="pending")
    yield [first, tool]
    tool = titled(
        "weather(Paris)\n\nsunny", "🛠️ Used tool weather", id=2, parent_id=1, status="done", duration=0.5, log="1 call"
    )
    inner = titled("A second thought.", "Thinking again", id=3, parent_id=2, status="done")
    yield [first, tool, inner]
    for said in ("It is", "It is sunny."):
        yield [first, tool, inner, message(said)]


def second_thoughts():
    """Reasoning that is rewritten after the fact."""
    for text in ("I think so.", "I think not. Or", "I think not. Or do I?"):
        yield [titled(text, "Thinking", id=1, status="pending")]
    yield [titled("I did not think.", "Thinking", id=1, status="done"), message("Done.")]


def footer(form):
    """A live count under the answer, rewritten at each step."""
    body = ""
    for count, word in enumerate(["It", "is", "a", "long", "way", "to", "the", "town", "of", "Tipperary", "."], 1):
        body = f"{body} {word}".strip()
        yield [
            message(f"{body}\n\n*{count} tokens*" if form == "tokens" else f"{body}\n\n{'▰' * (count % 5)}{'▱' * 3}")
        ]


def previews():
    """A picture that is replaced by a better one."""
    yield [message("Painting"), message(shown_file(FILES.picture))]
    yield [message("Painting"), message(shown_file(FILES.second))]
    yield [message("Painted"), message(shown_file(FILES.second))]


def steps(text):
    """The lists of messages of an answer, growing."""
    name = text.strip()
    if (made := whole(name)) is not None:
        yield made
        return
    growing = {
        "tree": tree,
        "second thoughts": second_thoughts,
        "footer": lambda: footer("tokens"),
        "bar": lambda: footer("bar"),
        "previews": previews,
    }.get(name)
    if growing is not None:
        for step in growing():
            time.sleep(0.01)
            yield step
        return
    for said in say(text):
        yield [message(said)]


def plainly(each):
    """A message without what this generation does not know."""
    if VERSION < (5, 7):
        each = {name: value for name, value in each.items() if name != "options"}
    if VERSION < (5, 0) and "metadata" in each:
        each = {**each, "metadata": {"title": each["metadata"]["title"]}}
    return each


def answer(text, history):
    for step in steps(text_of(text)):
        yield [*history, *(plainly(each) for each in step)]


def pairs(text, history):
    for step in steps(text):
        said = [each["content"] for each in step]
        yield [*history, [text, said[0]], *([None, each] for each in said[1:])]


def interface(text, history):
    for step in steps(text):
        yield [plainly(each) for each in step]


def build(options):
    if options.form == "interface":
        return gr.ChatInterface(interface, examples=["options"], cache_examples=False, **MESSAGES)
    with gr.Blocks() as demo:
        shown = gr.Chatbot() if options.form == "pairs" else chatbot()
        box = gr.Textbox(label="Message")
        said = gr.State("")
        if options.form == "pairs":
            first = box.submit(lambda text: ("", text), box, [box, said], queue=False)
            first.then(pairs, [said, shown], shown)
        else:
            asked = lambda text, history: ("", text, user(history, text))  # noqa: E731
            first = box.submit(asked, [box, shown], [box, said, shown], queue=False)
            first.then(answer, [said, shown], shown)
    return demo


def main(argv=None):
    login = {"auth": ("ada", "secret")} if argv and "login" in argv else {}
    forms = ["messages", "pairs", "interface", "login"]
    serve(build, argv, {"form": forms}, allowed_paths=[tempfile.gettempdir()], **login)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
