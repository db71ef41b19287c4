"""`spacebridge local`: the embedded Space in the foreground."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from spacebridge.cli.runner import Interrupts

__all__ = ["local"]


def local(
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="Address to listen on; others than yours see 0.0.0.0.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 7860,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="PATH", envvar="SPACEBRIDGE_MODEL", help="Another model: a GGUF file."),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Show what the Space logs.")] = False,
) -> None:
    """Run the embedded Space, a real Gradio app with a small model, until Ctrl-C.

    `ask` and `chat` start it by themselves; run it to keep it, to open it in a browser, or to try another model.

    \b
    Examples:
      spacebridge local
      spacebridge local --port 0 --model model.gguf
    """  # noqa: D301 - \b keeps the lines of a help text
    from spacebridge.cli.runner import run

    async def command(interrupts: Interrupts) -> int:
        return await _serve(interrupts, host=host, port=port, model=model, log=log)

    run(command)


async def _serve(interrupts: Interrupts, *, host: str, port: int, model: Path | None, log: bool) -> int:
    import asyncio
    import signal

    from spacebridge.cli.exits import OK
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.cli.terminal.waiting import Waiting
    from spacebridge.local import run_forever

    output, errors = stdout(), stderr()
    waiting = Waiting(errors)
    waiting.start("starting the embedded Space")

    def announce(url: str) -> None:
        waiting.stop()
        output.write_now(f"{url}\n")
        errors.write_now(f'Ask it with: spacebridge ask -s {url} "Hello"\nCtrl-C ends it.\n')

    def show(line: str) -> None:
        waiting.hide()
        errors.write_now(f"{errors.safe(line)}\n")

    try:
        await run_forever(announce=announce, model=model, host=host, port=port, log=show if log else None)
    except asyncio.CancelledError:
        if interrupts.signal != signal.SIGINT:
            raise
    finally:
        waiting.stop()
    return OK  # Ctrl-C is how it is meant to end
