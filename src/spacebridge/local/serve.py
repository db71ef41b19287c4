"""The embedded Space's process: model, page, port, readiness, and a bounded end.

On stdout it prints one line of JSON and nothing else, when it answers or when it cannot:

    {"ready": true, "url": "http://127.0.0.1:41234", "scratch": "/tmp/…"}
    {"ready": false, "message": "…", "hint": "…"}
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from spacebridge.errors import SpacebridgeError
from spacebridge.local.ending import Ending
from spacebridge.local.model import SYSTEM_PROMPT, LocalModel, Message, ModelError
from spacebridge.local.owner import Owner
from spacebridge.local.parts import require_modules
from spacebridge.local.weights import find_weights

if TYPE_CHECKING:
    from spacebridge.local.web import WebServer

_INTERRUPTED = 130


class StartError(Exception):
    """The Space cannot start; says why and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep both apart, as whoever started us wants them."""
        super().__init__(message)
        self.hint = hint


class _Status:
    """The one line on stdout; everything else that is printed goes to stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def ready(self, url: str, scratch: str) -> None:
        self._print(ready=True, url=url, scratch=scratch)

    def failed(self, message: str, hint: str) -> None:
        self._print(ready=False, message=message, hint=hint)

    def _print(self, **fields: object) -> None:
        # Whoever started us may be gone: that is no trouble of ours.
        with contextlib.suppress(OSError):
            print(json.dumps(fields), file=self._out, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the Space until it is told to end.

    Args:
        arguments: of the command line; without them, the process's own.

    Returns:
        The process's exit code: 0 after an ordinary end, 1 when it could not start, 130 when
        interrupted before it did.
    """
    options = _parse(arguments)
    status = _Status()
    owner = Owner() if options.owned else None
    _settle_environment()
    try:
        asyncio.run(_run(options, status, owner))
    except (SpacebridgeError, StartError) as error:
        message = getattr(error, "message", None) or str(error)
        hint = str(getattr(error, "hint", None) or "")
        status.failed(message, hint)
        if not options.owned:  # a person, who reads this rather than JSON
            sys.stderr.write(f"{message}\n{hint}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m spacebridge.local", description="A Gradio chat with a small model."
    )
    parser.add_argument("--model", help="path of a GGUF file")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--owned", action="store_true", help="end as soon as stdin ends, or the parent process")
    return parser.parse_args(arguments)


def _settle_environment() -> None:
    """Make Gradio's behaviour ours, whatever is set outside: quiet, offline, an ordinary app."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    for name in ("SPACE_ID", "SPACE_HOST", "SYSTEM"):  # "we are a Hugging Face Space"
        os.environ.pop(name, None)
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_OFFLINE="1",
    )


async def _run(options: argparse.Namespace, status: _Status, owner: Owner | None) -> None:
    require_modules()
    weights = find_weights(options.model)
    listener = _bind(options.host, options.port)
    with contextlib.closing(listener):
        model = _load(weights)
        ending = Ending(owner)
        # Before the import, which looks at it.
        os.environ["GRADIO_TEMP_DIR"] = ending.scratch
        try:
            await _serve(model, listener, status, ending)
        finally:
            model.close()
            ending.clean()


def _bind(host: str, port: int) -> socket.socket:
    """Take the port now, so that nobody else does; connections are accepted later."""
    if not 0 <= port < 2**16:
        message = f"There is no port {port}."
        raise StartError(message, "Give a port below 65536, or 0 for a free one.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listener = socket.socket(family, kind)
    except OSError as error:
        message = f"Cannot listen on {host}, port {port}: {error.strerror}."
        raise StartError(message, "Give an address of this machine.") from error
    try:
        if os.name == "posix":  # else a port used a minute ago counts as taken
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Claims the port; a port that is merely bound can be bound once more.
        listener.listen()
    except OSError as error:
        listener.close()
        message = f"Cannot listen on port {port} of {host}: {error.strerror}."
        raise StartError(message, "Give another port, or 0 for a free one.") from error
    return listener


def _load(weights: Path) -> LocalModel:
    try:
        return LocalModel(weights)
    except ModelError as error:
        raise StartError(str(error), "Give a GGUF file that this llama.cpp can load.") from error


async def _serve(model: LocalModel, listener: socket.socket, status: _Status, ending: Ending) -> None:
    rehearsal = asyncio.create_task(_rehearse(model))
    await asyncio.sleep(0)  # lets it begin: the model works while Gradio is imported
    server = _web_server(model)
    with ending.in_order(server.end):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        started = asyncio.create_task(server.up.wait())
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if server.up.is_set() and not server.should_exit:
            await _finished(rehearsal)
            url = await _answering_url(listener)
            status.ready(url, ending.scratch)
        await serving
        if not server.up.is_set():
            message = "Gradio did not start."
            raise StartError(message, "Its log says why.")


def _web_server(model: LocalModel) -> "WebServer":
    """Import Gradio, which takes seconds: only once all else is known to work."""
    gc.disable()  # the import makes objects by the hundred thousand, all of which stay
    try:
        from spacebridge.local.web import WebServer

        return WebServer(model)
    finally:
        gc.enable()
        gc.freeze()


async def _rehearse(model: LocalModel) -> None:
    """Say one word before anybody asks, so that the first answer is not slowed by a cold start."""
    messages = [
        Message(role="system", content=SYSTEM_PROMPT),
        Message(role="user", content="Hi"),
    ]
    async for _ in model.stream(messages, max_tokens=1):
        pass


async def _finished(rehearsal: asyncio.Task[None]) -> None:
    try:
        await rehearsal
    except ModelError as error:
        message = f"The model loads, but cannot answer: {error}"
        raise StartError(message, "Give a GGUF file of a chat model.") from error


async def _answering_url(listener: socket.socket) -> str:
    """Ask the app for its configuration, as every client does first; return its URL."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not listened on
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /config HTTP/1.0\r\nHost: localhost\r\n\r\n")
        line = await reader.readline()
        await reader.read()
    finally:
        writer.close()
    if b" 200 " not in line:
        message = f"Gradio answers /config with {line.decode(errors='replace').strip()!r}."
        raise StartError(message, "Its log says why.")
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
