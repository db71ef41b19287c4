"""The embedded Space: a real Gradio app with a real small model, on this machine.

It runs in a process of its own, so that whoever asks it imports neither Gradio nor the model:

    server.py    starts that process and stops it: what the rest of the package uses
    parts.py     what has to be installed, and the commands that install it
    weights.py   where the model's file is
    ---------    from here on: imported by the Space's own process only
    serve.py     the process: model, app, port, readiness, the end
    ending.py    how it ends: in order, in bounded time, with nothing left
    owner.py     notices that whoever started the process has gone
    web.py       the web server around the page
    app.py       the Gradio page
    model.py     the model: messages in, pieces of text out
"""

from spacebridge.local.server import EmbeddedSpace, run_forever

__all__ = ["EmbeddedSpace", "run_forever"]
