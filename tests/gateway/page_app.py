"""A chat for the page to show: files, settings, and answers by name, among them some that attack whoever shows them.

``slow N`` says N words, ten a second; ``think`` has a thought and a tool step first; ``offer`` gives something to choose;
``files`` is a picture, a sound and a text; ``markdown``, ``signs``, ``hostile`` and ``huge`` are texts below; ``fail`` fails. All else is said back, with how many messages were before, the files' names and the settings.
"""

import argparse
import pathlib
import tempfile
import time
import wave

import gradio as gr
from PIL import Image

MARKDOWN = """# A bridge

It *spans* a **gap**, costs `1 \\cdot n`, and ~~never~~ seldom falls: \\(h = w^2\\). See [the docs](https://example.com/docs).

1. First the piers
2. Then the deck
   - of steel
   - [x] of wood

| Kind | Longest span | Where |
|---|--:|---|
| Suspension | 2,023 m | Çanakkale |
| Arch | 600 m | Tian'e |

```python
def span(metres: float) -> str:
    \"\"\"Say how far it reaches.\"\"\"
    return f"{metres:,.0f} m"  # a comment that is long enough to need a scroll bar on a telephone, where lines are short
```

> Every bridge begins with two banks.

$$\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}$$

![a picture of elsewhere](https://pictures.example.com/bridge.png)
"""

HOSTILE = """<script>window.__ran = 'script'; fetch('/ran-script')</script>

<img src=x onerror="window.__ran = 'onerror'">

<img src="https://tracker.example.com/pixel.png" onload="window.__ran = 'onload'">

<svg onload="window.__ran = 'svg'"><script>window.__ran = 'svg script'</script></svg>

<svg><animate onbegin="window.__ran = 'animate'" attributeName=x dur=1s></svg>

<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.__ran='mxss'&gt;">

<iframe src="javascript:parent.__ran = 'iframe'" srcdoc="<script>parent.__ran = 'srcdoc'</script>"></iframe>

<object data="data:text/html,<script>parent.__ran = 'object'</script>"></object>

<embed src="javascript:window.__ran = 'embed'">

<form action="https://tracker.example.com"><button>Send</button></form>

<style>body { display: none !important; background: url(https://tracker.example.com/style) }</style>

<link rel="stylesheet" href="https://tracker.example.com/link.css">

<meta http-equiv="refresh" content="0;url=https://tracker.example.com/meta">

<base href="https://tracker.example.com/">

<a href="javascript:window.__ran = 'link'" id="root" name="body">a link that runs</a>

<a href=" &#106;avascript:window.__ran = 'entity'">an entity</a>

<p style="position: fixed; inset: 0; background: red" class="mantine-Modal-root" onclick="window.__ran = 'click'">a cover</p>

<details open ontoggle="window.__ran = 'toggle'"><summary>Open</summary>inside</details>

<video src=x onerror="window.__ran = 'video'" autoplay></video>

<input autofocus onfocus="window.__ran = 'focus'"><select autofocus onfocus="window.__ran = 'select'"></select>

<template><script>window.__ran = 'template'</script></template>

[markdown link](javascript:window.__ran='markdown') [data link](data:text/html,<script>window.__ran='data'</script>)
[vb](vbscript:x) ![picture](javascript:window.__ran='picture') <javascript:window.__ran='auto'>
![svg](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)

Control: \x00 \x07 \x1b[31m red \u202e desrever \u2066 \ufeff \ud7ff end

```"><script>window.__ran = 'fence'</script>
code
```

$$\\href{javascript:window.__ran='katex'}{x} \\htmlData{a=b}{y} \\includegraphics{https://tracker.example.com/katex.png}$$

The end of the attack.
"""

SIGNS = r"""هذه فقرة قصيرة مع `code` في الوسط.

```python
print("שלום")  # a comment
```

No formulas: $$\frac{1}{$$ and \(\unknown{x}\). With a style of its own: $$\fcolorbox{red}{blue}{x}$$.

One that stands apart: \[ a_1 + a_2
+ a_3 = b % and a note
\] and one more:

\[
x
\]

The end of the signs.
"""


def made():
    """A picture, a sound and a text."""
    folder = pathlib.Path(tempfile.mkdtemp())
    Image.new("RGB", (480, 300), "steelblue").save(folder / "bridge.png")
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    (folder / "plan.txt").write_text("A plan.", encoding="utf-8")
    return {path.name: path for path in folder.iterdir()}


FILES = made()

TEXTS = {
    "markdown": MARKDOWN,
    "signs": SIGNS,
    "hostile": HOSTILE,
    "huge": "\n\n".join(f"Paragraph {n}: " + "many words of *text* " * 20 for n in range(1, 520)) + "\n\nThe very end.",
}


def answer(message, history, warmth, style, loud):
    said = message["text"]
    if said in TEXTS:
        yield from grown(TEXTS[said])
    elif said.startswith("slow "):
        shown = ""
        for number in range(1, int(said[5:]) + 1):
            shown += f"word{number} "
            time.sleep(0.1)
            yield shown
    elif said == "think":
        thought = gr.ChatMessage("I look at **both** banks first.", metadata={"title": "Thinking", "id": 1})
        step = gr.ChatMessage("span(600)", metadata={"title": "Used the tool measure", "id": 2, "status": "done"})
        yield [thought]
        time.sleep(0.3)
        yield [thought, step]
        yield [thought, step, gr.ChatMessage("It holds.")]
    elif said == "offer":
        yield {"role": "assistant", "content": "What now?", "options": [{"value": "tea", "label": "Tea, please"}]}
    elif said == "files":
        plan = {"role": "assistant", "content": {"path": str(FILES["plan.txt"])}}
        yield [gr.Image(str(FILES["bridge.png"])), gr.Audio(str(FILES["tone.wav"])), plan]
    elif said == "fail":
        raise gr.Error("The deck has given way.")
    else:
        files = ", ".join(file.rsplit("/", 1)[-1] for file in message["files"])
        told = f"You said {said!r}, after {len(history)} messages, with files [{files}]. {warmth} {style} {loud}"
        yield from grown(told)


def grown(text):
    step = max(24, len(text) // 40)
    for end in range(step, len(text) + step, step):
        yield text[:end]


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(argv).port
    chat = gr.ChatInterface(
        answer,
        multimodal=True,
        textbox=gr.MultimodalTextbox(file_count="multiple"),
        title="The bridge keeper",
        additional_inputs=[
            gr.Slider(0, 2, value=0.7, label="Warmth"),
            gr.Dropdown(["plain", "terse", "florid"], value="plain", label="Style"),
            gr.Checkbox(label="Loud"),
        ],
    )
    chat.queue().launch(server_name="127.0.0.1", server_port=port)


if __name__ == "__main__":
    main()
