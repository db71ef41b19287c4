"""``gr.ChatInterface``, as functions of every kind, under other names, and in other places."""

import asyncio
import inspect

import gradio as gr
from talk import MESSAGES, chatbot, say, serve, text_of, turns, whole


def note(history):
    return f"turn={turns(history) + 1}"


def returned(message, history):
    return whole(message, note(history))


def streamed(message, history):
    yield from say(message, note(history))


async def coroutine(message, history):
    await asyncio.sleep(0.01)
    return whole(message, note(history))


async def async_streamed(message, history):
    for said in say(message, note(history)):
        await asyncio.sleep(0.001)
        yield said


def styled(message, history, style, loud):
    return whole(message, f"{note(history)} style={style} loud={loud}")


def multimodal(message, history):
    names = [text_of(f) if isinstance(f, dict) else str(f).rsplit("/", 1)[-1] for f in message["files"]]
    yield from say(message["text"], f"{note(history)} files={len(names)}")


def counted(message, history):
    return whole(message, note(history)), len(message)


def interface(answer, **more):
    known = inspect.signature(gr.ChatInterface.__init__).parameters
    return gr.ChatInterface(answer, **MESSAGES, **{name: value for name, value in more.items() if name in known})


def own():
    """Its parts made by hand, with an introduction."""
    intro = "Say **something**."
    more = {"submit_btn": "Go", "stop_btn": None, "examples": ["One", "Two"], "title": "Talk", "description": intro}
    box = gr.Textbox(placeholder="Type here", container=False)
    return interface(streamed, chatbot=chatbot(label="Talk"), textbox=box, **more)


def settings():
    boxes = [gr.Radio(["short", "long"], value="short", label="Style"), gr.Checkbox(label="Loud")]
    return interface(styled, additional_inputs=boxes)


def outputs():
    with gr.Blocks() as demo:
        length = gr.Number(label="Length", render=False)
        interface(counted, additional_outputs=[length])
        length.render()
    return demo


def tabbed():
    return gr.TabbedInterface([interface(streamed), interface(returned)], ["Slow", "Fast"])


def blocks():
    with gr.Blocks() as demo:
        gr.Markdown("# A chat among other things")
        with gr.Row():
            with gr.Column():
                search = gr.Textbox(label="Search the page")
                search.submit(lambda what: f"nothing about {what}", search, gr.Textbox(label="Found"))
            with gr.Column():
                interface(streamed)
    return demo


FORMS = {
    "returned": lambda: interface(returned),
    "streamed": lambda: interface(streamed),
    "coroutine": lambda: interface(coroutine),
    "async": lambda: interface(async_streamed),
    "renamed": lambda: interface(streamed, api_name="talk"),
    "unnamed": lambda: interface(streamed, api_name=False),
    "multimodal": lambda: interface(multimodal, multimodal=True),
    "saved": lambda: interface(streamed, save_history=True, flagging_mode="manual"),
    "own": own,
    "settings": settings,
    "outputs": outputs,
    "tabbed": tabbed,
    "blocks": blocks,
}


def build(options):
    return FORMS[options.form]()


def main(argv=None):
    serve(build, argv, form=list(FORMS))


if __name__ == "__main__":
    main()
