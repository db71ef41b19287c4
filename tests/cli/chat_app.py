"""A chat for the shell's tests: each message names what the answer does. Told to its log: ``STOPPED`` after a cancel."""

import argparse
import pathlib
import re
import tempfile
import time

import gradio as gr

MARKDOWN = """# Bridges

A **bridge** and `code`, see [here](https://example.org/b), <b>html</b>.

1. first
2. second

```python
def hello():
    return 1
```

Done.
"""
HOSTILE = "a\x1b[31mb\x1b]0;owned\x07c\x9bd\u202ee <http://x/%1b%5b31m> &#x202e;\n\n```\n\x1b[2Jcode\n```\n"


LINE = "\x1b]0;owned\x07" + "w" * 190 + "\u202e"


def grow(text):
    said = ""
    for piece in re.findall(r"\s*\S+|\s+$", text):
        said += piece
        yield said


def hostile(kind):
    match kind:
        case "hostile":
            gr.Info("n\x1b]0;owned\x07", title="t\x1b[31m")
            yield from grow(HOSTILE)
        case "hostile-rewrite":
            yield "one two"
            time.sleep(0.3)
            yield HOSTILE
        case "hostile-fail":
            raise gr.Error("no \x1b]0;owned\x07 <b>luck</b> \u202e <a href='https://x.example/\x9b'>see</a>")
        case "hostile-long":
            yield from ((LINE * n) for n in range(500, 5500, 500))


def answer(message, history):
    match message.split(" ")[0]:
        case "markdown":
            yield from grow(MARKDOWN)
        case kind if kind.startswith("hostile"):
            yield from hostile(kind)
        case "slow":
            try:
                for i in range(400):
                    yield "tick " * (i + 1)
                    time.sleep(0.05)
            finally:
                print("STOPPED", flush=True)
        case "many":
            yield from ("\n".join(f"line {i}" for i in range(n)) for n in range(0, 1200, 30))
        case "fail":
            yield "partial"
            time.sleep(0.1)
            raise gr.Error("no \x1b[31mluck")
        case "rewrite":
            yield "# One\n\ntwo "
            time.sleep(0.3)
            yield "something else"
        case "empty":
            yield ""
        case "picture":
            path = pathlib.Path(tempfile.mkdtemp()) / "plan.txt"
            path.write_text("A plan.")
            yield {"role": "assistant", "content": {"path": str(path)}}
        case _:
            yield from grow(f"Echo: {message} ({len(history)})")


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(argv)
    # One at a time: a second turn waits in the queue.
    gr.ChatInterface(answer, title="Shell \x1b]0;t\x07", concurrency_limit=1).queue().launch(
        server_name="127.0.0.1", server_port=given.port
    )


if __name__ == "__main__":
    main()
