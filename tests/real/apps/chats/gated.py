"""Chats behind something that must be done first.

``consent``  a button shows the chat, and another one ends the visit
``script``   a button ticks a hidden box by JavaScript, whose change shows the chat
``named``    a name must be given before the button lets one in
``checkbox`` a box to tick unlocks the message box          ``checked``  the bot itself wants it ticked
``model``    choosing a model unlocks the message box       ``unchosen`` the bot wants a model, and none is chosen
``start``    a button sets up the State that the bot needs  ``steps``    conditions, a model, a button that loads it
``optional`` a greeting button that need not be pressed, and a menu that may stay empty
"""

import gradio as gr
from talk import VERSION, ask, change, chatbot, reply, serve, tell

MODELS = ["small", "large"]
WELCOME = tell(ask([], "/start"), "Welcome.")


def wants(condition, what):
    if not condition:
        raise gr.Error(what)


def talk(check, *inputs, **box_options):
    """A box and a chatbot; ``check`` may refuse, and says what the answer is to mention."""
    shown = chatbot()
    box = gr.Textbox(label="Message", **box_options)

    def answer(text, history, *values):
        note = check(*values)
        yield from (("", said) for said in reply(ask(history, text), note))

    box.submit(answer, [box, shown, *inputs], [box, shown])
    return box, shown


def door(*more):
    """What closes the door and opens the room."""
    return change(gr.Column, visible=False), change(gr.Column, visible=True), *more


def pressed(how):
    wants(how == "ready", "Press the button first")
    return how


def consent():
    ready = gr.State(None)
    with gr.Column() as outside:
        gr.Markdown("This is research. What you say is kept.")
        with gr.Row():
            no, yes = gr.Button("I do not agree"), gr.Button("I agree", variant="primary")
    with gr.Column(visible=False) as room:
        talk(pressed, ready)
    yes.click(lambda: door("ready"), None, [outside, room, ready])
    no.click(lambda: (change(gr.Column, visible=False),) * 2, None, [outside, room])


def script():
    with gr.Group() as outside:
        yes = gr.Button("Accept")
        ticked = gr.Checkbox(visible=False)
    with gr.Column(visible=False) as room:
        talk(lambda: "")
    js = {"_js" if VERSION < (4, 0) else "js": "() => true"}
    yes.click(None, None, ticked, queue=False, **js)
    ticked.change(door, None, [outside, room], queue=False)


def named():
    name_kept = gr.State("")
    with gr.Column() as outside:
        name = gr.Textbox(label="Your name")
        go = gr.Button("Enter")
    with gr.Column(visible=False) as room:
        talk(lambda who: f"name={who}", name_kept)

    def enter(who):
        wants(who, "Tell us your name")
        return door(who)

    go.click(enter, name, [outside, room, name_kept])


def checkbox():
    agree = gr.Checkbox(label="I have read the terms of use and accept them")
    box, _ = talk(lambda: "", interactive=False)
    agree.change(lambda ticked: change(gr.Textbox, interactive=ticked), agree, box)


def checked():
    agree = gr.Checkbox(label="I am over 18 and accept the terms")

    def check(ticked):
        wants(ticked, "Accept the terms first")
        return f"ticked={ticked}"

    talk(check, agree)


def model():
    choice = gr.Dropdown(MODELS, value=None, label="Model")
    box, _ = talk(lambda chosen: f"model={chosen}", choice, interactive=False)
    choice.change(lambda chosen: change(gr.Textbox, interactive=bool(chosen)), choice, box)


def unchosen():
    choice = gr.Radio(MODELS, value=None, label="Choose a model")

    def check(chosen):
        wants(chosen, "Choose a model first")
        return f"model={chosen}"

    talk(check, choice)


def start():
    ready = gr.State(None)
    button = gr.Button("Start chat")
    _, shown = talk(pressed, ready)
    button.click(lambda: ("ready", WELCOME), None, [ready, shown])


def steps():
    loaded = gr.State("")
    with gr.Column() as outside:
        go = gr.Button("Continue")
    choice = gr.Dropdown(MODELS, value=None, label="Model", visible=False)
    load = gr.Button("Load model", visible=False)
    with gr.Column(visible=False) as room:
        box, _ = talk(lambda name: f"loaded={name}", loaded, interactive=False)
    go.click(lambda: door(change(gr.Dropdown, visible=True)), None, [outside, room, choice])
    choice.change(lambda chosen: change(gr.Button, visible=bool(chosen)), choice, load)
    load.click(lambda chosen: (chosen, change(gr.Textbox, interactive=True)), choice, [loaded, box])


def optional():
    style = gr.Dropdown(MODELS, value=None, label="Style (optional)")
    hello = gr.Button("Start with a greeting")
    _, shown = talk(lambda chosen: f"style={chosen}", style)
    hello.click(lambda: WELCOME, None, shown)


GATES = {
    each.__name__: each for each in (consent, script, named, checkbox, checked, model, unchosen, start, steps, optional)
}


def build(options):
    with gr.Blocks() as demo:
        GATES[options.gate]()
    return demo


def main(argv=None):
    serve(build, argv, gate=list(GATES))


if __name__ == "__main__":
    main()
