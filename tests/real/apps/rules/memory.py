"""Bots that say what they were shown of the conversation, each with another memory and on a tab of its own.

``interface`` ``interface_pairs`` (before 6) ``interface_files`` ``interface_edit`` ``interface_saved`` (5 and
later): ChatInterface, which keeps a State of its own, before 4.44 and as of 5.  ``carried`` ``pairs`` (before 6): the
chatbot's value, which the browser carries.  ``synced``: a State, into which a step after the answer puts the chatbot's
value.  ``state``: a State that nothing can reach.
``hidden``: a hidden JSON value that the browser carries.  ``browser``: a BrowserState (5.50 and later).  ``nothing``: no
memory at all.  ``greeting``: as carried, and it speaks first.
"""

import gradio as gr
from common import MESSAGES, PAIRS, VERSION, bot, chatbot, say, serve, user


def file_name(item):
    if isinstance(item, dict):
        item = item.get("path") or item.get("file", {}).get("path") or "?"
    return str(item[0] if isinstance(item, (list, tuple)) else item).rsplit("/", 1)[-1]


def content_of(content):
    """The text of a content, or the names of its files, in any generation's form."""
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)) and not (content and isinstance(content[0], str)):
        return "+".join(content_of(part) for part in content)
    if isinstance(content, dict) and content.get("type") == "text":
        return content["text"]
    if hasattr(content, "file"):
        return f"<{file_name(content.file.path)}>"
    return f"<{file_name(content)}>"


def seen(history):
    """What the bot was shown: ``u:Hello|a:Hi``."""
    told = []
    for item in history or []:
        if isinstance(item, dict):
            told.append(f"{item['role'][0]}:{content_of(item['content'])}")
        else:
            told += [f"{who}:{content_of(side)}" for who, side in zip("ua", item, strict=True) if side is not None]
    return f"saw=[{'|'.join(told)}]"


def answer(message, history):
    said = message["text"] if isinstance(message, dict) else message
    yield from say(said, seen(history))


def interface(form):
    more = {} if form == "interface_pairs" else dict(MESSAGES)
    if form == "interface_files":
        more["multimodal"] = True
    if form == "interface_edit":
        more["editable"] = True
    if form == "interface_saved":
        more["save_history"] = True
    return gr.ChatInterface(answer, **more)


def in_pairs(box):
    shown = gr.Chatbot()

    def reply(text, history):
        for said in say(text, seen(history)):
            yield "", [*(history or []), [text, said]]

    box.submit(reply, [box, shown], [box, shown])


def carried(box, shown):
    def reply(text, history):
        for said in say(text, seen(history)):
            yield "", bot(user(history, text), said)

    box.submit(reply, [box, shown], [box, shown])


def synced(box, shown):
    kept = gr.State([])

    def reply(text, history, known):
        for said in say(text, seen(known)):
            yield "", bot(user(history, text), said)

    box.submit(reply, [box, shown, kept], [box, shown]).then(lambda history: history, shown, kept)


def kept_in(kept, box, shown):
    def reply(text, known):
        for said in say(text, seen(known)):
            after = bot(user(known, text), said)
            yield "", after, after

    box.submit(reply, [box, kept], [box, shown, kept])


def chat(form):
    if form.startswith("interface"):
        interface(form)
        return
    box = gr.Textbox(label="Message")
    if form == "nothing":
        box.submit(lambda text: f"Echo: {text}", box, gr.Textbox(label="Answer"))
        return
    if form == "pairs":
        in_pairs(box)
        return
    shown = chatbot(value=bot([], "Welcome.") if form == "greeting" else None)
    if form in ("carried", "greeting"):
        carried(box, shown)
    elif form == "synced":
        synced(box, shown)
    elif form == "hidden":
        kept_in(gr.JSON(value=[], visible=False), box, shown)
    else:
        kept_in(gr.BrowserState([]) if form == "browser" else gr.State([]), box, shown)


def forms():
    yield from ("carried", "greeting", "synced", "state", "hidden", "nothing", "interface")
    if not PAIRS:
        yield "interface_files"
    if not PAIRS and VERSION < (6, 0):
        yield from ("pairs", "interface_pairs")
    if VERSION >= (5, 0):
        yield from ("interface_edit", "interface_saved")
    if VERSION >= (5, 50):
        yield "browser"


def build():
    with gr.Blocks() as demo:
        for form in forms():
            with gr.Tab(form):
                chat(form)
    return demo


def main(argv=None):
    serve(build, argv)


if __name__ == "__main__":
    main()
