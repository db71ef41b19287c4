"""Chats as agents and demos have them, with much around the answer.

``greeting``  the chatbot greets, suggests examples, and has likes, retries and undos beside the submit
``tools``     thoughts and tool steps before the answer, in Blocks (messages only)
``system``    a system prompt that sends, too, and throws the chat away
``files``     a MultimodalTextbox in Blocks, cleared and locked while the bot speaks
``double``    two chatbots, of which one shows what the other was told; and a box each
``footer``    the answer comes by ``.then``, its sources into Markdown, its count into a Textbox
``suggested`` buttons with canned questions beside the box and its button
``sidebar``   the settings stand in an accordion, the message box below a hidden one that programs use
``classic``   ``gr.Interface`` from a text and a State to a chatbot and the State, as before there were ChatInterfaces
"""

import gradio as gr
from talk import PAIRS, ask, asked, chatbot, replied, reply, say, serve, tell, turns


def greeting():
    hello = [[None, "Hello, I am a bot."]] if PAIRS else [{"role": "assistant", "content": "Hello, I am a bot."}]
    shown = chatbot(value=hello, label="Bot")
    box = gr.Textbox(label="Message")
    gr.Examples(["What is this?", "Tell me more"], box)

    def enter(text, history):
        return "", ask(history, text)

    box.submit(enter, [box, shown], [box, shown], queue=False).then(reply, shown, shown)
    retry, undo = gr.Button("🔄 Retry"), gr.Button("↩️ Undo")
    retry.click(lambda history: tell(history, None) if PAIRS else history[:-1], shown, shown).then(reply, shown, shown)
    undo.click(lambda history: history[:-1] if PAIRS else history[:-2], shown, shown)
    if hasattr(shown, "like"):
        shown.like(lambda: None, None, None)


def tools():
    shown = chatbot(label="Agent")
    box = gr.Textbox(lines=1, label="Chat Message")

    def interact(text, history):
        history = ask(history, text)
        number = turns(history)
        history = [*history, {"role": "assistant", "content": "I think of it.", "metadata": {"title": "🧠 Thinking"}}]
        yield "", history
        history = [
            *history,
            {"role": "assistant", "content": f"look({text!r})", "metadata": {"title": "🛠️ Used tool look"}},
        ]
        yield "", history
        for said in say(text, f"turn={number}"):
            yield "", [*history, {"role": "assistant", "content": said}]

    box.submit(interact, [box, shown], [box, shown])


def system():
    with gr.Accordion("Settings", open=False):
        rule = gr.Textbox("Be kind.", label="System prompt")
    shown = chatbot()
    box = gr.Textbox(label="", placeholder="…", lines=2)
    send = gr.Button("发送")
    rule.submit(lambda text: [], rule, shown)

    def answer(text, how, history):
        yield from (("", said) for said in reply(ask(history, text), f"system={how}"))

    send.click(answer, [box, rule, shown], [box, shown])


def files():
    shown = chatbot()
    box = gr.MultimodalTextbox(
        interactive=True, file_count="multiple", placeholder="Enter message or upload file…", show_label=False
    )

    def enter(message, history):
        text = message["text"]
        return gr.MultimodalTextbox(value=None, interactive=False), ask(
            history, f"{text} ({len(message['files'])} files)"
        )

    said = box.submit(enter, [box, shown], [box, shown]).then(reply, shown, shown)
    said.then(lambda: gr.MultimodalTextbox(interactive=True), None, box)


def double():
    with gr.Row():
        left, right = chatbot(label="Ada"), chatbot(label="Bob")
    one, two = gr.Textbox(label="To Ada"), gr.Textbox(label="To Bob")
    one.submit(lambda text, history: ("", replied(ask(history, text), "by=Ada")), [one, left], [one, left])
    two.submit(lambda text, history: ("", replied(ask(history, text), "by=Bob")), [two, right], [two, right])


def footer():
    shown = chatbot()
    sources, count = gr.Markdown(), gr.Textbox(label="Tokens")
    box = gr.Textbox(label="Ask about the documents")
    said = gr.on(
        [box.submit, gr.Button("Ask").click], lambda text, history: ("", ask(history, text)), [box, shown], [box, shown]
    )
    answered = said.then(
        lambda history: f"Sources of {asked(history)!r}: a, b, c and many others besides", shown, sources
    ).then(reply, shown, shown)
    answered.then(lambda history: tell(history, f"{said_last(history)}\n\n*from three sources*"), shown, shown)
    answered.then(lambda history: str(len(str(history))), shown, count)


def said_last(history):
    return replied_text(history[-1][1] if PAIRS else history[-1]["content"])


def replied_text(content):
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def suggested():
    shown = chatbot()
    with gr.Row():
        box = gr.Textbox(show_label=False, placeholder="Type a message")
        send = gr.Button("➤")

    def answer(text, history):
        yield from (("", said) for said in reply(ask(history, text)))

    for text in ("Tell a joke", "What can you do?"):
        gr.Button(text).click(lambda text=text: text, None, box).then(answer, [box, shown], [box, shown])
    send.click(answer, [box, shown], [box, shown])


def sidebar():
    with gr.Accordion("Options", open=False):
        heat = gr.Slider(0, 2, value=0.7, label="Temperature")
        tongue = gr.Dropdown(["en", "de"], value="en", label="Language")
    shown = chatbot(elem_id="the-chat")
    for_programs = gr.Textbox(visible=False, label="message")
    press = gr.Button("chat", visible=False)
    box = gr.Textbox(label="Message")

    def answer(text, history, warm, language):
        return "", replied(ask(history, text), f"warm={warm} language={language}")

    press.click(answer, [for_programs, shown, heat, tongue], [for_programs, shown])
    box.submit(answer, [box, shown, heat, tongue], [box, shown])


def classic():
    def answer(text, kept):
        return (replied(ask(kept, text)),) * 2

    gr.Interface(answer, [gr.Textbox(label="Input"), gr.State([])], [chatbot(), gr.State([])])


KINDS = {each.__name__: each for each in (greeting, tools, system, files, double, footer, suggested, sidebar, classic)}


def build(options):
    with gr.Blocks() as demo:
        KINDS[options.kind]()
    return demo


def main(argv=None):
    serve(build, argv, kind=list(KINDS))


if __name__ == "__main__":
    main()
