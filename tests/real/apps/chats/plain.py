"""Text in and text out, without a chatbot: each turn stands alone.

``interface``  ``gr.Interface`` to a Textbox, with a slider      ``markdown``  Blocks that stream into Markdown
``both``       the answer stands between a status and a count    ``live``      an Interface that answers while one types
``html``       HTML, by Enter                                    ``twoboxes``  a context and a question, by a button
``log``        the conversation as one text in a Textbox         ``progress``  Markdown says how far it is, HTML the result
``bubbles``    an Interface whose HTML shows the conversation    ``pairs``     hidden Markdowns that show a message each
"""

import gradio as gr
from talk import say, serve, whole


def interface():
    return gr.Interface(
        lambda text, times: whole(text, f"times={times}"),
        [gr.Textbox(label="Prompt", lines=3), gr.Slider(1, 5, value=2, step=1, label="Times")],
        gr.Textbox(label="Output"),
    )


def live():
    box, shown = gr.Textbox(label="Prompt"), gr.Textbox(label="Output")
    return gr.Interface(lambda text: whole(text, "live"), box, shown, live=True)


def bubbles():
    def add(text, said):
        said = [*(said or []), (text, whole(text, f"turn={len(said or []) + 1}"))]
        shown = "".join(f"<p>{asked}</p><p>{told.replace(chr(10), '<br>')}</p>" for asked, told in said)
        return f"<style>p {{ color: red }}</style><div>{shown}</div>", said

    return gr.Interface(add, [gr.Textbox(label="Say"), "state"], ["html", "state"])


def markdown():
    box, shown = gr.Textbox(label="Prompt"), gr.Markdown()

    def generate(text):
        yield from say(text, "markdown")

    gr.Button("Generate").click(generate, box, shown)
    gr.Button("Clear").click(lambda: ("", ""), None, [box, shown])


def both():
    status = gr.Textbox(label="Status")
    box = gr.Textbox(label="Your question")
    shown = gr.Textbox(label="Answer", lines=6)
    count = gr.Textbox(label="Token count")

    def answer(text):
        for said in say(text, "both"):
            yield "running, please wait for it", said, f"{len(said)} tokens so far"
        yield "done, and it took a very long time to do so, as you may have noticed", said, f"{len(said)} tokens"

    box.submit(answer, box, [status, shown, count])


def html():
    box, shown = gr.Textbox(label="Ask"), gr.HTML()
    box.submit(lambda text: f"<p>{whole(text, 'html').replace(chr(10), '<br>')}</p>", box, shown)


def twoboxes():
    context = gr.Textbox("Some text.", label="Context", lines=4)
    box, shown = gr.Textbox(label="Question"), gr.Textbox(label="Answer")
    gr.Button("Ask").click(lambda c, text: whole(text, f"context={c}"), [context, box], shown)


def log():
    shown = gr.Textbox(label="Chat History", lines=8, interactive=False)
    box = gr.Textbox(label="Your Message")

    def add(text, before):
        for said in say(text, f"turn={before.count('You: ') + 1}"):
            yield f"{before}You: {text}\n\nBot: {said}\n\n", ""

    box.submit(add, [box, shown], [shown, box])


def progress():
    box, shown, done = gr.Textbox(label="Topic"), gr.Markdown(), gr.HTML()

    def work(text):
        yield "working …", ""
        yield "still working …", ""
        yield "", f"<p>{whole(text, 'progress').replace(chr(10), '<br>')}</p>"

    gr.Button("Run").click(work, box, [shown, done])


def pairs():
    said = gr.State([])
    shown = [gr.Markdown(visible=False) for _ in range(8)]
    box = gr.Textbox(label="Say")

    def add(text, before):
        for told in say(text, f"turn={len(before) // 2 + 1}"):
            now = [*before, f"User: {text}", told]
            hidden = [gr.update(visible=False)] * (8 - len(now))
            yield [now, *(gr.update(value=each, visible=True) for each in now), *hidden]

    gr.Button("Generate").click(add, [box, said], [said, *shown])


INTERFACES = {"interface": interface, "live": live, "bubbles": bubbles}
FORMS = {each.__name__: each for each in (markdown, both, html, twoboxes, log, progress, pairs)}


def build(options):
    if options.form in INTERFACES:
        return INTERFACES[options.form]()
    with gr.Blocks() as demo:
        FORMS[options.form]()
    return demo


def main(argv=None):
    serve(build, argv, form=[*INTERFACES, *FORMS])


if __name__ == "__main__":
    main()
