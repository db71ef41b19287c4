"""A chat that says what the ``spaces`` package says of ZeroGPU, and what its requests carry."""

import argparse
import inspect
import time

import gradio as gr


def error(title, message):
    """As ``spaces/zero/gradio.py`` makes it: with a title where gradio has titles."""
    titled = "title" in inspect.signature(gr.Error).parameters
    return gr.Error(message, **({"title": title} if titled else {}))


def info(title, message):
    titled = "title" in inspect.signature(gr.Info).parameters
    gr.Info(message, **({"title": title} if titled else {}))


def answer(message, history, request: gr.Request):
    if message == "quota":
        said = "You have exceeded your free ZeroGPU quota (60s requested vs. 42s left). Try again in 0:06:53."
        raise error("ZeroGPU quota exceeded", said)
    if message == "busy":
        raise error("ZeroGPU queue timeout", "No GPU was available after 60s. Retry later")
    if message == "queue":
        info("ZeroGPU queue", "Waiting for a GPU to become available")
        time.sleep(0.5)
        info("ZeroGPU queue", "Successfully acquired a GPU")
    if message == "headers":
        yield " ".join(f"{name}={request.headers.get(name)}" for name in ("x-ip-token", "x-hf-authorization"))
    else:
        yield f"Echo: {message}"


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(argv)
    gr.ChatInterface(answer).queue().launch(server_name="127.0.0.1", server_port=given.port)


if __name__ == "__main__":
    main()
