"""The web server around the page.

Gradio's own `launch` finds its port by trying and runs its server in a thread; this one is given
a socket that is already ours, and ends when we say so.
"""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.themes import Default

from spacebridge.local.app import build_app
from spacebridge.local.model import LocalModel


class WebServer(uvicorn.Server):
    """Serves the page; `up` is set when connections are accepted."""

    def __init__(self, model: LocalModel) -> None:
        """Build the page for this model; nothing listens yet."""
        # System fonts: the page fetches nothing from elsewhere.
        theme = Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
        app = gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]
            FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
            build_app(model),
            path="/",
            theme=theme,
            ssr_mode=False,
            run_history=False,
        )
        super().__init__(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws="none")
        )
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone: `Ending` handles them."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.up.set()

    def end(self) -> None:
        """Begin to end; `serve` returns within little more than a second."""
        self.should_exit = True
