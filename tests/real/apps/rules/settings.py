"""Bots that say what is set, each on a tab of its own.

``en`` ``zh`` ``ru`` …: the bot's function reads what is set, under labels of that language.  ``events``: it reads a State
that their own events write (a slider's ``release``, what is picked by ``select``, a box by ``blur``, another by
``submit``), and what the choice of a model changes: the choices of the variant and the range of the slider.  ``loaded``:
the choices of the model come by ``load``.  ``nameless``: sliders without a label, in a ChatInterface.
"""

import json
import pathlib

import gradio as gr
from common import MESSAGES, bot, chatbot, say, serve, user

WORDS = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text("utf-8"))
MODELS = [("Small one", "small"), ("Large one", "large")]
VARIANTS = {"small": ["s-1", "s-2"], "large": ["l-1", "l-2"]}


def told(values):
    return " ".join(f"{name}={value!r}" for name, value in values.items())


def chat_over(box, shown, inputs, note):
    def answer(text, history, *values):
        history = user(history, text)
        for said in say(text, note(*values)):
            yield "", bot(history, said)

    box.submit(answer, [box, shown, *inputs], [box, shown])


def read(words):
    system, temperature, tokens, top_p, penalty, seed, model, stop = WORDS[words]
    settings = {
        "system": gr.Textbox("Be kind.", label=system, max_lines=3),
        "temperature": gr.Slider(0, 2, value=0.7, step=0.1, label=temperature),
        "max_tokens": gr.Slider(1, 4096, value=512, step=16, label=tokens),
        "top_p": gr.Slider(0, 1, value=0.9, label=top_p),
        "repetition_penalty": gr.Slider(1, 2, value=1.1, step=0.05, label=penalty),
        "seed": gr.Number(42, precision=0, label=seed),
        "model": gr.Dropdown(MODELS, value="small", label=model),
        "stop": gr.Textbox("", label=stop),
        "style": gr.Radio([("Short", 1), ("Long", 2)], value=1, label="Style"),
        "tools": gr.CheckboxGroup(["search", "math"], label="Tools"),
        "tags": gr.Dropdown(["a", "b", "c"], multiselect=True, max_choices=2, label="Tags"),
        "voice": gr.Dropdown(["low", "high"], value="low", allow_custom_value=True, label="Voice"),
        "extra": gr.JSON({"a": 1}, label="Extra"),
        "loud": gr.Checkbox(False, label="Loud"),
        "key": gr.Textbox("", type="password", label="API key"),
    }
    inputs = list(settings.values())
    return inputs, lambda *values: told(dict(zip(settings, values, strict=True)))


def events():
    kept = gr.State({})

    def keep(name):
        def kept_as(value, known):
            return {**known, name: value}

        return kept_as

    def picked(value, known, event: gr.SelectData):
        return {**known, "picked": f"{value}/{event.value}/{event.index}"}

    def modelled(value, known):
        return (
            {**known, "model": value},
            gr.update(choices=VARIANTS[value], value=VARIANTS[value][0]),
            gr.update(maximum=8),
        )

    model = gr.Dropdown(MODELS, value="small", label="Model")
    variant = gr.Dropdown(VARIANTS["small"], value="s-1", label="Variant")
    depth = gr.Slider(0, 4, value=2, step=1, label="Depth")
    style = gr.Radio(["short", "long"], value="short", label="Style")
    note, rule = gr.Textbox("", label="Note"), gr.Textbox("", label="Rule")
    model.change(modelled, [model, kept], [kept, variant, depth])
    depth.release(keep("depth"), [depth, kept], kept)
    style.select(picked, [style, kept], kept)
    note.blur(keep("note"), [note, kept], kept)
    rule.submit(keep("rule"), [rule, kept], kept)
    return [kept, variant], lambda known, variant: told({**known, "variant": variant})


def nameless():
    def answer(message, history, temperature, max_tokens):
        yield from say(message, told({"temperature": temperature, "max_tokens": max_tokens}))

    sliders = [gr.Slider(0, 2, value=0.5), gr.Slider(1, 1000, value=10, step=1)]
    return gr.ChatInterface(answer, additional_inputs=sliders, **MESSAGES)


def chat(form, demo):
    box, shown = gr.Textbox(label="Message"), chatbot()
    if form == "loaded":
        model = gr.Dropdown([], label="Model")
        demo.load(lambda: gr.update(choices=MODELS, value="large"), None, model)
        inputs, note = [model], lambda model: told({"model": model})
    else:
        inputs, note = events() if form == "events" else read(form)
    chat_over(box, shown, inputs, note)


def build(options):
    with gr.Blocks() as demo:
        if options.form != "all":
            chat(options.form, demo)
            return demo
        for form in [*WORDS, "events", "loaded", "nameless"]:
            with gr.Tab(form):
                nameless() if form == "nameless" else chat(form, demo)
    return demo


def main(argv=None):
    serve(build, argv, {"form": ["all", "events"]})


if __name__ == "__main__":
    main()
